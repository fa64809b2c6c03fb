"""The train stage with the objectives that need wrong thoughts, and with a base that was trained before."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contrasts import both_sides
from transformers import AutoModelForSequenceClassification, TrainerState

from distill_dsl.contract import files, params
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import DevThought, Example, Problem
from distill_dsl.runtime.stages import train
from distill_dsl.runtime.students import preference
from distill_dsl.runtime.students.watching import Watch

SCRATCH = "{kind: scratch, architecture: t5, width: 32, layers: 1, heads: 2, vocabulary: 400, digits: whole}"
LINE = (
    "  {name}: {{base: {base}, steps: {steps}, batch: 16, learning_rate: {rate}, evaluations: 4, objective: {aim}}}\n"
)
TINY = "{kind: trained, student: tiny}"
STUDENTS = {
    "tiny": (SCRATCH, 80, 0.005, "null"),
    "wise": (TINY, 20, 0.002, "{kind: preference}"),
    "both": (TINY, 20, 0.002, "{kind: preference, supervised: 1.0}"),
    "judge": (TINY, 60, 0.003, "{kind: verifier}"),
    "packed": (TINY, "8, pack: true", 0.002, "{kind: verifier}"),
    "again": (TINY, 8, 0.002, "null"),
    "upon": ("{kind: trained, student: judge}", 8, 0.002, "null"),
}
HELD_OUT = [Problem(id="q", question="Ann has 7 pens and buys 2 pens. How many pens?", answer="9")]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a mix that has both sides, and a student that has learned the right one."""
    home = tmp_path_factory.mktemp("tiny")
    lines = [
        LINE.format(name=name, base=base, steps=steps, rate=rate, aim=aim)
        for name, (base, steps, rate, aim) in STUDENTS.items()
    ]
    (home / "params.yaml").write_text("student:\n" + "".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("DISTILL_THREADS", "1")
        params._read.cache_clear()
        right, wrong = both_sides()
        for part, rows in (("train", right), ("wrong", wrong), ("dev", [])):
            files.write_rows(files.mix_file("etd", part), rows)
        files.write_rows(files.mix_file("etd", "held_out"), HELD_OUT)
        train.run(mix="etd", student="tiny", seed=1)
    return home


@pytest.fixture(autouse=True)
def copied(tiny: Path, project: Path) -> None:
    """A copy of it to work in."""
    shutil.copytree(tiny, project, dirs_exist_ok=True)
    params._read.cache_clear()


def run(student: str, base: str | None = "tiny") -> dict[str, float | None]:
    train.run(mix="etd", student=student, seed=1, base=base and f"mix=etd,student={base},seed=1")
    return dict(json.loads(files.training_file(f"etd-{student}-s1").read_text()))


def hashes(student: str) -> dict[str, str]:
    folder = files.model_folder(f"etd-{student}-s1")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_preference_raises_the_margin_on_problems_that_it_never_saw() -> None:
    found = run("wise")
    assert (found["pairs"], found["dev_pairs"], found["examples"]) == (108, 12, 108)
    assert found["reward_accuracy"] is not None
    assert found["reward_margin"] is not None
    assert found["reward_accuracy"] > 0.9
    assert found["reward_margin"] > 0.1
    assert found["dev_loss"] is not None
    assert found["dev_loss"] < 0.68, "before the training it is log 2"


def test_one_that_writes_solves_problems_meanwhile_and_a_verifier_does_not() -> None:
    run("wise")
    rows = list(files.read_rows(files.dev_thoughts_file("etd-wise-s1"), DevThought))
    assert [(row.step, row.thought) for row in rows] == [
        (step, thought) for step in (5, 10, 15, 20) for thought in ("pot", "cot")
    ]
    found = run("judge")
    assert found["dev_seconds"] == 0
    assert not files.dev_thoughts_file("etd-judge-s1").exists()
    assert files.system_file("etd-judge-s1").exists()


def test_a_plain_loss_beside_it_bears_on_the_result() -> None:
    assert run("both")["train_loss"] != run("wise")["train_loss"]


def test_a_verifier_tells_problems_that_it_never_saw() -> None:
    found = run("judge")
    assert (found["right"], found["wrong"], found["dev_right"], found["dev_wrong"]) == (108, 108, 12, 12)
    assert found["auc"] is not None
    assert found["auc"] > 0.8
    AutoModelForSequenceClassification.from_pretrained(files.model_folder("etd-judge-s1"))


def test_a_trained_base_is_where_the_training_starts() -> None:
    before = json.loads(files.training_file("etd-tiny-s1").read_text())
    assert run("again")["train_loss"] < before["train_loss"]


class Killed(Exception):
    """Stands for a kill: whatever was not on disk is gone."""


@pytest.mark.parametrize(("student", "computed"), [("wise", [1, 1]), ("judge", [0, 0])])
def test_a_killed_training_goes_on_and_ends_the_same(
    student: str, computed: list[int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = run(student)
    expected = hashes(student)
    thoughts = files.dev_thoughts_file(f"etd-{student}-s1")
    written = thoughts.read_bytes() if thoughts.exists() else None
    shutil.rmtree(files.model_folder(f"etd-{student}-s1"))
    calls: list[int] = []
    leads_of = preference.leads_of
    monkeypatch.setattr(preference, "leads_of", lambda *given: calls.append(1) or leads_of(*given))
    with monkeypatch.context() as patch:
        patch.setattr(Watch, "on_step_end", stop_at(17))
        with pytest.raises(Killed):
            run(student)
    before = len(calls)
    again = run(student)
    assert "goes on from step 15 of" in capsys.readouterr().out
    assert hashes(student) == expected
    assert (thoughts.read_bytes() if thoughts.exists() else None) == written
    same = ("train_loss", "dev_loss", "pairs", "reward_margin", "auc", "right")
    assert {key: again.get(key) for key in same} == {key: figures.get(key) for key in same}
    assert [before, len(calls) - before] == computed, "once before the training, and once to measure at its end"


def stop_at(step: int) -> Callable[..., None]:
    on_step_end = Watch.on_step_end

    def stopped(self: Watch, args: Any, state: TrainerState, control: Any, **given: Any) -> None:
        if state.global_step == step:
            raise Killed
        on_step_end(self, args, state, control, **given)

    return stopped


def test_without_wrong_thoughts_there_is_nothing_to_learn() -> None:
    files.write_rows(files.mix_file("etd", "wrong"), list[Example]())
    for student in ("wise", "judge"):
        with pytest.raises(Failure, match="no wrong thought") as caught:
            run(student)
        assert "trained(...)" in str(caught.value)


def test_rows_of_pairs_and_judged_thoughts_are_not_packed() -> None:
    with pytest.raises(Failure, match="pack"):
        run("packed")


def test_without_a_problem_that_has_both_there_is_no_pair() -> None:
    right, wrong = both_sides()
    files.write_rows(files.mix_file("etd", "train"), [row for row in right if row.thought == "pot"])
    files.write_rows(files.mix_file("etd", "wrong"), [row for row in wrong if row.thought == "cot"])
    with pytest.raises(Failure, match="holds no pair"):
        run("wise")


def test_a_base_that_is_not_there_or_writes_nothing_is_a_failure() -> None:
    with pytest.raises(Failure, match="needs the run"):
        run("again", None)
    with pytest.raises(Failure, match="does not exist"):
        run("again", "nobody")
    run("judge")
    with pytest.raises(Failure, match="is a verifier"):
        run("upon", "judge")


def test_checkpoints_hang_on_the_base_and_on_wrong_thoughts() -> None:
    read = params.read_settings
    text = "mix=etd,student=tiny,seed=1"
    before = {name: train._digest(read(train.StudentSettings, name), "etd", 1, text) for name in ("wise", "again")}
    wrong = files.mix_file("etd", "wrong")
    wrong.write_bytes(wrong.read_bytes().replace(b"+", b"*"))
    after = {name: train._digest(read(train.StudentSettings, name), "etd", 1, text) for name in ("wise", "again")}
    assert after["again"] == before["again"]
    (files.model_folder("etd-tiny-s1") / "config.json").write_text("{}")
    last = {name: train._digest(read(train.StudentSettings, name), "etd", 1, text) for name in ("wise", "again")}
    assert len({before["wise"], after["wise"], last["wise"], last["again"], after["again"]}) == 5

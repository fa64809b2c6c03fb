from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pupils import examples, settings

from distill_dsl.contract import files, params
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import DevThought, Example, Prediction, Problem
from distill_dsl.runtime.stages import solve, train

PARAMS = """\
student:
  small:
    base: {kind: scratch, architecture: t5, width: 16, layers: 1, heads: 2, vocabulary: 400, digits: split}
    steps: 12
    batch: 8
    learning_rate: 0.01
    evaluations: 4
    dev_problems: 3
thought:
  cot: {answer: text, cue: "Let's think step by step.", prompt: none}
  pot: {answer: python, cue: "Let's break down the code step by step", prompt: none}
experiment:
  table: {answers: [{kind: single, thought: cot}], max_tokens: 20, decode_batch: 7}
"""


@pytest.fixture(autouse=True)
def mixed(project: Path) -> Path:
    """A project that stands before its train stage."""
    params._read.cache_clear()
    (project / "params.yaml").write_text(PARAMS)
    rows = examples()
    files.write_rows(files.mix_file("etd", "dev"), rows[:8])
    files.write_rows(files.mix_file("etd", "train"), rows[8:])
    held_out = [Problem(id=row.problem, question=row.question, answer="3") for row in rows[:8:2]]
    files.write_rows(files.mix_file("etd", "held_out"), held_out)
    problems = [Problem(id=f"q{i}", question=f"Bob has {i % 9} pens. How many?", answer="3") for i in range(12)]
    files.write_rows(files.problems_file("gsm8k", "test"), problems)
    files.write_rows(files.problems_file("svamp", "test"), problems[:3])
    return project


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def trained() -> dict[str, str]:
    train.run(mix="etd", student="small", seed=1)
    return hashes(files.model_folder("etd-small-s1"))


def solved(experiment: str = "table", tests: tuple[str, ...] = ("gsm8k-test", "svamp-test")) -> list[Prediction]:
    solve.run(mix="etd", student="small", seed=1, experiment=experiment, tests=list(tests), thoughts=["cot", "pot"])
    return list(files.read_rows(files.predictions_file(f"{experiment}-etd-small-s1"), Prediction))


def test_train_leaves_a_model_metrics_and_a_curve() -> None:
    trained()
    metrics = json.loads(files.training_file("etd-small-s1").read_text())
    assert list(metrics) == [
        *("steps", "examples", "cut_inputs", "left_out", "altered"),
        *(
            "train_loss",
            "dev_loss",
            "parameters",
            "trained_parameters",
            "seconds",
            "dev_seconds",
            "tokens",
            "seen_tokens",
        ),
        *("tokens_per_second", "padding", "peak_memory", "energy", "flops", "device", "precision"),
    ]
    assert (metrics["steps"], metrics["examples"], metrics["left_out"]) == (12, 72, 0)
    curve = list(csv.DictReader(files.curve_file("etd-small-s1").read_text().splitlines()))
    assert [int(row["step"]) for row in curve] == [3, 6, 9, 12]
    assert list(curve[0]) == ["step", "loss", "dev_loss", "learning_rate"]
    assert all(float(value) >= 0 for row in curve for value in row.values())
    assert not list(Path(".mtd/checkpoints").iterdir()), "checkpoints of a finished training are of no use"


def test_train_leaves_what_the_machine_did_and_what_the_student_wrote_for_dev() -> None:
    trained()
    system = list(csv.DictReader(files.system_file("etd-small-s1").read_text().splitlines()))
    assert list(system[0])[:3] == ["seconds", "time", "cpu_utilization_percentage"]
    metrics = json.loads(files.training_file("etd-small-s1").read_text())
    assert 0 < float(system[-1]["seconds"]) == pytest.approx(metrics["seconds"], abs=0.5)
    assert 0 < metrics["dev_seconds"] < metrics["seconds"]
    rows = list(files.read_rows(files.dev_thoughts_file("etd-small-s1"), DevThought))
    assert [(row.step, row.problem, row.thought) for row in rows] == [
        (step, f"p{i}", thought) for step in (3, 6, 9, 12) for i in range(3) for thought in ("cot", "pot")
    ]


@pytest.mark.parametrize("without", ["problems", "dev_problems"])
def test_without_problems_of_dev_nothing_is_written_and_the_student_is_the_same(without: str, project: Path) -> None:
    expected = trained()
    if without == "problems":
        files.write_rows(files.mix_file("etd", "held_out"), list[Problem]())
    else:
        (project / "params.yaml").write_text(PARAMS.replace("dev_problems: 3", "dev_problems: 0"))
        params._read.cache_clear()
    assert trained() == expected
    assert files.dev_thoughts_file("etd-small-s1").read_bytes() == b""


def test_a_model_in_shards_solves_nothing_and_that_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = train.Cell("etd", "small", 1, None, settings())
    assert train._exam(cell, examples()) is not None
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    assert train._exam(cell, examples()) is None
    assert "etd-small-s1: problems of dev are not solved" in capsys.readouterr().out


def test_two_clean_runs_give_the_same_bytes() -> None:
    results = []
    for _ in range(2):
        model = trained()
        solved()
        written = files.predictions_file("table-etd-small-s1"), files.dev_thoughts_file("etd-small-s1")
        results.append((model, *(path.read_bytes() for path in written)))
        shutil.rmtree(".mtd")
    assert results[0] == results[1]


KILLED = """
import os, signal, sys
from distill_dsl.contract import files
from distill_dsl.runtime.stages import train
from distill_dsl.runtime.students import watching
step_end = watching.Watch.on_step_end
def on_step_end(self, args, state, control, **rest):
    if state.global_step == 8:
        os.kill(os.getpid(), signal.SIGKILL)
    step_end(self, args, state, control, **rest)
watching.Watch.on_step_end = on_step_end
train.run(mix="etd", student="small", seed=1)
"""


def test_a_training_killed_half_way_goes_on_and_ends_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    expected, expected_thoughts = trained(), files.dev_thoughts_file("etd-small-s1").read_bytes()
    shutil.rmtree(files.model_folder("etd-small-s1"))
    path = os.pathsep.join([str(Path(train.__file__).parents[3]), os.environ.get("PYTHONPATH", "")])
    killed = subprocess.run([sys.executable, "-c", KILLED], env={**os.environ, "PYTHONPATH": path}, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert not files.model_folder("etd-small-s1").exists()
    (checkpoints,) = Path(".mtd/checkpoints").iterdir()
    # As if the kill had come in the middle of writing one.
    shutil.copytree(checkpoints / "checkpoint-6", checkpoints / "checkpoint-7")
    (checkpoints / "checkpoint-7" / "complete").unlink()
    (checkpoints / "checkpoint-7" / "optimizer.pt").write_bytes(b"half")
    assert "goes on" not in capsys.readouterr().out
    assert trained() == expected
    assert "etd-small-s1: goes on from step 6 of 12\n" in capsys.readouterr().out
    assert files.dev_thoughts_file("etd-small-s1").read_bytes() == expected_thoughts


def test_changed_settings_or_data_do_not_take_over_checkpoints() -> None:
    small = settings()
    first = train._digest(small, "etd", 1)
    assert first == train._digest(settings(), "etd", 1)
    files.write_rows(files.mix_file("etd", "held_out"), list[Problem]())
    others = [train._digest(small, "etd", 1)]
    files.write_rows(files.mix_file("etd", "dev"), examples()[:6])
    others += [
        train._digest(small, "etd", 1),
        train._digest(small, "etd", 2),
        train._digest(settings(batch=4), "etd", 1),
    ]
    assert len({first, *others}) == 5


def test_an_empty_mix_is_a_failure_and_leaves_nothing() -> None:
    files.write_rows(files.mix_file("etd", "train"), list[Example]())
    with pytest.raises(Failure, match="holds no train example") as caught:
        train.run(mix="etd", student="small", seed=1)
    assert "artifacts/mixes/etd.json" in str(caught.value)
    assert not files.model_folder("etd-small-s1").exists()


def test_a_mix_of_too_long_thoughts_is_a_failure() -> None:
    row = Example(problem="p", thought="cot", question="How?", cue="c", text="pens " * 600)
    files.write_rows(files.mix_file("etd", "train"), [row])
    with pytest.raises(Failure, match="max_thought"):
        train.run(mix="etd", student="small", seed=1)


def test_a_truncated_mix_is_a_failure_that_names_the_line() -> None:
    path = files.mix_file("etd", "train")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Failure, match="row 72"):
        train.run(mix="etd", student="small", seed=1)


def test_a_folder_that_cannot_be_written_is_a_failure() -> None:
    files.model_folder("etd-small-s1").parent.write_text("a file where the folder should be")
    with pytest.raises(Failure, match="cannot write"):
        train.run(mix="etd", student="small", seed=1)

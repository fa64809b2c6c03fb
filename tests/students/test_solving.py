from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pupils import CUES, student

from distill_dsl.contract import files, params
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.records import Completion, Prediction, Problem
from distill_dsl.contract.settings import ThoughtSettings
from distill_dsl.runtime.stages import ask, solve
from distill_dsl.runtime.students import decoding, latency, writing
from distill_dsl.runtime.students.decoding import Decoding, Request, Written
from distill_dsl.runtime.thoughts import ahead, programs
from distill_dsl.runtime.thoughts.execute import execute_thoughts
from distill_dsl.runtime.thoughts.execution import Execution

PARAMS = """\
student:
  small: {base: {kind: scratch}}
thought:
  cot: {answer: text, cue: "Let's think step by step.", prompt: none}
  pot: {answer: python, cue: "Let's break down the code step by step", prompt: none}
teacher:
  self: {model: {kind: trained, student: small, mix: etd, seed: 1}, samples: 3, temperature: 0.7, max_tokens: 20}
experiment:
  table: {answers: [], max_tokens: 20, decode_batch: 7, engine: ENGINE}
  drawn: {answers: [], max_tokens: 20, decode_batch: 7, samples: 3, engine: ENGINE}
"""
GROUPS = 4
"""Nine questions (three of twelve repeat) in two formats, seven at a time."""


@pytest.fixture(autouse=True, params=["transformers", "ctranslate2"])
def solvable(request: pytest.FixtureRequest, project: Path) -> Path:
    """A project with a student that was never trained: what it writes is nonsense, and ends at the limit."""
    if request.param == "ctranslate2":
        pytest.importorskip("ctranslate2")
    params._read.cache_clear()
    (project / "params.yaml").write_text(PARAMS.replace("ENGINE", request.param))
    pupil, folder = student(), files.model_folder("etd-small-s1")
    pupil.model.save_pretrained(folder)
    pupil.tokenizer.save_pretrained(folder)
    problems = [Problem(id=f"q{i}", question=f"Bob has {i % 9} pens. How many?", answer="3") for i in range(12)]
    files.write_rows(files.problems_file("gsm8k", "test"), problems)
    files.write_rows(files.problems_file("svamp", "test"), problems[:3])
    files.write_rows(files.mix_file("etd", "held_out"), problems[3:5])
    return project


def solved(
    experiment: str = "table", tests: tuple[str, ...] = ("gsm8k-test", "svamp-test"), held_out: bool = False
) -> list[Prediction]:
    solve.run(
        mix="etd",
        student="small",
        seed=1,
        experiment=experiment,
        tests=list(tests),
        thoughts=["cot", "pot"],
        held_out=held_out,
    )
    return list(files.read_rows(files.predictions_file(f"{experiment}-etd-small-s1"), Prediction))


def metrics(experiment: str = "table") -> dict[str, float]:
    return dict(json.loads(files.solving_file(f"{experiment}-etd-small-s1").read_text()))


def test_predictions_come_in_order_and_complete() -> None:
    rows = solved()
    expected = [
        (test, f"q{i}", thought, 0)
        for test, n in (("gsm8k-test", 12), ("svamp-test", 3))
        for i in range(n)
        for thought in CUES
    ]
    assert [(row.test, row.problem, row.thought, row.sample) for row in rows] == expected
    assert all(1 <= row.tokens <= 20 and row.logprob < 0 for row in rows)
    texts = {(row.problem, row.thought): row.text for row in rows if row.test == "gsm8k-test"}
    assert all(row.text == texts[row.problem, row.thought] for row in rows if row.test == "svamp-test")


def test_the_metrics_say_how_fast_it_was() -> None:
    rows = solved()
    found = metrics()
    assert list(found) == [
        *("seconds", "tokens", "tokens_per_second", "thoughts", "engine", "batch"),
        *("latency_p50", "latency_p95", "single_tokens_per_second", "peak_memory", "energy"),
    ]
    assert (found["thoughts"], found["batch"]) == (18, 7)
    assert found["tokens"] == sum({(row.text, row.thought, row.problem): row.tokens for row in rows[:18]}.values())
    assert found["tokens_per_second"] == pytest.approx(found["tokens"] / found["seconds"], rel=0.01)
    assert 0 < found["latency_p50"] <= found["latency_p95"]
    assert found["single_tokens_per_second"] > 0
    assert str(found["engine"]).split()[0] in ("transformers", "ctranslate2")


def test_two_runs_give_the_same_bytes() -> None:
    written = []
    for _ in range(2):
        solved("drawn", ("svamp-test",))
        written.append(files.predictions_file("drawn-etd-small-s1").read_bytes())
        shutil.rmtree(".mtd")
    assert written[0] == written[1]


def test_the_first_sample_is_greedy_and_the_others_are_drawn() -> None:
    greedy = {(row.problem, row.thought): row.text for row in solved(tests=("svamp-test",))}
    rows = solved("drawn", ("svamp-test",))
    assert [row.sample for row in rows] == [0, 1, 2] * 6
    assert all(row.text == greedy[row.problem, row.thought] for row in rows if row.sample == 0)
    assert len({row.text for row in rows if row.problem == "q0" and row.sample > 0}) == 4


def test_problems_that_the_mix_holds_out_are_one_more_test() -> None:
    rows = solved(tests=("svamp-test",), held_out=True)
    assert [(row.test, row.problem) for row in rows[::2]] == [
        *(("svamp-test", f"q{i}") for i in range(3)),
        *(("dev", f"q{i}") for i in (3, 4)),
    ]


def keeping(monkeypatch: pytest.MonkeyPatch, most: int) -> list[int]:
    """Count the parts that are kept; after `most` of them the command is interrupted."""
    kept: list[int] = []
    keep = writing._keep

    def counted(path: Path, seconds: float, thoughts: Sequence[Written]) -> None:
        if len(kept) == most:
            raise KeyboardInterrupt
        kept.append(len(thoughts))
        keep(path, seconds, thoughts)

    monkeypatch.setattr(writing, "_keep", counted)
    return kept


def test_an_interrupted_solving_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = solved()
    files.predictions_file("table-etd-small-s1").unlink()
    with monkeypatch.context() as patched:
        keeping(patched, 2)
        with pytest.raises(KeyboardInterrupt):
            solved()
    assert not files.predictions_file("table-etd-small-s1").exists()
    again = keeping(monkeypatch, GROUPS)
    assert solved() == expected
    assert len(again) == GROUPS - 2
    assert metrics()["energy"] is None, "that of the first process is not known"
    assert not list(Path(".mtd/solving").iterdir()), "parts of a finished solving are of no use"


def test_parts_of_another_engine_model_or_way_are_not_taken_over(solvable: Path) -> None:
    folder = files.model_folder("etd-small-s1")
    how = Decoding(temperature=0.7, max_tokens=20, max_question=256, seed=1)
    asked = [Request("How many?", "c")]
    first = writing._digest(folder, how, 7, asked, "transformers 5")
    assert first == writing._digest(folder, how, 7, list(asked), "transformers 5")
    others = [
        writing._digest(folder, how, 7, asked, "transformers 6"),
        writing._digest(folder, how, 8, asked, "transformers 5"),
        writing._digest(folder, Decoding(0.7, 20, 256, 2), 7, asked, "transformers 5"),
        writing._digest(folder, how, 7, [Request("How many?", "c", 1)], "transformers 5"),
    ]
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    assert len({first, *others, writing._digest(folder, how, 7, asked, "transformers 5")}) == 6


def test_solving_without_a_model_or_problems_is_a_failure() -> None:
    files.write_rows(files.problems_file("svamp", "test"), list[Problem]())
    with pytest.raises(Failure, match="svamp-test has no problems"):
        solved()
    shutil.rmtree(files.model_folder("etd-small-s1"))
    with pytest.raises(Failure, match="does not exist"):
        solved(tests=("gsm8k-test",))


# --- execution beside decoding ------------------------------------------------------------------------


def test_what_was_solved_is_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [row.text for row in solved() if row.thought == "pot"]
    run: list[str] = []

    def executions(programs: Iterator[str], **limits: object) -> Iterator[Execution]:
        run.extend(programs)
        return iter(())

    monkeypatch.setattr(programs, "executions", executions)
    monkeypatch.setattr(executions, "__module__", "distill_dsl.runtime.thoughts.programs")
    found = execute_thoughts(read_settings(ThoughtSettings, "pot"), dict.fromkeys(texts), lambda done: None)
    assert run == [] and len(found) == len(set(texts))


def test_an_execution_that_fails_loses_no_thought(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = solved()

    def broken(*args: object) -> None:
        raise Failure("this machine has no walls")

    monkeypatch.setattr(ahead, "execute_thoughts", broken)
    assert solved() == expected
    assert "left to be executed when they are scored: this machine has no walls" in capsys.readouterr().out


# --- latency -------------------------------------------------------------------------------------------


class Slow:
    """An engine that takes its time without waiting: each thought puts the clock on by so many seconds."""

    name = "slow 1"

    def __init__(self, seconds: float) -> None:
        self.now = 0.0
        self.seconds = seconds
        self.asked: list[Request] = []

    def write(self, batches: Iterator[Sequence[Request]], how: Decoding) -> Iterator[list[Written]]:
        for batch in batches:
            assert len(batch) == 1
            self.now += self.seconds
            self.asked += batch
            yield [Written("x", 4, -1.0)]


@pytest.mark.parametrize(("seconds", "written"), [(0.5, 16), (8.0, 3)])
def test_latency_is_that_of_few_thoughts_one_by_one(
    seconds: float, written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Slow(seconds)
    monkeypatch.setattr(latency.time, "perf_counter", lambda: engine.now)
    asked = [Request(f"q{i}", "c", sample) for i in range(40) for sample in range(2)]
    found = latency.alone(engine, asked, Decoding(0.7, 20, 100, 1))
    assert (found.p50, found.p95) == (pytest.approx(seconds), pytest.approx(seconds))
    assert found.tokens_per_second == pytest.approx(4 / seconds)
    assert len(engine.asked) == written + 1, "one more, to warm up"
    assert {request.sample for request in engine.asked} == {0}


# --- a trained student as teacher ----------------------------------------------------------------------


def asked() -> list[Completion]:
    ask.run(teacher="self", data="gsm8k", split="test", thought="cot", trained="mix=etd,student=small,seed=1")
    return list(files.read_rows(files.completions_file("self-gsm8k-test-cot"), Completion))


def test_a_student_teaches() -> None:
    rows = asked()
    assert [(row.problem, row.thought, row.sample) for row in rows] == [
        (f"q{i}", "cot", sample) for i in range(12) for sample in range(3)
    ]
    pupil = student()
    how = Decoding(temperature=0.7, max_tokens=20, max_question=256, seed=1)
    requests = [Request("Bob has 0 pens. How many?", CUES["cot"], sample) for sample in range(3)]
    assert [row.text for row in rows[:3]] == [one.text for one in decoding.write(pupil, requests, how)]
    assert not list(Path(".mtd/solving").iterdir())


def test_a_student_that_teaches_goes_on_where_it_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = asked()
    monkeypatch.setattr(ask, "TOGETHER", 9)
    with monkeypatch.context() as patched:
        keeping(patched, 1)
        with pytest.raises(KeyboardInterrupt):
            asked()
    again = keeping(monkeypatch, 100)
    assert asked() == expected
    assert sum(again) == 27 - 9


def test_a_teacher_whose_run_is_not_told_is_a_failure() -> None:
    with pytest.raises(Failure, match="does not say which run"):
        ask.run(teacher="self", data="gsm8k", split="test", thought="cot")


def test_nothing_is_left_of_an_interrupted_command_but_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    keeping(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt):
        solved()
    (state,) = Path(".mtd/solving").iterdir()
    left = {path.name for path in state.iterdir()}
    assert left <= {"000000.json", "ctranslate2"} and "000000.json" in left
    assert not any(name.endswith(".part") for _, _, names in os.walk(".mtd") for name in names)

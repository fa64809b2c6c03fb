"""Problems of dev solved in the middle of a training: the training does not notice, and what is written is exact."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pupils import CUES, examples, settings, student

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import DevThought, Problem
from distill_dsl.contract.settings import Lora, StudentSettings
from distill_dsl.runtime.students import decoding, midway, training
from distill_dsl.runtime.students.batches import encode
from distill_dsl.runtime.students.decoding import Decoding, Request
from distill_dsl.runtime.students.models import Student

PROBLEMS = [
    Problem(id=f"q{i}", question=f"Bob has {i} pens and buys {2 + i % 3} more. How many?", answer="3") for i in range(6)
]


class Killed(Exception):
    """Stands for a kill."""


def never(step: int, loss: float | None) -> None:
    """Progress that nobody is told of."""


def trained(
    folder: Path, *, exam: bool = True, stop: int | None = None, architecture: str = "t5", **changes: Any
) -> tuple[Student, training.Training]:
    def progress(step: int, loss: float | None) -> None:
        if loss is None and step == stop:
            raise Killed

    chosen: StudentSettings = settings(**({"dev_problems": 4, "max_thought": 24} | changes))
    pupil = student(architecture)
    rows = encode(pupil.codec, examples(), max_question=100, max_thought=100).examples
    given = midway.exam(PROBLEMS, CUES, chosen, processes=1) if exam else None
    result = training.train(
        pupil, rows[8:], rows[:8], chosen, seed=1, checkpoints=folder, progress=progress, exam=given
    )
    return pupil, result


def same(one: Student, other: Student) -> bool:
    pairs = zip(one.model.state_dict().values(), other.model.state_dict().values(), strict=True)
    return all(torch.equal(left, right) for left, right in pairs)


WAYS: list[tuple[str, dict[str, object]]] = [
    ("t5", {"dropout": 0.1}),
    ("llama", {"dropout": 0.1, "pack": True}),
    ("t5", {"precision": "bfloat16", "checkpointing": True}),
    ("llama", {"precision": "bfloat16", "checkpointing": True}),
    ("t5", {"adapter": Lora(rank=4, dropout=0.2), "accumulate": 2}),
]


@pytest.mark.parametrize(("architecture", "changes"), WAYS)
def test_weights_and_losses_are_those_of_a_training_that_solves_nothing(
    architecture: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    plain, expected = trained(tmp_path / "plain", exam=False, architecture=architecture, **changes)
    tried, result = trained(tmp_path / "tried", architecture=architecture, **changes)
    assert same(plain, tried)
    assert result.curve == expected.curve
    assert expected.thoughts == ()
    assert {row.step for row in result.thoughts} == {point.step for point in result.curve}


@pytest.mark.parametrize(("architecture", "changes"), WAYS)
def test_a_killed_training_goes_on_and_has_written_the_same(
    architecture: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    whole = trained(tmp_path / "whole", architecture=architecture, **changes)[1]
    with pytest.raises(Killed):
        trained(tmp_path / "cut", stop=7, architecture=architecture, **changes)
    resumed = trained(tmp_path / "cut", architecture=architecture, **changes)[1]
    assert resumed.thoughts == whole.thoughts
    assert [sample["seconds"] for sample in resumed.system] == sorted(sample["seconds"] for sample in resumed.system)
    assert resumed.spent.solving > 0


@pytest.mark.parametrize("architecture", ["t5", "llama"])
def test_each_problem_is_solved_in_each_format_as_the_trained_student_solves_it(
    architecture: str, tmp_path: Path
) -> None:
    pupil, result = trained(tmp_path, architecture=architecture, steps=11)
    assert [(row.step, row.problem, row.thought) for row in result.thoughts] == [
        (step, f"q{i}", thought) for step in (3, 6, 9, 11) for i in range(4) for thought in CUES
    ]
    how = Decoding(temperature=0.0, max_tokens=24, max_question=256, seed=9)
    for row in result.thoughts[-8:]:
        question = PROBLEMS[int(row.problem[1:])].question
        (alone,) = decoding.write(pupil, [Request(question, CUES[row.thought])], how)
        assert (row.text, row.tokens) == (alone.text, alone.tokens)
        assert row.logprob == pytest.approx(alone.logprob, abs=1e-4)
    assert len({row.text for row in result.thoughts}) > 1
    assert max(row.tokens for row in result.thoughts) <= 24


def test_a_half_precise_student_is_decoded_in_full_precision(tmp_path: Path) -> None:
    pupil, result = trained(tmp_path, precision="bfloat16")
    how = Decoding(temperature=0.0, max_tokens=24, max_question=256, seed=9)
    for row in result.thoughts[-8:]:
        (alone,) = decoding.write(pupil, [Request(PROBLEMS[int(row.problem[1:])].question, CUES[row.thought])], how)
        # In bfloat16 it would be off by some hundredths.
        assert row.logprob == pytest.approx(alone.logprob, abs=1e-4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch's own, of parts of itself
@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of its look at the decoder's inputs
@pytest.mark.parametrize("architecture", ["t5", "llama"])
def test_a_compiled_student_is_decoded_as_it_is(
    architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    plain, expected = trained(tmp_path / "plain", exam=False, architecture=architecture, compile=True)
    tried, result = trained(tmp_path / "tried", architecture=architecture, compile=True)
    assert same(plain, tried)
    assert result.curve == expected.curve
    assert len(result.thoughts) == 4 * 4 * 2


@pytest.mark.parametrize("learning", [True, False])
def test_the_model_is_left_as_it_was_and_chance_is_not_asked(learning: bool) -> None:
    pupil = student()
    pupil.model.train(learning)
    given = midway.exam(PROBLEMS, CUES, settings(max_thought=8), processes=1)
    assert given is not None
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # type: ignore[index]
    rows = given.sat(pupil, 5)
    assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before  # type: ignore[index]
    assert pupil.model.training is learning
    assert all(module.training is learning for module in pupil.model.modules())
    assert "forward" not in pupil.model.__dict__
    assert rows == given.sat(pupil, 5)


def test_the_first_problems_are_taken_and_equal_questions_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Request] = []
    write = midway.write

    def seen(pupil: Student, requests: list[Request], how: Decoding) -> list[decoding.Written]:
        written.extend(requests)
        return write(pupil, requests, how)

    monkeypatch.setattr(midway, "write", seen)
    twins = [Problem(id=f"q{i}", question="How many?", answer="3") for i in range(9)]
    given = midway.exam(twins, CUES, settings(dev_problems=3, max_thought=4), processes=1)
    assert given is not None
    rows = given.sat(student(), 1)
    assert [(row.problem, row.thought) for row in rows] == [(f"q{i}", thought) for i in range(3) for thought in CUES]
    assert len(written) == 2


@pytest.mark.parametrize(
    ("changes", "processes", "size"),
    [({}, 1, 32), ({}, 2, 16), ({"checkpointing": True}, 1, 8), ({"checkpointing": True}, 16, 1)],
)
def test_batches_fit_where_those_of_the_training_do(changes: dict[str, Any], processes: int, size: int) -> None:
    given = midway.exam(PROBLEMS, CUES, settings(**changes), processes=processes)
    assert given is not None
    assert given.size == size


def test_a_full_gpu_is_given_fewer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    write, sizes, room = midway.write, list[int](), 5

    def narrow(pupil: Student, requests: list[Request], how: Decoding) -> list[decoding.Written]:
        sizes.append(len(requests))
        if len(requests) > room:
            raise torch.OutOfMemoryError("no room")
        return write(pupil, requests, how)

    given = midway.exam(PROBLEMS, CUES, settings(max_thought=4), processes=1)
    assert given is not None
    expected = given.sat(student(), 5)
    monkeypatch.setattr(midway, "write", narrow)
    assert [row.text for row in given.sat(student(), 5)] == [row.text for row in expected]
    assert sizes == [12, 12, 8, 4, 4, 4]
    room = 0
    with pytest.raises(Failure, match="memory does not suffice"):
        given.sat(student(), 5)


def test_without_problems_there_is_nothing_to_solve(tmp_path: Path) -> None:
    assert midway.exam(PROBLEMS, CUES, settings(dev_problems=0), processes=1) is None
    assert midway.exam([], CUES, settings(), processes=1) is None


def test_weights_that_are_no_numbers_are_a_failure() -> None:
    pupil = student()
    for weight in pupil.model.parameters():
        weight.data.fill_(float("nan"))
    given = midway.exam(PROBLEMS, CUES, settings(max_thought=4), processes=1)
    assert given is not None
    with pytest.raises(Failure, match="after step 5"):
        given.sat(pupil, 5)
    assert pupil.model.training


def test_rows_are_records() -> None:
    given = midway.exam(PROBLEMS[:1], {"pot": CUES["pot"]}, settings(max_thought=4), processes=1)
    assert given is not None
    (row,) = given.sat(student(), 7)
    assert isinstance(row, DevThought)
    assert (row.step, row.problem, row.thought) == (7, "q0", "pot")

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from pupils import examples, settings, student

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import StudentSettings
from distill_dsl.runtime.students import training
from distill_dsl.runtime.students.batches import encode
from distill_dsl.runtime.students.models import Student


class Killed(Exception):
    """Stands for a kill: whatever was not on disk is gone."""


@dataclass
class Told:
    """Records progress; stops the training after a step if asked to."""

    stop: int | None = None
    steps: list[int] = field(default_factory=list)

    def __call__(self, step: int, loss: float | None) -> None:
        if loss is None:
            self.steps.append(step)
            if step == self.stop:
                raise Killed


def trained(
    folder: Path, told: Told | None = None, architecture: str = "t5", seed: int = 1, **changes: object
) -> tuple[Student, training.Training]:
    chosen: StudentSettings = settings(**changes)
    pupil = student(architecture, seed=seed)
    rows = encode(pupil.codec, examples(), max_question=100, max_thought=100).examples
    result = training.train(pupil, rows[8:], rows[:8], chosen, seed=seed, checkpoints=folder, progress=told or Told())
    return pupil, result


def weights(pupil: Student) -> dict[str, torch.Tensor]:
    return pupil.model.state_dict()


def same(one: Student, other: Student) -> bool:
    pairs = zip(weights(one).values(), weights(other).values(), strict=True)
    return all(torch.equal(left, right) for left, right in pairs)


# Losses after 12 steps with one thread. They change with the tokenizer, the order of the examples,
# the initial weights, the optimizer or the schedule: none of that may change unnoticed.
PINNED = {"t5": (4.9131, 4.7757), "llama": (4.8769, 4.8023)}


@pytest.mark.parametrize("architecture", sorted(PINNED))
def test_losses_are_pinned(architecture: str, tmp_path: Path) -> None:
    curve = trained(tmp_path, architecture=architecture)[1].curve
    assert curve[-1].loss < curve[0].loss
    assert (curve[-1].loss, curve[-1].dev_loss) == pytest.approx(PINNED[architecture], rel=0.02)


def test_the_curve_has_a_row_an_evaluation_and_one_for_the_last_step(tmp_path: Path) -> None:
    curve = trained(tmp_path, steps=11)[1].curve
    assert [point.step for point in curve] == [3, 6, 9, 11]
    assert all(point.dev_loss is not None for point in curve)
    assert curve[0].learning_rate > curve[-1].learning_rate


def test_two_clean_trainings_are_the_same_and_the_seed_matters(tmp_path: Path) -> None:
    one, other, third = (trained(tmp_path / name, seed=seed)[0] for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert same(one, other)
    assert not same(one, third)


@pytest.mark.parametrize("changes", [{}, {"accumulate": 2, "steps": 8}, {"dropout": 0.1, "schedule": "cosine"}])
def test_a_killed_training_goes_on_and_ends_the_same(changes: dict[str, object], tmp_path: Path) -> None:
    whole, expected = trained(tmp_path / "whole", **changes)
    with pytest.raises(Killed):
        trained(tmp_path / "cut", Told(stop=7), **changes)
    told = Told()
    resumed, result = trained(tmp_path / "cut", told, **changes)
    assert told.steps[0] in (5, 7)
    assert same(whole, resumed)
    assert result.curve == expected.curve


def test_a_part_of_a_checkpoint_is_passed_over(tmp_path: Path) -> None:
    whole = trained(tmp_path / "whole")[0]
    with pytest.raises(Killed):
        trained(tmp_path / "cut", Told(stop=8))
    newest = tmp_path / "cut" / "checkpoint-6"
    (newest / training.DONE).unlink()
    (newest / "model.safetensors").write_bytes(b"half of it")
    told = Told()
    resumed = trained(tmp_path / "cut", told)[0]
    assert told.steps[0] == 4
    assert same(whole, resumed)


def test_a_training_killed_after_its_last_step_is_taken_as_it_is(tmp_path: Path) -> None:
    whole, expected = trained(tmp_path, steps=11)
    told = Told()
    again, result = trained(tmp_path, told, steps=11)
    assert told.steps == []
    assert same(whole, again)
    assert result.curve == expected.curve


def test_seconds_of_an_interrupted_training_add_up(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        trained(tmp_path, Told(stop=8))
    (tmp_path / "checkpoint-6" / training.DONE).write_text('{"seconds": 1000.0}')
    assert trained(tmp_path)[1].seconds > 1000.0


def test_without_dev_examples_there_is_no_dev_loss(tmp_path: Path) -> None:
    pupil = student()
    rows = encode(pupil.codec, examples(), max_question=100, max_thought=100).examples
    curve = training.train(pupil, rows, (), settings(steps=4), seed=1, checkpoints=tmp_path, progress=Told()).curve
    assert [point.dev_loss for point in curve] == [None] * 4


def test_a_training_that_diverges_says_so(tmp_path: Path) -> None:
    pupil = student()
    with torch.no_grad():
        pupil.model.get_input_embeddings().weight.fill_(float("nan"))
    rows = encode(pupil.codec, examples(), max_question=100, max_thought=100).examples
    with pytest.raises(Failure, match="diverged") as caught:
        training.train(pupil, rows, (), settings(), seed=1, checkpoints=tmp_path, progress=Told())
    assert "learning_rate" in str(caught.value)


def test_checkpoints_that_cannot_be_written_are_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Failure, match="cannot write a checkpoint"):
        trained(tmp_path / "file" / "checkpoints")


def test_a_full_disk_is_a_failure_and_another_runtime_error_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed")

    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(Failure, match="cannot write a checkpoint"):
        trained(tmp_path / "full")
    monkeypatch.setattr(torch, "save", broken)
    with pytest.raises(RuntimeError, match="mat1"):
        trained(tmp_path / "broken")


def test_an_unknown_schedule_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="schedule: wave"):
        trained(tmp_path, schedule="wave")


@pytest.mark.parametrize(("changes", "steps"), [({"epochs": 2.0}, 20), ({"epochs": 0.5}, 5), ({"steps": 7}, 7)])
def test_steps_come_from_epochs_unless_set(changes: dict[str, object], steps: int) -> None:
    chosen = settings(**({"steps": None, "batch": 4, "accumulate": 2} | changes))
    assert training.steps_of(chosen, 79) == steps

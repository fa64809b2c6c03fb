from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
import torch
from pupils import examples, settings, student

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import Lora, StudentSettings, Weighted
from distill_dsl.runtime.students import training
from distill_dsl.runtime.students.batches import encode
from distill_dsl.runtime.students.flops import training_flops, weights_a_token
from distill_dsl.runtime.students.lessons import fine_tuning
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


# Losses after 12 steps with one thread. They change with the tokenizer, the order of the examples, the initial
# weights, the optimizer, the schedule or what a step's loss is divided by: none of that may change unnoticed.
# Another order moved them by 0.5 % or more, and a mean over batches in place of tokens by 0.15 % (accumulated).
PINNED: list[tuple[str, dict[str, object], tuple[float, float]]] = [
    ("t5", {}, (4.91312, 4.77589)),
    ("llama", {}, (4.87691, 4.80234)),
    ("t5", {"accumulate": 2, "batch": 4}, (4.95424, 4.62509)),
    ("llama", {"pack": True}, (4.61157, 4.54206)),
]


@pytest.mark.parametrize(("architecture", "changes", "losses"), PINNED)
def test_losses_are_pinned(
    architecture: str, changes: dict[str, object], losses: tuple[float, float], tmp_path: Path
) -> None:
    curve = trained(tmp_path, architecture=architecture, **changes)[1].curve
    assert curve[-1].loss < curve[0].loss
    assert (curve[-1].loss, curve[-1].dev_loss) == pytest.approx(losses, rel=5e-4)


def test_the_curve_has_a_row_an_evaluation_and_one_for_the_last_step(tmp_path: Path) -> None:
    curve = trained(tmp_path, steps=11)[1].curve
    assert [point.step for point in curve] == [3, 6, 9, 11]
    assert all(point.dev_loss is not None for point in curve)
    assert curve[0].learning_rate > curve[-1].learning_rate


def test_two_clean_trainings_are_the_same_and_the_seed_matters(tmp_path: Path) -> None:
    one, other, third = (trained(tmp_path / name, seed=seed)[0] for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert same(one, other)
    assert not same(one, third)


RESUMED: list[tuple[str, dict[str, object]]] = [
    ("t5", {}),
    ("t5", {"accumulate": 2, "steps": 8, "dropout": 0.1}),
    ("t5", {"dropout": 0.1, "schedule": "cosine", "checkpointing": True}),
    ("t5", {"objective": Weighted(thoughts={"pot": 2.0}), "precision": "bfloat16"}),
    ("t5", {"adapter": Lora(rank=4, dropout=0.2)}),
    ("llama", {"pack": True, "dropout": 0.1}),
    ("llama", {"pack": True, "adapter": Lora(rank=4, dropout=0.2), "accumulate": 2}),
]


@pytest.mark.parametrize(("architecture", "changes"), RESUMED)
def test_a_killed_training_goes_on_and_ends_the_same(
    architecture: str, changes: dict[str, object], tmp_path: Path
) -> None:
    whole, expected = trained(tmp_path / "whole", architecture=architecture, **changes)
    with pytest.raises(Killed):
        trained(tmp_path / "cut", Told(stop=7), architecture=architecture, **changes)
    told = Told()
    resumed, result = trained(tmp_path / "cut", told, architecture=architecture, **changes)
    assert told.steps[0] in (5, 7)
    assert same(whole, resumed)
    assert result.curve == expected.curve


def test_a_step_learns_the_same_from_one_batch_and_from_two_unlike_ones(tmp_path: Path) -> None:
    """The mean is over the step's tokens: batches with few do not count as much as batches with many."""
    rows = [0, 3, 4, 6, 7, 1, 2, 5]
    whole, parts = (
        stepped(tmp_path / name, rows, batch=batch, accumulate=accumulate)
        for name, batch, accumulate in (("one", 8, 1), ("two", 4, 2))
    )
    for left, right in zip(weights(whole).values(), weights(parts).values(), strict=True):
        torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-6)


def stepped(folder: Path, order: list[int], **changes: object) -> Student:
    """A student after one step of plain descent on these rows; the two formats differ in length."""
    pupil = student()
    encoded = encode(pupil.codec, examples(), max_question=100, max_thought=100).examples
    chosen = sorted((encoded[row] for row in order), key=lambda row: row.length)
    # Adam's first step goes by the signs of the gradient: wherever another weighting turns one, it shows.
    settled = settings(steps=1, warmup=0.0, learning_rate=0.01, **changes)
    training.train(pupil, chosen, (), settled, seed=1, checkpoints=folder, progress=Told())
    return pupil


def test_packing_changes_no_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = trained(tmp_path / "packed", architecture="llama", pack=True)[1]
    in_this_order = training.planned

    def freely(rows: object, chosen: StudentSettings, **rest: int) -> object:
        return in_this_order(rows, msgspec.structs.replace(chosen, pack=True), **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "planned", freely)
    expected = trained(tmp_path / "apart", architecture="llama")[1]
    assert [point.loss for point in result.curve] == pytest.approx([point.loss for point in expected.curve], rel=1e-4)
    assert [point.dev_loss for point in result.curve] == pytest.approx(
        [point.dev_loss for point in expected.curve], rel=1e-4
    )


def test_weights_of_formats_are_relative_and_the_dev_loss_has_none(tmp_path: Path) -> None:
    expected = trained(tmp_path / "plain")[1]
    result = trained(tmp_path / "twice", objective=Weighted(thoughts={"cot": 2.0, "pot": 2.0}))[1]
    assert result.curve[-1].loss == pytest.approx(expected.curve[-1].loss, rel=1e-4)
    only = trained(tmp_path / "pot", objective=Weighted(thoughts={"cot": 1e-6, "pot": 1.0}), steps=40)[0]
    lesson = fine_tuning(only)
    rows = encode(only.codec, examples(), max_question=100, max_thought=100).examples

    @torch.no_grad()
    def loss(thought: str) -> float:
        batch = lesson.collate([row for row in rows if row.thought == thought])
        return float(lesson.loss(only.model, batch) / lesson.units(batch))

    assert loss("pot") < 0.7 * loss("cot"), "what weighs nothing is not learned"


@pytest.mark.parametrize("changes", [{"checkpointing": True}, {"precision": "bfloat16"}, {"precision": "float32"}])
@pytest.mark.parametrize("architecture", ["t5", "llama"])
def test_saving_memory_and_halving_precision_keep_the_losses(
    architecture: str, changes: dict[str, object], tmp_path: Path
) -> None:
    plain = trained(tmp_path / "plain", architecture=architecture)[1]
    other = trained(tmp_path / "other", architecture=architecture, **changes)[1]
    tolerance = 0.02 if changes.get("precision") == "bfloat16" else 1e-5
    assert other.curve[-1].loss == pytest.approx(plain.curve[-1].loss, rel=tolerance)
    assert other.precision == changes.get("precision", "float32")
    assert all(weight.dtype == torch.float32 for weight in weights(student(architecture)).values())


def test_an_unknown_precision_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="precision: half"):
        trained(tmp_path, precision="half")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch's own, of parts of itself
@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of its look at the decoder's inputs
@pytest.mark.parametrize("architecture", ["t5", "llama"])
def test_a_compiled_student_learns_the_same(architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    plain = trained(tmp_path / "plain", architecture=architecture)[1]
    compiled, result = trained(tmp_path / "compiled", architecture=architecture, compile=True)
    assert result.curve[-1].loss == pytest.approx(plain.curve[-1].loss, rel=1e-3)
    assert not any("_orig_mod" in name for name in weights(compiled))


WITHOUT_COMPILER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_training import trained
from distill_dsl.contract.failure import Failure
try:
    trained(Path("checkpoints"), architecture="llama", compile=True, steps=1)
except Failure as failure:
    print(failure)
"""


@pytest.mark.slow
def test_a_machine_without_a_compiler_is_a_failure(tmp_path: Path) -> None:
    # In a process of its own: what is translated once stays so.
    environment = {**os.environ, "CXX": str(tmp_path / "none"), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache")}
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_COMPILER.format(tests=str(Path(__file__).parent))],
        env={**environment, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "the model cannot be compiled" in ended.stdout, ended.stderr
    assert "C++ compiler" in ended.stdout


def test_a_training_tells_what_it_saw_and_cost(tmp_path: Path) -> None:
    pupil, result = trained(tmp_path, steps=9, batch=8)  # nine batches of eight are all rows once
    rows = encode(pupil.codec, examples(), max_question=100, max_thought=100).examples[8:]
    assert result.seen.total == sum(row.length for row in rows)
    assert result.seen.total < result.space < 1.1 * result.seen.total
    assert result.trained_parameters == sum(weight.numel() for weight in pupil.model.parameters())
    assert result.flops == training_flops(
        weights_a_token(pupil.model), read=result.seen.read, written=result.seen.written
    )
    assert result.spent.peak_memory > 10_000_000
    assert result.spent.energy is None or result.spent.energy > 0


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

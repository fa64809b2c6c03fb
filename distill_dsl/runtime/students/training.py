"""Fine-tuning a student through transformers' Trainer, so that a killed training goes on.

The order of the examples is fixed beforehand (`batches.schedule`), the weights and the optimizer
are kept in checkpoints outside the stage's output, and a checkpoint counts only when a mark was
written after everything else in it. Resumed or not, the same bytes come out on the same machine.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from transformers import (
    PrinterCallback,
    SchedulerType,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import StudentSettings
from distill_dsl.runtime.students.batches import Encoded, Scheduled, collator, schedule
from distill_dsl.runtime.students.models import Student

DONE: Final = "complete"
"""The mark in a checkpoint: seconds of training so far. Written last, so a part of one has none."""

KEPT: Final = 2
"""Checkpoints kept: if a kill damages the newest, the one before is whole."""


@dataclass(frozen=True)
class Point:
    """A row of the learning curve."""

    step: int
    loss: float
    """Mean training loss since the row before, in nats a token."""
    dev_loss: float | None
    learning_rate: float


@dataclass(frozen=True)
class Training:
    """What came of a training; the student itself is trained in place."""

    curve: tuple[Point, ...]
    seconds: float
    """Over all parts of an interrupted training."""


Progress = Callable[[int, float | None], None]
"""Told the step after each one, and the loss where one was measured."""


def steps_of(settings: StudentSettings, examples: int) -> int:
    """Optimizer steps: as set, or as many as the epochs take."""
    if settings.steps is not None:
        return settings.steps
    return math.ceil(settings.epochs * examples / (settings.batch * settings.accumulate))


def train(
    student: Student,
    train_set: Sequence[Encoded],
    dev_set: Sequence[Encoded],
    settings: StudentSettings,
    *,
    seed: int,
    checkpoints: Path,
    progress: Progress,
) -> Training:
    """Train the student in place. Call `set_seed` before the model is made, so that it is seeded too."""
    steps = steps_of(settings, len(train_set))
    every = max(1, math.ceil(steps / settings.evaluations))
    batches = steps * settings.accumulate
    order = schedule([row.length for row in train_set], batch=settings.batch, batches=batches, seed=seed)
    whole = whole_checkpoints(checkpoints)
    watch = _Watch(steps, every, progress, earlier=_seconds(whole[-1]) if whole else 0.0)
    set_seed(seed)
    with _writing(checkpoints):
        trainer = Trainer(
            model=student.model,
            args=_arguments(settings, checkpoints, steps=steps, every=every, seed=seed, measured=bool(dev_set)),
            data_collator=collator(student.codec),
            train_dataset=Scheduled(train_set, order),
            eval_dataset=Scheduled(dev_set, _by_length(dev_set)) if dev_set else None,
            callbacks=[watch],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train(resume_from_checkpoint=str(whole[-1]) if whole else None)
    return Training(_curve(trainer.state.log_history), watch.seconds)


@contextmanager
def _writing(checkpoints: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise _unkept(checkpoints, error) from error
    except RuntimeError as error:
        # torch's own file writer tells a full disk from other errors by its words alone
        if any(word in str(error) for word in ("PytorchStreamWriter", "inline_container")):
            raise _unkept(checkpoints, error) from error
        raise


def _unkept(checkpoints: Path, error: Exception) -> Failure:
    return Failure(
        f"cannot write a checkpoint: {str(error).splitlines()[0]}",
        where=str(checkpoints),
        help="check that the folder may be written to and has space; training goes on from the checkpoint before",
    )


def whole_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints that were written to the end, oldest first; parts of others are removed."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    for part in found:
        if not (part / DONE).is_file():
            shutil.rmtree(part)
    return [path for path in found if path.is_dir()]


def _seconds(checkpoint: Path) -> float:
    return float((checkpoint / DONE).read_text(encoding="utf-8"))


def _by_length(rows: Sequence[Encoded]) -> list[int]:
    return sorted(range(len(rows)), key=lambda row: rows[row].length)


def _arguments(
    settings: StudentSettings, checkpoints: Path, *, steps: int, every: int, seed: int, measured: bool
) -> TrainingArguments:
    if settings.schedule not in {kind.value for kind in SchedulerType}:
        raise Failure(
            f"`schedule: {settings.schedule}` is not known",
            where="params.yaml",
            help="use linear, cosine, constant or constant_with_warmup",
        )
    gpu = torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(checkpoints),
        max_steps=steps,
        per_device_train_batch_size=settings.batch,
        per_device_eval_batch_size=settings.batch,
        gradient_accumulation_steps=settings.accumulate,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=math.ceil(settings.warmup * steps),
        weight_decay=settings.weight_decay,
        label_smoothing_factor=settings.label_smoothing,
        seed=seed,
        data_seed=seed,
        full_determinism=gpu,
        use_cpu=not gpu,
        # Half precision only where the hardware computes in it; weights and optimizer stay in full precision.
        bf16=gpu and torch.cuda.is_bf16_supported(including_emulation=False),
        train_sampling_strategy="sequential",
        eval_strategy="steps" if measured else "no",
        eval_steps=every if measured else None,
        logging_steps=every,
        logging_nan_inf_filter=False,  # a loss that is no number must show
        save_steps=every,
        save_total_limit=KEPT,
        prediction_loss_only=True,
        remove_unused_columns=False,
        dataloader_pin_memory=gpu,
        disable_tqdm=True,
        report_to="none",
    )


class _Watch(TrainerCallback):
    """Times the training, reports its progress, marks checkpoints, and measures at the very end."""

    def __init__(self, steps: int, every: int, progress: Progress, *, earlier: float) -> None:
        self.steps = steps
        self.every = every
        self.progress = progress
        self.started = time.monotonic() - earlier

    @property
    def seconds(self) -> float:
        """Seconds of training so far, those before an interruption included."""
        return time.monotonic() - self.started

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self.progress(state.global_step, None)
        # The last step closes the curve even where it is no multiple of the interval.
        if state.global_step == self.steps:
            control.should_log = True
            control.should_evaluate = args.eval_strategy != "no"

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        loss = kwargs["logs"].get("loss")
        if loss is None:
            return
        if not math.isfinite(loss):
            raise Failure(
                f"the training diverged: the loss at step {state.global_step} is {loss}",
                where="params.yaml",
                help="lower `learning_rate`, or raise `warmup`",
            )
        self.progress(state.global_step, loss)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        place = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}" / DONE
        place.write_text(f"{self.seconds:.3f}", encoding="utf-8")


def _curve(history: Sequence[dict[str, Any]]) -> tuple[Point, ...]:
    dev = {row["step"]: float(row["eval_loss"]) for row in history if "eval_loss" in row}
    return tuple(
        Point(row["step"], float(row["loss"]), dev.get(row["step"]), float(row["learning_rate"]))
        for row in history
        if "loss" in row
    )

"""Training a student through transformers' Trainer, so that a killed training goes on.

The order of the examples is fixed beforehand (`batches.schedule`), the weights and the optimizer
are kept in checkpoints outside the stage's output, and a checkpoint counts only when a mark was
written after everything else in it. Resumed or not, the same bytes come out on the same machine.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from transformers import SchedulerType, TrainingArguments, set_seed

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import DevThought
from distill_dsl.contract.settings import StudentSettings, Weighted
from distill_dsl.runtime.students.adapters import merge, with_adapter
from distill_dsl.runtime.students.batches import Encoded, schedule
from distill_dsl.runtime.students.compiling import compile_layers, translating
from distill_dsl.runtime.students.distributed import is_first, rank, world
from distill_dsl.runtime.students.engine import Engine, Plan
from distill_dsl.runtime.students.flops import training_flops, weights_a_token
from distill_dsl.runtime.students.lessons import Lesson, R, Tokens, fine_tuning
from distill_dsl.runtime.students.machine import Sample
from distill_dsl.runtime.students.midway import Exam
from distill_dsl.runtime.students.models import Student
from distill_dsl.runtime.students.packing import packing_for
from distill_dsl.runtime.students.precision import be_repeatable, computes_in_half
from distill_dsl.runtime.students.watching import DONE, Progress, Solve, Spent, Watch

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
    spent: Spent
    """Over all parts of an interrupted training."""
    seen: Tokens
    """Tokens of all batches, as often as they were read; filling-up left out."""
    space: int
    """Positions that those batches took, filling-up included."""
    flops: float
    """Estimated; see `flops.training_flops`."""
    trained_parameters: int
    """Weights that learned: those of the adapters, where there are any."""
    precision: str
    """`float32` or `bfloat16`."""
    thoughts: tuple[DevThought, ...] = ()
    """What the student wrote for problems of dev at each evaluation."""
    system: tuple[Sample, ...] = ()
    """What the machine did meanwhile."""
    weights: Mapping[str, torch.Tensor] | None = None
    """All weights, where the model that was trained holds only a part of them in this process (FSDP)."""

    @property
    def seconds(self) -> float:
        """Seconds of training."""
        return self.spent.seconds


def steps_of(settings: StudentSettings, examples: int) -> int:
    """Optimizer steps: as set, or as many as the epochs take."""
    if settings.steps is not None:
        return settings.steps
    return math.ceil(settings.epochs * examples / (settings.batch * settings.accumulate))


def train(
    student: Student,
    train_set: Sequence[R],
    dev_set: Sequence[R],
    settings: StudentSettings,
    *,
    seed: int,
    checkpoints: Path,
    progress: Progress,
    lesson: Lesson[R] | None = None,
    exam: Exam | None = None,
) -> Training:
    """Train the student in place; without a lesson it is fine-tuned on the rows, which are `Encoded` then.

    Call `set_seed` before the model is made, so that it is seeded too. `checkpoints` holds what a training
    that was killed left, and is of no use after this one. `exam` is what the student solves at each evaluation.
    """
    half = computes_in_half(settings.precision)
    be_repeatable()
    learned: Lesson[Any] = lesson or fine_tuning_of(student, train_set, settings)
    steps = steps_of(settings, len(train_set))
    plan = planned(train_set, settings, steps=steps, seed=seed)
    weights = weights_a_token(student.model)
    model = with_adapter(student, settings.adapter) if settings.adapter else student.model
    trained_parameters = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    if settings.compile:
        compile_layers(student)
    whole = whole_checkpoints(checkpoints)
    watch = Watch(steps, progress, _solving(student, exam), whole[-1] if whole else None)
    set_seed(seed)
    sampled = watch.machine.running() if is_first() else nullcontext()
    with _writing(checkpoints), translating(settings.compile), sampled:
        engine = Engine(
            model,
            _arguments(settings, checkpoints, steps=steps, seed=seed, half=half, measured=bool(dev_set)),
            watch,
            lesson=learned,
            train_set=train_set,
            train_plan=plan,
            dev_set=dev_set,
            dev_plan=_by_length(dev_set, settings.batch),
        )
        if not is_first():
            set_seed(seed + rank())  # the same weights everywhere, but not the same dropout
        engine.train(resume_from_checkpoint=str(whole[-1]) if whole else None)
    all_weights = engine.full_weights()
    engine.plain(model)
    if settings.adapter:
        merge(model)
    seen, space = _usage(learned, train_set, plan)
    return Training(
        curve=_curve(engine.state.log_history),
        spent=watch.spent(),
        seen=seen,
        space=space,
        flops=training_flops(weights, read=seen.read, written=seen.written),
        trained_parameters=trained_parameters,
        precision="bfloat16" if half else "float32",
        thoughts=tuple(watch.thoughts),
        system=tuple(watch.machine.samples),
        weights=all_weights,
    )


def _solving(student: Student, exam: Exam | None) -> Solve | None:
    return None if exam is None else partial(exam.sat, student)


def fine_tuning_of(student: Student, rows: Sequence[Any], settings: StudentSettings) -> Lesson[Encoded]:
    """Fine-tuning as the settings say."""
    half = computes_in_half(settings.precision)
    return fine_tuning(
        student,
        smoothing=settings.label_smoothing,
        weights=_relative(settings.objective.thoughts, rows) if isinstance(settings.objective, Weighted) else None,
        packing=packing_for(student, half=half) if settings.pack else None,
    )


def _relative(weights: Mapping[str, float], rows: Sequence[Encoded]) -> dict[str, float]:
    """The weights, scaled so that a token of the training set weighs 1 on average.

    Over the whole set, not within a step: batches of one length are often of one format, whose weight
    would cancel there.
    """
    tokens: dict[str, int] = {}
    for row in rows:
        tokens[row.thought] = tokens.get(row.thought, 0) + len(row.target)
    mean = sum(weights.get(thought, 1.0) * count for thought, count in tokens.items()) / sum(tokens.values())
    return {thought: weights.get(thought, 1.0) / mean for thought in tokens}


def planned(rows: Sequence[R], settings: StudentSettings, *, steps: int, seed: int) -> Plan:
    """Which rows each batch holds. Packed rows are filled anyway, so that their batches are drawn freely."""
    if settings.batch % world():
        raise Failure(
            f"a batch of {settings.batch} cannot be shared evenly among {world()} processes",
            where="params.yaml",
            help="`batch` counts the examples of all processes together: choose a multiple of their number",
        )
    size, batches = settings.batch, steps * settings.accumulate
    lengths = [row.length for row in rows]
    order = schedule(lengths, batch=size, batches=batches, seed=seed, grouped=not settings.pack)
    return [order[start : start + size] for start in range(0, len(order), size)]


def _by_length(rows: Sequence[R], size: int) -> Plan:
    order = sorted(range(len(rows)), key=lambda row: rows[row].length)
    return [order[start : start + size] for start in range(0, len(order), size)]


def _usage(lesson: Lesson[R], rows: Sequence[R], plan: Plan) -> tuple[Tokens, int]:
    """Tokens of all batches, and the positions that these took in all processes."""
    seen, space = Tokens(0, 0), 0
    for batch in plan:
        for first in range(world()):
            share = [rows[row] for row in batch[first :: world()]]
            seen += lesson.tokens(share)
            space += lesson.space(share)
    return seen, space


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
    whole = [path for path in found if (path / DONE).is_file()]
    for part in set(found).difference(whole) if is_first() else ():
        shutil.rmtree(part)
    return whole


CHECKPOINTING: Final = (
    "activation_checkpointing"
    if "activation_checkpointing" in TrainingArguments.__dataclass_fields__
    else "gradient_checkpointing"
)
"""What this version of transformers calls computing activations again."""


def _arguments(
    settings: StudentSettings, checkpoints: Path, *, steps: int, seed: int, half: bool, measured: bool
) -> TrainingArguments:
    if settings.schedule not in {kind.value for kind in SchedulerType}:
        raise Failure(
            f"`schedule: {settings.schedule}` is not known",
            where="params.yaml",
            help="use linear, cosine, constant or constant_with_warmup",
        )
    every = max(1, math.ceil(steps / settings.evaluations))
    saving: dict[str, Any] = {CHECKPOINTING: settings.checkpointing}
    return TrainingArguments(
        output_dir=str(checkpoints),
        max_steps=steps,
        per_device_train_batch_size=settings.batch // world(),
        gradient_accumulation_steps=settings.accumulate,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=math.ceil(settings.warmup * steps),
        weight_decay=settings.weight_decay,
        seed=seed,
        use_cpu=not torch.cuda.is_available(),
        bf16=half,
        eval_strategy="steps" if measured else "no",
        eval_steps=every if measured else None,
        logging_steps=every,
        logging_nan_inf_filter=False,  # a loss that is no number must show
        save_steps=every,
        save_total_limit=KEPT,
        remove_unused_columns=False,
        ddp_find_unused_parameters=False,
        disable_tqdm=True,
        report_to="none",
        **saving,
    )


def _curve(history: Sequence[dict[str, Any]]) -> tuple[Point, ...]:
    dev = {row["step"]: float(row["eval_loss"]) for row in history if "eval_loss" in row}
    return tuple(
        Point(row["step"], float(row["loss"]), dev.get(row["step"]), float(row["learning_rate"]))
        for row in history
        if "loss" in row
    )

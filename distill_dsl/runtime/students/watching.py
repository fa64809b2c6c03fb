"""What is told of a training while it runs, what the student solves meanwhile, and the mark that makes a checkpoint
whole."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import read_rows, write_rows
from distill_dsl.contract.records import DevThought
from distill_dsl.runtime.students import machine, measuring
from distill_dsl.runtime.students.distributed import wait_for_all

DONE: Final = "complete"
"""The mark in a checkpoint: what the training has cost so far. Written last, so a part of one has none."""

THOUGHTS: Final = "dev.jsonl"
"""What the student wrote for problems of dev up to a checkpoint, in its folder."""

Progress = Callable[[int, float | None], None]
"""Told the step after each one, and the loss where one was measured."""

Solve = Callable[[int], list[DevThought]]
"""Told the step: what the student, as it is now, writes for problems of dev."""


class Spent(msgspec.Struct, frozen=True):
    """What a training has cost, over all parts of an interrupted one."""

    seconds: float = 0.0
    peak_memory: int = 0
    """Bytes, at the highest point of any part."""
    energy: float | None = None
    """Joules; None where nothing tells."""
    solving: float = 0.0
    """Those of the seconds that solving problems of dev took."""


def spent_at(checkpoint: Path) -> Spent:
    """What the training had cost when the checkpoint was written."""
    return msgspec.json.decode((checkpoint / DONE).read_bytes(), type=Spent)


def thoughts_at(checkpoint: Path) -> list[DevThought]:
    """What the student had written for problems of dev when the checkpoint was written."""
    return list(read_rows(checkpoint / THOUGHTS, DevThought))


class Watch(TrainerCallback):
    """Measures the training, reports its progress, has the dev loss taken at the very end, and at each checkpoint
    has the student solve problems of dev and marks it as whole.

    `solve` is told the step. `checkpoint` is the one that the training goes on from.
    """

    def __init__(self, steps: int, progress: Progress, solve: Solve | None, checkpoint: Path | None) -> None:
        self.steps = steps
        self.progress = progress
        self.solve = solve
        self.earlier = spent_at(checkpoint) if checkpoint else Spent()
        self.thoughts = thoughts_at(checkpoint) if checkpoint else []
        self.machine = machine.Log(machine.kept(checkpoint) if checkpoint else (), seconds=self.earlier.seconds)
        self.solving = 0.0
        self.started = time.monotonic()
        self.counters = measuring.energy_counters()
        measuring.reset_peak()

    def spent(self) -> Spent:
        """The cost so far, that before an interruption included."""
        energy = measuring.energy_since(self.counters)
        return Spent(
            self.earlier.seconds + time.monotonic() - self.started,
            max(self.earlier.peak_memory, measuring.peak_memory()),
            None if energy is None else (self.earlier.energy or 0.0) + energy,
            self.earlier.solving + self.solving,
        )

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
        # Of several processes each writes its own random state.
        wait_for_all()
        if state.is_world_process_zero:
            self._complete(Path(str(args.output_dir)) / f"checkpoint-{state.global_step}", state.global_step)
        wait_for_all()

    def _complete(self, checkpoint: Path, step: int) -> None:
        """Checkpoints are written just where the dev loss is taken: there the student solves problems, too."""
        if self.solve is not None:
            began = time.monotonic()
            self.thoughts += self.solve(step)
            self.solving += time.monotonic() - began
        write_rows(checkpoint / THOUGHTS, self.thoughts)
        self.machine.keep(checkpoint)
        (checkpoint / DONE).write_bytes(msgspec.json.encode(self.spent()))

"""What a student writes for problems of dev in the middle of its training, by which one sees it learn.

Nothing of the training changes by it: thoughts are greedy, so that no random number is drawn, and the
model is put back as it was.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import torch

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import DevThought, Problem
from distill_dsl.contract.settings import StudentSettings
from distill_dsl.runtime.students.decoding import LOGPROB_DIGITS, Decoding, Request, Written, write
from distill_dsl.runtime.students.models import Student

FITTING: Final = 4
"""Rows that are decoded in the memory of one that is learned from, which keeps what each layer computed;
no more than one where that is computed again (`checkpointing`)."""


@dataclass(frozen=True)
class Exam:
    """The problems that a student is given at each evaluation, in every format that it is taught."""

    wanted: Mapping[tuple[str, str], Request]
    """Problem and thought -> what is asked, in the order of the file."""
    how: Decoding
    size: int
    """Thoughts that are written together."""
    translated: bool
    """Whether `torch.compile` is used in training."""

    def sat(self, student: Student, step: int) -> list[DevThought]:
        """What the student writes after that step; a `Failure` where its weights are no numbers any more."""
        with decodable(student, translated=self.translated):
            written = self._written(student)
        rows = [
            DevThought(
                step=step,
                problem=problem,
                thought=thought,
                text=written[request].text,
                tokens=written[request].tokens,
                logprob=round(written[request].logprob, LOGPROB_DIGITS),
            )
            for (problem, thought), request in self.wanted.items()
        ]
        if not all(math.isfinite(row.logprob) for row in rows):
            raise Failure(
                f"the training diverged: after step {step} no token has a probability",
                where="params.yaml",
                help="lower `learning_rate`, or raise `warmup`",
            )
        return rows

    def _written(self, student: Student) -> dict[Request, Written]:
        """Each different request once. Formats share batches: a batch takes as long as its longest thought."""
        codec = student.codec
        lengths = {
            request: len(codec.source(request.question, request.cue, self.how.max_question)[0])
            for request in self.wanted.values()
        }
        order = sorted(lengths, key=lambda request: lengths[request])
        size = self.size
        while (found := self._in_batches(student, order, size)) is None:
            if size == 1:
                raise Failure(
                    "the GPU's memory does not suffice to solve problems of dev in the middle of the training",
                    where="params.yaml",
                    help="set `dev_problems = 0` for the student, or lower its `batch`",
                )
            torch.cuda.empty_cache()
            size //= 2
        return found

    def _in_batches(self, student: Student, order: Sequence[Request], size: int) -> dict[Request, Written] | None:
        """What is written for each request; None where the GPU cannot hold so many at once."""
        found: dict[Request, Written] = {}
        try:
            for start in range(0, len(order), size):
                batch = order[start : start + size]
                found.update(zip(batch, write(student, batch, self.how), strict=True))
        except torch.OutOfMemoryError:
            return None
        return found


def exam(
    problems: Sequence[Problem], cues: Mapping[str, str], settings: StudentSettings, *, processes: int
) -> Exam | None:
    """The first `dev_problems` of those held out, in each format; None where there are none.

    `cues`: thought -> its cue. `processes`: how many share the training's batches.
    """
    wanted = {
        (problem.id, thought): Request(problem.question, cue)
        for problem in problems[: settings.dev_problems]
        for thought, cue in cues.items()
    }
    if not wanted:
        return None
    how = Decoding(temperature=0.0, max_tokens=settings.max_thought, max_question=settings.max_question, seed=0)
    rows = max(1, settings.batch // processes)
    size = rows if settings.checkpointing else FITTING * rows
    return Exam(wanted, how, size, translated=settings.compile)


@contextmanager
def decodable(student: Student, *, translated: bool) -> Iterator[None]:
    """The model as it is decoded once it is trained: without dropout, in full precision, by any attention."""
    learning = student.model.training
    with ExitStack() as around:
        around.enter_context(_plain_forward(student.model))
        around.enter_context(_attending_to_padding(student.model))
        if translated:
            # A step of decoding is of another shape each time: to translate it takes longer than to run it.
            around.enter_context(torch.compiler.set_stance("force_eager"))
        try:
            yield
        finally:
            student.model.train(learning)


@contextmanager
def _plain_forward(model: Any) -> Iterator[None]:
    """Take off what accelerate puts around a model that computes in half precision."""
    around, plain = model.__dict__.get("forward"), model.__dict__.get("_original_forward")
    if plain is None:
        yield
        return
    model.forward = plain
    try:
        yield
    finally:
        model.forward = around


@contextmanager
def _attending_to_padding(model: Any) -> Iterator[None]:
    """Flash-attention, by which packed rows are learned, computes in half precision only."""
    used = str(model.config._attn_implementation)
    if not used.startswith("flash_attention"):
        yield
        return
    model.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        model.set_attn_implementation(used)

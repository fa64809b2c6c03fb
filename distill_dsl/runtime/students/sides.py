"""The two sides of a mix: its right thoughts and its wrong ones, and the problems that measure what is learned.

Wrong thoughts are kept of learned problems only, so a part of those is set apart here: they are not
learned, and tell whether a student tells right from wrong on problems that it never saw.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import torch

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Example
from distill_dsl.contract.settings import StudentSettings
from distill_dsl.runtime.students.batches import Encoding
from distill_dsl.runtime.students.lessons import Lesson, R
from distill_dsl.runtime.students.models import Student

T = TypeVar("T")

APART: Final = 0.1
"""Share of the problems that are set apart, so many at most as `MOST_APART` says."""

MOST_APART: Final = 500
"""Enough to measure with; the rest is better learned."""


def distinct(rows: Iterable[Example]) -> list[Example]:
    """Each thought once, in order; that a weight repeats it says nothing of it."""
    return list({(row.problem, row.thought, row.text): row for row in rows}.values())


def set_apart(problems: Iterable[str], seed: int) -> frozenset[str]:
    """The problems that are measured and not learned: a seeded tenth; none of a single one."""
    names = sorted(set(problems))
    if len(names) < 2:
        return frozenset()
    drawn = sorted(names, key=lambda name: random.Random(f"{seed}:apart:{name}").random())
    return frozenset(drawn[: min(MOST_APART, math.ceil(APART * len(names)))])


@dataclass(frozen=True)
class Task(Generic[R]):
    """An objective made ready: which rows are learned and measured, how, and what is to be told afterwards."""

    pupil: Student
    examples: Encoding
    """What is learned, and what had to be done to it."""
    learned: Sequence[R]
    measured: Sequence[R]
    lesson: Lesson[R]
    figures: Callable[[], dict[str, float | int | None]]
    """Metrics besides the usual ones, by the trained pupil."""


def read_sides(mix: str) -> tuple[list[Example], list[Example]]:
    """The right and the wrong thoughts of a mix's learned problems; a `Failure` where one side is empty."""
    paths = files.mix_file(mix, "train"), files.mix_file(mix, "wrong")
    right, wrong = (list(files.read_rows(path, Example)) for path in paths)
    if not wrong:
        raise Failure(
            f"the mix {mix} holds no wrong thought, so there is nothing to tell right ones from",
            where=str(paths[1]),
            help="the teachers `solution` and `gold` write right thoughts only: let a student of the spec write some "
            "(`teacher self { model = trained(...)  samples = 4  temperature = 0.7 }`) and mix both teachers",
        )
    if not right:
        raise Failure(
            f"the mix {mix} holds no train example",
            where=str(paths[0]),
            help=f"see in {files.mix_counts_file(mix)} why its thoughts were dropped",
        )
    return right, wrong


def refuse_packing(settings: StudentSettings) -> None:
    """A `Failure` where rows should share their places, which only plain fine-tuning knows how to do."""
    if settings.pack:
        raise Failure(
            "`pack` is for fine-tuning: pairs and judged thoughts have a row each",
            where="params.yaml",
            help="take `pack` out of the student with this objective",
        )


def parted(rows: Iterable[T], problem: Callable[[T], str], apart: frozenset[str]) -> tuple[list[T], list[T]]:
    """The rows that are learned, and those that are measured."""
    learned: list[T] = []
    measured: list[T] = []
    for row in rows:
        (measured if problem(row) in apart else learned).append(row)
    return learned, measured


def demand_some(learned: Sequence[object], mix: str, settings: StudentSettings) -> None:
    """A `Failure` where every thought was too long."""
    if not learned:
        raise Failure(
            f"no thought of the mix {mix} is short enough: all are longer than max_thought",
            where=str(files.mix_file(mix, "train")),
            help=f"raise `max_thought` of the student, now {settings.max_thought} tokens",
        )


def on_device(batch: dict[str, Any], device: torch.device) -> dict[str, Any]:
    """The batch with its tensors, inner ones included, on the device."""
    return {
        name: on_device(value, device) if isinstance(value, dict) else value.to(device) for name, value in batch.items()
    }

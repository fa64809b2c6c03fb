"""What a teacher that asks nobody has for the problems of a split."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import GoldTeacher, RecordedTeacher
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.tables import read_table
from distill_dsl.runtime.teachers.gold import ask_gold
from distill_dsl.runtime.teachers.recorded import EVERY_THOUGHT, ask_recorded
from distill_dsl.runtime.teachers.solution import ask_solution

ALL: Final = 1 << 30
"""So many samples as anybody has."""


@dataclass(frozen=True)
class Supply:
    """The problems for which there is nothing, with a reason; and the most completions of one problem."""

    missing: tuple[Completion, ...]
    found: int
    most: int


def recorded(model: RecordedTeacher, thought: str, kind: AnswerKind, problems: Sequence[Problem]) -> Supply:
    """What a recording has; a `Failure` where it has nothing for any problem."""
    return _supply(ask_recorded(model, ALL, thought, kind, problems, _quiet))


def written(thought: str, kind: AnswerKind, problems: Sequence[Problem]) -> Supply:
    """What can be written from the solutions of the problems."""
    return _supply(ask_solution(thought, kind, problems, _quiet))


def told(model: GoldTeacher, thought: str, kind: AnswerKind, problems: Sequence[Problem]) -> Supply:
    """What the data set itself says of the problems."""
    return _supply(ask_gold(model, thought, kind, problems, _quiet))


def file_of(model: RecordedTeacher, thought: str) -> Path:
    """The file that holds a thought's completions."""
    return Path(model.files[thought] if thought in model.files else model.files[EVERY_THOUGHT])


def rows_of(model: RecordedTeacher, thought: str, kind: AnswerKind) -> int:
    """How many rows of a recording are of the thought."""
    mixed = thought not in model.files
    rows = read_table(file_of(model, thought))
    return sum(not mixed or row.get("kind") in (thought, str(kind)) for _, row in rows)


def _supply(completions: Iterable[Completion]) -> Supply:
    rows = list(completions)
    counts: dict[str, int] = {}
    for row in rows:
        if row.text is not None:
            counts[row.problem] = counts.get(row.problem, 0) + 1
    missing = tuple(row for row in rows if row.text is None)
    return Supply(missing, sum(counts.values()), max(counts.values(), default=0))


def _quiet(done: int) -> None:
    """Progress that nobody watches."""

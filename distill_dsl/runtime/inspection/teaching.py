"""What a teacher that asks nobody has for the problems of a split."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import GoldTeacher, RecordedTeacher, is_local
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.teachers.gold import ask_gold
from distill_dsl.runtime.teachers.recorded import EVERY_THOUGHT, Recording, read_recording
from distill_dsl.runtime.teachers.solution import ask_solution


def recorded(model: RecordedTeacher, thought: str, kind: AnswerKind, problems: Sequence[Problem]) -> Recording:
    """What a recording has, and how it was matched; a `Failure` where that is nothing."""
    return read_recording(model, thought, kind, problems)


def written(thought: str, kind: AnswerKind, problems: Sequence[Problem]) -> list[Completion]:
    """The problems whose solutions give no thought, each with a reason."""
    return _missing(ask_solution(thought, kind, problems, _quiet))


def told(model: GoldTeacher, thought: str, kind: AnswerKind, problems: Sequence[Problem]) -> list[Completion]:
    """The problems of which the data set itself says nothing, each with a reason."""
    return _missing(ask_gold(model, thought, kind, problems, _quiet))


def at_hand(model: RecordedTeacher, thought: str) -> bool:
    """Whether the recording of a thought can be read without a network."""
    if model.dataset is not None:
        return is_local(model.dataset) and Path(model.dataset).is_dir()
    path = model.files.get(thought, model.files.get(EVERY_THOUGHT))
    return path is not None and Path(path).is_file()


def _missing(completions: Iterable[Completion]) -> list[Completion]:
    return [row for row in completions if row.text is None]


def _quiet(done: int) -> None:
    """Progress that nobody watches."""

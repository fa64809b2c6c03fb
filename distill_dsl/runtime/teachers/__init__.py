"""Where thoughts come from: one module a kind of teacher."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import (
    OpenaiTeacher,
    RecordedTeacher,
    SolutionTeacher,
    TeacherSettings,
    ThoughtSettings,
    TransformersTeacher,
)
from distill_dsl.runtime.teachers.solution import ask_solution


def ask(
    settings: TeacherSettings,
    thought: str,
    format: ThoughtSettings,
    problems: Sequence[Problem],
    prompt: Callable[[Problem], str],
    progress: Callable[[int], None],
) -> Iterator[Completion]:
    """The teacher's completions in the order of the problems, all samples of one problem together."""
    match settings.model:
        case SolutionTeacher():
            return ask_solution(thought, format.answer, problems, progress)
        case RecordedTeacher() | OpenaiTeacher() | TransformersTeacher():
            raise Failure(f"{type(settings.model).__name__} is not available yet")
        case _:
            assert_never(settings.model)

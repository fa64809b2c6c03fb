"""Where thoughts come from: one module a kind of teacher."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import (
    GoldTeacher,
    OpenaiTeacher,
    RecordedTeacher,
    SolutionTeacher,
    SpendingSettings,
    TeacherSettings,
    ThoughtSettings,
    TrainedTeacher,
    TransformersTeacher,
    WordedTeacher,
)
from distill_dsl.runtime.progress import UNSEEN, Watch
from distill_dsl.runtime.teachers.asking import ask_openai
from distill_dsl.runtime.teachers.gold import ask_gold
from distill_dsl.runtime.teachers.prompts import Prompt
from distill_dsl.runtime.teachers.recorded import ask_recorded
from distill_dsl.runtime.teachers.solution import ask_solution


def ask(
    settings: TeacherSettings,
    teacher: str,
    thought: str,
    format: ThoughtSettings,
    problems: Sequence[Problem],
    prompt: Callable[[Problem], Prompt],
    spending: SpendingSettings,
    progress: Callable[[int], None],
    watch: Watch = UNSEEN,
) -> Iterator[Completion]:
    """The teacher's completions in the order of the problems, all samples of one problem together.

    `teacher` is the block's name. `progress` is told how many more of `answers_due` are done, and
    `watch` how asking goes.
    """
    match settings.model:
        case SolutionTeacher():
            return ask_solution(thought, format.answer, problems, progress)
        case GoldTeacher():
            return ask_gold(settings.model, thought, format.answer, problems, progress)
        case RecordedTeacher():
            return ask_recorded(settings.model, settings.samples, thought, format.answer, problems, progress)
        case OpenaiTeacher():
            return ask_openai(settings, settings.model, teacher, thought, problems, prompt, spending, progress, watch)
        case TrainedTeacher() | TransformersTeacher():
            raise AssertionError("a local model answers through the ask stage, which knows those")
        case _:
            assert_never(settings.model)


def answers_due(settings: TeacherSettings, problems: Sequence[Problem]) -> int:
    """How many steps of progress asking takes: one a completion that is asked for, else one a problem."""
    return len(problems) * (settings.samples if isinstance(settings.model, WordedTeacher) else 1)

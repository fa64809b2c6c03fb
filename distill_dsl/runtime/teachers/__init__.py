"""Where thoughts come from: one module a kind of teacher."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import (
    GoldTeacher,
    OpenaiTeacher,
    RecordedTeacher,
    SolutionTeacher,
    TeacherSettings,
    ThoughtSettings,
    TrainedTeacher,
    TransformersTeacher,
)
from distill_dsl.runtime.teachers.gold import ask_gold
from distill_dsl.runtime.teachers.openai import ask_openai
from distill_dsl.runtime.teachers.recorded import ask_recorded
from distill_dsl.runtime.teachers.solution import ask_solution


def ask(
    settings: TeacherSettings,
    thought: str,
    format: ThoughtSettings,
    problems: Sequence[Problem],
    prompt: Callable[[Problem], str],
    progress: Callable[[int], None],
) -> Iterator[Completion]:
    """The teacher's completions in the order of the problems, all samples of one problem together.

    `progress` is told how many more of `answers_due` are done.
    """
    match settings.model:
        case SolutionTeacher():
            return ask_solution(thought, format.answer, problems, progress)
        case GoldTeacher():
            return ask_gold(settings.model, thought, format.answer, problems, progress)
        case RecordedTeacher():
            return ask_recorded(settings.model, settings.samples, thought, format.answer, problems, progress)
        case OpenaiTeacher():
            return ask_openai(settings, settings.model, thought, problems, prompt, progress)
        case TrainedTeacher():
            raise AssertionError("a student answers through the ask stage, which knows students")
        case TransformersTeacher():
            raise Failure(
                f"a local model cannot be asked yet ({settings.model.model})",
                help="serve it (vLLM, llama.cpp and Ollama speak OpenAI's protocol) and use openai(..., base_url: ...)",
            )
        case _:
            assert_never(settings.model)


def answers_due(settings: TeacherSettings, problems: Sequence[Problem]) -> int:
    """How many steps of progress asking takes: one a completion that is asked for, else one a problem."""
    return len(problems) * (settings.samples if isinstance(settings.model, OpenaiTeacher) else 1)

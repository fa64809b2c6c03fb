"""Thoughts in, verdicts out: where text, programs and equations meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.thoughts import extract, systems
from distill_dsl.runtime.thoughts import text as prose
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.judging import judge as judge
from distill_dsl.runtime.thoughts.programs import run_programs

Progress = Callable[[int], None]


def execute(
    kind: AnswerKind, texts: Sequence[str], *, timeout: float, memory: int, progress: Progress | None = None
) -> list[Execution]:
    """What each raw completion comes to, in order.

    `timeout` is seconds of processor time for one thought, `memory` bytes above what the interpreter
    takes; `progress` is called with the number of thoughts just finished.
    """
    match kind:
        case AnswerKind.TEXT:
            return _read(texts, progress)
        case AnswerKind.PYTHON | AnswerKind.PROGRAM_EQUATIONS:
            programs = [extract.program(text) for text in texts]
            return run_programs(programs, timeout=timeout, memory=memory, progress=progress)
        case AnswerKind.EQUATIONS:
            found = []
            for execution in systems.executions(map(extract.equations, texts), timeout=timeout, memory=memory):
                found.append(execution)
                if progress:
                    progress(1)
            return found


def _read(texts: Sequence[str], progress: Progress | None) -> list[Execution]:
    executions = [prose.read(text) for text in texts]
    if progress and texts:
        progress(len(texts))
    return executions

"""Thoughts in, executions out: where text, programs and equations meet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from pathlib import Path

from distill_dsl.contract.files import project_root
from distill_dsl.contract.settings import ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.thoughts import extract, programs, systems, unknowns
from distill_dsl.runtime.thoughts import text as prose
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.kept import KEPT_FILE, resumed

Progress = Callable[[int], None]


def execute_thoughts(format: ThoughtSettings, texts: Collection[str], progress: Progress) -> dict[str, Execution]:
    """What each text of a format comes to; what an interrupted run of this project executed is not executed again."""
    found = execute(
        format.answer,
        texts,
        timeout=format.timeout,
        memory=format.memory,
        progress=progress,
        kept=project_root() / KEPT_FILE,
    )
    return dict(zip(texts, found, strict=True))


def execute(
    kind: AnswerKind,
    texts: Iterable[str],
    *,
    timeout: float,
    memory: int,
    progress: Progress | None = None,
    kept: Path | None = None,
) -> Iterator[Execution]:
    """What each raw completion comes to, in order, as it comes.

    `timeout` is seconds of processor time for one thought, `memory` bytes above what the interpreter
    takes; `progress` is called with the number of thoughts just finished. Where `kept` names a file,
    what is in it is not executed again, and what is executed is put there. What comes of a text does
    not depend on the others, their order, or the number of processes.
    """
    for execution in _executed(kind, texts, timeout, memory, kept):
        if progress:
            progress(1)
        yield execution


def _executed(
    kind: AnswerKind, texts: Iterable[str], timeout: float, memory: int, kept: Path | None
) -> Iterator[Execution]:
    match kind:
        case AnswerKind.TEXT:
            return map(prose.read, texts)
        case AnswerKind.PYTHON:
            run = partial(programs.executions, timeout=timeout, memory=memory)
            parts = map(extract.program, texts)
        case AnswerKind.PROGRAM_EQUATIONS:
            run = partial(unknowns.executions, timeout=timeout, memory=memory)
            parts = map(extract.program, texts)
        case AnswerKind.EQUATIONS:
            run = partial(systems.executions, timeout=timeout, memory=memory)
            parts = map(extract.equations, texts)
    if kept is None:
        return run(parts)
    return resumed(parts, run, f"{run.func.__module__} {timeout!r} {memory}", kept)

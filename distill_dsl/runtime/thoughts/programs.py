"""Programs in, executions out: each program runs in a process of its own (see `worker`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from distill_dsl.runtime.thoughts import text as prose
from distill_dsl.runtime.thoughts.answers import canonical
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.extract import MAX_PROGRAM
from distill_dsl.runtime.thoughts.pool import Job, Reply, run_jobs

WORKER: Final = "distill_dsl.runtime.thoughts.worker"
GRACE_SECONDS: Final = 10.0
"""What a worker may take beyond its program's deadline before it is killed itself."""
_FAILURE: Final = re.compile(r"no-answer|timeout|memory|output|denied|error:[a-z-]{1,40}")


def run_programs(
    programs: Sequence[str], *, timeout: float, memory: int, progress: Callable[[int], None] | None = None
) -> list[Execution]:
    """What each program computes, in order. `timeout` in seconds of wall time, `memory` in bytes.

    Programs that mention sympy or numpy run below workers that have them imported already.
    """
    settled: dict[int, Execution] = {}
    groups: dict[str, list[int]] = {"plain": [], "numpy": [], "sympy": []}
    for number, text in enumerate(programs):
        if refusal := _refusal(text):
            settled[number] = refusal
        else:
            groups[_kind(text)].append(number)
    if progress and settled:
        progress(len(settled))
    for kind, numbers in groups.items():
        jobs: list[Job] = [{"text": programs[number], "timeout": timeout, "memory": memory} for number in numbers]
        replies = run_jobs(WORKER, [kind], jobs, deadline=timeout + GRACE_SECONDS, progress=progress)
        for number, reply in zip(numbers, replies, strict=True):
            settled[number] = _execution(reply, programs[number])
    return [settled[number] for number in range(len(programs))]


def _kind(text: str) -> str:
    """The cheapest kind of worker that has what the program mentions."""
    return next((library for library in ("sympy", "numpy") if library in text), "plain")


def _refusal(text: str) -> Execution | None:
    """Programs that need no process."""
    if not text.strip():
        return Execution(failure="no-answer", detail="no program", text=text)
    if len(text) > MAX_PROGRAM:
        return Execution(failure="error:length", detail=f"{len(text)} characters; at most {MAX_PROGRAM}", text=text)
    return None


def _execution(reply: Reply, text: str) -> Execution:
    """A reply as an execution. It comes from a process that ran foreign code: everything in it is checked."""
    failure, detail = reply.get("failure"), str(reply.get("detail") or "")[:300]
    if isinstance(failure, str):
        known = bool(_FAILURE.fullmatch(failure))
        return Execution(failure=failure if known else "error:reply", detail=detail, text=text)
    said, printed = reply.get("answer"), reply.get("printed")
    if isinstance(said, str):
        answer = canonical(said)
    elif isinstance(printed, str):
        answer = prose.read(printed).answer
        said = printed
    else:
        return Execution(failure="error:reply", detail="the reply has neither answer nor failure", text=text)
    if answer is None:
        return Execution(failure="no-answer", detail=f"no number in {said[:100]!r}", text=text)
    return Execution(answer=answer, text=text)

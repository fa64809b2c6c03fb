"""Systems of equations in, executions out: solved in walled-in processes, under a deadline that is a kill."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from typing import Final

import msgspec

from distill_dsl.runtime.sandbox.child import OUT_OF_MEMORY
from distill_dsl.runtime.sandbox.frames import Cause
from distill_dsl.runtime.sandbox.layers import Layer
from distill_dsl.runtime.sandbox.supervisor import Job, Kind, Limits, Reply, run_each
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.programs.preload import SYMPY_MODULES
from distill_dsl.runtime.thoughts.solver import decoded

EXACT: Final = Kind("distill_dsl.runtime.thoughts.solver")
SYMBOLIC: Final = Kind("distill_dsl.runtime.thoughts.solver", SYMPY_MODULES)
MAX_SYSTEM: Final = 16_000
"""Longest system, in characters, that is looked at."""


def executions(
    systems: Iterable[str],
    *,
    timeout: float,
    memory: int,
    workers: int | None = None,
    without: Collection[Layer] = (),
    shared: bool = True,
) -> Iterator[Execution]:
    """What each system comes to, in order, as it comes.

    Systems are solved exactly, many in a process; those that are beyond that go to sympy, each in a
    process of its own. `timeout` is seconds of processor time, `memory` bytes above what the solver takes.
    """
    limits = Limits(timeout, memory)
    job = partial(_job, shared=shared)
    # Exact solving needs no wall: where there is none, it is our own code over numbers all the same.
    for text, reply in run_each(systems, job, limits, workers=workers, without=without, hostile=False):
        yield _execution(reply, text)


def _job(text: str, shared: bool) -> Job:
    return Job(text if len(text) <= MAX_SYSTEM else "", SYMBOLIC, EXACT if shared else None)


def _execution(reply: Reply, text: str) -> Execution:
    if len(text) > MAX_SYSTEM:
        return Execution(failure="error:length", detail=f"{len(text)} characters; at most {MAX_SYSTEM}", text=text)
    if reply.cause in (Cause.PROCESSOR, Cause.WALL):
        return Execution(failure="timeout", detail="the symbolic solver did not come back", text=text)
    if reply.cause is Cause.EXIT and reply.status == OUT_OF_MEMORY:
        return Execution(failure="memory", text=text)
    if reply.cause is not Cause.FINISHED:
        return Execution(failure="error:crash", detail=f"the solver ended with {reply.status}", text=text)
    try:
        return decoded(reply.said)
    except (msgspec.MsgspecError, ValueError) as error:
        return Execution(failure="error:reply", detail=str(error)[:200], text=text)

"""Programs in, executions out. Each runs walled in (see `runtime.sandbox`), in a process of its own or,
where that provably makes no difference, in one shared with others.

    vet       which programs may share a process
    work      the child's side: compile, run, read the answer
    values    answers as text        errors   exceptions as kinds
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Final

import msgspec

from distill_dsl.runtime.sandbox.child import OUT_OF_MEMORY
from distill_dsl.runtime.sandbox.frames import Cause
from distill_dsl.runtime.sandbox.layers import Layer
from distill_dsl.runtime.sandbox.supervisor import Job, Kind, Limits, Reply, run_each
from distill_dsl.runtime.thoughts import text as prose
from distill_dsl.runtime.thoughts.answers.numerals import simple
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.extract import MAX_PROGRAM
from distill_dsl.runtime.thoughts.programs.preload import NUMPY_MODULES, STANDARD_MODULES, SYMPY_MODULES
from distill_dsl.runtime.thoughts.programs.work import MAX_OUTPUT, TOO_MUCH_PRINTED, Said

_WORK: Final = "distill_dsl.runtime.thoughts.programs.work"
PLAIN: Final = Kind(_WORK, STANDARD_MODULES)
NUMERIC: Final = Kind(_WORK, (*STANDARD_MODULES, *NUMPY_MODULES))
SYMBOLIC: Final = Kind(_WORK, (*STANDARD_MODULES, *NUMPY_MODULES, *SYMPY_MODULES))
_FAILURE: Final = re.compile(r"no-answer|timeout|memory|output|denied|error:[a-z-]{1,40}")
_CLOCK: Final = re.compile(r"\b(?:now|today|utcnow|time|time_ns|perf_counter|monotonic|process_time|localtime)\s*\(")
MAX_SAID: Final = 2000
"""Characters of an answer, a printed line or a detail (see `values` and `work`); reading more would cost us time."""
_REPLY: Final = msgspec.json.Decoder(dict[str, Annotated[str, msgspec.Meta(max_length=MAX_SAID)]])
CLOCK_NOTE: Final = "reads the clock"
_CRASHES: Final = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)


def run_programs(
    programs: Sequence[str],
    *,
    timeout: float,
    memory: int,
    progress: Callable[[int], None] | None = None,
    workers: int | None = None,
    without: Collection[Layer] = (),
    shared: bool = True,
) -> list[Execution]:
    """What each program computes, in order: `executions`, all at once."""
    found = []
    for execution in executions(
        programs, timeout=timeout, memory=memory, workers=workers, without=without, shared=shared
    ):
        found.append(execution)
        if progress:
            progress(1)
    return found


def executions(
    programs: Iterable[str],
    *,
    timeout: float,
    memory: int,
    workers: int | None = None,
    without: Collection[Layer] = (),
    shared: bool = True,
) -> Iterator[Execution]:
    """What each program computes, in order, as it comes.

    `timeout` is seconds of processor time, `memory` bytes above what the interpreter takes. Without
    `shared`, every program gets a process to itself; the executions are the same.
    """
    limits = Limits(timeout, memory)
    return executed(programs, partial(_job, shared=shared), stated, limits, workers=workers, without=without)


def executed(
    programs: Iterable[str],
    job: Callable[[str], Job],
    read: Callable[[Said, str], Execution],
    limits: Limits,
    *,
    workers: int | None = None,
    without: Collection[Layer] = (),
) -> Iterator[Execution]:
    """As `executions`, by the workers that `job` names; `read` makes an execution of what a process says."""

    def job_of(text: str) -> Job:
        return job("" if _refusal(text) else text)

    for text, reply in run_each(programs, job_of, limits, workers=workers, without=without):
        yield _refusal(text) or _execution(reply, text, read)


def _job(text: str, shared: bool) -> Job:
    """Programs that mention sympy or numpy run below workers that have them imported already."""
    kind = SYMBOLIC if "sympy" in text else NUMERIC if "numpy" in text else PLAIN
    return Job(text, kind, kind if shared else None)


def _refusal(text: str) -> Execution | None:
    """Programs that need not be run."""
    if not text.strip():
        return Execution(failure="no-answer", detail="no program", text=text)
    if len(text) > MAX_PROGRAM:
        return Execution(failure="error:length", detail=f"{len(text)} characters; at most {MAX_PROGRAM}", text=text)
    return None


def _execution(reply: Reply, text: str, read: Callable[[Said, str], Execution]) -> Execution:
    """A reply as an execution. It comes from a process that ran foreign code: everything in it is checked."""
    match reply.cause:
        case Cause.PROCESSOR | Cause.WALL:
            clock = "processor time" if reply.cause is Cause.PROCESSOR else "wall-clock time"
            return Execution(failure="timeout", detail=clock, text=text)
        case Cause.SIGNAL:
            return Execution(failure=_ended_by(reply.status), detail=_signal_name(reply.status), text=text)
        case Cause.EXIT if reply.status == TOO_MUCH_PRINTED:
            return Execution(failure="output", detail=f"more than {MAX_OUTPUT} characters", text=text)
        case Cause.EXIT if reply.status == OUT_OF_MEMORY:
            return Execution(failure="memory", text=text)
        case Cause.EXIT:
            return Execution(failure="error:exit", detail=f"exit status {reply.status}", text=text)
        case Cause.FINISHED if not reply.said:
            return Execution(failure="error:exit", detail="left before it had an answer", text=text)
        case Cause.FINISHED:
            return read(_decoded(reply.said), text)


def _ended_by(number: int) -> str:
    if number == signal.SIGSYS:
        return "denied"
    if number == signal.SIGXCPU:
        return "timeout"
    return "error:crash" if number in _CRASHES else "error:killed"


def _signal_name(number: int) -> str:
    return signal.Signals(number).name if number in set(signal.Signals) else str(number)


def _decoded(said: bytes) -> Said:
    try:
        return _REPLY.decode(said)
    except (msgspec.MsgspecError, UnicodeError):
        return {"failure": "error:reply", "detail": "what the program's process said is no reply"}


def stated(said: Said, text: str) -> Execution:
    """What a program's process says (`work.Said`), as an execution; anything else is a failure."""
    if (failure := said.get("failure")) is not None:
        known = bool(_FAILURE.fullmatch(failure))
        return Execution(failure=failure if known else "error:reply", detail=said.get("detail", "")[:300], text=text)
    value = said.get("answer", said.get("printed"))
    if value is None:
        return Execution(failure="error:reply", detail="the reply has neither answer nor failure", text=text)
    notes = (CLOCK_NOTE,) if _reads_clock(text) else ()
    if (number := simple(value)) is not None:
        return Execution(answer=number, text=text, notes=notes)
    found = prose.read_stated(value) if "answer" in said else prose.read_printed(value)
    if "answer" in said and value[:1] in ("[", "{"):  # of several values none is the answer
        found = replace(found, otherwise={})
    return replace(found, text=text, notes=(*found.notes, *notes) if found.answer is not None else ())


def _reads_clock(text: str) -> bool:
    """Whether the answer may be another tomorrow."""
    mentioned = "time" in text or "now" in text or "today" in text or "perf" in text or "monotonic" in text
    return mentioned and bool(_CLOCK.search(text))

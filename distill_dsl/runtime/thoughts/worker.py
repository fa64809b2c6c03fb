"""The process that executes programs: warm, and forking one child for each.

What a program may assume: the standard library, and sympy and numpy where it mentions them; no
input, no files, no network, no other processes; its own empty folder; a fixed hash and random seed.

What holds it: a child process of its own in a session of its own, limits on memory, CPU, files,
processes and core dumps, an audit hook that denies what has nothing to do with arithmetic, a
deadline enforced from outside, a bounded reply. When it is done, whatever it left running is killed.

What this does NOT protect from: a program that sets out to break Python's own walls. The audit
hook lives inside the process that it watches; native code (a memory error in numpy, say) goes
around it, and then whatever the user may do, the program may do: read and send the user's files,
kill the user's processes. There is no system call filter and no namespace here. Limits of the
address space bind only where the platform enforces them (Linux does, macOS does not), and the limit
on processes does not bind root. Clocks are not stopped: a program that asks for the time or depends
on the speed of the machine has no fixed verdict.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import time
from importlib import import_module
from typing import Any, Final

from distill_dsl.runtime.thoughts.child import MAX_REPLY, run_child
from distill_dsl.runtime.thoughts.frames import pack, read_frame, unpack, write_all

MODULES: Final = {
    "plain": ("math", "fractions", "decimal", "datetime", "itertools", "functools", "statistics", "re", "collections"),
    "numpy": ("math", "fractions", "decimal", "datetime", "itertools", "numpy", "numpy.random"),
    "sympy": (
        "math",
        "fractions",
        "decimal",
        "datetime",
        "itertools",
        "numpy",
        "numpy.random",
        "sympy",
        "sympy.solvers",
    ),
}
"""Imported before the first program, so that no program waits for them. A fork costs more the more is."""
LINGER_SECONDS: Final = 0.2
"""How long a child that closed its pipe without a word may take to die of whatever it dies of."""
_ADOPT_ORPHANS: Final = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""


def main(kind: str) -> None:
    """Serve jobs from standard input until it is closed; `kind` is one of `MODULES`."""
    for name in MODULES[kind]:
        import_module(name)
    if kind == "sympy":
        _exercise()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)  # children inherit the state: every program draws the same numbers
    _adopt_orphans()
    jobs, replies = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    gc.collect()
    gc.freeze()  # a child's collector then leaves the pages alone that it shares with us
    write_all(replies, pack({}))
    while job := read_frame(jobs):
        write_all(replies, pack(_execute(job, jobs)))


def _execute(job: dict[str, Any], jobs: int) -> dict[str, Any]:
    """One program in a child: its reply, or what became of it."""
    reader, writer = os.pipe()
    worker = os.getpid()
    pid = os.fork()
    if pid == 0:
        run_child(job["text"], job["timeout"], job["memory"], writer, worker)
    os.close(writer)
    linger = 0.0
    try:
        reply = _collect(reader, jobs, time.monotonic() + job["timeout"])
        linger = LINGER_SECONDS if reply is None else 0.0
    finally:
        os.close(reader)
        status = _end(pid, linger)
    return reply if reply is not None else _cause(status)


def _collect(reader: int, jobs: int, end: float) -> dict[str, Any] | None:
    """What a child says before `end`; `None` if it closed its pipe without a word."""
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    poll.register(jobs, 0)  # only the hang-up: then nobody waits for us any more
    data = b""
    while (left := end - time.monotonic()) > 0:
        events = dict(poll.poll(left * 1000 + 1))
        if jobs in events:
            sys.exit()
        if reader not in events:
            continue
        part = os.read(reader, 1 << 16)
        data += part
        if len(data) > MAX_REPLY:
            return {"failure": "output", "detail": "the reply is too long"}
        try:
            message = unpack(data)
        except ValueError:
            return {"failure": "error:reply", "detail": "the reply is no message"}
        if message or not part:
            return message
    return {"failure": "timeout", "detail": ""}


def _end(pid: int, linger: float) -> int | None:
    """Kill a child, after `linger` seconds, with all that it left behind.

    Returns its wait status, or `None` if it did not end by itself.
    """
    end = time.monotonic() + linger
    gone = None
    while gone is None and time.monotonic() < end:
        gone = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if gone is None:
            time.sleep(0.0005)
    for kill in (os.killpg, os.kill):  # the child may not have come to found its group yet
        try:
            kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    _, status = os.waitpid(pid, 0)
    _reap_orphans()
    return status if gone is not None else None


def _cause(status: int | None) -> dict[str, Any]:
    """Why a child ended without a word."""
    if status is None:
        return {"failure": "error:exit", "detail": "closed its pipe"}
    if not os.WIFSIGNALED(status):
        return {"failure": "error:exit", "detail": f"exit status {os.waitstatus_to_exitcode(status)}"}
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU:
        return {"failure": "timeout", "detail": "processor time"}
    name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
    crashed = number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
    return {"failure": "error:crash" if crashed else "error:killed", "detail": name}


def _adopt_orphans() -> None:
    """Become the parent of what programs leave behind, so that it can be killed (Linux)."""
    if sys.platform == "linux":
        ctypes = import_module("ctypes")
        ctypes.CDLL(None).prctl(_ADOPT_ORPHANS, 1, 0, 0, 0)


def _reap_orphans() -> None:
    """Kill and bury every process that is still below us."""
    while True:
        try:
            gone, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not gone:
            for orphan in _children():
                os.kill(orphan, signal.SIGKILL)
            time.sleep(0.0005)


def _children() -> list[int]:
    with open("/proc/thread-self/children") as listing:  # noqa: PTH123
        return [int(pid) for pid in listing.read().split()]


def _exercise() -> None:
    """Have sympy build its caches once, instead of in every child."""
    sympy = import_module("sympy")
    x, y = sympy.symbols("x y")
    sympy.solve([sympy.Eq(x + y, 10), sympy.Eq(x - y, 2)], [x, y])
    sympy.solve(x**2 - 4, x)
    sympy.solve(sympy.Eq(2 * x + 1, 7), x)
    sympy.N(sympy.Rational(1, 3))

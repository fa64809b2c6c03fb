"""Time is kept from outside, by the processor's clock, and nothing inside can put it off; workers are replaced."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from remains import descendants, nothing_left, running

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.sandbox import linux, supervisor
from distill_dsl.runtime.sandbox.frames import Cause
from distill_dsl.runtime.sandbox.layers import Layer
from distill_dsl.runtime.sandbox.supervisor import Job, Kind, Limits, run
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.programs import PLAIN, SYMBOLIC, executions, run_programs

pytestmark = pytest.mark.skipif(not linux.architecture(), reason="walls are Linux's")

MEMORY = 256 << 20
LIMIT = 0.5
START = 0.6
"""Seconds of processor time for a worker to start, at most."""

SIGNALS = """
import signal
for n in range(1, 65):
    try:
        signal.signal(n, {})
    except (OSError, ValueError):
        pass
while True: pass
"""
QUESTION = """
class A:
    @property
    def __class__(self):
        while True: pass
isinstance(A(), int)
"""
ENDLESS = {
    "a class that never says what it is": QUESTION,
    "a loop": "while True: pass",
    "a loop that catches everything": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "blocked signals": "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
    "ignored signals": SIGNALS.format("signal.SIG_IGN"),
    "handled signals": SIGNALS.format("print"),
    "one long computation in C": "import math\nans = math.factorial(10**8)",
    "a power": "ans = 7 ** 7 ** 9",
    "an endless iterator in C": "import itertools\nsum(itertools.repeat(0))",
    "an endless sort key": "import re\nre.match(r'(a+)+$', 'a' * 60 + 'b')",
    "an endless generator": "any(i < 0 for i in iter(int, 1))",
    "sleeping": "import time\nwhile True: time.sleep(3600)",
    "waiting for the clock": "import time\nend = time.time() + 3600\nwhile time.time() < end: pass",
    "a lock that nobody opens": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "an empty queue": "import queue\nqueue.Queue().get()",
    "waiting for a condition": "import threading\nc = threading.Condition()\nc.acquire()\nc.wait()",
    "waiting for other processors": "import ctypes\nwhile True: ctypes.CDLL(None).syscall(324, 1, 0, 0)",
    "an end that does not end": "class E:\n    def __del__(self):\n        while True: pass\ne = E()\ndel e",
    "a trace": "import sys\ndef t(*a):\n    while True: pass\nsys.settrace(t)\n(lambda: 0)()",
    "at exit": "import atexit\ndef f():\n    while True: pass\natexit.register(f)\nf()",
    "a collector's callback": "import gc\ndef f(*a):\n    while True: pass\ngc.callbacks.append(f)\ngc.collect()",
}


@pytest.mark.parametrize("what", ENDLESS)
def test_an_endless_program_ends_within_twice_its_time(what: str) -> None:
    """In processor time, so that the test does not depend on what else the machine does."""
    before = sum(os.times()[2:4])
    (execution,) = run_programs([ENDLESS[what]], timeout=LIMIT, memory=MEMORY, workers=1)
    used = sum(os.times()[2:4]) - before
    assert execution.failure == "timeout"
    assert used < 2 * LIMIT + START


def test_a_program_that_needs_less_than_its_time_gets_it_on_a_busy_machine() -> None:
    """The wall clock does not count: eight at once on two cores."""
    program = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\nans = 5"
    found = run_programs([program] * 8, timeout=0.6, memory=MEMORY, workers=8)
    assert {execution.answer for execution in found} == {"5"}


@pytest.mark.parametrize(
    "program", ["import time\ntime.sleep(60)", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"]
)
def test_who_uses_no_processor_time_is_ended_by_the_wall_clock(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which takes the filter of calls away, below which nothing can wait."""
    monkeypatch.setattr(supervisor, "LEAST_WALL", 0.5)
    started = time.monotonic()
    without = {Layer.SECCOMP}
    (reply,) = run([Job(program, PLAIN)], Limits(0.05, MEMORY), workers=1, without=without, hostile=False)
    assert reply.cause is Cause.WALL
    assert time.monotonic() - started < 5


def test_sleeping_takes_no_time() -> None:
    (execution,) = run_programs(["import time\ntime.sleep(3600)\nans = 5"], timeout=1, memory=MEMORY)
    assert execution.answer == "5"


def workers() -> list[int]:
    """Processes of workers below this one."""
    return [pid for pid in sorted(descendants(os.getpid())) if running(pid) and b"sandbox.worker" in _command(pid)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def interrupted(programs: list[str], after: int, strike: Callable[[], None]) -> Iterator[Execution]:
    """Executions, with something done to the workers after some of them."""
    for number, execution in enumerate(executions(programs, timeout=2.0, memory=MEMORY, workers=2)):
        if number == after:
            strike()
        yield execution


def strike(number: signal.Signals) -> None:
    for pid in workers():
        with suppress(ProcessLookupError):  # their children come and go
            os.kill(pid, number)


MIXED = [text for n in range(300) for text in (f"ans = {n}", f"import os\nans = {n}")]


def test_a_killed_worker_loses_no_verdict() -> None:
    with nothing_left():
        found = list(interrupted(MIXED, 10, lambda: strike(signal.SIGKILL)))
    assert [execution.answer for execution in found] == [str(n) for n in range(300) for _ in "ab"]


def test_workers_killed_again_and_again_lose_no_other_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "MAX_STARTS", 1000)  # on a busy machine many are killed before they are ready
    stop = threading.Event()

    def hunt() -> None:
        while not stop.wait(0.35):
            for pid in workers()[:1]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    hunter = threading.Thread(target=hunt)
    with nothing_left():
        hunter.start()
        try:
            found = run_programs(MIXED * 3, timeout=2.0, memory=MEMORY, workers=2)
        finally:
            stop.set()
            hunter.join()
    for n, execution in zip([n for _ in "abc" for n in range(300) for _ in "ab"], found, strict=True):
        assert execution.answer == str(n) or execution.failure == "error:killed"
    assert sum(execution.answer is None for execution in found) <= 3


def test_a_worker_that_hangs_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.3)
    monkeypatch.setattr(supervisor, "PACE_SECONDS", 0.001)
    monkeypatch.setattr(supervisor, "LEAST_WALL", 0.5)
    stopped = 0
    jobs = [Job(text, PLAIN, PLAIN) for text in MIXED]
    with nothing_left():
        answers = []
        for number, reply in enumerate(run(jobs, Limits(0.2, MEMORY), workers=2)):
            if number == 10:
                stopped = len(workers())
                strike(signal.SIGSTOP)
            answers.append(reply.said)
    assert stopped >= 2
    assert answers == [b'{"answer": "%d"}' % n for n in range(300) for _ in "ab"]


def test_a_worker_that_never_gets_ready_is_given_up_with_a_reason() -> None:
    with nothing_left(), pytest.raises(Failure, match="do not start") as caught:
        list(run([Job("", Kind("no_such_module"))], Limits(1, MEMORY), workers=1))
    assert "no_such_module" in str(caught.value.where)


def test_a_program_that_kills_its_worker_each_time_is_given_up() -> None:
    """Possible only where neither calls nor processes are walled in."""
    text = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"
    without = set(Layer)
    with nothing_left():
        programs = ["ans = 1", text, "ans = 2"]
        jobs = [Job(program, PLAIN, PLAIN) for program in programs]
        first, second, third = run(jobs, Limits(1, MEMORY), workers=1, without=without, hostile=False)
    assert (first.said, third.said) == (b'{"answer": "1"}', b'{"answer": "2"}')
    assert (second.cause, second.status) == (Cause.SIGNAL, signal.SIGKILL)


@pytest.mark.parametrize("memory", [0, 1, 4096, 1 << 20])
@pytest.mark.parametrize("kind", [PLAIN, SYMBOLIC], ids=["plain", "symbolic"])
def test_with_next_to_no_memory_every_program_still_gets_a_verdict(memory: int, kind: Kind) -> None:
    if kind is SYMBOLIC:
        pytest.importorskip("sympy")
    jobs = [Job(text, kind, kind) for text in ("ans = 1", "ans = [0] * 10**7", "import math\nans = math.pi", "ans = (")]
    replies = list(run(jobs, Limits(1, memory), workers=1))
    assert len(replies) == 4
    assert b"memory" in replies[1].said or replies[1].cause is not Cause.FINISHED


@pytest.mark.parametrize(
    "program",
    [
        "import gc\ngc.disable()\nwhile True:\n    x = []\n    x.append(x)",
        "kept = []\nwhile True: kept.append([0] * 100)",
        "kept = []\ndef fill():\n    while True: kept.append(kept and [kept[-1]])\nfill()",
        "ans = bytearray(1 << 40)",
        "ans = [0] * (1 << 60)",
        "ans = 'x' * (1 << 60)",
    ],
)
def test_memory_is_what_ran_out_even_where_none_is_left_to_say_so(program: str) -> None:
    first, bomb, last = run_programs(["ans = 1", program, "ans = 2"], timeout=4.0, memory=64 << 20, workers=1)
    assert (first.answer, bomb.failure, last.answer) == ("1", "memory", "2")


def test_who_stops_listening_stops_the_workers() -> None:
    with nothing_left():
        stream = executions(["ans = 1"] + ["while True: pass"] * 4, timeout=60, memory=MEMORY, workers=2)
        assert next(stream).answer == "1"
        stream.close()

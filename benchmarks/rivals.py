"""Ways to execute a batch of programs on all cores, each behind one signature.

All get the same programs, the same deadline a program (seconds) and the same memory (bytes above what
the interpreter takes), and say what number each program came to, or `None`. Only the last isolates.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, redirect_stderr, redirect_stdout
from fractions import Fraction
from functools import partial
from importlib.util import find_spec
from types import FrameType
from typing import Any, Final, NoReturn

from distill_dsl.runtime.thoughts.programs import run_programs

Run = Callable[[Sequence[str]], list[Fraction | None]]
Rival = Callable[[float, int], AbstractContextManager[Run]]
"""Made of a deadline and a limit on memory."""
CORES: Final = len(os.sched_getaffinity(0))
CHUNK: Final = 16
"""Programs that a pool's worker gets at once: enough to make the pipe cheap, few enough to share the work."""
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?:/\d+)?")


def number(said: object) -> Fraction | None:
    """The last number in what a program said."""
    found = _NUMBER.findall(str(said)[-200:])
    return Fraction(found[-1]) if found else None


@contextmanager
def fresh_interpreters(deadline: float, memory: int) -> Iterator[Run]:
    """`python -I` for each program, as many at a time as there are cores; the least that one can do."""
    with ThreadPoolExecutor(CORES) as threads:
        yield lambda programs: list(threads.map(partial(_fresh, deadline=deadline, memory=memory), programs))


TAIL: Final = """
for _name in ("ans", "answer"):
    if _name in globals():
        print(globals()[_name])
        break
else:
    if "solution" in globals():
        print(solution())
"""


def _fresh(text: str, deadline: float, memory: int) -> Fraction | None:
    with subprocess.Popen(
        [sys.executable, "-I", "-c", text + TAIL], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        limit = memory + (32 << 20)  # what `python -I` takes itself
        resource.prlimit(process.pid, resource.RLIMIT_AS, (limit, limit))
        try:
            said, _ = process.communicate(timeout=deadline)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
    lines = said.split("\n")[-2:-1]
    return number(lines[0]) if lines and process.returncode == 0 else None


@contextmanager
def process_each(deadline: float, memory: int) -> Iterator[Run]:
    """human-eval's way, which most harnesses for code took over: a fork, an alarm and a manager process a program."""
    import sympy  # noqa: F401  forks have it then

    with ThreadPoolExecutor(CORES) as threads:
        yield lambda programs: list(threads.map(partial(_forked, deadline=deadline, memory=memory), programs))


def _forked(text: str, deadline: float, memory: int) -> Fraction | None:
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        result = manager.list()
        process = context.Process(target=_in_a_fork, args=(text, deadline, memory, result))
        process.start()
        process.join(deadline + 1)
        if process.is_alive():
            process.kill()
            process.join()
        return result[0] if result else None


def _in_a_fork(text: str, deadline: float, memory: int, result: Any) -> None:
    _prepare(memory)
    result.append(_in_this_process(text, deadline))


@contextmanager
def pool_with_alarms(deadline: float, memory: int) -> Iterator[Run]:
    """What public harnesses do (ToRA's, say): warm workers that `exec` a program at a time under an alarm.

    No isolation at all. Memory is limited for the machine's sake; those harnesses do without.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(CORES, context, _prepare, (memory,)) as pool:
        work = partial(_in_this_process, deadline=deadline)
        yield lambda programs: list(pool.map(work, programs))


@contextmanager
def pool_in_chunks(deadline: float, memory: int) -> Iterator[Run]:
    """The same with programs handed out in chunks, which public harnesses do not: what Python can do at most."""
    with multiprocessing.get_context("spawn").Pool(CORES, _prepare, (memory,)) as pool:
        work = partial(_in_this_process, deadline=deadline)
        yield lambda programs: list(pool.imap(work, programs, CHUNK))


def _prepare(memory: int) -> None:
    import sympy  # noqa: F401  as a warm worker has it

    with open("/proc/self/statm", encoding="ascii") as sizes:  # noqa: PTH123
        limit = int(sizes.read().split()[0]) * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    signal.signal(signal.SIGALRM, _alarm)


def _alarm(number: int, frame: FrameType | None) -> NoReturn:
    raise TimeoutError


def _in_this_process(text: str, deadline: float) -> Fraction | None:
    space: dict[str, Any] = {"__name__": "__main__"}
    output = io.StringIO()
    signal.setitimer(signal.ITIMER_REAL, deadline)
    try:
        with redirect_stdout(output), redirect_stderr(output):
            exec(text, space)
            said = space.get("ans", space.get("answer"))
            if said is None:
                said = space["solution"]() if "solution" in space else output.getvalue()
    except BaseException:  # whatever a program does: a harness goes on with the next
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return number(said)


@contextmanager
def monty(deadline: float, memory: int) -> Iterator[Run]:
    """pydantic-monty: an interpreter of its own in Rust, a new session a program, in warm processes."""
    from pydantic_monty import Monty

    limits = {"max_memory": memory, "max_feed_duration_secs": deadline}
    with Monty(min_processes=CORES, max_processes=CORES) as sessions, ThreadPoolExecutor(CORES) as threads:
        work = partial(monty_value, sessions=sessions, limits=limits)
        yield lambda programs: [_or_none(said) for said in threads.map(work, programs)]


def monty_value(text: str, sessions: Any, limits: dict[str, Any]) -> object:
    """What a program comes to: its value, what it prints, or the `MontyError` that it ended with."""
    from pydantic_monty import CollectString, MontyError

    name = next((name for name in ("ans", "answer") if re.search(rf"^ *{name} *[-+*/]?=", text, re.MULTILINE)), None)
    call = "solution()" if "def solution()" in text else "None"
    output = CollectString()
    try:
        with sessions.checkout(limits=limits) as session:
            said = session.feed_run(f"{text}\n{name or call}", print_callback=output)
    except MontyError as error:
        return error
    return output.output if said is None else said


def _or_none(said: object) -> Fraction | None:
    return None if isinstance(said, BaseException) else number(said)


@contextmanager
def ours(deadline: float, memory: int) -> Iterator[Run]:
    """What is measured, its start included: workers start anew with each batch."""
    yield lambda programs: [
        None if execution.answer is None else number(execution.answer)
        for execution in run_programs(programs, timeout=deadline, memory=memory)
    ]


RIVALS: Final[dict[str, Rival]] = {
    "fresh interpreter each": fresh_interpreters,
    "process each, alarms": process_each,
    "pool with alarms": pool_with_alarms,
    "the same in chunks": pool_in_chunks,
    "pydantic-monty": monty,
    "distill-dsl": ours,
}


def available(name: str) -> bool:
    """Whether a rival is installed."""
    return name != "pydantic-monty" or find_spec("pydantic_monty") is not None

"""One program, run in a process of its own: limits, audit hook, execution, reply.

See `worker` for what this protects from and what it does not.
"""

from __future__ import annotations

import ast
import io
import os
import random
import resource
import signal
import sys
import sysconfig
import warnings
from collections.abc import Callable
from types import FunctionType
from typing import Any, Final, NoReturn

from distill_dsl.runtime.thoughts.frames import pack, write_all
from distill_dsl.runtime.thoughts.values import as_text

MAX_OUTPUT: Final = 64 * 1024
"""Characters a program may print: the answer of an honest one is a line."""
MAX_REPLY: Final = 64 * 1024
"""Bytes of a reply: an answer, a detail and the end of what was printed, each cut far below this."""
MAX_DETAIL: Final = 300
LAST_VALUE: Final = "__last_value__"
NAMES: Final = ("ans", "answer")
"""Variables that hold the answer, the first of them that is there."""
FUNCTIONS: Final = ("solution", "solver", "solve")
"""Functions without arguments that return it, where no variable does."""
_REPLY: Final = 3
_PARENT_DEATH: Final = 1
"""PR_SET_PDEATHSIG of prctl(2)."""

KINDS: Final[dict[type[BaseException], str]] = {
    SyntaxError: "syntax",
    NameError: "name",
    TypeError: "type",
    ZeroDivisionError: "zero-division",
    ImportError: "import",
    AttributeError: "attribute",
    IndexError: "index",
    KeyError: "key",
    RecursionError: "recursion",
    OverflowError: "overflow",
    ArithmeticError: "arithmetic",
    AssertionError: "assertion",
    EOFError: "eof",
    UnicodeError: "unicode",
    ValueError: "value",
    OSError: "os",
    NotImplementedError: "not-implemented",
    SystemExit: "exit",
    KeyboardInterrupt: "interrupt",
}
"""Exception -> kind; of a class that is not listed, the first listed one of its ancestors, else `other`."""

_DENIED: Final = (
    "os.", "subprocess.", "socket.", "shutil.", "ctypes.", "tempfile.", "glob.", "signal.", "syslog.", "urllib.",
    "ftplib.", "http.", "smtplib.", "webbrowser.", "pty.", "fcntl.", "resource.", "mmap.", "gc.", "sqlite3.",
    "winreg.", "msvcrt.", "_posixsubprocess.", "cpython.run_",
)  # fmt: skip
"""Audit events (by prefix) that have nothing to do with arithmetic."""
_ALLOWED: Final = frozenset({"os.listdir", "os.scandir"})
"""The import system lists folders; names of files are all that a program can learn from it."""
_LIBRARIES: Final = tuple(
    sorted({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")})
)
"""The only folders that a program may read from: imports do."""
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Denied(PermissionError):
    """The program asked for what it may not have."""


def run_child(text: str, timeout: float, memory: int, writer: int, worker: int) -> NoReturn:
    """Run a program and write what came of it to `writer`; never returns. `worker` is the parent's pid."""
    try:
        os.setsid()
        _die_with_parent(worker)
        _leave_only(writer)
        reply = _Reply(os.getpid())
        random.seed(0)  # here, because the module seeds itself anew after a fork
        sys.stdin = io.StringIO()
        sys.stdout = sys.stderr = output = _Output(reply)
        _limit(timeout, memory)
        sys.addaudithook(_guard())
        reply.send(_outcome(text, output))
    finally:
        os._exit(70)  # something here failed, not the program: EX_SOFTWARE


class _Reply:
    """The one message of a child. A fork of it, should there be one, says nothing."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def send(self, message: dict[str, Any]) -> NoReturn:
        if os.getpid() == self.pid:
            write_all(_REPLY, pack(message))
        os._exit(0)


class _Output(io.TextIOBase):
    """Keeps what is printed, and ends the program at once when that is too much."""

    def __init__(self, reply: _Reply) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.reply = reply

    def write(self, text: str) -> int:
        self.length += len(text)
        if self.length > MAX_OUTPUT:
            self.reply.send({"failure": "output", "detail": f"printed more than {MAX_OUTPUT} characters"})
        self.parts.append(text)
        return len(text)

    def last_line(self) -> str | None:
        lines = [line for line in "".join(self.parts).splitlines() if line.strip()]
        return lines[-1][-2000:] if lines else None


def _outcome(text: str, output: _Output) -> dict[str, Any]:
    try:
        code = _compile(text)
    except BaseException as error:
        kind = "syntax" if isinstance(error, (ValueError, MemoryError)) else kind_of(error)
        return {"failure": f"error:{kind}", "detail": _detail(error)}
    space: dict[str, Any] = {"__name__": "__main__"}
    try:
        _run(code, space)
        return _answer(space, output)
    except MemoryError:
        space.clear()
        return {"failure": "memory", "detail": ""}
    except Denied as error:
        return {"failure": "denied", "detail": str(error)}
    except BaseException as error:
        return {"failure": f"error:{kind_of(error)}", "detail": _detail(error)}


def _compile(text: str) -> Any:
    """The program's code; the value of an expression at its end is kept under `LAST_VALUE`."""
    warnings.simplefilter("ignore")
    tree = ast.parse(text, "<program>")
    if tree.body and isinstance(last := tree.body[-1], ast.Expr):
        keep = ast.Assign([ast.Name(LAST_VALUE, ast.Store())], last.value)
        tree.body[-1] = ast.fix_missing_locations(ast.copy_location(keep, last))
    return compile(tree, "<program>", "exec")


def _run(code: Any, space: dict[str, Any]) -> None:
    try:
        exec(code, space)
    except SystemExit as stop:
        if stop.code not in (None, 0):
            raise


def _answer(space: dict[str, Any], output: _Output) -> dict[str, Any]:
    """`ans` or `answer`, else what `solution()` returns, else the last line printed, else the last value."""
    for name in NAMES:
        if space.get(name) is not None:
            return _stated(space[name])
    for name in FUNCTIONS:
        if isinstance(function := space.get(name), FunctionType) and _takes_nothing(function):
            value = function()
            if value is not None:
                return _stated(value)
    if (line := output.last_line()) is not None:
        return {"printed": line}
    if space.get(LAST_VALUE) is not None:
        return _stated(space[LAST_VALUE])
    return {"failure": "no-answer", "detail": "neither ans nor solution() nor anything printed"}


def _takes_nothing(function: Any) -> bool:
    needed = function.__code__.co_argcount - len(function.__defaults__ or ())
    return needed == 0 and not function.__code__.co_kwonlyargcount


def _stated(value: object) -> dict[str, Any]:
    text, reason = as_text(value)
    return {"failure": "no-answer", "detail": reason} if text is None else {"answer": text}


def kind_of(error: BaseException) -> str:
    """The kind of an error in a verdict."""
    return next((KINDS[ancestor] for ancestor in type(error).__mro__ if ancestor in KINDS), "other")


def _detail(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:MAX_DETAIL]
    except BaseException:  # the program's own exception class, with a __str__ that fails
        return type(error).__name__[:MAX_DETAIL]


def _leave_only(writer: int) -> None:
    """Standard streams on nothing, the reply on descriptor 3, everything else closed."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.dup2(writer, _REPLY)
    os.closerange(_REPLY + 1, 1 << 16)


def _limit(timeout: float, memory: int) -> None:
    seconds = int(timeout) + 2  # behind the deadline in wall time: for a worker that died
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: _address_space() + memory,
    }
    for limit, most in limits.items():
        _, hard = resource.getrlimit(limit)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (most, most))


def _address_space() -> int:
    """Bytes that the interpreter itself takes."""
    if sys.platform != "linux":
        return 4 << 30
    with open("/proc/self/statm", encoding="ascii") as sizes:  # noqa: PTH123
        return int(sizes.read().split()[0]) * resource.getpagesize()


def _die_with_parent(worker: int) -> None:
    if sys.platform == "linux":
        sys.modules["ctypes"].CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != worker:  # it was killed since the fork, before its death could send a signal
        os._exit(70)


def _guard() -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook that denies all but arithmetic and the reading of libraries."""
    roots, denied, allowed, writing = _LIBRARIES, _DENIED, _ALLOWED, _WRITING  # out of reach of the program's globals
    absolute = os.path.abspath

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            readable = isinstance(path, str) and absolute(path).startswith(roots)
            if readable and not (isinstance(flags, int) and flags & writing) and not set(mode or "") & set("wax+"):
                return
            raise Denied(f"open {path!r}"[:MAX_DETAIL])
        if event.startswith(denied) and event not in allowed:
            raise Denied(event)

    return guard

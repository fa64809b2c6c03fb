"""Programs, in the child that runs them: compile, run, read the answer, say it.

What a program may assume: the standard library, and sympy and numpy where it mentions them; no
input, no files, no network, no threads and no other processes; a fixed hash and random seed;
sleeping takes no time.
"""

from __future__ import annotations

import ast
import io
import json
import os
import random
import sys
import warnings
from collections.abc import Callable
from functools import cache
from types import CodeType, FunctionType
from typing import Any, Final

from distill_dsl.runtime.thoughts.programs.errors import detail_of, kind_of
from distill_dsl.runtime.thoughts.programs.values import NoAnswer, as_text
from distill_dsl.runtime.thoughts.programs.vet import (
    BUILTINS,
    NeedsOwnProcess,
    admits,
    call_watched,
    lacks_names,
    run_watched,
    stop,
    was_stopped,
    watch,
)

MAX_OUTPUT: Final = 64 * 1024
"""Characters a program may print: the answer of an honest one is a line."""
MAX_LINE: Final = 2000
TOO_MUCH_PRINTED: Final = 73
"""Exit status of a process whose program printed too much."""
LAST_VALUE: Final = "last value"
"""No name that a program could write."""
NAMES: Final = ("ans", "answer")
"""Variables that hold the answer, the first of them that is there."""
FUNCTIONS: Final = ("solution", "solver", "solve")
"""Functions without arguments that return it, where no variable does."""
SHARED: Final = frozenset(
    f"error:{kind}"
    for kind in ("syntax", "type", "value", "zero-division", "arithmetic", "overflow", "index", "key", "assertion")
)
"""Failures that a program cannot owe to the process being shared."""
CUT_SHORT: Final = ("memory", "error:recursion")
"""Failures that stop a library at any point, its caches and settings as they are just then."""

Said = dict[str, str]
"""`answer` or `printed`, or `failure` and `detail`."""


def warm_up() -> None:
    """Done once in the worker: what every child would do again."""
    warnings.simplefilter("ignore")  # they would be taken for what a program prints
    compile("ans = 1", "<program>", "exec")
    ast.parse("ans = 1")
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)  # children inherit the state: every program draws the same numbers
    if "sympy" in sys.modules:
        _exercise(sys.modules["sympy"])


def alone(text: str) -> bytes:
    """Run a program that has this process to itself."""
    output = prepare(lambda: os._exit(TOO_MUCH_PRINTED))  # an exception could be caught, and more printed
    try:
        code = _compiled(text)
    except BaseException as error:
        return encoded(not_compiled(error))
    return encoded(said_of(code, {"__name__": "__main__"}, output, run_alone, lambda function: function()))


def run_alone(code: CodeType, space: dict[str, Any]) -> None:
    """As deep in the stack as `run_watched` is, so that a program may call itself as often."""
    exec(*(code, space))


def together(text: str) -> bytes | None:
    """Run a program that cannot touch others, and others after it; `None` where it has to be run alone.

    Raises `NeedsOwnProcess` where no other may come after it. What the program says is taken where
    it would say the same alone. Without a stated answer, for instance, its last expression would
    count, which is compiled in another way.
    """
    watch_once()
    try:
        code = compile(text, "<program>", "exec", dont_inherit=True)
    except SyntaxError as error:
        return encoded(not_compiled(error))
    except BaseException:  # a text that the compiler cannot take: whatever it did, another process will tell
        return None
    if not admits(code):
        return None
    output = prepare(stop)
    said = said_of(code, {"__name__": "__main__", "__builtins__": BUILTINS}, output, run_watched, call_watched)
    failure = said.get("failure")
    if was_stopped() or failure in CUT_SHORT:
        raise NeedsOwnProcess  # whatever it was calling is left half done: nobody else may share this process
    return None if owed_to_sharing(failure) else encoded(said)


def owed_to_sharing(failure: str | None) -> bool:
    """Whether a program alone might not have failed."""
    if failure == "error:name":
        return lacks_names()
    return failure is not None and failure not in SHARED


@cache
def watch_once() -> None:
    watch()


def prepare(too_much: Callable[[], None]) -> Output:
    """The same random numbers for every program, nothing to read, and a place for what it prints."""
    random.seed(0)
    if (of_sympy := sys.modules.get("sympy.core.random")) is not None:
        of_sympy.seed(0)
    sys.stdin = io.StringIO()
    sys.stdout, sys.stderr = output, _ = Output(too_much), Output(too_much)
    return output


class Output(io.TextIOBase):
    """Keeps what is printed, and `ends` the program when that is too much."""

    def __init__(self, ends: Callable[[], None]) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.ends = ends

    def write(self, text: str) -> int:
        self.length += len(text)
        if self.length > MAX_OUTPUT:
            self.ends()
        self.parts.append(text)
        return len(text)

    def last_line(self) -> str | None:
        lines = [line for line in "".join(self.parts).splitlines() if line.strip()]
        return lines[-1][-MAX_LINE:] if lines else None


def said_of(
    code: CodeType,
    space: dict[str, Any],
    output: Output,
    run: Callable[[CodeType, dict[str, Any]], None],
    call: Callable[[Callable[[], object]], object],
    settled: Callable[[object], object] = lambda value: value,
) -> Said:
    """Run a program and read its answer; `settled` gives the value of what stands for one."""
    try:
        left = _left(code, space, run)
        said = _answer(space, output, call, settled)
    except MemoryError:
        space.clear()
        return {"failure": "memory", "detail": ""}
    except NoAnswer as error:
        return {"failure": error.failure, "detail": error.reason}
    except PermissionError as error:
        return {"failure": "denied", "detail": detail_of(error)}
    except ModuleNotFoundError as error:
        known = str(error.name).partition(".")[0] in sys.stdlib_module_names
        return {"failure": "denied" if known else "error:import", "detail": detail_of(error)}
    except NeedsOwnProcess:
        return {"failure": "error:other"}
    except BaseException as error:
        return {"failure": f"error:{kind_of(error)}", "detail": detail_of(error)}
    if left and said.get("failure") == "no-answer":
        return {"failure": "error:exit", "detail": "left before it had an answer"}
    return said


def _compiled(text: str) -> CodeType:
    """The program's code; the value of an expression at its end is kept under `LAST_VALUE`.

    Not of a text so deep that it can be compiled but not looked at.
    """
    try:
        return _keeping_last_value(text)
    except RecursionError:
        return compile(text, "<program>", "exec", dont_inherit=True)


def _keeping_last_value(text: str) -> CodeType:
    tree = ast.parse(text, "<program>")
    if tree.body and isinstance(last := tree.body[-1], ast.Expr):
        keep = ast.Assign([ast.Name(LAST_VALUE, ast.Store())], last.value)
        tree.body[-1] = ast.fix_missing_locations(ast.copy_location(keep, last))
    return compile(tree, "<program>", "exec", dont_inherit=True)


def not_compiled(error: BaseException) -> Said:
    kind = "syntax" if isinstance(error, (ValueError, MemoryError)) else kind_of(error)
    return {"failure": f"error:{kind}", "detail": detail_of(error)}


def _left(code: CodeType, space: dict[str, Any], run: Callable[[CodeType, dict[str, Any]], None]) -> bool:
    """Run the program; true if it left by `exit()`."""
    try:
        run(code, space)
    except SystemExit as stop:
        if stop.code not in (None, 0):
            raise
        return True
    return False


def _answer(
    space: dict[str, Any],
    output: Output,
    call: Callable[[Callable[[], object]], object],
    settled: Callable[[object], object],
) -> Said:
    """`ans` or `answer`, else what `solution()` returns, else the last line printed, else the last value."""
    for name in NAMES:
        if space.get(name) is not None:
            return {"answer": as_text(settled(space[name]))}
    for name in FUNCTIONS:
        if isinstance(function := space.get(name), FunctionType) and _takes_nothing(function):
            value = call(function)
            if value is not None:
                return {"answer": as_text(settled(value))}
    if (line := output.last_line()) is not None:
        return {"printed": line}
    if space.get(LAST_VALUE) is not None:
        return {"answer": as_text(settled(space[LAST_VALUE]))}
    return {"failure": "no-answer", "detail": "neither ans nor solution() nor anything printed"}


def _takes_nothing(function: FunctionType) -> bool:
    needed = function.__code__.co_argcount - len(function.__defaults__ or ())
    return needed == 0 and not function.__code__.co_kwonlyargcount


def encoded(said: Said) -> bytes:
    return json.dumps(said).encode("ascii")


def _exercise(sympy: Any) -> None:
    """Have sympy build its caches once, instead of in every child."""
    x, y = sympy.symbols("x y")
    sympy.solve([sympy.Eq(x + y, 10), sympy.Eq(x - y, 2)], [x, y])
    sympy.solve(x**2 - 4, x)
    sympy.solve(sympy.Eq(2 * x + 1, 7), x)
    sympy.N(sympy.Rational(1, 3))

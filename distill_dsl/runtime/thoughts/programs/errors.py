"""What an exception is called in a verdict."""

from __future__ import annotations

import builtins
from typing import Any, Final

MAX_DETAIL: Final = 300
MAX_ARGUMENT: Final = 1000

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
_BUILT_IN: Final = frozenset(
    value for value in vars(builtins).values() if isinstance(value, type) and issubclass(value, BaseException)
)


def kind_of(error: BaseException) -> str:
    """The kind of an error in a verdict."""
    return next((KINDS[ancestor] for ancestor in type(error).__mro__ if ancestor in KINDS), "other")


def detail_of(error: BaseException) -> str:
    """An error in words: its message only where that is Python's own, since `str` of another may never return."""
    name = type.__dict__["__name__"].__get__(type(error))
    if type(error) not in _BUILT_IN or not all(map(_plain, error.args)):
        return f"{name}"[:MAX_DETAIL]
    return f"{name}: {error}"[:MAX_DETAIL]


def _plain(argument: Any) -> bool:
    kind = type(argument)
    if kind is tuple:  # of a SyntaxError
        return all(map(_plain, argument))
    if kind is str:
        return len(argument) <= MAX_ARGUMENT
    return argument is None or kind in (float, bool) or (kind is int and argument.bit_length() < MAX_ARGUMENT)

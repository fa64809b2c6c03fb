"""The values that programs compute, as text that says its type (see `answers`)."""

from __future__ import annotations

import math
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

MAX_TEXT: Final = 2000
MAX_NESTING: Final = 4
"""How deep a value may lie in containers of one element: `[{x: 5}]` is what sympy's solve returns."""
MAX_ELEMENTS: Final = 50


class NoAnswer(Exception):
    """What stands in the place of an answer: the failure that it is in a verdict, and why."""

    def __init__(self, failure: str, reason: str) -> None:
        super().__init__(failure, reason)
        self.failure = failure
        self.reason = reason


def as_text(value: object, depth: int = MAX_NESTING) -> str:
    """A value as text; raises `NoAnswer` with the reason why it is none.

    Only exact types count: a program's own class can claim to be equal to anything. Of a container
    with one element the element is the answer.
    """
    kind = type(value)
    if kind is int:
        return _integer(value)
    if kind is bool:
        return str(value)
    if kind is float or kind is Decimal:
        return _finite(value)
    if kind is Fraction:
        return _rational(value.numerator, value.denominator)  # type: ignore[attr-defined]
    if kind is str:
        return _short(value)
    if kind is complex and value.imag == 0:  # type: ignore[attr-defined]
        return _finite(value.real)  # type: ignore[attr-defined]
    if kind is date or kind is datetime or kind is time:
        return value.isoformat()  # type: ignore[attr-defined,no-any-return]
    if kind in (list, tuple, set, frozenset, dict):
        return _container(value, depth)
    library = kind.__module__.partition(".")[0]
    if library == "numpy":
        return _numpy(value, depth)
    if library == "sympy":
        return _sympy(value, depth)
    raise NoAnswer("error:answer-type", f"{kind.__name__} is no answer"[:100])


def _integer(value: Any) -> str:
    if value.bit_length() > 4 * MAX_TEXT:  # before str(), whose cost is quadratic
        raise NoAnswer("error:answer-size", "an integer of thousands of digits")
    return str(value)


def _rational(above: Any, below: Any) -> str:
    return _integer(above) if below == 1 else f"{_integer(above)}/{_integer(below)}"


def _finite(value: Any) -> str:
    if not math.isfinite(value):
        raise NoAnswer("error:not-finite", f"{value} is no number")
    return _short(str(value) if type(value) is Decimal else repr(value))


def _short(text: Any) -> str:
    if len(text) > MAX_TEXT:
        raise NoAnswer("error:answer-size", f"a text of {len(text)} characters")
    return str(text)


def _container(value: Any, depth: int) -> str:
    if not depth:
        raise NoAnswer("error:answer-type", "containers within containers")
    if not value or len(value) > MAX_ELEMENTS:
        raise NoAnswer("error:answer-type", f"a {type(value).__name__} of {len(value)} values")
    if len(value) == 1:
        (element,) = value.values() if type(value) is dict else value
        return as_text(element, depth - 1)
    if type(value) is dict:
        raise NoAnswer("error:answer-type", f"a dict of {len(value)} values")
    elements = [as_text(element, depth - 1) for element in value]
    if type(value) in (set, frozenset):
        return _short("{" + ", ".join(sorted(elements)) + "}")
    return _short("[" + ", ".join(elements) + "]")


def _numpy(value: Any, depth: int) -> str:
    if getattr(value, "size", 0) == 1 and depth:
        return as_text(value.item(), depth - 1)
    if getattr(value, "ndim", 0) == 1 and value.size <= MAX_ELEMENTS:
        return as_text(value.tolist(), depth)
    raise NoAnswer("error:answer-type", f"a numpy {type(value).__name__} of {getattr(value, 'size', 0)} values")


def _sympy(value: Any, depth: int) -> str:
    if getattr(value, "is_Rational", False):
        return _rational(int(value.p), int(value.q))
    if type(value).__name__ in ("FiniteSet", "Tuple") and depth:
        elements = tuple(value.args)
        return as_text(set(elements) if type(value).__name__ == "FiniteSet" else elements, depth)
    if type(value).__name__ in ("BooleanTrue", "BooleanFalse"):
        return str(bool(value))
    if getattr(value, "is_number", False) and value.is_real:
        return _finite(float(value))
    if getattr(value, "is_number", False):
        raise NoAnswer("error:not-finite", f"{type(value).__name__} is no real number")
    raise NoAnswer("error:answer-type", f"{type(value).__name__} is no number: {str(value)[:100]}")

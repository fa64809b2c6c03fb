"""The values that programs compute, as text that `answers.canonical` reads."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

MAX_TEXT: Final = 2000
MAX_NESTING: Final = 4
"""How deep a value may lie in containers of one element: `[{x: 5}]` is what sympy's solve returns."""
_CONTAINERS: Final = (list, tuple, set, frozenset, dict)


def as_text(value: object, depth: int = MAX_NESTING) -> tuple[str | None, str]:
    """A value as text, or `None` with the reason why it is no answer.

    Only exact types count: a program's own class can claim to be equal to anything. A truth value
    is no answer: `ans = total == 5` states a check, not a number, and would count as 1. Of a
    container with one element the element is the answer.
    """
    kind = type(value)
    if kind is int:
        return _integer(value)
    if kind is float:
        return (repr(value), "") if math.isfinite(value) else (None, f"{value} is no number")  # type: ignore[arg-type]
    if kind is Fraction or kind is Decimal:
        return _exact(value)
    if kind is str:
        return str(value)[:MAX_TEXT], ""
    if kind is complex and value.imag == 0:  # type: ignore[attr-defined]
        return as_text(value.real, depth)  # type: ignore[attr-defined]
    if kind in _CONTAINERS:
        return _only_element(value, depth)
    library = kind.__module__.partition(".")[0]
    if library == "numpy":
        return _numpy(value, depth)
    if library == "sympy":
        return _sympy(value, depth)
    return None, f"{kind.__name__} is no number"


def _integer(value: Any) -> tuple[str | None, str]:
    if value.bit_length() > 4 * MAX_TEXT:  # before str(), whose cost is quadratic
        return None, "an integer of thousands of digits"
    return str(value), ""


def _exact(value: Any) -> tuple[str | None, str]:
    if isinstance(value, Decimal):
        return (str(value), "") if value.is_finite() else (None, f"{value} is no number")
    above, _ = _integer(value.numerator)
    below, _ = _integer(value.denominator)
    return (f"{above}/{below}", "") if above and below else (None, "a fraction of thousands of digits")


def _only_element(value: Any, depth: int) -> tuple[str | None, str]:
    if len(value) != 1 or not depth:
        return None, f"a {type(value).__name__} of {len(value)} values"
    (element,) = value.values() if isinstance(value, dict) else value
    return as_text(element, depth - 1)


def _numpy(value: Any, depth: int) -> tuple[str | None, str]:
    if getattr(value, "size", 0) != 1 or not depth:
        return None, f"a numpy {type(value).__name__} of {getattr(value, 'size', 0)} values"
    return as_text(value.item(), depth - 1)


def _sympy(value: Any, depth: int) -> tuple[str | None, str]:
    if getattr(value, "is_Rational", False):
        return _exact(Fraction(int(value.p), int(value.q)))
    if type(value).__name__ in ("FiniteSet", "Tuple") and len(value.args) == 1 and depth:
        return as_text(value.args[0], depth - 1)
    if getattr(value, "is_number", False) and value.is_real:
        return as_text(float(value), depth)
    return None, f"{type(value).__name__} is no number: {str(value)[:100]}"

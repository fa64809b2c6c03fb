"""Unknowns as programs handle them: numbers, except that equations tell their value.

An operation that only rearranges gives another quantity; one that must know the value (`int(x)`,
`if x > 3`, `print(x)`) has the equations stated so far solved.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Protocol

from distill_dsl.runtime.thoughts.equations.evaluation import COMPARISONS
from distill_dsl.runtime.thoughts.equations.values import Value, text_of
from distill_dsl.runtime.thoughts.unknowns.terms import Term, absolute, combined, term_of

NUMBERS: Final = (int, float, Fraction, Decimal)
"""What takes part in arithmetic with unknowns, `bool` included as in Python."""


class Solver(Protocol):
    """What finds values."""

    def value(self, term: Term) -> Value:
        """What a term comes to by the equations stated so far; raises where they do not say."""
        ...


def term(operand: object) -> Term | None:
    """What an operand is in equations; `None` where it is no number."""
    if isinstance(operand, Quantity):
        return operand._term
    return term_of(operand) if isinstance(operand, NUMBERS) else None


def _binary(sign: str, swapped: bool = False) -> Callable[[Quantity, object], Any]:
    def operate(self: Quantity, operand: object) -> Any:
        other = term(operand)
        if other is None:
            return NotImplemented
        return Quantity(
            self._solver, combined(sign, other, self._term) if swapped else combined(sign, self._term, other)
        )

    return operate


def _comparing(sign: str) -> Callable[[Quantity, object], Any]:
    def compare(self: Quantity, operand: object) -> Any:
        other = term(operand)
        return NotImplemented if other is None else Comparison(self._solver, self._term, sign, other)

    return compare


class Comparison:
    """`left SIGN right`: a statement, or, where its truth is asked for, a question."""

    __slots__ = ("_left", "_right", "_sign", "_solver")

    def __init__(self, solver: Solver, left: Term, sign: str, right: Term) -> None:
        self._solver = solver
        self._left = left
        self._sign = sign
        self._right = right

    def __bool__(self) -> bool:
        difference = self._solver.value(combined("-", self._left, self._right))
        return COMPARISONS[self._sign](difference.number)


class Quantity:
    """A number that equations tell, or an expression in such numbers."""

    __slots__ = ("_solver", "_term")

    def __init__(self, solver: Solver, term: Term) -> None:
        self._solver = solver
        self._term = term

    __add__, __radd__ = _binary("+"), _binary("+")
    __sub__, __rsub__ = _binary("-"), _binary("-", swapped=True)
    __mul__, __rmul__ = _binary("*"), _binary("*")
    __truediv__, __rtruediv__ = _binary("/"), _binary("/", swapped=True)
    __floordiv__, __rfloordiv__ = _binary("//"), _binary("//", swapped=True)
    __mod__, __rmod__ = _binary("mod"), _binary("mod", swapped=True)
    __pow__, __rpow__ = _binary("^"), _binary("^", swapped=True)
    __eq__, __ne__ = _comparing("="), _comparing("!=")
    __lt__, __le__ = _comparing("<"), _comparing("<=")
    __gt__, __ge__ = _comparing(">"), _comparing(">=")

    def __hash__(self) -> int:
        return hash(str(self._term))  # not of its place in memory: the order of a set is part of a program's behaviour

    def __neg__(self) -> Quantity:
        return Quantity(self._solver, combined("*", self._term, -1))

    def __pos__(self) -> Quantity:
        return self

    def __abs__(self) -> Quantity:
        return Quantity(self._solver, absolute(self._term))

    def __bool__(self) -> bool:
        return self._number() != 0

    def __int__(self) -> int:
        return int(self._number())

    __trunc__ = __int__

    def __index__(self) -> int:
        number = self._number()
        if number != int(number):
            raise TypeError("a number that is not whole is no index")
        return int(number)

    def __float__(self) -> float:
        return float(self._number())

    def __floor__(self) -> int:
        return math.floor(self._number())

    def __ceil__(self) -> int:
        return math.ceil(self._number())

    def __round__(self, digits: int | None = None) -> int | Quantity:
        exact = Fraction(self._number())
        return round(exact) if digits is None else Quantity(self._solver, term_of(round(exact, digits)))

    def __str__(self) -> str:
        return text_of(self._solver.value(self._term))

    __repr__ = __str__

    def __format__(self, form: str) -> str:
        if not form:
            return str(self)
        number = self._number()
        return format(int(number) if number == int(number) and form[-1] not in "eEfFgG%" else float(number), form)

    def _number(self) -> int | Fraction:
        return self._solver.value(self._term).number

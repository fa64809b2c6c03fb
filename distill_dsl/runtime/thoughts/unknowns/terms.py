"""What stands for a number that equations will tell: exact forms, and postfix code where no form will do."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from distill_dsl.runtime.thoughts.equations.codes import DIVIDE, POWER, Code, Operator
from distill_dsl.runtime.thoughts.equations.evaluation import Waits, applied
from distill_dsl.runtime.thoughts.equations.limits import MAX_TOKENS, Unsolved, too_large
from distill_dsl.runtime.thoughts.equations.polynomials import (
    ARITHMETIC,
    Form,
    Polynomial,
    Quotient,
    Rational,
    power,
    whole,
)

PLUS: Final = Operator("+", 2)
TIMES: Final = Operator("*", 2)
MOST_MEANT: Final = 1_000_000
"""Denominators up to which a float is taken for the fraction that it lies on."""
ROUNDING: Final = 2.0**-50
"""How far, relative to its size, a float lies from what it is meant to be after a few operations."""


class Postfix(NamedTuple):
    """A term that is no quotient of polynomials in the unknowns: `1.05 ** years`, `abs(gain)`."""

    code: Code


Term = Form | Postfix


def term_of(number: int | float | Fraction | Decimal) -> Rational:
    """A number of Python, exactly: a float is the simple fraction that it lies on, else the decimal it is shown as.

    So `1 / 3` is a third, `0.1 + 0.2` three tenths, and systems do not contradict themselves by rounding.
    """
    if isinstance(number, int):
        return whole(int(number))
    if isinstance(number, Fraction):
        return whole(number)
    if not math.isfinite(number):
        raise Unsolved("error:arithmetic", f"{number} is no number")
    if isinstance(number, Decimal):
        return whole(Fraction(number))
    meant = Fraction(number).limit_denominator(MOST_MEANT)
    near = abs(meant - Fraction(number)) <= abs(number) * ROUNDING
    return whole(meant if near else Fraction(repr(number)))


def combined(sign: str, one: Term, other: Term) -> Term:
    """`one sign other`; raises `Unsolved` where it is too large or has no value."""
    if not isinstance(one, Postfix) and not isinstance(other, Postfix):
        if sign in ARITHMETIC:
            return ARITHMETIC[sign](one, other)
        if sign == "^" and type(other) is int:
            return power(one, other)
        if isinstance(one, (int, Fraction)) and isinstance(other, (int, Fraction)):
            try:
                return applied(sign, [one, other])
            except Waits:  # an irrational power: as good as an unknown one
                pass
    return bounded((*code_of(one), *code_of(other), _SIGNS.get(sign) or Operator(sign, 2)))


def absolute(term: Term) -> Term:
    """The term without its sign."""
    if isinstance(term, (int, Fraction)):
        return term if term >= 0 else -term
    return bounded((*code_of(term), Operator("abs", 1)))


def bounded(code: Code) -> Postfix:
    """The code as a term; raises `Unsolved` where it is too long."""
    if len(code) > MAX_TOKENS:
        raise too_large(f"an expression of more than {MAX_TOKENS} parts")
    return Postfix(code)


def code_of(term: Term) -> Code:
    """A term in postfix code, as equations are made of."""
    if isinstance(term, Postfix):
        return term.code
    if isinstance(term, Quotient):
        return (*_polynomial(term.above), *_polynomial(term.below), DIVIDE)
    return _polynomial(term) if isinstance(term, dict) else (term,)


def _polynomial(polynomial: Polynomial) -> Code:
    code: list[int | Fraction | str | Operator] = []
    for monomial, factor in polynomial.items():
        first = not code
        plain = factor == 1 and monomial
        code += monomial[:1] if plain else (factor,)
        for name in monomial[1:] if plain else monomial:
            code += (name, TIMES)
        if not first:
            code.append(PLUS)
    return tuple(code)


_SIGNS: Final = {"+": PLUS, "*": TIMES, "/": DIVIDE, "^": POWER}

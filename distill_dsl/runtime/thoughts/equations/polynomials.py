"""Exact arithmetic on numbers, polynomials and quotients of polynomials over the rationals.

A form is one of three: a rational number (an `int` where it is whole: several times faster than
`Fraction`), a polynomial with at least one unknown, or a quotient whose denominator has one.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Final, NamedTuple

from distill_dsl.runtime.thoughts.equations.limits import (
    MAX_BITS,
    MAX_DEGREE,
    MAX_TERMS,
    Unsolved,
    spend,
    too_large,
)

Rational = int | Fraction
Monomial = tuple[str, ...]
"""Names in order, repeated for powers: `x**2 * y` is `("x", "x", "y")`; the constant is `()`."""
Polynomial = dict[Monomial, Rational]
"""No coefficient is zero."""


class Quotient(NamedTuple):
    """`above / below`, where `below` holds an unknown."""

    above: Polynomial
    below: Polynomial


Form = int | Fraction | Polynomial | Quotient


SMALL_BITS: Final = 128
"""Up to here the size of an integer does not show in the time of an operation."""


def whole(value: Rational) -> Rational:
    """The number as an `int` if it is one, within the size limit."""
    if type(value) is int:
        if (bits := value.bit_length()) > SMALL_BITS:
            weigh(bits)
        return value
    top, bottom = value.numerator, value.denominator
    if (bits := max(top.bit_length(), bottom.bit_length())) > SMALL_BITS:
        weigh(bits)
    return top if bottom == 1 else value


def weigh(bits: int) -> None:
    """Count the work behind a large number, and refuse one that is too large."""
    if bits > MAX_BITS:
        raise too_large("a number grows beyond the limit")
    spend(bits >> 5)  # reducing a fraction of 8,192 bits takes a quarter of a millisecond


def unknown(name: str) -> Polynomial:
    """The polynomial that is one unknown."""
    return {(name,): 1}


def is_number(form: Form) -> bool:
    """Whether the form is a rational number."""
    return type(form) is int or type(form) is Fraction


def names(form: Form) -> set[str]:
    """The unknowns in a form."""
    if isinstance(form, dict):
        return {name for monomial in form for name in monomial}
    if isinstance(form, Quotient):
        return names(form.above) | names(form.below)
    return set()


def degree(polynomial: Polynomial) -> int:
    """Total degree."""
    return max(map(len, polynomial), default=0)


def above(form: Form) -> Polynomial:
    """The form's numerator as a polynomial (zero is the empty one)."""
    if isinstance(form, Quotient):
        return form.above
    if isinstance(form, dict):
        return form
    return {(): form} if form else {}


def below(form: Form) -> Polynomial:
    """The form's denominator as a polynomial."""
    return form.below if isinstance(form, Quotient) else {(): 1}


def lowered(polynomial: Polynomial) -> Form:
    """A polynomial as the simplest form."""
    if not polynomial:
        return 0
    if len(polynomial) == 1 and () in polynomial:
        return polynomial[()]
    return polynomial


def quotient(top: Polynomial, bottom: Polynomial) -> Form:
    """`top / bottom`, with common powers of unknowns and common factors of the whole cancelled."""
    if not bottom:
        raise Unsolved("error:arithmetic", "division by zero")
    if not top:
        return 0
    if len(bottom) == 1 and () in bottom:
        return lowered(scaled(top, Fraction(1, bottom[()])))
    top, bottom = without_common_power(top, bottom)
    if len(bottom) == 1 and () in bottom:
        return lowered(scaled(top, Fraction(1, bottom[()])))
    ratio = proportion(top, bottom)
    return Quotient(top, bottom) if ratio is None else ratio


def without_common_power(top: Polynomial, bottom: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Both divided by the largest monomial that divides every term: `2*x*y, 8*x` is `2*y, 8`."""
    common: Monomial | None = None
    for monomial in (*top, *bottom):
        common = monomial if common is None else shared(common, monomial)
        if not common:
            return top, bottom
    common = common or ()
    return divided(top, common), divided(bottom, common)


def shared(one: Monomial, other: Monomial) -> Monomial:
    """The greatest common divisor of two monomials."""
    rest = list(other)
    kept = []
    for name in one:
        if name in rest:
            rest.remove(name)
            kept.append(name)
    return tuple(kept)


def divided(polynomial: Polynomial, monomial: Monomial) -> Polynomial:
    """The polynomial over a monomial that divides it."""
    spend(len(polynomial))
    result: Polynomial = {}
    for names_, factor in polynomial.items():
        rest = list(names_)
        for name in monomial:
            rest.remove(name)
        result[tuple(rest)] = factor
    return result


def proportion(one: Polynomial, other: Polynomial) -> Rational | None:
    """`one / other` if that is a number."""
    spend(len(one))
    if one.keys() != other.keys():
        return None
    ratio = None
    for monomial, factor in one.items():
        here = Fraction(factor) / other[monomial]
        if ratio is not None and here != ratio:
            return None
        ratio = here
    return None if ratio is None else whole(ratio)


def scaled(polynomial: Polynomial, factor: Rational) -> Polynomial:
    """The polynomial times a number other than zero."""
    spend(len(polynomial))
    return {monomial: whole(own * factor) for monomial, own in polynomial.items()}


def plus(one: Polynomial, other: Polynomial, factor: Rational = 1) -> Polynomial:
    """`one + factor * other`."""
    spend(len(one) // 8 + len(other))
    result = dict(one)
    for monomial, own in other.items():
        total = whole(result.get(monomial, 0) + own * factor)
        if total:
            result[monomial] = total
        else:
            del result[monomial]
    if len(result) > MAX_TERMS:
        raise too_large("an expression has too many terms")
    return result


def product(one: Polynomial, other: Polynomial) -> Polynomial:
    """`one * other`."""
    if len(one) * len(other) > MAX_TERMS or degree(one) + degree(other) > MAX_DEGREE:
        raise too_large("a product of unknowns grows beyond the limit")
    spend(len(one) * len(other))
    result: Polynomial = {}
    for left, own in one.items():
        for right, factor in other.items():
            monomial = tuple(sorted(left + right)) if left and right else left + right
            total = whole(result.get(monomial, 0) + own * factor)
            if total:
                result[monomial] = total
            else:
                result.pop(monomial, None)
    return result


def add(one: Form, other: Form, sign: int = 1) -> Form:
    """`one + sign * other`."""
    if isinstance(one, (int, Fraction)) and isinstance(other, (int, Fraction)):
        return whole(one + other if sign == 1 else one - other)
    if not isinstance(one, Quotient) and not isinstance(other, Quotient):
        return lowered(plus(above(one), above(other), sign))
    top = plus(product(above(one), below(other)), product(above(other), below(one)), sign)
    return quotient(top, product(below(one), below(other)))


def subtract(one: Form, other: Form) -> Form:
    """`one - other`."""
    return add(one, other, -1)


def multiply(one: Form, other: Form) -> Form:
    """`one * other`."""
    if isinstance(one, (int, Fraction)):
        if isinstance(other, (int, Fraction)):
            return whole(one * other)
        one, other = other, one
    if isinstance(other, (int, Fraction)) and isinstance(one, dict):
        return scaled(one, other) if other else 0
    if isinstance(one, dict) and isinstance(other, dict):
        return lowered(product(one, other))
    return quotient(product(above(one), above(other)), product(below(one), below(other)))


def divide(one: Form, other: Form) -> Form:
    """`one / other`."""
    if isinstance(other, (int, Fraction)):
        if other == 0:
            raise Unsolved("error:arithmetic", "division by zero")
        if type(one) is int and type(other) is int:
            return whole(Fraction(one, other))
        return multiply(one, Fraction(1, other))
    return quotient(product(above(one), below(other)), product(below(one), above(other)))


def power(base: Form, exponent: int) -> Form:
    """`base ** exponent` for a whole exponent."""
    if isinstance(base, (int, Fraction)):
        return number_power(base, exponent)
    if abs(exponent) * max(degree(above(base)), degree(below(base))) > MAX_DEGREE:
        raise too_large("a power of unknowns grows beyond the limit")
    result: Form = 1
    for _ in range(abs(exponent)):
        result = multiply(result, base)
    return divide(1, result) if exponent < 0 else result


def number_power(base: Rational, exponent: int) -> Rational:
    """`base ** exponent` of numbers, refused before it is computed where it would be too large."""
    if base == 0 and exponent < 0:
        raise Unsolved("error:arithmetic", "division by zero")
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if base not in (0, 1, -1) and (bits - 1) * abs(exponent) > MAX_BITS:
        raise too_large("a power grows beyond the limit")
    if base == -1:
        exponent %= 2
    return whole(Fraction(base) ** exponent) if base not in (0, 1) or exponent == 0 else base


def substituted(form: Form, name: str, value: Form) -> Form:
    """The form with `value` in place of the unknown `name`."""
    if isinstance(form, dict):
        return in_polynomial(form, name, value)
    if isinstance(form, Quotient):
        return divide(in_polynomial(form.above, name, value), in_polynomial(form.below, name, value))
    return form


def in_polynomial(polynomial: Polynomial, name: str, value: Form) -> Form:
    """As `substituted`, term by term; terms of the same power are collected first."""
    spend(len(polynomial))
    by_power: dict[int, Polynomial] = {}
    for monomial, factor in polynomial.items():
        count = monomial.count(name)
        rest = tuple(own for own in monomial if own != name) if count else monomial
        by_power.setdefault(count, {})[rest] = factor
    result = lowered(by_power.pop(0, {}))
    for count, rest_terms in by_power.items():
        factor_form = value if count == 1 else power(value, count)
        result = add(result, multiply(lowered(rest_terms), factor_form))
    return result


ARITHMETIC: dict[str, Callable[[Form, Form], Form]] = {"+": add, "-": subtract, "*": multiply, "/": divide}
"""Operator -> function of two forms."""

"""Postfix code to forms, given what is known of the unknowns."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

from distill_dsl.runtime.thoughts.equations.codes import Choice, Code
from distill_dsl.runtime.thoughts.equations.limits import MAX_BITS, Unsolved, spend, too_large
from distill_dsl.runtime.thoughts.equations.polynomials import (
    ARITHMETIC,
    Form,
    Rational,
    add,
    multiply,
    power,
    subtract,
    unknown,
    whole,
)


class Waits(Exception):
    """A function or exponent cannot be evaluated before its operands have values, or is not rational."""


def evaluate(code: Code, known: Mapping[str, Form]) -> Form:
    """The form of the code; a name that is not known stands for itself. Raises `Waits`, `Unsolved`."""
    stack: list[Form] = []
    for item in code:
        if isinstance(item, str):
            form = known.get(item)
            stack.append(unknown(item) if form is None else form)
        elif isinstance(item, (int, Fraction)):
            stack.append(item)
        elif isinstance(item, Choice):
            spend(5 + len(item.condition))
            stack.append(evaluate(item.then if decided(item.condition, known) else item.otherwise, known))
        elif item.operands == 2:
            right = stack.pop()
            function = ARITHMETIC.get(item.name)
            stack[-1] = function(stack[-1], right) if function else applied(item.name, [stack[-1], right])
        elif item.name == "negative":
            stack[-1] = multiply(stack[-1], -1)
        else:
            operands = stack[-item.operands :]
            del stack[-item.operands :]
            stack.append(applied(item.name, operands))
    return stack[0]


def decided(condition: Code, known: Mapping[str, Form]) -> bool:
    """Whether a condition holds. Raises `Waits` where that is not known yet."""
    form = evaluate(condition, known)
    if isinstance(form, (int, Fraction)):
        return form != 0
    raise Waits


def applied(name: str, operands: list[Form]) -> Form:
    """A power, comparison or function of forms."""
    if name == "^" and type(operands[1]) is int:
        return power(operands[0], operands[1])
    if name in COMPARISONS:
        difference = subtract(operands[0], operands[1])
        if isinstance(difference, (int, Fraction)):
            return int(COMPARISONS[name](difference))
        raise Waits
    if name == "sum":
        return total(operands)
    numbers = [operand for operand in operands if isinstance(operand, (int, Fraction))]
    if len(numbers) < len(operands):
        raise Waits
    return FUNCTIONS[name](*numbers)


def total(operands: list[Form]) -> Form:
    """The sum of forms."""
    result: Form = 0
    for operand in operands:
        result = add(result, operand)
    return result


def root_power(base: Rational, exponent: Rational) -> Rational:
    """`base ** exponent` where the exponent is a fraction and the result rational."""
    if base < 0:
        raise Unsolved("error:arithmetic", "a root of a negative number")
    if base in (0, 1) and exponent > 0:
        return base
    if max(abs(exponent.numerator), exponent.denominator) > MAX_BITS:
        raise too_large("an exponent is beyond the limit")
    top = whole_root(base.numerator, exponent.denominator)
    bottom = whole_root(base.denominator, exponent.denominator)
    if top is None or bottom is None:
        raise Waits
    result = power(Fraction(top, bottom), exponent.numerator)
    assert isinstance(result, (int, Fraction))
    return result


def whole_root(value: int, degree: int) -> int | None:
    """The whole `degree`-th root of a number that has one."""
    if degree == 2:
        root = math.isqrt(value)
        return root if root * root == value else None
    if value <= 1 or degree > value.bit_length():
        return value if value <= 1 else None
    spend(value.bit_length() >> 2)
    low, high = 1, 1 << (value.bit_length() // degree + 1)
    while low < high:
        middle = (low + high) // 2
        if middle**degree < value:
            low = middle + 1
        else:
            high = middle
    return low if low**degree == value else None


def rounded(value: Rational, digits: Rational = 0) -> Rational:
    """Rounded half up, as word problems mean it (not to even, as Python does)."""
    if type(digits) is not int or abs(digits) > 30:
        raise Unsolved("error:arithmetic", "rounding to a number of digits that is not sensible")
    unit = Fraction(10) ** digits
    scaled = value * unit
    half_up = math.floor(abs(scaled) + Fraction(1, 2))
    return whole(Fraction(half_up if scaled >= 0 else -half_up) / unit)


def modulo(value: Rational, divisor: Rational) -> Rational:
    """The remainder with the divisor's sign."""
    return whole(value - divisor * floor_quotient(value, divisor))


def floor_quotient(value: Rational, divisor: Rational) -> Rational:
    """How many times the divisor goes into the value, rounded down."""
    if divisor == 0:
        raise Unsolved("error:arithmetic", "division by zero")
    return math.floor(Fraction(value) / divisor)


def whole_operands(function: Callable[..., int]) -> Callable[..., Rational]:
    """A function of whole numbers, which refuses others."""

    def refusing(*values: Rational) -> Rational:
        if any(type(value) is not int for value in values):
            raise Unsolved("error:arithmetic", f"{function.__name__} of what is no whole number")
        return function(*values)

    return refusing


COMPARISONS: Final[dict[str, Callable[[Rational], bool]]] = {
    "<": lambda difference: difference < 0,
    "<=": lambda difference: difference <= 0,
    ">": lambda difference: difference > 0,
    ">=": lambda difference: difference >= 0,
    "==": lambda difference: difference == 0,
    "=": lambda difference: difference == 0,
    "!=": lambda difference: difference != 0,
}
"""Sign -> whether it holds, given left less right."""
FUNCTIONS: Final[dict[str, Callable[..., Rational]]] = {
    "^": root_power,
    "//": floor_quotient,
    "mod": modulo,
    "and": lambda one, other: int(one != 0 and other != 0),
    "or": lambda one, other: int(one != 0 or other != 0),
    "gcd": whole_operands(math.gcd),
    "lcm": whole_operands(math.lcm),
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
    "ceil": math.ceil,
    "floor": math.floor,
    "int": math.trunc,
    "round": rounded,
    "abs": abs,
    "sqrt": lambda value: root_power(value, Fraction(1, 2)),
}
"""Name -> function of numbers."""

"""Irrational values of expressions in numbers only, as decimals: `sqrt(2) * 5` needs no symbolic solver.

Everything is computed twice, with 50 and with 80 digits; what does not agree to 30 is left alone, and
so is a step function or comparison so near its edge that the digits do not decide it.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

from distill_dsl.runtime.thoughts.equations.codes import Choice, Code, Operator, Relation, lone_name
from distill_dsl.runtime.thoughts.equations.elimination import State, is_rounding, rounds_to
from distill_dsl.runtime.thoughts.equations.evaluation import COMPARISONS, Waits
from distill_dsl.runtime.thoughts.equations.limits import spend
from distill_dsl.runtime.thoughts.equations.polynomials import Form, Polynomial, Quotient, names
from distill_dsl.runtime.thoughts.equations.values import Value

PRECISIONS: Final = (50, 80)
AGREEMENT: Final = Decimal("1e-30")
"""Relative difference of the two results that is let pass."""
EDGE: Final = Decimal("1e-25")
"""Nearer to zero or to a whole number than this, a value may be that number."""
WHOLE: Final = Decimal("1e20")
"""Up to here a result without decimals is a whole number."""
HALF: Final = Decimal("0.5")
ROUNDING: Final = {"ceil": decimal.ROUND_CEILING, "floor": decimal.ROUND_FLOOR, "int": decimal.ROUND_DOWN}


def approximations(state: State, pending: Sequence[Relation], answer: str) -> dict[str, Value] | None:
    """The answer and the other unknowns that the equations define in numbers only, or nothing."""
    try:
        rough, fine = (computed(state, pending, answer, Context(prec=digits)) for digits in PRECISIONS)
    except (Waits, decimal.DecimalException):
        return None
    if any(abs(rough[name] - fine[name]) > AGREEMENT * abs(fine[name]) for name in fine):
        return None
    return {name: value_of(rough[name], value) for name, value in fine.items()}


def value_of(rough: Decimal, fine: Decimal) -> Value:
    """A whole number, as steps give it, or a decimal."""
    if rough == fine == fine.to_integral_value() and abs(fine) < WHOLE:
        return Value(int(fine))
    return Value(None, format(fine, ".30g"))


def computed(state: State, pending: Sequence[Relation], answer: str, context: Context) -> dict[str, Decimal]:
    """The values at one precision; raises `Waits` where an equation is no definition in numbers."""
    values: dict[str, Decimal] = {}
    left = list(pending)
    with decimal.localcontext(context):
        while left:
            waiting = [relation for relation in left if not defined(relation, state.known, values)]
            if len(waiting) == len(left):
                raise Waits
            left = waiting
        found = {
            name: of_name(name, state.known, values) for name in state.open if names(state.known[name]) <= set(values)
        }
        return {**values, **dict(sorted(found.items())), answer: of_name(answer, state.known, values)}


def defined(relation: Relation, known: Mapping[str, Form], values: dict[str, Decimal]) -> bool:
    """Take the value of a name from its equation, unless that has to wait for another's."""
    name = lone_name(relation.left)
    if name is None or name in known or name in values or relation.guards:
        raise Waits
    try:
        values[name] = of_code(relation.right, known, values)
    except KeyError:
        return False
    return True


def contradicted(state: State, pending: Sequence[Relation]) -> Relation | None:
    """The first equation whose two sides are numbers that differ."""
    for relation in pending:
        try:
            with decimal.localcontext(Context(prec=PRECISIONS[0])):
                left = of_code(relation.left, state.known, {})
                difference = abs(left - of_code(relation.right, state.known, {}))
                if relation.guards or difference <= EDGE * max(abs(left), Decimal(1)):
                    continue
        except (Waits, KeyError, decimal.DecimalException):
            continue
        value = state.known.get(lone_name(relation.left) or "")
        small = Fraction(difference) if difference < 1 else Fraction(1)  # which no rounding explains
        if not is_rounding(relation, small) and not rounds_to(value, small):
            return relation
    return None


def of_code(code: Code, known: Mapping[str, Form], values: Mapping[str, Decimal]) -> Decimal:
    """The value of a code; `KeyError` where a name has none yet."""
    spend(2 * len(code))
    stack: list[Decimal] = []
    for item in code:
        if isinstance(item, str):
            stack.append(of_name(item, known, values))
        elif isinstance(item, (int, Fraction)):
            stack.append(of_number(item))
        elif isinstance(item, Choice):
            holds = of_code(item.condition, known, values) != 0
            stack.append(of_code(item.then if holds else item.otherwise, known, values))
        elif isinstance(item, Operator):
            operands = stack[-item.operands :]
            del stack[-item.operands :]
            stack.append(applied(item.name, operands))
    return stack[0]


def of_number(number: int | Fraction) -> Decimal:
    """A rational number at the working precision."""
    return Decimal(number.numerator) / Decimal(number.denominator)


def of_name(name: str, known: Mapping[str, Form], values: Mapping[str, Decimal]) -> Decimal:
    """The value of a name, which may be known as a polynomial in others."""
    form = known.get(name)
    if form is None:
        return values[name]
    if isinstance(form, Quotient):
        return of_polynomial(form.above, values) / off_edge(of_polynomial(form.below, values))
    return of_number(form) if isinstance(form, (int, Fraction)) else of_polynomial(form, values)


def of_polynomial(polynomial: Polynomial, values: Mapping[str, Decimal]) -> Decimal:
    """The value of a polynomial; `KeyError` where a name has none yet."""
    total = Decimal(0)
    for monomial, factor in polynomial.items():
        total += of_number(factor) * math.prod((values[own] for own in monomial), start=Decimal(1))
    return total


def applied(name: str, operands: list[Decimal]) -> Decimal:
    """One operator or function."""
    if name in COMPARISONS:
        difference = operands[0] - operands[1]
        return Decimal(COMPARISONS[name](1 if off_edge(difference) > 0 else -1))
    match name, operands:
        case "+", [left, right]:
            return left + right
        case "-", [left, right]:
            return left - right
        case "*", [left, right]:
            return left * right
        case "/", [left, right]:
            return left / off_edge(right)
        case "negative", [only]:
            return -only
        case "sqrt", [only] if off_edge(only) > 0:
            return only.sqrt()
        case "^", [base, exponent] if off_edge(base) > 0:
            return base**exponent
        case "abs", [only]:
            return abs(only)
        case "min", _:
            return min(operands)
        case "max", _:
            return max(operands)
        case (("ceil" | "floor" | "int"), [only]):
            return stepped(only, ROUNDING[name])
        case "round", [only]:
            return stepped(only + HALF.copy_sign(only), decimal.ROUND_DOWN)
        case "round", [only, digits] if digits in range(-20, 21):
            scaled = only.scaleb(int(digits))
            return stepped(scaled + HALF.copy_sign(only), decimal.ROUND_DOWN).scaleb(-int(digits))
        case "//", [left, right]:
            return stepped(left / off_edge(right), decimal.ROUND_FLOOR)
        case "mod", [left, right]:
            return left - right * stepped(left / off_edge(right), decimal.ROUND_FLOOR)
        case _:
            raise Waits


def stepped(value: Decimal, rounding: str) -> Decimal:
    """The whole number that a step function gives, unless the value is too near a step."""
    off_edge(value - value.to_integral_value())
    return value.to_integral_value(rounding)


def off_edge(value: Decimal) -> Decimal:
    """The value, unless it may as well be zero."""
    if abs(value) < EDGE:
        raise Waits
    return value

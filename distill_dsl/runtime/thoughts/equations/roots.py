"""What elimination leaves, case by case: rational roots, pieces of functions, unknowns behind a factor.

Each case is tried on its own; equations that a case contradicts drop it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from distill_dsl.runtime.thoughts.equations.codes import POWER, Choice, Code, Operator, Relation
from distill_dsl.runtime.thoughts.equations.elimination import Contradiction, State, is_rounding, reduce
from distill_dsl.runtime.thoughts.equations.evaluation import Waits, decided, evaluate, whole_root
from distill_dsl.runtime.thoughts.equations.limits import MAX_BRANCHES, Unsolved, spend, too_large
from distill_dsl.runtime.thoughts.equations.pieces import piece_cases
from distill_dsl.runtime.thoughts.equations.polynomials import (
    Polynomial,
    Rational,
    above,
    is_number,
    lowered,
    names,
    quotient,
    scaled,
    subtract,
    whole,
)

Open = tuple[State, list[Relation]]
"""A case and the equations that it leaves unused (none, where it is solved)."""

NEGATIVE: Final = Operator("negative", 1)
SQRT: Final = Operator("sqrt", 1)
PLUS: Final = Operator("+", 2)
TIMES: Final = Operator("*", 2)
FEW_BRANCHES: Final = 8
"""Cases tried where the answer has a value already, lest the other equations contradict one another."""


def cases(state: State, equations: Sequence[Relation], answer: str) -> list[Open]:
    """All cases of a system. Raises `Contradiction` or `Unsolved` where there is none."""
    found: list[Open] = []
    waiting: list[Open] = [(state, list(equations))]
    failure: Exception | None = None
    tried = 0
    while waiting:
        current, pending = waiting.pop(0)
        tried += 1
        if tried > MAX_BRANCHES:
            raise too_large("too many cases")
        try:
            pending = reduce(current, pending)
            wanted = tried <= FEW_BRANCHES or not has_value(current, answer)
            branches = split(current, pending) if pending and wanted else None
            if branches is None:
                check(current, equations)
                found.append((current, pending))
            else:
                waiting += branches
        except (Contradiction, Unsolved) as problem:
            if isinstance(problem, Unsolved) and problem.failure == "error:limit":
                raise
            failure = failure or problem
    if not found and failure:
        raise failure
    return found


def has_value(state: State, answer: str) -> bool:
    """Whether the answer has a value, so that what is left bears on other unknowns."""
    return answer in state.known and is_number(state.known[answer])


def check(state: State, equations: Sequence[Relation]) -> None:
    """Drop a case whose steps, such as multiplying by a denominator, let in what is no solution."""
    if state.checked:
        return
    for equation in equations:
        spend(len(equation.left) + len(equation.right))
        try:
            if not all(decided(guard.condition, state.known) == guard.wanted for guard in equation.guards):
                continue
            difference = subtract(evaluate(equation.left, state.known), evaluate(equation.right, state.known))
        except Waits:
            continue
        if isinstance(difference, (int, Fraction)) and difference and not is_rounding(equation, difference):
            raise Contradiction(equation, difference)
    for guard in state.assumed:
        try:
            holds = decided(guard.condition, state.known)
        except Waits:
            continue
        if holds != guard.wanted:
            raise Unsolved(
                "error:inconsistent", "no case of the functions in pieces, or of the branches, fits its values"
            )


def open_conditions(state: State) -> bool:
    """Whether something that this case takes for granted cannot be checked."""
    for guard in state.assumed:
        try:
            decided(guard.condition, state.known)
        except Waits:
            return True
    return False


def split(state: State, pending: Sequence[Relation]) -> list[Open] | None:
    """The cases of the first equation that can be split, or nothing."""
    polynomials = []
    for equation in pending:
        spend(len(equation.left) + len(equation.right))
        try:
            if not all(decided(guard.condition, state.known) == guard.wanted for guard in equation.guards):
                continue
            difference = subtract(evaluate(equation.left, state.known), evaluate(equation.right, state.known))
        except Waits:
            continue
        polynomials.append((equation, above(difference)))
    for equation, polynomial in polynomials:
        if len(used := names(polynomial)) == 1 and (roots := rational_roots(polynomial)) is not None:
            if not roots:
                raise Unsolved("error:inconsistent", f"line {equation.statement.line}: no real number satisfies it")
            state.checked = False
            return [(with_value(state, used.copy().pop(), root), list(pending)) for root in roots]
    for equation, polynomial in polynomials:
        if len(used := names(polynomial)) == 1 and (codes := irrational_roots(polynomial)):
            name, others = used.copy().pop(), [one for one in pending if one is not equation]
            state.checked = False
            return [(state.copy(), [*others, Relation((name,), "=", code, equation.statement)]) for code in codes]
    if (by_pieces := piece_cases(state, pending)) is not None:
        return by_pieces
    for equation, polynomial in polynomials:
        if (branches := divided_out(state, polynomial)) is not None:
            return [(branch, [*pending, *zero_equation(factor, equation)]) for branch, factor in branches]
    return None


def with_value(state: State, name: str, value: Rational) -> State:
    """A copy of the state in which the unknown has the value."""
    branch = state.copy()
    branch.define(name, value)
    return branch


def rational_roots(polynomial: Polynomial) -> list[Rational] | None:
    """Real roots of a polynomial in one unknown; nothing where they are not rational or hard to find.

    It may be quadratic in a power of the unknown, as `x^3 = 27` and `x^4 - 5*x^2 + 4 = 0` are.
    """
    factors = {len(monomial): factor for monomial, factor in polynomial.items()}
    lowest = min(factors)
    roots: list[Rational] = [0] if lowest else []
    factors = {exponent - lowest: factor for exponent, factor in factors.items()}
    step = math.gcd(*factors)
    if step == 0:
        return roots
    powers = quadratic_roots({exponent // step: factor for exponent, factor in factors.items()})
    if powers is None:
        return None
    for value in powers:
        if value > 0 or step % 2:
            root = rational_root(value, step)
            if root is None:
                return None
            roots += [root] if step % 2 else [-root, root]
    return roots


def quadratic_roots(factors: dict[int, Rational]) -> list[Rational] | None:
    """Real roots of a polynomial of degree one or two; nothing where it is higher or they are not rational."""
    if max(factors) == 1:
        return [whole(-Fraction(factors[0]) / factors[1])]
    if max(factors) > 2:
        return None
    a, b, c = (Fraction(factors.get(exponent, 0)) for exponent in (2, 1, 0))
    discriminant = b * b - 4 * a * c
    if discriminant < 0:
        return []
    square = Fraction(math.isqrt(discriminant.numerator), math.isqrt(discriminant.denominator))
    if square * square != discriminant:
        return None
    return sorted({whole((-b + sign * square) / (2 * a)) for sign in (1, -1)})


def irrational_roots(polynomial: Polynomial) -> list[Code]:
    """The real roots of a quadratic, or of `x^n = number`, as codes that are left to be computed; else none."""
    factors = {len(monomial): Fraction(factor) for monomial, factor in polynomial.items()}
    highest = max(factors)
    if min(factors) > 0 or highest < 2:
        return []
    if len(factors) == 2 and highest != 1:
        value = -factors[0] / factors[highest]
        root: Code = (abs(value), Fraction(1, highest), POWER)
        if highest % 2:
            return [root if value > 0 else (*root, NEGATIVE)]
        return [(*root, NEGATIVE), root]
    if highest > 2:
        return []
    middle, half = -factors[1] / (2 * factors[2]), 1 / (2 * factors[2])
    discriminant = factors[1] ** 2 - 4 * factors[2] * factors[0]
    return [(middle, sign * abs(half), whole(discriminant), SQRT, TIMES, PLUS) for sign in (-1, 1)]


def rational_root(value: Rational, degree: int) -> Rational | None:
    """The real root of a number that has a rational one; of a negative number the degree is odd."""
    top = whole_root(abs(value.numerator), degree)
    bottom = whole_root(value.denominator, degree)
    return None if top is None or bottom is None else whole(Fraction(top if value > 0 else -top, bottom))


def divided_out(state: State, polynomial: Polynomial) -> list[tuple[State, Polynomial]] | None:
    """The cases of an equation that is linear in some unknown: `x * factor = rest` is `x = rest / factor`.

    The factor is taken as not zero: a rate, price or share that a text divides by. Where the rest is
    zero it may be zero as well as the unknown; such a case comes with the factor that it sets to zero.
    """
    for name in sorted(names(polynomial)):
        with_name = {monomial: factor for monomial, factor in polynomial.items() if name in monomial}
        if any(monomial.count(name) > 1 for monomial in with_name):
            continue
        factor = {tuple(other for other in monomial if other != name): own for monomial, own in with_name.items()}
        rest = {monomial: own for monomial, own in polynomial.items() if monomial not in with_name}
        state.checked = False
        if not rest:
            return [(with_value(state, name, 0), {}), (state.copy(), factor)]
        branch = state.copy()
        if not is_number(lowered(factor)):
            branch.notes.append(f"taking the factor of `{name}` as not zero")
        branch.define(name, quotient(scaled(rest, -1), factor))
        return [(branch, {})]
    return None


def zero_equation(factor: Polynomial, equation: Relation) -> list[Relation]:
    """That a factor of an equation is zero, as an equation."""
    if not factor:
        return []
    code: list[int | Fraction | str | Operator | Choice] = [0]
    for monomial, number in factor.items():
        code += [number, *(item for name in monomial for item in (name, TIMES)), PLUS]
    return [Relation(tuple(code), "=", (0,), equation.statement)]

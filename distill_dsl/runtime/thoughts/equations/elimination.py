"""Solving by substitution: each equation that is linear in a free unknown defines it.

For linear equations this is exact Gauss-Jordan elimination: definitions are kept in terms of free
unknowns only, so that a new equation is reduced as it is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from distill_dsl.runtime.thoughts.equations.codes import DIVIDE, POWER, Guard, Relation, lone_name, names_in
from distill_dsl.runtime.thoughts.equations.evaluation import Waits, decided, evaluate
from distill_dsl.runtime.thoughts.equations.limits import MAX_UNKNOWNS, spend, too_large
from distill_dsl.runtime.thoughts.equations.polynomials import (
    Form,
    Polynomial,
    Quotient,
    Rational,
    above,
    degree,
    divide,
    is_number,
    lowered,
    names,
    substituted,
    subtract,
)
from distill_dsl.runtime.thoughts.equations.values import decimal_places


@dataclass
class State:
    """What is known so far. `known` maps a name to a number or to a form in free unknowns."""

    known: dict[str, Form] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    """Names in `known` whose form still holds free unknowns."""
    free: set[str] = field(default_factory=set)
    """Free unknowns that occur in a definition."""
    checked: bool = True
    """Whether every step so far keeps exactly the solutions; if not, a check of all equations is due."""
    notes: list[str] = field(default_factory=list)
    """What was assumed on the way, for a reader."""
    assumed: list[Guard] = field(default_factory=list)
    """Conditions that this case takes to hold or to fail, to be checked once they can be."""

    def copy(self) -> State:
        """An independent copy, for trying one of several roots."""
        spend(len(self.known))
        return State(
            dict(self.known), set(self.open), set(self.free), self.checked, list(self.notes), list(self.assumed)
        )

    def define(self, name: str, form: Form) -> None:
        """Set a free unknown equal to a form in other free unknowns."""
        if name in self.free:
            self.free.discard(name)
            for user in sorted(self.open):
                old = self.known[user]
                spend(1 + len(above(old)) // 4)
                if name in names(old):
                    self.keep(user, substituted(old, name, form))
        self.keep(name, form)

    def keep(self, name: str, form: Form) -> None:
        """Record a definition."""
        self.known[name] = form
        if is_number(form):
            self.open.discard(name)
            return
        self.open.add(name)
        self.free |= names(form)
        self.checked = self.checked and not isinstance(form, Quotient)
        if len(self.free) > MAX_UNKNOWNS:
            raise too_large(f"more than {MAX_UNKNOWNS} unknowns at one time")


class Contradiction(Exception):
    """An equation that no values satisfy, given the others."""

    def __init__(self, relation: Relation, difference: Rational) -> None:
        super().__init__(relation.statement.text)
        self.relation = relation
        self.difference = difference


def reduce(state: State, equations: Iterable[Relation]) -> list[Relation]:
    """Use the equations until none defines anything more; returns those that are left."""
    pending = list(equations)
    while True:
        left = [equation for equation in pending if not use(state, equation)]
        if len(left) == len(pending) or not left:
            return left
        pending = left


def use(state: State, equation: Relation) -> bool:
    """Use one equation if it is a definition, a check, or linear in some unknown."""
    spend(3 + len(equation.left) + len(equation.right))
    try:
        if equation.guards and not all(decided(one.condition, state.known) == one.wanted for one in equation.guards):
            return True
        if state.checked and may_divide(equation, state):
            state.checked = False
        right = evaluate(equation.right, state.known)
        if (name := lone_name(equation.left)) and name not in state.known and name not in names(right):
            state.define(name, right)
            return True
        difference = subtract(evaluate(equation.left, state.known), right)
    except Waits:
        return False
    if isinstance(difference, (int, Fraction)):
        if difference and not is_rounding(equation, difference):
            raise Contradiction(equation, difference)
        if difference:
            state.notes.append(f"line {equation.statement.line}: a decimal taken as rounded")
        return True
    state.checked = state.checked and not isinstance(difference, Quotient)
    return use_polynomial(state, above(difference))


LONG_DECIMAL: Final = 4
"""Places up to which a value is no reason for rounding: `x = 1.2` contradicts `x = 1.24`."""


def is_rounding(equation: Relation, difference: Rational) -> bool:
    """Whether one side is a decimal, and the other rounds to it, as in `x = 10/3 = 3.33`."""
    return any(len(code) == 1 and rounds_to(code[0], difference) for code in (equation.left, equation.right))


def rounds_to(item: object, difference: Rational) -> bool:
    """Whether an item of a code is a decimal that rounds what differs from it by so much."""
    if not isinstance(item, Fraction):
        return False
    size = Fraction(difference if difference > 0 else -difference)
    places = decimal_places(item.denominator)
    exact = decimal_places((item + size).denominator)
    if places is None or (exact is not None and exact <= LONG_DECIMAL):
        return False
    return size <= Fraction(1, 2) / Fraction(10**places)


def may_divide(equation: Relation, state: State) -> bool:
    """Whether something not known yet may stand below a fraction line, where it must not come out as zero.

    What cancels, as in `x / x`, leaves no trace in a form.
    """
    for code in (equation.left, equation.right):
        if len(code) > 2:
            for item in code:
                if item is DIVIDE or item is POWER:
                    return any(not is_number(state.known.get(name, {})) for name in names_in(code))
    return False


def use_polynomial(state: State, polynomial: Polynomial) -> bool:
    """Define an unknown that stands in one term only, alone, with a number before it."""
    name = isolated(polynomial, state.free)
    if name is None:
        return False
    rest = dict(polynomial)
    factor = rest.pop((name,))
    spend(len(polynomial))
    state.define(name, divide(lowered(rest), -factor))
    return True


def isolated(polynomial: Polynomial, used: set[str]) -> str | None:
    """An unknown that occurs in one term only, and there alone.

    The first that no other definition uses, so that what stays free is what the text calls unknown.
    """
    linear = [monomial[0] for monomial in polynomial if len(monomial) == 1]
    if degree(polynomial) > 1:
        elsewhere = {name for monomial in polynomial if len(monomial) > 1 for name in monomial}
        linear = [name for name in linear if name not in elsewhere]
    return next((name for name in linear if name not in used), linear[0] if linear else None)

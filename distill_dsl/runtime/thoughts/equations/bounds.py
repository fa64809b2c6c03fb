"""An answer that only inequalities tie down: how many can be had at most, or are needed at least."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from distill_dsl.runtime.thoughts.equations.codes import Relation
from distill_dsl.runtime.thoughts.equations.elimination import State
from distill_dsl.runtime.thoughts.equations.evaluation import Waits, decided, evaluate
from distill_dsl.runtime.thoughts.equations.limits import Unsolved
from distill_dsl.runtime.thoughts.equations.polynomials import Form, Rational, degree, is_number, subtract

FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class Bound(NamedTuple):
    """`unknown SIGN limit`."""

    sign: str
    limit: Rational


def extreme(state: State, name: str, bounds: Sequence[Relation]) -> tuple[int, str] | None:
    """The whole number that bounds leave for a free unknown, and how it was chosen; nothing where they leave it open.

    Bounded from above only (`price * tickets <= money`; that it is not negative goes without saying), the
    largest is meant, from below only the smallest; between two bounds it must be the only one.
    """
    found = [bound for relation in bounds if (bound := bound_on(state, name, relation))]
    above = [last_within(bound) for bound in found if bound.sign in ("<", "<=")]
    below = [first_within(bound) for bound in found if bound.sign in (">", ">=")]
    largest, smallest = min(above, default=None), max(below, default=None)
    if largest is not None and (smallest is None or smallest <= 1):
        return (largest, f"`{name}` taken as the largest whole number within the bounds") if largest >= 0 else None
    if smallest is not None and largest is None:
        return (smallest, f"`{name}` taken as the smallest whole number within the bounds") if smallest > 1 else None
    if smallest is not None and smallest == largest:
        return smallest, f"`{name}` taken as the only whole number within the bounds"
    return None


def bound_on(state: State, name: str, relation: Relation) -> Bound | None:
    """What a relation says of the unknown alone, if it does so linearly."""
    form = difference(state, relation)
    if relation.sign not in FLIPPED or not isinstance(form, dict) or degree(form) != 1:
        return None
    if any(monomial not in ((), (name,)) for monomial in form):
        return None
    factor = form[(name,)]
    return Bound(relation.sign if factor > 0 else FLIPPED[relation.sign], -Fraction(form.get((), 0)) / factor)


def difference(state: State, relation: Relation) -> Form | None:
    """Left less right, if the relation counts and can be evaluated."""
    try:
        if not all(decided(guard.condition, state.known) == guard.wanted for guard in relation.guards):
            return None
        form = subtract(evaluate(relation.left, state.known), evaluate(relation.right, state.known))
    except (Waits, Unsolved):
        return None
    return None if is_number(form) else form


def last_within(bound: Bound) -> int:
    """The largest whole number below the limit."""
    return math.ceil(bound.limit) - 1 if bound.sign == "<" else math.floor(bound.limit)


def first_within(bound: Bound) -> int:
    """The smallest whole number above the limit."""
    return math.floor(bound.limit) + 1 if bound.sign == ">" else math.ceil(bound.limit)

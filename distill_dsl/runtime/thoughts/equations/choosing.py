"""Which of several solutions is meant, by rules that are recorded with the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from distill_dsl.runtime.thoughts.equations.codes import Relation
from distill_dsl.runtime.thoughts.equations.evaluation import COMPARISONS, Waits, decided, evaluate
from distill_dsl.runtime.thoughts.equations.limits import Unsolved
from distill_dsl.runtime.thoughts.equations.values import Value, text_of

ANSWERS: Final = ("ans", "answer")
"""Names of the unknown that is asked for, in any case; the first that occurs counts."""
RESULTS: Final = ("result", "final_answer")
"""Names that count where there is none of those, and no sentence says what the answer is."""


@dataclass(frozen=True)
class Candidate:
    """One solution: the answer, and the values of all unknowns that have one."""

    answer: Value
    values: Mapping[str, Value]
    open: bool = False
    """Whether it rests on a condition that its values do not decide."""


Rule = tuple[str, Callable[[Candidate], bool]]
"""How a reader is told of it, and whether a solution keeps to it."""


def chosen_of(candidates: Sequence[Candidate], bounds: Sequence[Relation]) -> tuple[Candidate, str]:
    """The solution that is meant, with the rule that told it from the others.

    Stated bounds (`x > 0`) come first, and no solution may break one. Where the unknowns are named as
    quantities, none is negative; of what is left, solutions in positive and then in whole numbers are
    preferred. A bare `x**2 = 4` says nothing of this kind and stays ambiguous.
    """
    if len(candidates) == 1 and not bounds:
        return candidates[0], ""
    left = [one for one in candidates if all(holds(bound, one) for bound in bounds)]
    if not left:
        raise broken(candidates[0], bounds)
    several = len(by_answer(candidates))
    found = by_answer(left)
    if len(found) == 1:
        within = f"the only one of {several} solutions within the stated bounds" if several > 1 else ""
        return common(left), within
    if any(one.open for one in left):
        raise Unsolved("no-answer", "not enough equations to tell which branch or piece counts")
    for rule, accepts in rules_for(left):
        left = [one for one in left if accepts(one)] or left
        found = by_answer(left)
        if len(found) == 1:
            return common(left), f"the only one of {several} solutions {rule}"
    raise Unsolved("error:ambiguous", f"several solutions: {', '.join(found)}")


def by_answer(candidates: Sequence[Candidate]) -> list[str]:
    """The different answers, in order."""
    return list(dict.fromkeys(text_of(one.answer) for one in candidates))


def common(candidates: Sequence[Candidate]) -> Candidate:
    """What solutions with the same answer agree on."""
    first, *others = sorted(candidates, key=lambda one: one.open)
    values = {
        name: value for name, value in first.values.items() if all(one.values.get(name) == value for one in others)
    }
    return Candidate(first.answer, values)


def broken(candidate: Candidate, bounds: Sequence[Relation]) -> Unsolved:
    """No solution keeps to the stated bounds."""
    statement = next(bound for bound in bounds if not holds(bound, candidate)).statement
    return Unsolved("error:inconsistent", f"the solution breaks line {statement.line}: `{statement.text[:60]}`")


def rules_for(candidates: Sequence[Candidate]) -> list[Rule]:
    """The rules that a system gives reason for, in order."""
    if not any_quantity(name for one in candidates for name in one.values):
        return []
    return [
        ("without negative quantities", lambda one: all(value.number >= 0 for value in one.values.values())),
        ("in positive quantities", lambda one: all(value.number > 0 for value in one.values.values())),
        ("in whole numbers", lambda one: all(is_whole(value.number) for value in one.values.values())),
    ]


def is_whole(number: int | Fraction) -> bool:
    """Whether a number is whole."""
    return number == int(number)


def any_quantity(names: Iterable[str]) -> bool:
    """Whether a name says what is counted or measured (`apples`, not `x`)."""
    return any(name.lower() not in (*ANSWERS, *RESULTS) and sum(sign.isalpha() for sign in name) >= 3 for name in names)


def holds(bound: Relation, candidate: Candidate) -> bool:
    """Whether a solution satisfies a bound, as far as it has values for it."""
    values = {name: value.number for name, value in candidate.values.items()}
    try:
        if not all(decided(guard.condition, values) == guard.wanted for guard in bound.guards):
            return True
        left, right = evaluate(bound.left, values), evaluate(bound.right, values)
    except (Waits, Unsolved):
        return True
    if not (isinstance(left, (int, Fraction)) and isinstance(right, (int, Fraction))):
        return True
    return COMPARISONS[bound.sign](left - right)

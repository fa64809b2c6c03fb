"""Which strategies and mixes differ, and which cannot be told apart: a point on 300 problems is noise.

Two families of comparisons, each corrected for its number after Holm (1979): within a group every
strategy against the paper's cascade, and within a student every mix's headline against the best.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import scored_file
from distill_dsl.contract.strategies import Cascade, Single, strategy_key
from distill_dsl.runtime.reports.choices import Answers, Choices, read_answers, same_problems
from distill_dsl.runtime.reports.results import Group, Results, title_of
from distill_dsl.runtime.strategies.comparing import Comparison, compare, compare_seeds

LEVEL: Final = 0.05
"""Adjusted p-values below it are a difference."""


class Side(NamedTuple):
    """A group of runs with the strategy that answers for it."""

    group: Group
    strategy: str


@dataclass(frozen=True)
class Contest:
    """`a` against `b` on one test, over the same problems and all seeds."""

    a: Side
    b: Side
    test: str
    found: Comparison
    adjusted: float
    """The p-value after Holm, within the family."""

    @property
    def verdict(self) -> str:
        """The outcome in words."""
        if self.adjusted >= LEVEL:
            return "cannot be told apart"
        return "better" if self.found.difference > 0 else "worse"


def compare_cells(one: str, strategy: str, other: str, rival: str, test: str) -> Comparison:
    """Any two solved cells (`table-etd-small-s1`), each with a strategy's key, on a test that both answered."""
    a, b = cell_answers(one, strategy, test), cell_answers(other, rival, test)
    if not same_problems([a, b]):
        raise Failure(f"{one} and {other} answered different problems of {test}", where=str(scored_file(other)))
    return compare(a.right, b.right)


def cell_answers(cell: str, strategy: str, test: str) -> Answers:
    """What one strategy of one solved cell answered on a test."""
    found = read_answers(cell).get(title_of(test), {}).get(strategy)
    if found is None:
        raise Failure(f"{cell} has no answers of {strategy} on {test}", where=str(scored_file(cell)))
    return found


Pair = tuple[Side, Side, str]
"""Two sides and a test."""


def strategy_contests(results: Results, choices: Choices) -> list[Contest]:
    """Every real strategy of a group against the group's reference, on each test."""
    pairs = (
        (Side(group, key), Side(group, reference(results, group)), test)
        for group in results.groups
        for key in results.strategies_of(group)
        if key not in results.oracles
        for test in results.tests
    )
    return contests(results, choices, pairs)


def mix_contests(results: Results, choices: Choices) -> list[Contest]:
    """Every group's headline against that of the best group of its student, on each test."""
    pairs = (
        (Side(group, results.headline(group)), best(results, group.names[0], test), test)
        for group in results.groups
        for test in results.tests
    )
    return contests(results, choices, pairs)


def reference(results: Results, group: Group) -> str:
    """The cascade, which is the paper's; else the first strategy of several formats, else the first of all."""
    usable = results.strategies_of(group)
    able = [one for one in results.settings.answers if strategy_key(one) in usable]
    real = [one for one in able if strategy_key(one) not in results.oracles] or able
    wanted: Sequence[Callable[[object], bool]] = (
        lambda one: isinstance(one, Cascade),
        lambda one: not isinstance(one, Single),
        lambda one: True,
    )
    return next(strategy_key(one) for fits in wanted for one in real if fits(one))


def best(results: Results, student: str, test: str) -> Side:
    """The student's group with the highest headline accuracy on a test; of equals the first."""
    rows = [
        row
        for row in results.rows
        if (row.group.names[0], row.test) == (student, test) and row.strategy == results.headline(row.group)
    ]
    top = max(rows, key=lambda row: row.accuracy)
    return Side(top.group, top.strategy)


def contests(results: Results, choices: Choices, pairs: Iterable[Pair]) -> list[Contest]:
    """A family: nobody against itself, and only pairs that answered the same problems."""
    family = []
    for a, b, test in pairs:
        if a == b:
            continue
        rows_a, rows_b = (answers(results, choices, side, test) for side in (a, b))
        if same_problems([*rows_a, *rows_b]):
            found = compare_seeds([one.right for one in rows_a], [one.right for one in rows_b])
            family.append(Contest(a, b, test, found, found.p_value))
    adjusted = holm([one.found.p_value for one in family])
    return [replace(one, adjusted=value) for one, value in zip(family, adjusted, strict=True)]


def answers(results: Results, choices: Choices, side: Side, test: str) -> list[Answers]:
    """One strategy's answers, one a seed."""
    return [choices[run][test][side.strategy] for run in results.runs_of(side.group)]


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values after Holm's step-down correction: the chance that any of the family is called different wrongly."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted

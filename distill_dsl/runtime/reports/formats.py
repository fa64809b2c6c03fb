"""Which formats solve which problems, and whether the answer of the formats that do is the one that is taken.

A problem is counted once a seed and sample: the first samples of all formats stand side by side, then the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from distill_dsl.contract.files import read_rows, scored_file
from distill_dsl.contract.records import Record
from distill_dsl.contract.vocabulary import Outcome
from distill_dsl.runtime.reports.results import Group, Results, title_of, unique


class Written(Record, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What is needed of a `Judged` thought."""

    thought: str
    sample: int = 0
    verdict: str


class Picked(Record, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What is needed of a `Choice`."""

    verdict: str


class Solved(Record, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What is needed of a `Scored` row."""

    test: str
    thoughts: tuple[Written, ...]
    choices: dict[str, Picked]


@dataclass(frozen=True)
class Combination:
    """The problems that exactly these formats solve."""

    formats: tuple[str, ...]
    """In the order of the mix; none where no format solves them."""
    share: float
    """Of all problems, the mean over seeds and samples."""
    taken: float
    """Of all problems: those of them of which the headline strategy gives the right answer."""


@dataclass(frozen=True)
class FormatSets:
    """One group on one test."""

    group: Group
    test: str
    formats: tuple[str, ...]
    problems: int
    combinations: tuple[Combination, ...]
    """From all formats down to none, those alone that occur; their shares add up to 1."""

    def share(self, *formats: str) -> float:
        """The share of the problems that exactly these formats solve."""
        return sum(one.share for one in self.combinations if set(one.formats) == set(formats))

    @property
    def missed(self) -> float:
        """The share that some format solves and the headline strategy does not: what a better choice could gain."""
        return sum(one.share - one.taken for one in self.combinations if one.formats)


def read_format_sets(results: Results) -> tuple[FormatSets, ...]:
    """Of every group that writes several formats."""
    found: list[FormatSets] = []
    for group in results.groups:
        formats = unique(row.thought for row in results.formats if row.group == group)
        if len(formats) > 1:
            found += group_sets(results, group, formats)
    return tuple(found)


def group_sets(results: Results, group: Group, formats: Sequence[str]) -> Iterable[FormatSets]:
    """One group on each test, all seeds together."""
    headline = results.headline(group)
    counts: dict[str, Counter[tuple[tuple[str, ...], bool]]] = {test: Counter() for test in results.tests}
    for run in results.runs_of(group):
        for row in read_rows(scored_file(run.solved(results.experiment)), Solved):
            if title_of(row.test) in counts:
                taken = row.choices[headline].verdict == Outcome.CORRECT
                counts[title_of(row.test)].update((solvers, taken) for solvers in side_by_side(row, formats))
    problems = {row.test: row.problems for row in results.rows if row.group == group}
    for test, counted in counts.items():
        yield FormatSets(group, test, tuple(formats), problems[test], combinations(counted, formats))


def side_by_side(row: Solved, formats: Sequence[str]) -> list[tuple[str, ...]]:
    """For each sample the formats that solve the problem by it."""
    right: dict[int, set[str]] = {}
    for one in row.thoughts:
        solvers = right.setdefault(one.sample, set())
        if one.verdict == Outcome.CORRECT:
            solvers.add(one.thought)
    return [tuple(name for name in formats if name in solvers) for _, solvers in sorted(right.items())]


def combinations(counted: Counter[tuple[tuple[str, ...], bool]], formats: Sequence[str]) -> tuple[Combination, ...]:
    """From all formats down to none; among as many, in the order of the formats."""
    total = counted.total()
    found = sorted({solvers for solvers, _ in counted}, key=lambda one: (-len(one), [formats.index(n) for n in one]))
    return tuple(
        Combination(one, (counted[one, True] + counted[one, False]) / total, counted[one, True] / total)
        for one in found
    )

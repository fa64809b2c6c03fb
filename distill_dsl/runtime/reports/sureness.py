"""How sure strategies say they are of each answer, and whether it is right: what curves and their files hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from distill_dsl.runtime.reports.choices import Choices
from distill_dsl.runtime.reports.results import Group, Results
from distill_dsl.runtime.strategies.reliability import Bin, RiskPoint, reliability, risk_coverage

BINS: Final = 10

POINTS: Final = 50
"""Most points of a risk-coverage curve in a file: with thousands of problems each has its own."""


class Pairs(NamedTuple):
    """Every problem of a test and every seed."""

    sure: list[float]
    right: list[bool]


def certain(results: Results, choices: Choices, group: Group) -> list[str]:
    """The real strategies of a group that say how sure they are, on every test and seed."""
    runs = results.runs_of(group)
    return [
        key
        for key in results.strategies_of(group)
        if key not in results.oracles and all(one[key].tells for run in runs for one in choices[run].values())
    ]


def pairs_of(results: Results, choices: Choices, group: Group, test: str, key: str) -> Pairs:
    """One strategy of a group on a test."""
    found = [choices[run][test][key] for run in results.runs_of(group)]
    return Pairs([value for one in found for value in one.certainty], [value for one in found for value in one.right])


def telling(results: Results, choices: Choices) -> Iterator[tuple[Group, str, str, Pairs]]:
    """All there is: group, test, strategy, and its pairs."""
    for group in results.groups:
        for test in results.tests:
            for key in certain(results, choices, group):
                yield group, test, key, pairs_of(results, choices, group, test, key)


def stated_bins(pairs: Pairs) -> list[Bin]:
    """Answers by how sure they are; an unanswered problem states nothing: it is no point at 0."""
    answered = [(sure, right) for sure, right in zip(*pairs, strict=True) if sure > 0]
    return reliability([sure for sure, _ in answered], [right for _, right in answered], BINS)


def few_points(pairs: Pairs, most: int = POINTS) -> list[RiskPoint]:
    """The risk-coverage curve; of many points the last of each equal step of coverage, which are points as measured."""
    points = risk_coverage(*pairs)
    if len(points) <= most:
        return points
    last = {min(int(point.coverage * most), most - 1): point for point in points[:-1]}
    return [*(last[step] for step in sorted(last) if step < most - 1), points[-1]]

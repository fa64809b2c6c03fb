"""How far a strategy knows when it is right: risk against coverage, and stated against found shares.

`sure` is what a strategy says of its answer (0 to 1), `right` whether the answer is gold's; both in
the same order of problems. A problem without an answer is none of the strategy's: leave it in with
`sure` 0, so that it is the first not to be covered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class RiskPoint(NamedTuple):
    """What answering only the surest problems comes to."""

    coverage: float
    """Share of the problems answered, above 0."""
    risk: float
    """Share of those that are wrong."""
    sure: float
    """How sure the least sure of them is: the threshold that gives this point."""


@dataclass(frozen=True)
class Bin:
    """Answers that are about as sure."""

    low: float
    high: float
    """Bounds of `sure`: from `low`, below `high`; the last bin holds 1 too."""
    sure: float
    """Mean of `sure`."""
    right: float
    """Share that is right."""
    count: int


def risk_coverage(sure: Sequence[float], right: Sequence[bool]) -> list[RiskPoint]:
    """The risk-coverage curve (El-Yaniv and Wiener 2010), by rising coverage: a point for each value of `sure`.

    Equally sure answers are covered together: no order among them is made up.
    """
    pairs = sorted(zip(sure, right, strict=True), key=lambda pair: -pair[0])
    points, wrong = [], 0
    for place, (value, is_right) in enumerate(pairs, start=1):
        wrong += not is_right
        if place == len(pairs) or pairs[place][0] != value:
            points.append(RiskPoint(place / len(pairs), wrong / place, value))
    return points


def aurc(sure: Sequence[float], right: Sequence[bool]) -> float:
    """Area under the risk-coverage curve (Geifman and others 2019): the mean risk over all coverages, 0 is best.

    Where answers are equally sure, their mean risk over all their orders is taken: wrong ones come in evenly.
    """
    total, before, wrong = 0.0, 0, 0.0
    count = len(sure)
    for point in risk_coverage(sure, right):
        covered = round(point.coverage * count)
        rate = (point.risk * covered - wrong) / (covered - before)
        total += sum((wrong + rate * step) / (before + step) for step in range(1, covered - before + 1))
        before, wrong = covered, point.risk * covered
    return total / count if count else 0.0


def reliability(sure: Sequence[float], right: Sequence[bool], bins: int = 10) -> list[Bin]:
    """Answers by equal steps of `sure`, the empty bins left out (a reliability diagram, Guo and others 2017)."""
    held: dict[int, list[tuple[float, bool]]] = {}
    for value, is_right in zip(sure, right, strict=True):
        held.setdefault(min(int(value * bins), bins - 1), []).append((value, is_right))
    return [
        Bin(
            low=place / bins,
            high=(place + 1) / bins,
            sure=sum(value for value, _ in pairs) / len(pairs),
            right=sum(is_right for _, is_right in pairs) / len(pairs),
            count=len(pairs),
        )
        for place, pairs in sorted(held.items())
    ]


def ece(sure: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error: by how much stated and found shares differ in the mean, over `reliability`'s bins."""
    found = reliability(sure, right, bins)
    return sum(one.count * abs(one.sure - one.right) for one in found) / len(sure) if found else 0.0

"""How sure a measured accuracy is: over problems (Wilson) and over seeds (deviation).

Written out here, since ten lines do not justify a statistics package among the dependencies.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Final, NamedTuple

Z_95: Final = 1.959963984540054
"""The 97.5 % point of the normal distribution: 2.5 % lie outside on each side."""


class Interval(NamedTuple):
    """A share (0 to 1) between its 95 % bounds."""

    value: float
    low: float
    high: float


def wilson(right: float, problems: int, z: float = Z_95) -> Interval:
    """The share `right / problems` with its Wilson score interval (1927), never outside 0 to 1.

    `right` may be a mean over seeds. No problems at all is no knowledge: 0 between 0 and 1.
    """
    if problems == 0:
        return Interval(0.0, 0.0, 1.0)
    share = right / problems
    spread = z * z / problems
    centre = (share + spread / 2) / (1 + spread)
    half = z * sqrt(share * (1 - share) / problems + spread / (4 * problems)) / (1 + spread)
    # The bounds enclose the share; rounding in the square root must not undo that at 0 and 1.
    return Interval(share, max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half)))


def average(parts: Sequence[Interval]) -> Interval:
    """The unweighted mean of independent shares; its bounds by the square-and-add method (MOVER)."""
    if not parts:
        return Interval(0.0, 0.0, 1.0)
    count = len(parts)
    value = sum(part.value for part in parts) / count
    below = sqrt(sum((part.value - part.low) ** 2 for part in parts)) / count
    above = sqrt(sum((part.high - part.value) ** 2 for part in parts)) / count
    return Interval(value, max(0.0, value - below), min(1.0, value + above))


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean of at least one value."""
    return sum(values) / len(values)


def deviation(values: Sequence[float]) -> float | None:
    """The sample standard deviation (n - 1); `None` for a single value, which has none."""
    if len(values) < 2:
        return None
    centre = mean(values)
    return sqrt(sum((value - centre) ** 2 for value in values) / (len(values) - 1))

"""The mean over several tests, each counting alike however many problems it has: the report's `average`.

The interval is a bootstrap that draws the problems of each test anew. The p-value is that of the
sign-flip test over all problems (see `strategies.comparing`), drawn and not exact: problems of tests of
other sizes weigh otherwise, so that the law of their sum has too many values to be put together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from distill_dsl.runtime.strategies.comparing import DRAWS, Comparison, alone

Rows = Sequence[Sequence[bool]]
"""One row a seed, one answer a problem."""

NEAR: Final = 1e-9
"""Sums of shares that differ by less are equal: they were added in another order."""


def compare_means(pairs: Sequence[tuple[Rows, Rows]], seed: int = 1) -> Comparison:
    """`a` against `b` on several tests; `pairs` holds what both have right on each, over the same problems."""
    tables = [(np.array(a, dtype=np.int64), np.array(b, dtype=np.int64)) for a, b in pairs]  # (seeds, problems) each
    differences = [a.mean(axis=0) - b.mean(axis=0) for a, b in tables]  # (problems,) each
    random = np.random.default_rng(seed)
    drawn = np.mean([redrawn(one, random) for one in differences], axis=0)  # (draws,)
    low, high = np.quantile(drawn, [0.025, 0.975])
    found = float(np.mean([one.mean() for one in differences]))
    turned = np.mean([flipped(one, random) for one in differences], axis=0)  # (draws,)
    p_value = (1 + int((np.abs(turned) >= abs(found) - NEAR).sum())) / (1 + DRAWS)
    only = [alone(a, b) for a, b in tables]
    return Comparison(
        found, float(low), float(high), p_value, only_a=sum(a for a, _ in only), only_b=sum(b for _, b in only)
    )


def redrawn(values: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """(draws,): the mean of `values` (problems,) when problems are drawn anew; few values differ."""
    distinct, counts = np.unique(values.round(9), return_counts=True)
    drawn: NDArray[np.float64] = random.multinomial(len(values), counts / len(values), size=DRAWS) @ distinct
    return drawn / len(values)


def flipped(values: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """(draws,): the mean of `values` (problems,) when each may as well have the other sign."""
    sizes, counts = np.unique(np.abs(values).round(9), return_counts=True)
    turned = np.zeros(DRAWS)
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        if size:
            turned += size * (2 * random.binomial(count, 0.5, size=DRAWS) - count)
    return turned / len(values)

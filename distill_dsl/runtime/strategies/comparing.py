"""Whether one run answers more problems than another, or whether that is chance.

Both answered the same problems, so that differences are looked at problem by problem: an interval
by a bootstrap over problems (Efron and Tibshirani 1993, chapter 13) and a p-value by McNemar's exact
test, which looks only at problems that exactly one of the two has right. Problems are the units,
also over several seeds: more seeds answer the same problems again, and narrow only what is due to
training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from distill_dsl.contract.failure import Failure

DRAWS: Final = 10_000
"""Resamples of the problems: the bounds then move by about a twentieth of the interval's width at most."""


class Comparison(NamedTuple):
    """Run `a` against run `b` on the same problems. Shares are 0 to 1, and positive where `a` is better."""

    difference: float
    """Accuracy of `a` minus that of `b`."""
    low: float
    high: float
    """95 % interval of the difference."""
    p_value: float
    """How often chance alone gives a difference at least as large, were both equally good (two-sided)."""
    only_a: int
    """Problems that only `a` has right; over several seeds, problems and seeds."""
    only_b: int


def compare(right_a: Sequence[bool], right_b: Sequence[bool], seed: int = 1) -> Comparison:
    """Two runs, each one answer a problem, in the same order of problems; McNemar's exact test."""
    return compare_seeds([right_a], [right_b], seed)


def compare_seeds(rows_a: Sequence[Sequence[bool]], rows_b: Sequence[Sequence[bool]], seed: int = 1) -> Comparison:
    """Two groups of runs: `rows_a[i][j]` says whether seed `i` of `a` has problem `j` right.

    The p-value is that of an exact sign-flipping permutation test of the mean over seeds: if both are
    equally good, each problem's difference may as well be reversed, all its seeds together. With one
    seed each it is McNemar's. `seed` is of the bootstrap. The groups may have different numbers of seeds.
    """
    a, b = table(rows_a), table(rows_b)  # (seeds, problems)
    if a.shape[1] != b.shape[1]:
        raise misfit(f"{a.shape[1]} and {b.shape[1]} problems")
    # Whole numbers, so that equal differences are equal: 1/3 + 1/3 - 2/3 is not 0 to a computer.
    scaled = a.sum(axis=0) * len(b) - b.sum(axis=0) * len(a)  # (problems,)
    difference = scaled / (len(a) * len(b))
    only_a, only_b = alone(a, b)
    return Comparison(
        float(difference.mean()), *bootstrap(difference, seed), flipped(scaled), only_a=only_a, only_b=only_b
    )


def table(rows: Sequence[Sequence[bool]]) -> NDArray[np.int64]:
    """Right (1) or not (0) by seed and problem."""
    if not rows or not rows[0] or len({len(row) for row in rows}) > 1:
        raise misfit("no problems" if not rows or not rows[0] else "seeds with different problems")
    return np.array(rows, dtype=np.int64)


def misfit(what: str) -> Failure:
    """Two runs that did not answer the same problems."""
    return Failure(
        f"runs cannot be compared: they have {what}",
        help="compare runs that answered the same tests",
    )


def alone(a: NDArray[np.int64], b: NDArray[np.int64]) -> tuple[int, int]:
    """How many problems only `a` and only `b` has right; seeds in pairs where both have as many."""
    seeds = min(len(a), len(b))
    a, b = a[:seeds], b[:seeds]
    return int((a > b).sum()), int((b > a).sum())


def bootstrap(values: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """95 % percentile interval of the mean of `values` (problems,) when problems are drawn anew."""
    # Few values differ, so that how often each is drawn is drawn at once: the same law, without places.
    distinct, counts = np.unique(values, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(values), counts / len(values), size=DRAWS)
    low, high = np.quantile(drawn @ distinct / len(values), [0.025, 0.975])
    return float(low), float(high)


def flipped(differences: NDArray[np.int64]) -> float:
    """Two-sided p-value of the sum of `differences` (problems,) when each may as well have the other sign.

    Exact: the law of the sum is put together from how often each size of a difference occurs. Where
    all are -1, 0 or 1, this is McNemar's exact test.
    """
    from scipy.stats import binom

    sizes, counts = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    law = np.ones(1)  # probability of the sum, from its least to its greatest value
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        spread = np.zeros(2 * size * count + 1)
        spread[:: 2 * size] = binom.pmf(np.arange(count + 1), count, 0.5)
        law = np.convolve(law, spread)
    away = np.abs(np.arange(len(law)) - len(law) // 2)
    return float(min(1.0, law[away >= abs(int(differences.sum()))].sum()))

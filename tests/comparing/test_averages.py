"""Differences of the mean over several tests, each of which counts alike."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from distill_dsl.runtime.comparing.averages import compare_means
from distill_dsl.runtime.strategies.comparing import DRAWS, compare_seeds

SMALL = ([[True, True, True, False]], [[False, False, True, True]])
LARGE = ([[True] * 7 + [False] * 3], [[False] * 2 + [True] * 3 + [False] * 5])


def exact(pairs: list[tuple[list[list[bool]], list[list[bool]]]]) -> float:
    """Of all ways to turn signs, the share with a mean at least as far from 0."""
    weighted = [
        value / len(found)
        for found in (np.mean(a, axis=0) - np.mean(b, axis=0) for a, b in pairs)
        for value in found.tolist()
    ]
    moved = [value for value in weighted if value]
    sums = [abs(sum(s * v for s, v in zip(signs, moved, strict=True))) for signs in product((1, -1), repeat=len(moved))]
    return sum(one >= abs(sum(moved)) - 1e-9 for one in sums) / len(sums)


def test_each_test_counts_alike() -> None:
    found = compare_means([SMALL, LARGE])
    assert found.difference == pytest.approx((0.25 + 0.4) / 2)
    assert found.low < found.difference < found.high
    assert (found.only_a, found.only_b) == (2 + 4, 1)


def test_the_p_value_is_that_of_all_turned_signs() -> None:
    wanted = exact([SMALL, LARGE])
    assert compare_means([SMALL, LARGE]).p_value == pytest.approx(wanted, abs=4 * (wanted / DRAWS) ** 0.5)


def test_seeds_of_a_problem_turn_together() -> None:
    a = [[True, True, False, True, True, False], [True, False, True, True, True, False]]
    b = [[False, True, False, False, True, False], [True, False, False, False, False, True]]
    wanted = exact([(a, b), SMALL])
    assert compare_means([(a, b), SMALL]).p_value == pytest.approx(wanted, abs=4 * (wanted / DRAWS) ** 0.5)


def test_of_one_test_it_says_what_the_exact_test_says() -> None:
    random = np.random.default_rng(5)
    a, b = ((random.random((2, 200)) < share).tolist() for share in (0.55, 0.45))
    drawn, found = compare_means([(a, b)]), compare_seeds(a, b)
    assert drawn.difference == pytest.approx(found.difference)
    assert drawn.p_value == pytest.approx(found.p_value, abs=0.01)
    assert (drawn.low, drawn.high) == pytest.approx((found.low, found.high), abs=0.005)


def test_the_same_is_the_same_and_doing_it_again_gives_the_same() -> None:
    same = compare_means([(SMALL[0], SMALL[0]), (LARGE[1], LARGE[1])])
    assert same == (0.0, 0.0, 0.0, 1.0, 0, 0)
    assert compare_means([SMALL, LARGE]) == compare_means([SMALL, LARGE])

"""Paired comparisons against a statistics package, against a bootstrap written out, and laws."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.strategies.comparing import compare, compare_seeds

answers = st.integers(1, 40).flatmap(
    lambda n: st.tuples(*(st.lists(st.booleans(), min_size=n, max_size=n) for _ in range(2)))
)
groups = st.integers(1, 8).flatmap(
    lambda n: st.tuples(
        *(st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=1, max_size=3) for _ in range(2))
    )
)


def drawn(seed: int, count: int, share: float) -> list[bool]:
    source = random.Random(seed)
    return [source.random() < share for _ in range(count)]


@given(answers)
@settings(deadline=None)
def test_one_seed_is_mcnemars_exact_test(pair: tuple[list[bool], list[bool]]) -> None:
    a, b = pair
    found = compare(a, b)
    only_a = sum(x and not y for x, y in zip(a, b, strict=True))
    only_b = sum(y and not x for x, y in zip(a, b, strict=True))
    assert (found.only_a, found.only_b) == (only_a, only_b)
    expected = binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1.0
    assert found.p_value == pytest.approx(expected)
    assert found.difference == pytest.approx((only_a - only_b) / len(a))


@given(groups)
@settings(deadline=None)
def test_several_seeds_are_a_permutation_test_over_problems(groups: tuple[list[list[bool]], list[list[bool]]]) -> None:
    """All ways to swap the two runs on whole problems, counted one by one."""
    rows_a, rows_b = groups
    differences = [
        sum(a) * len(rows_b) - sum(b) * len(rows_a)
        for a, b in zip(zip(*rows_a, strict=True), zip(*rows_b, strict=True), strict=True)
    ]
    sums = [
        abs(sum(sign * one for sign, one in zip(signs, differences, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    extreme = sum(one >= abs(sum(differences)) for one in sums) / len(sums)
    assert compare_seeds(rows_a, rows_b).p_value == pytest.approx(extreme)


@given(groups)
@settings(deadline=None)
def test_the_other_way_round_everything_mirrors(groups: tuple[list[list[bool]], list[list[bool]]]) -> None:
    there, back = compare_seeds(*groups), compare_seeds(*reversed(groups))
    assert back.difference == pytest.approx(-there.difference)
    assert (back.only_a, back.only_b, back.p_value) == (there.only_b, there.only_a, pytest.approx(there.p_value))
    assert -1 <= there.low <= there.high <= 1


def test_the_interval_is_that_of_drawing_problems_anew() -> None:
    a, b = drawn(1, 300, 0.9), drawn(2, 300, 0.8)
    difference = np.array(a, dtype=float) - np.array(b, dtype=float)
    source = np.random.default_rng(7)
    means = [source.choice(difference, size=300).mean() for _ in range(10_000)]
    found = compare(a, b)
    assert (found.low, found.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.005)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    """Two runs of which one is right on 80 %, the other on 70 % of 200 problems, 200 times."""
    covered = 0
    for seed in range(200):
        found = compare(drawn(2 * seed, 200, 0.8), drawn(2 * seed + 1, 200, 0.7))
        covered += found.low <= 0.1 <= found.high
    assert 180 <= covered <= 198


def test_more_seeds_of_the_same_answers_are_no_more_evidence() -> None:
    a, b = drawn(1, 200, 0.8), drawn(2, 200, 0.7)
    once, thrice = compare(a, b), compare_seeds([a] * 3, [b] * 3)
    assert (thrice.difference, thrice.p_value) == pytest.approx((once.difference, once.p_value))
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high))
    assert (thrice.only_a, thrice.only_b) == (3 * once.only_a, 3 * once.only_b)


def test_the_same_question_has_the_same_answer() -> None:
    a, b = drawn(1, 100, 0.8), drawn(2, 100, 0.7)
    assert compare(a, b, seed=3) == compare(a, b, seed=3)
    assert compare(a, b, seed=3).p_value == compare(a, b, seed=4).p_value


def test_a_thousand_problems_with_a_clear_winner_are_no_chance() -> None:
    found = compare([True] * 1000, [index % 10 > 0 for index in range(1000)])
    assert found.p_value == pytest.approx(2 * 0.5**100)
    assert (found.difference, found.only_a, found.only_b) == (0.1, 100, 0)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([[True]], [[True, False]], "1 and 2 problems"),
        ([[True], [True, False]], [[True]], "seeds with different problems"),
        ([], [[True]], "no problems"),
        ([[]], [[]], "no problems"),
    ],
)
def test_runs_that_answered_other_problems_are_not_compared(
    a: list[list[bool]], b: list[list[bool]], message: str
) -> None:
    with pytest.raises(Failure, match=message):
        compare_seeds(a, b)

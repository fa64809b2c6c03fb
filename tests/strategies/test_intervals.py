"""Intervals against published figures and laws."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.runtime.strategies.intervals import Interval, average, deviation, mean, wilson


@pytest.mark.parametrize(
    ("right", "problems", "low", "high"),
    [
        # scipy.stats.binomtest(right, problems).proportion_ci(method="wilson")
        (0, 10, 0.0, 0.27753279),
        (10, 10, 0.72246721, 1.0),
        (81, 263, 0.25528893, 0.36620958),
        (1, 3, 0.06149194, 0.79234040),
    ],
)
def test_wilson_agrees_with_a_statistics_package(right: int, problems: int, low: float, high: float) -> None:
    found = wilson(right, problems)
    assert found == pytest.approx((right / problems, low, high), abs=1e-6)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_share_and_mirrors(case: tuple[int, int]) -> None:
    right, problems = case
    value, low, high = wilson(right, problems)
    assert 0 <= low <= value <= high <= 1
    mirrored = wilson(problems - right, problems)
    assert (low, high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low))


@given(st.integers(0, 50))
def test_more_problems_narrow_the_interval(right: int) -> None:
    few, many = wilson(right, 50), wilson(right * 4, 200)
    assert many.high - many.low < few.high - few.low


def test_no_problems_is_no_knowledge() -> None:
    assert wilson(0, 0) == Interval(0.0, 0.0, 1.0)


def test_the_average_of_tests_is_surer_than_any_of_them() -> None:
    one = wilson(50, 100)
    both = average([one, one])
    assert both.value == 0.5
    assert both.high - both.value == pytest.approx((one.high - one.value) / 2**0.5)
    assert average([one]) == pytest.approx(one)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_mean_and_deviation_over_seeds(values: list[float]) -> None:
    assert mean(values) == pytest.approx(statistics.mean(values))
    assert deviation(values) == pytest.approx(statistics.stdev(values), abs=1e-12)


def test_one_seed_has_no_deviation() -> None:
    assert deviation([0.5]) is None

"""Risk-coverage curves and calibration: cases worked out by hand, and laws."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.runtime.strategies.reliability import Bin, RiskPoint, aurc, ece, reliability, risk_coverage

pairs = st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]), st.booleans()), min_size=1, max_size=30)


def test_a_curve_by_hand() -> None:
    sure, right = [0.9, 0.5, 0.8, 0.5], [True, False, True, True]
    assert risk_coverage(sure, right) == [
        RiskPoint(0.25, 0.0, 0.9),
        RiskPoint(0.5, 0.0, 0.8),
        RiskPoint(1.0, 0.25, 0.5),
    ]
    # Of the two equally sure ones one is wrong: half a mistake after three, one after four.
    assert aurc(sure, right) == pytest.approx((0 + 0 + 0.5 / 3 + 1 / 4) / 4)


@given(pairs)
def test_the_last_point_covers_all_and_its_risk_is_the_error(found: list[tuple[float, bool]]) -> None:
    sure, right = zip(*found, strict=True)
    points = risk_coverage(sure, right)
    assert points[-1].coverage == 1.0
    assert points[-1].risk == pytest.approx(1 - sum(right) / len(right))
    assert [point.coverage for point in points] == sorted(point.coverage for point in points)


@given(pairs)
def test_neither_measure_depends_on_the_order_of_problems(found: list[tuple[float, bool]]) -> None:
    for measure in (aurc, ece):
        assert measure(*zip(*found, strict=True)) == pytest.approx(measure(*zip(*sorted(found), strict=True)))


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_among_equally_sure_answers_the_area_is_the_mean_over_all_orders(right: list[bool]) -> None:
    orders = list(itertools.permutations(right))
    places = [index / 10 for index in range(len(right), 0, -1)]
    mean = sum(aurc(places, order) for order in orders) / len(orders)
    assert aurc([0.5] * len(right), right) == pytest.approx(mean)
    assert mean == pytest.approx(1 - sum(right) / len(right))


@given(pairs)
def test_no_order_has_less_area_than_right_before_wrong(found: list[tuple[float, bool]]) -> None:
    sure, right = zip(*found, strict=True)
    assert aurc(sure, right) >= aurc([float(one) for one in right], right) - 1e-12


def test_bins_by_hand() -> None:
    sure, right = [0.05, 0.95, 1.0, 0.91], [False, True, True, False]
    assert reliability(sure, right) == [
        Bin(low=0.0, high=0.1, sure=0.05, right=0.0, count=1),
        Bin(low=0.9, high=1.0, sure=pytest.approx(2.86 / 3), right=pytest.approx(2 / 3), count=3),
    ]
    assert ece(sure, right) == pytest.approx((0.05 + 2.86 - 2) / 4)
    assert [one.count for one in reliability(sure, right, bins=1)] == [4]


@given(pairs, st.integers(1, 20))
def test_every_answer_lies_in_one_bin(found: list[tuple[float, bool]], bins: int) -> None:
    sure, right = zip(*found, strict=True)
    held = reliability(sure, right, bins)
    assert sum(one.count for one in held) == len(sure)
    assert all(one.low - 1e-9 <= one.sure <= one.high + 1e-9 for one in held)
    assert 0 <= ece(sure, right, bins) <= 1


def test_who_says_what_is_so_is_calibrated() -> None:
    right = [index < 8 for index in range(10)]
    assert ece([0.8] * 10, right) == pytest.approx(0.0)
    assert ece([1.0] * 10, right) == pytest.approx(0.2)


def test_nothing_is_no_risk() -> None:
    assert (risk_coverage([], []), aurc([], []), reliability([], []), ece([], [])) == ([], 0.0, [], 0.0)

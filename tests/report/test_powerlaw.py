"""Laws through planted accuracies: what was planted lies within the intervals, and nothing makes it crash."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from distill_dsl.runtime.reports.powerlaw import Array, Errors, Law, errors_of, fit


def planted(rng: np.random.Generator, curve: list[float], seeds: int, problems: int, spread: float) -> list[Array]:
    """Right answers (seeds, problems) for each accuracy of a curve.

    Problems are easy or hard for all x and seeds alike; trainings differ by `spread` in their accuracy.
    """
    from scipy.stats import norm

    easy = rng.normal(size=problems)
    rows = []
    for accuracy in curve:
        level = np.clip(accuracy + rng.normal(0, spread, size=(seeds, 1)), 0.001, 0.999)
        skill = np.sqrt(0.6) * easy + np.sqrt(0.4) * rng.normal(size=(seeds, problems))
        rows.append((skill < norm.ppf(level)).astype(float))
    return rows


def law_of(xs: list[float], rows: list[Array]) -> Law:
    values = np.array([row.mean() for row in rows])
    return fit(np.array(xs), values, errors_of(rows, ["test"] * len(rows)))


@pytest.mark.parametrize(
    ("seeds", "problems", "values"), [(1, 300, 4), (2, 1000, 4), (3, 300, 5), (3, 200, 3), (5, 1319, 6)]
)
def test_planted_numbers_lie_within_their_intervals(seeds: int, problems: int, values: int) -> None:
    rng = np.random.default_rng(7)
    cases, held = 60, np.zeros(5)
    for _ in range(cases):
        ceiling, exponent = rng.uniform(0.3, 0.95), rng.uniform(0.2, 2.0)
        drop = rng.uniform(0.05, min(0.6, ceiling - 0.02))
        xs = [float(100 * 2**i) for i in range(values)]
        curve = [ceiling - drop * (x / xs[0]) ** -exponent for x in xs]
        # One seed cannot tell how much trainings differ, and its intervals do not claim to.
        law = law_of(xs, planted(rng, curve, seeds, problems, 0.0 if seeds == 1 else 0.01))
        first = drop * (1 - 2**-exponent)
        taper = xs[0] * (first / 0.01) ** (1 / exponent) if first > 0.01 else 0.0
        truth = {
            law.ceiling: ceiling,
            law.drop: drop,
            law.exponent: exponent,
            law.gain(xs[-2], xs[-1]): curve[-1] - curve[-2],
            law.taper(0.01): taper,
        }
        held += [found.low <= value <= found.high for found, value in truth.items()]
    assert (held / cases >= 0.9).all(), held / cases


def test_exact_points_give_the_planted_law() -> None:
    xs = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    law = fit(xs, 0.8 - 0.5 * xs**-0.7, Errors(np.eye(5) * 1e-6, np.inf))
    assert law.best == pytest.approx((0.8, 0.5, 0.7), abs=1e-3)
    assert law.distance == pytest.approx(0, abs=1e-3)
    assert law.freedom == 2
    assert law.at(4.0).value == pytest.approx(0.8 - 0.5 * 4**-0.7, abs=1e-4)
    assert law.gain(8, 16).value == pytest.approx(0.5 * (8**-0.7 - 16**-0.7), abs=1e-4)
    assert law.taper(0.01).value == pytest.approx((0.5 * (1 - 2**-0.7) / 0.01) ** (1 / 0.7), rel=1e-2)


def test_the_unit_of_x_changes_no_law() -> None:
    rows = planted(np.random.default_rng(1), [0.4, 0.6, 0.7, 0.72], 2, 200, 0.01)
    one, thousand = law_of([1, 2, 4, 8], rows), law_of([1000, 2000, 4000, 8000], rows)
    assert one.best == pytest.approx(thousand.best)
    assert one.taper(0.01).value * 1000 == pytest.approx(thousand.taper(0.01).value)


@settings(deadline=None, max_examples=60)
@given(
    shares=st.lists(st.integers(0, 20), min_size=3, max_size=6),
    step=st.sampled_from([1.001, 2.0, 1000.0]),
    seeds=st.integers(1, 3),
)
@example(shares=[0, 0, 0], step=2.0, seeds=1)
@example(shares=[20, 20, 20, 20], step=2.0, seeds=2)
@example(shares=[20, 10, 0], step=2.0, seeds=1)
@example(shares=[0, 0, 20], step=1000.0, seeds=3)
def test_any_accuracies_have_a_law_with_orderly_intervals(shares: list[int], step: float, seeds: int) -> None:
    rows = [np.array([[i < share for i in range(20)]] * seeds, dtype=float) for share in shares]
    law = law_of([step**place for place in range(len(shares))], rows)
    for found in (
        law.ceiling,
        law.drop,
        law.exponent,
        law.at(1.0),
        law.gain(law.smallest, law.largest),
        law.taper(0.01),
    ):
        assert np.isfinite(found).all()
        assert found.low <= found.value <= found.high
    assert law.ceiling.high <= 1 and law.drop.low >= 0
    assert law.distance >= 0


def test_more_problems_narrow_the_intervals() -> None:
    curve = [0.4, 0.55, 0.62, 0.66]
    widths = []
    for problems in (100, 1000, 10000):
        law = law_of([1, 2, 4, 8], planted(np.random.default_rng(3), curve, 2, problems, 0.0))
        widths.append(law.gain(4, 8).high - law.gain(4, 8).low)
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


def test_points_of_one_test_err_together_and_others_do_not() -> None:
    rows = planted(np.random.default_rng(2), [0.5, 0.6, 0.7], 1, 400, 0.0)
    together = errors_of(rows, ["a", "a", "a"]).covariance
    apart = errors_of(rows, ["a", "b", "c"]).covariance
    assert (together[np.triu_indices(3, 1)] > 0).all()
    assert (apart[np.triu_indices(3, 1)] == 0).all()
    assert together.diagonal() == pytest.approx(apart.diagonal())
    assert together.diagonal() == pytest.approx([p * (1 - p) / 400 for p in (0.5, 0.6, 0.7)], rel=0.1)


def test_trainings_that_differ_widen_the_errors() -> None:
    rng = np.random.default_rng(5)
    calm, wild = (errors_of(planted(rng, [0.5, 0.6, 0.7], 5, 400, spread), ["a"] * 3) for spread in (0.0, 0.1))
    assert (wild.covariance.diagonal() > 1.5 * calm.covariance.diagonal()).all()
    assert 12 <= wild.freedom < calm.freedom

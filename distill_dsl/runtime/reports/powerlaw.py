"""A saturating power law through accuracies, and all such laws that the measurements do not rule out.

    accuracy(x) = ceiling - drop * (x / smallest) ** -exponent

after the scaling laws of losses (Kaplan and others, arXiv 2001.08361), with a ceiling that more of
`x` never reaches. `drop` is what the smallest measured x lacks of it. For a given exponent the law
is linear in the other two, so that the best fit is looked for along the exponent alone, from end to
end: there is no start to choose and no local optimum to be caught in.

What is not ruled out are the laws whose distance from the measurements (generalised least squares:
the measurements answer the same problems, and so err together) exceeds the smallest one by at most
the 95 % point of chi-squared with one degree of freedom, or of the squared t distribution where few
seeds tell how much trainings differ. Every interval is the range over them: the profile
likelihood's, for normal errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EXPONENTS: Final = np.geomspace(0.01, 5.0, 160)
"""From all but logarithmic (the ceiling out of sight) to saturated within one doubling."""

ANGLES: Final = np.linspace(0.0, 2 * np.pi, 48, endpoint=False)
RADII: Final = np.linspace(0.0, 1.0, 9)
"""Where an exponent's ellipse of ceilings and drops is looked at; the inner rings serve where a bound cuts it."""


class Errors(NamedTuple):
    """How measurements err."""

    covariance: Array
    """(n, n)"""
    freedom: float
    """How many independent differences the covariance is known from; infinite where problems alone make it."""


class Estimate(NamedTuple):
    """A value between the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Law:
    """The best law and those beside it that the measurements allow."""

    smallest: float
    largest: float
    """The range of x that was measured."""
    best: tuple[float, float, float]
    """Ceiling, drop and exponent."""
    cloud: Array
    """(laws, 3): ceiling, drop and exponent of the laws not ruled out, the best among them."""
    distance: float
    """Of the best law from the measurements: chi-squared with `freedom` degrees of freedom, were it true."""
    freedom: int

    @property
    def ceiling(self) -> Estimate:
        """What no x reaches."""
        return self.range(lambda laws: laws[:, 0])

    @property
    def drop(self) -> Estimate:
        """How far below the ceiling the smallest x lies."""
        return self.range(lambda laws: laws[:, 1])

    @property
    def exponent(self) -> Estimate:
        """How fast the ceiling is neared: doubling x leaves `2 ** -exponent` of what is missing."""
        return self.range(lambda laws: laws[:, 2])

    def at(self, x: float) -> Estimate:
        """The accuracy at x."""
        return self.range(lambda laws: accuracy(laws, x / self.smallest))

    def gain(self, x: float, more: float) -> Estimate:
        """What going from x to more is worth."""
        return self.range(lambda laws: accuracy(laws, more / self.smallest) - accuracy(laws, x / self.smallest))

    def taper(self, gain: float) -> Estimate:
        """The x from which on a doubling gains less than `gain`; 0 where the smallest x's already does not."""
        return self.range(lambda laws: self.smallest * taper(laws, gain))

    def range(self, of: Callable[[Array], Array]) -> Estimate:
        """A quantity of laws (n, 3) -> (n,): the best law's, with its least and greatest over the cloud."""
        values = of(np.vstack([np.array([self.best]), self.cloud]))
        return Estimate(float(values[0]), float(values.min()), float(values.max()))


def accuracy(laws: Array, ratio: float) -> Array:
    """(n, 3) -> (n,): the accuracy at `ratio` times the smallest x."""
    return laws[:, 0] - laws[:, 1] * ratio ** -laws[:, 2]


def taper(laws: Array, gain: float) -> Array:
    """(n, 3) -> (n,): the ratio to the smallest x at which a doubling gains just `gain`, at least 0."""
    first = laws[:, 1] * (1 - 2.0 ** -laws[:, 2])  # what the first doubling gains
    # In logarithms, since a small exponent makes the ratio larger than any float.
    with np.errstate(divide="ignore"):
        size = np.log(first / gain) / laws[:, 2]
    return np.where(first > gain, np.exp(np.minimum(size, 700.0)), 0.0)


def fit(xs: Array, values: Array, errors: Errors) -> Law:
    """The law through `values` (n,) at `xs` (n,), n > 2, all above 0."""
    from scipy.stats import t as student_t

    ratios = xs / xs.min()
    weight = np.linalg.inv(errors.covariance).astype(np.float64)
    solved = [at_exponent(float(exponent), ratios, values, weight) for exponent in EXPONENTS]
    place = min(range(len(solved)), key=lambda index: solved[index].distance)
    best = polished(place, ratios, values, weight)
    # Not below the grid's by more than rounding, and never above it.
    least = min(best.distance, solved[place].distance)
    best = best if best.distance <= solved[place].distance else solved[place]
    farthest = least + float(student_t.ppf(0.975, errors.freedom)) ** 2
    rings = [allowed(one, farthest) for one in [*solved, best]]
    return Law(
        smallest=float(xs.min()),
        largest=float(xs.max()),
        best=(best.ceiling, best.drop, best.exponent),
        cloud=np.vstack(rings),
        distance=least,
        freedom=len(xs) - 3,
    )


def polished(place: int, ratios: Array, values: Array, weight: Array) -> Profile:
    """The best law between the neighbours of the grid's best exponent."""
    from scipy.optimize import minimize_scalar

    low, high = EXPONENTS[max(place - 1, 0)], EXPONENTS[min(place + 1, len(EXPONENTS) - 1)]
    found = minimize_scalar(
        lambda exponent: at_exponent(float(exponent), ratios, values, weight).distance,
        bounds=(low, high),
        method="bounded",
    )
    return at_exponent(float(found.x), ratios, values, weight)


@dataclass(frozen=True)
class Profile:
    """The best law of one exponent, and how fast the distance grows away from the unbounded optimum."""

    exponent: float
    ceiling: float
    drop: float
    distance: float
    centre: Array
    """(2,): ceiling and drop without bounds."""
    least: float
    """The distance there."""
    curvature: Array
    """(2, 2): the distance is `least + d @ curvature @ d` at `centre + d`."""


def at_exponent(exponent: float, ratios: Array, values: Array, weight: Array) -> Profile:
    """Generalised least squares in ceiling (at most 1) and drop (at least 0), exact."""
    design = np.column_stack([np.ones_like(ratios), -(ratios**-exponent)])  # (n, 2)
    curvature = (design.T @ weight @ design).astype(np.float64)
    centre = np.linalg.solve(curvature, design.T @ weight @ values).astype(np.float64)

    def distance(law: Array) -> float:
        rest = values - design @ law
        return float(rest @ weight @ rest)

    inside = [law for law in candidates(centre, curvature) if law[0] <= 1 and law[1] >= 0]
    best = min(inside, key=distance)
    return Profile(
        exponent, float(best[0]), float(best[1]), distance(best), centre, max(0.0, distance(centre)), curvature
    )


def candidates(centre: Array, curvature: Array) -> list[Array]:
    """The optimum, the optima along the bounds `ceiling = 1` and `drop = 0`, and their corner: one is the best."""
    along_ceiling = centre[1] - curvature[0, 1] / curvature[1, 1] * (1 - centre[0])
    along_drop = centre[0] - curvature[0, 1] / curvature[0, 0] * (0 - centre[1])
    return [centre, np.array([1.0, along_ceiling]), np.array([along_drop, 0.0]), np.array([1.0, 0.0])]


def allowed(one: Profile, farthest: float) -> Array:
    """(laws, 3): laws of one exponent within the bounds and no farther than `farthest`."""
    if one.distance > farthest:
        return np.empty((0, 3))
    radius = np.sqrt(farthest - one.least)
    # Unit circles through the inverse root of the curvature are ellipses of equal distance.
    values, vectors = np.linalg.eigh(one.curvature)
    root = vectors / np.sqrt(np.maximum(values, 1e-12))  # (2, 2)
    circle = np.stack([np.cos(ANGLES), np.sin(ANGLES)])  # (2, angles)
    rings = (RADII[:, None, None] * radius * (root @ circle)[None]).transpose(0, 2, 1).reshape(-1, 2)
    laws = np.vstack([one.centre + rings, np.array([[one.ceiling, one.drop]])])
    laws = laws[(laws[:, 0] <= 1) & (laws[:, 1] >= 0)]
    return np.column_stack([laws, np.full(len(laws), one.exponent)])


def errors_of(rows: Sequence[Array], tests: Sequence[str]) -> Errors:
    """Of the mean accuracies at n values of x, each with right answers (seeds, problems) as 0 and 1, on its test.

    Two sources, as in a two-way layout. Problems: drawn anew, the same ones for all x of a test, so
    that their difficulty moves these points together. Seeds: a training anew, each x for itself; its
    spread is pooled over all x, and what the problems' own noise explains of it is not counted twice.
    With one seed the second source cannot be seen, and is left out.
    """
    means = [row.mean(axis=0) - row.mean() for row in rows]  # (problems,) each
    found = np.zeros((len(rows), len(rows)))
    for i, j in combinations_with_replacement(range(len(rows)), 2):
        if tests[i] == tests[j]:
            found[i, j] = found[j, i] = means[i] @ means[j] / len(means[i]) ** 2
    # No point is surer than half a problem: all right, or all wrong, is no certainty.
    floor = np.array([(0.5 / len(mean)) ** 2 for mean in means])
    trainings = by_seed(rows)
    total = found + np.diag(floor + trainings)
    # After Satterthwaite: the part that is known from few seeds makes the whole no surer than its share of it.
    share = float((trainings / np.diag(total)).mean())
    seeds = sum(len(row) - 1 for row in rows)
    return Errors(total, seeds / share**2 if share else np.inf)


def by_seed(rows: Sequence[Array]) -> Array:
    """(n,): the variance of each mean that is due to its trainings."""
    several = [row for row in rows if len(row) > 1]
    if not several:
        return np.zeros(len(rows))
    between = sum(((row.mean(axis=1) - row.mean()) ** 2).sum() for row in several)
    within = sum(row.var(axis=0, ddof=1).mean() / row.shape[1] * (len(row) - 1) for row in several)
    pooled = max(0.0, float(between - within) / sum(len(row) - 1 for row in several))
    return np.array([pooled / len(row) for row in rows])

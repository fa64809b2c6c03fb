"""Scaling studies: accuracy along what an experiment varies, and where more of it stops paying.

A line of points goes along each varied param that is a number, and along what it comes to where
that is measured: training examples, parameters. Students of several sizes after one mix are a line
along parameters, too. Through three points or more a saturating power law is laid (`powerlaw.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from distill_dsl.runtime.reports.choices import Choices, right_table
from distill_dsl.runtime.reports.efficiency import Cost, Costs, of_group
from distill_dsl.runtime.reports.powerlaw import Estimate, Law, errors_of, fit
from distill_dsl.runtime.reports.results import Group, Results, Row, unique

EXAMPLES: Final = "training examples"
PARAMETERS: Final = "parameters"

FEWEST: Final = 3
"""Points of a law with three unknowns."""

POINT: Final = 0.01
"""A gain of one point of accuracy, below which a doubling is said not to pay."""

MISFIT: Final = 0.01
"""A law is given up where points lie so far from it by chance less often than this."""

FLAT: Final = 1e-6
"""A drop that small is none."""


class Status(StrEnum):
    """What came of fitting a line."""

    FITTED = "fitted"
    FEW = "fewer than three values"
    NO_LOG = "values not above 0"
    FLAT = "no rise"
    UNSURE = "no rise that can be told from chance"
    MISFIT = "no power law"


@dataclass(frozen=True)
class Line:
    """One strategy on one test along one quantity, everything else equal."""

    along: str
    """A varied param, or a measured quantity."""
    measured: bool
    who: tuple[str, str]
    """Student and mix as the spec names them; the student is empty where the line goes over students."""
    fixed: tuple[tuple[str, str], ...]
    """Other varied params, equal for all points."""
    test: str
    strategy: str
    headline: bool
    points: tuple[tuple[float, Row], ...]
    """By rising x."""
    law: Law | None
    status: Status
    misfit: float | None
    """How often by chance the points would lie so far from the law; `None` without points to spare."""

    @property
    def name(self) -> str:
        """`small, etd, width 32`."""
        return ", ".join([*filter(None, self.who), *(f"{name} {value}" for name, value in self.fixed)])


@dataclass(frozen=True)
class Track:
    """Groups in a row along a quantity."""

    along: str
    measured: bool
    who: tuple[str, str]
    fixed: tuple[tuple[str, str], ...]
    groups: tuple[tuple[float, Group], ...]


def lines_of(results: Results, choices: Choices, costs: Costs) -> list[Line]:
    """All lines of an experiment; along measured quantities only those of the headline strategy."""
    return [
        line(results, choices, track, place, strategy)
        for track in tracks(results, costs)
        for strategy in shared(results, track)
        for place in range(len(results.tests))
        if not track.measured or strategy == results.headline(track.groups[0][1])
    ]


def tracks(results: Results, costs: Costs) -> Iterator[Track]:
    """Where there is something to go along: two groups or more that differ in one number."""
    for param in results.varied:
        for (who, fixed), groups in families(results, param).items():
            values = [number(dict(group.varied)[param]) for group in groups]
            found = ordered(values, groups)
            if found is None:
                continue
            yield Track(param, False, who, fixed, found)
            yield from along_measured(results, costs, who, fixed, groups)
    yield from over_students(results, costs)


Family = tuple[tuple[str, str], tuple[tuple[str, str], ...]]


def families(results: Results, param: str) -> dict[Family, list[Group]]:
    """Groups that differ in `param` alone, by their names and the other varied params."""
    found: dict[Family, list[Group]] = {}
    for group in results.groups:
        if param in dict(group.varied):
            fixed = tuple(pair for pair in group.varied if pair[0] != param)
            found.setdefault((group.names, fixed), []).append(group)
    return found


def along_measured(
    results: Results, costs: Costs, who: tuple[str, str], fixed: tuple[tuple[str, str], ...], groups: Sequence[Group]
) -> Iterator[Track]:
    """What a param came to: `limit` to training examples, `width` to parameters."""
    quantities: dict[str, Callable[[Cost], float | None]] = {
        EXAMPLES: lambda cost: cost.training.examples,
        PARAMETERS: lambda cost: cost.training.parameters,
    }
    for name, quantity in quantities.items():
        found = ordered([of_group(results, costs, group, quantity) for group in groups], groups)
        if found is not None:
            yield Track(name, True, who, fixed, found)


def over_students(results: Results, costs: Costs) -> Iterator[Track]:
    """Students of different sizes after one mix; where two are of one size, they differ in something else."""
    found: dict[Family, list[Group]] = {}
    for group in results.groups:
        found.setdefault((("", group.names[1]), group.varied), []).append(group)
    for (who, fixed), groups in found.items():
        sizes = [of_group(results, costs, group, lambda cost: cost.training.parameters) for group in groups]
        track = ordered(sizes, groups)
        if track is not None and len(track) >= FEWEST:
            yield Track(PARAMETERS, True, who, fixed, track)


def number(text: str) -> float | None:
    """A param's value, if it is a number."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def ordered(values: Iterable[float | None], groups: Sequence[Group]) -> tuple[tuple[float, Group], ...] | None:
    """Groups by their values: at least two, all known, no two equal; else there is nothing to go along."""
    known = [(value, group) for value, group in zip(values, groups, strict=True) if value is not None]
    if len(known) < 2 or len(known) < len(groups) or len({value for value, _ in known}) < len(known):
        return None
    return tuple(sorted(known, key=lambda pair: pair[0]))


def shared(results: Results, track: Track) -> list[str]:
    """The strategies that all groups of a track can use."""
    usable = [results.strategies_of(group) for _, group in track.groups]
    return [key for key in usable[0] if all(key in keys for keys in usable)]


def line(results: Results, choices: Choices, track: Track, place: int, strategy: str) -> Line:
    """One strategy on the test at a place, with its law where one can be laid."""
    points = tuple((x, results.of(group, strategy)[place]) for x, group in track.groups)
    law = None if unfit(points) else law_of(results, choices, points)
    misfit = None if law is None else misfit_of(law)
    return Line(
        along=track.along,
        measured=track.measured,
        who=track.who,
        fixed=track.fixed,
        test=points[0][1].test,
        strategy=strategy,
        headline=strategy == results.headline(track.groups[0][1]),
        points=points,
        law=law,
        status=unfit(points) or (Status.FEW if law is None else status_of(law, misfit)),
        misfit=misfit,
    )


def unfit(points: Sequence[tuple[float, Row]]) -> Status | None:
    """Why no law is laid through these points."""
    if any(x <= 0 for x, _ in points):
        return Status.NO_LOG
    return Status.FEW if len(points) < FEWEST else None


def law_of(results: Results, choices: Choices, points: Sequence[tuple[float, Row]]) -> Law:
    """The law through points, whose errors go together where they answered the same problems."""
    rows = [right_table(results, choices, row.group, row.test, row.strategy) for _, row in points]
    answered = [choices[results.runs_of(row.group)[0]][row.test][row.strategy].problems for _, row in points]
    alike = [str(next(place for place, other in enumerate(answered) if other == one)) for one in answered]
    return fit(np.array([x for x, _ in points]), np.array([row.mean() for row in rows]), errors_of(rows, alike))


def misfit_of(law: Law) -> float | None:
    """The p-value of the law's distance from the points."""
    from scipy.stats import chi2

    return float(chi2.sf(law.distance, law.freedom)) if law.freedom > 0 else None


def status_of(law: Law, misfit: float | None) -> Status:
    """What a law is worth."""
    if law.best[1] <= FLAT:
        return Status.FLAT
    if misfit is not None and misfit < MISFIT:
        return Status.MISFIT
    return Status.UNSURE if law.gain(law.smallest, law.largest).low <= FLAT else Status.FITTED


def taper_of(law: Law) -> Estimate:
    """From where on a doubling gains less than a point, not below what was measured."""
    found = law.taper(POINT)
    return Estimate(*(max(law.smallest, value) for value in found))


def unique_along(lines: Sequence[Line]) -> list[tuple[str, bool]]:
    """The quantities of some lines, and whether they are measured: one panel each."""
    return unique((one.along, one.measured) for one in lines)

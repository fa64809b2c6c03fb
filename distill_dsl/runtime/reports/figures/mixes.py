"""Accuracy by mix and size of the student: the main table as a figure, published figures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any, Final

from matplotlib.figure import Figure

from distill_dsl.runtime.reports.efficiency import Costs, headline_accuracy
from distill_dsl.runtime.reports.figures.style import (
    COLOURS,
    GREY,
    LETTER,
    MARKERS,
    handles_of,
    legend,
    panels,
    percents,
    plain,
    titled,
)
from distill_dsl.runtime.reports.published import cell_of
from distill_dsl.runtime.reports.results import Group, Results, Row, unique
from distill_dsl.runtime.reports.wording import si

MOST: Final = len(COLOURS)
"""Of more mixes with all that is varied, the best variant of each mix is shown."""

SPREAD: Final = 0.6
"""How far the mixes of one student lie apart, of the distance between two students."""

PUBLISHED: Final = "published"


def draw(results: Results, costs: Costs) -> Figure:
    """A panel a test; students from left to right, the smallest first, or, of one student, its mixes."""
    series = series_of(results)
    students = by_size(results, costs)
    alone = len(students) == 1
    width = max(2.6, 0.75 * len(series) if alone else len(students) * (0.45 + 0.16 * len(series)))
    figure, grid = panels(1, len(results.tests), width, 2.8, narrowest=0.0, sharey=True)
    for axes, test in zip(grid[0], results.tests, strict=True):
        plain(axes)
        axes.xaxis.grid(False)
        for place, (name, groups) in enumerate(series.items()):
            xs = [place] if alone else [students.index(one.names[0]) + shift(place, len(series)) for one in groups]
            trace(axes, results, name, [headline_row(results, group, test) for group in groups], xs, place)
        ticks(axes, list(series) if alone else [sized(results, costs, student) for student in students], width)
        titled(axes, f"{test}\n{students[0]}" if alone else test)
    percents(grid.flat, "y", ends(results))
    grid[0][0].set_ylabel("accuracy (%)")
    marks = handles_of(grid)
    shown = [name for name in (*series, PUBLISHED) if name in marks and (not alone or name == PUBLISHED)]
    if shown:
        legend(figure, {name: marks[name] for name in shown})
    return figure


def series_of(results: Results) -> dict[str, list[Group]]:
    """Name -> one group a student: each mix with what is varied, or the best of each mix where these are too many."""
    titles = unique(group.title for group in results.groups)
    if len(titles) <= MOST:
        return {title: [group for group in results.groups if group.title == title] for title in titles}
    best: dict[tuple[str, str], Group] = {}
    for group in sorted(results.groups, key=lambda group: headline_accuracy(results, group)):
        best[group.names] = group
    chosen = [group for group in results.groups if best[group.names] == group]
    return {
        f"best {mix}": [one for one in chosen if one.names[1] == mix] for mix in unique(one.names[1] for one in chosen)
    }


def by_size(results: Results, costs: Costs) -> list[str]:
    """The students, the smallest first."""
    students = unique(group.names[0] for group in results.groups)
    return sorted(students, key=lambda student: sizes(results, costs, student)[0])


def sizes(results: Results, costs: Costs, student: str) -> tuple[float, float]:
    """The least and the most parameters that a student has: what is varied may be its width."""
    runs = [run for group in results.groups if group.names[0] == student for run in results.runs_of(group)]
    found = [float(costs[run].training.parameters or 0) for run in runs]
    return min(found), max(found)


def sized(results: Results, costs: Costs, student: str) -> str:
    """A student's name above the number of its parameters."""
    least, most = sizes(results, costs, student)
    if not least:
        return student
    return f"{student}\n{si(least)}" if least == most else f"{student}\n{si(least)} to {si(most)}"


def shift(place: int, count: int) -> float:
    """Where one of several mixes lies, from the middle of its student."""
    return SPREAD * ((place + 0.5) / count - 0.5)


def headline_row(results: Results, group: Group, test: str) -> Row:
    """What stands in the main table."""
    return next(row for row in results.of(group, results.headline(group)) if row.test == test)


def trace(axes: Any, results: Results, name: str, rows: list[Row], xs: Sequence[float], place: int) -> None:
    """One mix over the students, with 95 % intervals (Wilson)."""
    colour = COLOURS[place % len(COLOURS)]
    values = [100 * row.accuracy for row in rows]
    axes.errorbar(
        xs,
        values,
        yerr=[[100 * (row.accuracy - row.low) for row in rows], [100 * (row.high - row.accuracy) for row in rows]],
        fmt=MARKERS[place % len(MARKERS)],
        color=colour,
        markersize=5,
        elinewidth=1.2,
        label=name,
    )
    axes.plot(xs, values, color=colour, linewidth=0.7, alpha=0.6)
    cells = results.settings.published.cells if results.settings.published else {}
    for x, row in zip(xs, rows, strict=True):
        if (cell := cell_of(row.group, row.test)) in cells:
            axes.plot(x, cells[cell], "_", color=GREY, markersize=12, markeredgewidth=1.8, label=PUBLISHED)


def ticks(axes: Any, names: list[str], width: float) -> None:
    """Names below, in as many lines as they need."""
    letters = int(width / len(names) / LETTER)
    shown = ["\n".join(part for line in name.split("\n") for part in wrap(line, letters)) for name in names]
    axes.set_xticks(range(len(names)), shown)
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, len(names) - 0.4)


def ends(results: Results) -> tuple[float, float]:
    """The least and the highest percent that is drawn."""
    rows = [row for row in results.rows if row.strategy == results.headline(row.group)]
    published = results.settings.published.cells if results.settings.published else {}
    met = [published[cell] for row in rows if (cell := cell_of(row.group, row.test)) in published]
    return min([*(100 * row.low for row in rows), *met]), max([*(100 * row.high for row in rows), *met])

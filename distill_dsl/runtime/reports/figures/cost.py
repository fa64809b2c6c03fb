"""Accuracy against what it costs: tokens that a strategy has to have written a problem."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from distill_dsl.runtime.reports.figures.style import (
    COLOURS,
    GREY,
    MARKERS,
    legend,
    panels,
    percents,
    plain,
    strategy_style,
    titled,
    words,
)
from distill_dsl.runtime.reports.results import Results, Row, unique
from distill_dsl.runtime.reports.wording import si

MOST: Final = len(COLOURS)
"""More strategies than this are told apart only where nothing beats them for less; the others are small and grey."""


def draw(results: Results) -> Figure:
    """Panels of students x tests; colours are strategies, shapes mixes, the line joins what nothing beats for less."""
    known = [row for row in results.rows if row.strategy not in results.oracles and row.tokens]
    if not known:
        return words("The scores do not tell what strategies cost.")
    students = unique(row.group.names[0] for row in known)
    drawn = {
        (student, test): [row for row in known if (row.group.names[0], row.test) == (student, test)]
        for student in students
        for test in results.tests
    }
    coloured = named(results, drawn.values())
    figure, grid = panels(len(students), len(results.tests), 3.2, 2.7, sharey=True)
    for axes, ((student, test), rows) in zip(grid.flat, drawn.items(), strict=True):
        panel(axes, results, rows, coloured)
        titled(axes, test if len(students) == 1 else f"{test}, {student}")
    reached = [100 * row.accuracy for row in known]
    percents(grid.flat, "y", (min(reached), max(reached)))
    for row in grid:
        row[0].set_ylabel("accuracy (%)")
    for axes in grid[-1]:
        axes.set_xlabel("tokens a problem")
    legend(figure, key(grid[0][0], results, known, coloured))
    return figure


def named(results: Results, panels: Iterable[list[Row]]) -> list[str]:
    """The strategies with a colour, in the order of the spec."""
    if len(set(results.titles) - results.oracles) <= MOST:
        return list(results.titles)
    front = {row.strategy for rows in panels for row in frontier(rows)}
    return [strategy for strategy in results.titles if strategy in front]


def panel(axes: Any, results: Results, rows: list[Row], coloured: list[str]) -> None:
    """One student on one test."""
    plain(axes)
    titles = unique(group.title for group in results.groups)
    front = frontier(rows)
    axes.plot([row.tokens for row in front], [100 * row.accuracy for row in front], color=GREY, linewidth=0.8, zorder=1)
    for row in rows:
        marker = MARKERS[titles.index(row.group.title) % len(MARKERS)]
        axes.plot(row.tokens, 100 * row.accuracy, marker, **look(results, row.strategy, coloured))
    taken = [row.tokens or 0.0 for row in rows]
    if not taken:
        return
    axes.set_xscale("log")
    axes.set_xlim(min(taken) / 1.15, max(taken) * 1.15)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7) if max(taken) < 8 * min(taken) else (1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: si(x)))
    axes.xaxis.set_minor_locator(NullLocator())


def look(results: Results, strategy: str, coloured: list[str]) -> dict[str, Any]:
    """How a strategy's mark is painted."""
    if strategy not in coloured:
        return {"color": "0.7", "markerfacecolor": "white", "markersize": 4, "zorder": 2}
    colour, again = strategy_style(results, strategy, coloured)
    return {"color": colour, "markerfacecolor": "white" if again else colour, "markersize": 6.5, "zorder": 3}


def key(axes: Any, results: Results, rows: list[Row], coloured: list[str]) -> dict[str, Any]:
    """Of the legend: colours and shapes apart, so that it need not name each pair."""
    shown = unique(row.strategy for row in rows)
    marks = {
        results.titles[one]: axes.plot([], [], "o", **look(results, one, coloured))[0]
        for one in results.titles
        if one in shown and one in coloured
    }
    others = [one for one in shown if one not in coloured]
    if others:
        marks[f"{len(others)} others"] = axes.plot([], [], "o", **look(results, others[0], coloured))[0]
    titles = unique(group.title for group in results.groups)
    for place, title in enumerate(titles if len(titles) > 1 else []):
        marks[f"after {title}"] = axes.plot([], [], MARKERS[place % len(MARKERS)], color=GREY)[0]
    return marks


def frontier(rows: list[Row]) -> list[Row]:
    """Of rows with known tokens, those that no cheaper or equally dear one matches, by rising cost."""
    front: list[Row] = []
    for row in sorted(rows, key=lambda row: (row.tokens or 0.0, -row.accuracy)):
        if not front or row.accuracy > front[-1].accuracy:
            front.append(row)
    return front

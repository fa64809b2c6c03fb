"""Accuracies as grouped bars, one panel a student and test."""

from __future__ import annotations

from typing import Any, Final

from matplotlib.figure import Figure

from distill_dsl.runtime.reports.figures.style import GREY, HATCHES, handles_of, legend, panels, strategy_style
from distill_dsl.runtime.reports.results import Group, Results, Row, unique

BAR: Final = 0.2
"""Inches of a bar; panels grow with their number, so that labels never overlap."""

LETTER: Final = 0.09
"""Inches of a letter of a mix's name; names wider than their bars are slanted."""


def draw(results: Results) -> Figure:
    """Rows of panels are students, columns are tests, groups of bars are mixes, colours strategies."""
    students = unique(group.names[0] for group in results.groups)
    bars = max(
        sum(len(results.strategies_of(group)) + 1 for group in results.groups if group.names[0] == student)
        for student in students
    )
    figure, grid = panels(len(students), len(results.tests), max(3.0, BAR * bars + 0.4), 2.7, sharey=True)
    for down, student in enumerate(students):
        for across, test in enumerate(results.tests):
            panel(grid[down][across], results, student, test)
            grid[down][across].set_title(test if down == 0 else "", fontsize=11)
        grid[down][0].set_ylabel(f"{student}\naccuracy (%)" if len(students) > 1 else "accuracy (%)")
    handles = handles_of(grid)
    legend(figure, {title: handles[title] for title in results.titles.values() if title in handles})
    return figure


def panel(axes: Any, results: Results, student: str, test: str) -> None:
    """One test of one student."""
    groups = [group for group in results.groups if group.names[0] == student]
    left = 0.0
    centres = []
    for group in groups:
        rows = rows_of(results, group, test)
        for place, row in enumerate(rows):
            bar(axes, results, left + place, row)
        centres.append(left + (len(rows) - 1) / 2)
        left += len(rows) + 1
    crowded = any(len(group.title) * LETTER > BAR * (len(results.strategies_of(group)) + 1) for group in groups)
    axes.set_xticks(centres, [group.title for group in groups], **({"rotation": 30, "ha": "right"} if crowded else {}))
    axes.tick_params(axis="x", length=0)
    axes.set_ylim(0, 100)
    axes.yaxis.grid(True, color="0.88", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def rows_of(results: Results, group: Group, test: str) -> list[Row]:
    """A group's strategies on one test."""
    return [row for row in results.rows if row.group == group and row.test == test]


def bar(axes: Any, results: Results, place: float, row: Row) -> None:
    """A mean over seeds with its 95 % interval; an oracle is drawn hollow, since it is a bound."""
    colour, again = strategy_style(results, row.strategy)
    hollow = row.strategy in results.oracles
    axes.bar(
        place,
        100 * row.accuracy,
        width=0.86,
        facecolor="white" if hollow else colour,
        edgecolor=GREY if hollow else "white",
        hatch="////" if hollow else HATCHES[again % len(HATCHES)],
        linewidth=0.8,
        label=results.titles[row.strategy],
        yerr=[[100 * (row.accuracy - row.low)], [100 * (row.high - row.accuracy)]],
        error_kw={"elinewidth": 1.0, "capsize": 2.0, "ecolor": "0.2"},
    )

"""Accuracy against what it costs: tokens that a strategy has to have written a problem."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from distill_dsl.runtime.reports.figures.style import (
    GREY,
    MARKERS,
    handles_of,
    legend,
    panels,
    plain,
    strategy_style,
    words,
)
from distill_dsl.runtime.reports.results import Results, Row, unique


def draw(results: Results) -> Figure:
    """Panels of students x tests; colours are strategies, shapes mixes, the line joins what nothing beats for less."""
    known = [row for row in results.rows if row.strategy not in results.oracles and row.tokens]
    if not known:
        return words("The scores do not tell what strategies cost.")
    students = unique(row.group.names[0] for row in known)
    figure, grid = panels(len(students), len(results.tests), 3.6, 3.0, sharey=True)
    for down, student in enumerate(students):
        for across, test in enumerate(results.tests):
            axes = grid[down][across]
            panel(axes, results, [r for r in known if r.group.names[0] == student and r.test == test])
            axes.set_title(test if len(students) == 1 else f"{test}, {student}", fontsize=10)
        grid[down][0].set_ylabel("accuracy (%)")
    for axes in grid[-1]:
        axes.set_xlabel("tokens a problem")
    legend(figure, handles_of(grid))
    return figure


def panel(axes: Any, results: Results, rows: list[Row]) -> None:
    """One student on one test."""
    plain(axes)
    titles = unique(group.title for group in results.groups)
    front = frontier(rows)
    axes.plot([row.tokens for row in front], [100 * row.accuracy for row in front], color=GREY, linewidth=0.8, zorder=1)
    for row in rows:
        colour, again = strategy_style(results, row.strategy)
        axes.scatter(
            row.tokens,
            100 * row.accuracy,
            s=42,
            color=colour if again == 0 else "white",
            edgecolor=colour,
            linewidth=1.2,
            marker=MARKERS[titles.index(row.group.title) % len(MARKERS)],
            zorder=3,
        )
    # Colours and shapes are told apart in the legend, so that it need not name each pair.
    for key in unique(row.strategy for row in rows):
        colour, again = strategy_style(results, key)
        face = colour if again == 0 else "white"
        axes.plot([], [], "o", color=colour, markerfacecolor=face, label=results.titles[key])
    if len(titles) > 1:
        for title in unique(row.group.title for row in rows):
            axes.plot([], [], MARKERS[titles.index(title) % len(MARKERS)], color=GREY, label=title)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())


def frontier(rows: list[Row]) -> list[Row]:
    """Of rows with known tokens, those that no cheaper or equally dear one matches, by rising cost."""
    front: list[Row] = []
    for row in sorted(rows, key=lambda row: (row.tokens or 0.0, -row.accuracy)):
        if not front or row.accuracy > front[-1].accuracy:
            front.append(row)
    return front

"""Accuracies of all strategies as points with their intervals, one panel a student and test.

A line a strategy: names of any length can be read, and the figure grows downwards with their number.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from matplotlib.figure import Figure

from distill_dsl.runtime.reports.figures.style import (
    GREY,
    LETTER,
    PALE,
    panels,
    percents,
    plain,
    strategy_style,
    titled,
)
from distill_dsl.runtime.reports.results import Group, Results, Row, unique

LINE: Final = 0.21
"""Inches of a line of a panel."""

WIDTH: Final = 2.3
"""Inches of a panel without the names, which stand at the left of all."""


class Place(NamedTuple):
    """A line of the panels: a strategy of a group, or the name of the group above its strategies."""

    text: str
    group: Group
    strategy: str = ""


def draw(results: Results) -> Figure:
    """Rows of panels are students, columns tests; lines are strategies, under the mix that they answer after."""
    students = {student: places(results, student) for student in unique(group.names[0] for group in results.groups)}
    heights = [len(lines) + 1 for lines in students.values()]
    longest = max(len(line.text) for lines in students.values() for line in lines)
    figure, grid = panels(
        len(students), len(results.tests), WIDTH, LINE * sum(heights) / len(students) + 0.4, aside=LETTER * longest,
        sharex=True, sharey="row", height_ratios=heights,
    )  # fmt: skip
    for down, (student, lines) in enumerate(students.items()):
        for across, test in enumerate(results.tests):
            panel(grid[down][across], results, lines, test)
            titled(grid[down][across], f"{test}, {student}" if len(students) > 1 else test)
        name_lines(grid[down][0], lines)
    percents(grid.flat, "x", bounds(results))
    for axes in grid[-1]:
        axes.set_xlabel("accuracy (%)")
    return figure


def places(results: Results, student: str) -> list[Place]:
    """The lines of one student, from the top down; a mix with one strategy needs no line of its own."""
    lines: list[Place] = []
    for group in (group for group in results.groups if group.names[0] == student):
        keys = results.strategies_of(group)
        if len(keys) == 1:
            lines.append(Place(f"{group.title}: {results.titles[keys[0]]}", group, keys[0]))
        else:
            lines.append(Place(group.title, group))
            lines += [Place(results.titles[key], group, key) for key in keys]
    return lines


def panel(axes: Any, results: Results, lines: list[Place], test: str) -> None:
    """One test of one student."""
    plain(axes)
    axes.yaxis.grid(False)
    axes.tick_params(axis="y", length=0)
    found = {(row.group, row.strategy): row for row in results.rows if row.test == test}
    for place, line in enumerate(lines):
        if line.strategy:
            mark(axes, results, place, found[line.group, line.strategy])
        elif place:
            axes.axhline(place - 0.5, color=PALE, linewidth=0.8)
    axes.set_ylim(len(lines) - 0.4, -0.6)


def mark(axes: Any, results: Results, place: int, row: Row) -> None:
    """A mean over seeds with its 95 % interval, a tick a seed; an oracle is hollow, since it is a bound."""
    colour, again = strategy_style(results, row.strategy)
    bound = row.strategy in results.oracles
    colour = GREY if bound else colour
    runs = results.runs_of(row.group)
    if len(runs) > 1:
        seeds = [100 * results.scores[run][row.test].strategies[row.strategy].right / row.problems for run in runs]
        axes.plot(seeds, [place + 0.22] * len(seeds), "|", color=GREY, markersize=4, markeredgewidth=0.8)
    axes.errorbar(
        100 * row.accuracy,
        place,
        xerr=[[100 * (row.accuracy - row.low)], [100 * (row.high - row.accuracy)]],
        fmt="D" if bound else "o",
        markersize=5,
        color=colour,
        markerfacecolor="white" if bound or again else colour,
        elinewidth=1.2,
    )
    axes.annotate(
        f"{100 * row.accuracy:.1f}", (1.0, place), xycoords=axes.get_yaxis_transform(), xytext=(2, 0),
        textcoords="offset points", fontsize=7, color=GREY, va="center",
    )  # fmt: skip


def name_lines(axes: Any, lines: list[Place]) -> None:
    """Names at the left; those of mixes are bold."""
    axes.set_yticks(range(len(lines)), [line.text for line in lines])
    for name, line in zip(axes.get_yticklabels(), lines, strict=True):
        name.set_fontweight("normal" if line.strategy else "bold")


def bounds(results: Results) -> tuple[float, float]:
    """The least and the highest end of an interval, in percent."""
    return 100 * min(row.low for row in results.rows), 100 * max(row.high for row in results.rows)

"""Which formats solve which problems (an UpSet plot, Lex and others 2014, lying on its side).

A line is a set of formats, told by filled dots; its bars, one a test, are the problems that exactly these solve.
Several tests stand side by side, so that the sets are named once.
"""

from __future__ import annotations

from typing import Any, Final

from matplotlib.figure import Figure

from distill_dsl.runtime.reports.efficiency import headline_accuracy
from distill_dsl.runtime.reports.figures.style import COLOURS, GREY, PALE, legend, plain, titled, words
from distill_dsl.runtime.reports.formats import Combination, FormatSets
from distill_dsl.runtime.reports.results import Group, Results, unique

LINE: Final = 0.2
"""Inches of a line."""

DOT: Final = 0.24
"""Inches of a column of dots."""

MOST_GROUPS: Final = 6
"""With more groups the best of each student is shown."""

MOST_SETS: Final = 16
"""More sets of formats than four formats have: the rarest are left to formats.csv."""

TAKEN, LEFT = COLOURS[0], COLOURS[4]


def draw(results: Results, sets: tuple[FormatSets, ...]) -> Figure:
    """Rows of panels are students and mixes, columns tests."""
    groups = shown_groups(results, sets)
    if not groups:
        return words("No mix here has several formats.")
    lines = {group: lines_of([one for one in sets if one.group == group]) for group in groups}
    widest = max(len(one.formats) for one in sets)
    heights = [len(found) + 2.0 for found in lines.values()]
    figure = Figure(
        figsize=(max(4.6, 0.5 + DOT * widest + 2.2 * len(results.tests)), LINE * sum(heights) + 0.6 * len(groups)),
        dpi=150,
        layout="constrained",
    )
    grid = figure.subplots(
        len(groups), len(results.tests) + 1, squeeze=False, sharey="row", height_ratios=heights,
        width_ratios=[DOT * widest, *[2.0] * len(results.tests)],
    )  # fmt: skip
    longest = max(one.share for found in sets if found.group in lines for one in found.combinations)
    for row, group in zip(grid, groups, strict=True):
        here = {one.test: one for one in sets if one.group == group}
        dots(row[0], next(iter(here.values())).formats, lines[group])
        for axes, (test, found) in zip(row[1:], here.items(), strict=True):
            bars(axes, found, lines[group], longest)
            titled(axes, f"{test}\n{group.names[0]}, {group.title}")
    for axes in grid[-1][1:]:
        axes.set_xlabel("problems (%)")
    legend(figure, key(grid[0][1], results, groups))
    return figure


def shown_groups(results: Results, sets: tuple[FormatSets, ...]) -> list[Group]:
    """All that write several formats; of many, the best of each student."""
    groups = unique(one.group for one in sets)
    if len(groups) <= MOST_GROUPS:
        return groups
    students = unique(group.names[0] for group in groups)
    return [
        max((one for one in groups if one.names[0] == student), key=lambda group: headline_accuracy(results, group))
        for student in students
    ]


def lines_of(sets: list[FormatSets]) -> list[tuple[str, ...]]:
    """The sets of formats that occur on any test, from all formats down to none."""
    formats = sets[0].formats
    weight: dict[tuple[str, ...], float] = {}
    for one in (one for found in sets for one in found.combinations):
        weight[one.formats] = weight.get(one.formats, 0.0) + one.share
    kept = sorted(weight, key=lambda solvers: -weight[solvers])[:MOST_SETS]
    return sorted(kept, key=lambda solvers: (-len(solvers), [formats.index(name) for name in solvers]))


def dots(axes: Any, formats: tuple[str, ...], lines: list[tuple[str, ...]]) -> None:
    """The sets: a filled dot where a format is of it, joined by a line."""
    for place, solvers in enumerate(lines):
        inside = [column for column, name in enumerate(formats) if name in solvers]
        axes.plot(range(len(formats)), [place] * len(formats), "o", color=PALE, markersize=6, zorder=1)
        axes.plot(inside, [place] * len(inside), "-o", color=GREY, markersize=6, linewidth=1.2, zorder=2)
    axes.set_xlim(-0.5, len(formats) - 0.5)
    axes.set_xticks(range(len(formats)), formats, rotation=90)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_yticks([])
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.spines[:].set_visible(False)


def bars(axes: Any, found: FormatSets, lines: list[tuple[str, ...]], longest: float) -> None:
    """The problems of each set, those first of which the headline gives the right answer."""
    plain(axes)
    axes.yaxis.grid(False)
    axes.tick_params(axis="y", length=0)
    here = {one.formats: one for one in found.combinations}
    for place, solvers in enumerate(lines):
        one = here.get(solvers, Combination(solvers, 0.0, 0.0))
        axes.barh(place, 100 * one.taken, color=TAKEN, height=0.7)
        axes.barh(
            place,
            100 * (one.share - one.taken),
            left=100 * one.taken,
            color=LEFT,
            hatch="////",
            edgecolor="white",
            linewidth=0,
            height=0.7,
        )
        axes.annotate(
            f"{100 * one.share:.1f}",
            (100 * one.share, place),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
            color=GREY,
        )
    axes.set_xlim(0, 118 * longest)


def key(axes: Any, results: Results, groups: list[Group]) -> dict[str, Any]:
    """What the two colours of a bar are."""
    names = unique(results.titles[results.headline(group)] for group in groups)
    name = names[0] if len(names) == 1 else "the headline"
    marks = [axes.barh([0], [0], color=TAKEN), axes.barh([0], [0], color=LEFT, hatch="////", edgecolor="white")]
    return dict(zip((f"{name} is right", "is wrong"), marks, strict=True))

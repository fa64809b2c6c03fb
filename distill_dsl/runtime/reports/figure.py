"""The report's figure: accuracies as grouped bars, one panel a student and test."""

from __future__ import annotations

from io import BytesIO
from math import ceil
from typing import Any, Final

import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from distill_dsl.runtime.reports.results import Results, Row, unique

COLOURS: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
"""Okabe and Ito: told apart with every common form of colour blindness, and in grey by lightness."""

HATCHES: Final = ("", "//", "..", "xx")
"""A ninth strategy wears the first colour again, hatched."""

BAR: Final = 0.2
"""Inches of a bar; panels grow with their number, so that labels never overlap."""

COLUMNS: Final = 4
"""Most columns of the legend."""

LINE: Final = 0.2
"""Inches of a line of the legend."""

LETTER: Final = 0.09
"""Inches of a letter of a mix's name; names wider than their bars are slanted."""


def accuracy_png(results: Results) -> bytes:
    """PNG of 150 dpi. Same results, same bytes: no date, no version of the library in it."""
    with matplotlib.style.context("default"):
        drawn = draw(results)
        stream = BytesIO()
        drawn.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def draw(results: Results) -> Figure:
    """Rows of panels are students, columns are tests, groups of bars are mixes, colours strategies."""
    students = unique(student for student, _ in results.groups)
    bars = max(
        sum(len(results.strategies_of(*group)) + 1 for group in results.groups if group[0] == s) for s in students
    )
    width, height = max(3.0, BAR * bars + 0.4), 2.7
    figure = Figure(
        figsize=(width * len(results.tests) + 0.5, height * len(students) + 0.3), dpi=150, layout="constrained"
    )
    panels = figure.subplots(len(students), len(results.tests), squeeze=False, sharey=True)
    for down, student in enumerate(students):
        for across, test in enumerate(results.tests):
            panel(panels[down][across], results, student, test)
            panels[down][across].set_title(test if down == 0 else "", fontsize=11)
        panels[down][0].set_ylabel(f"{student}\naccuracy (%)" if len(students) > 1 else "accuracy (%)")
    named = [axes.get_legend_handles_labels() for axes in panels.flat]
    handles = {label: handle for pair in named for handle, label in zip(*pair, strict=True)}
    name_strategies(figure, {title: handles[title] for title in results.titles.values() if title in handles})
    return figure


def name_strategies(figure: Figure, handles: dict[str, Any]) -> None:
    """The legend above the panels, in as many columns as the figure is wide; the figure grows for its lines."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    for columns in range(min(len(handles), COLUMNS), 0, -1):
        legend = figure.legend(
            handles.values(),
            handles,
            loc="outside upper center",
            ncols=columns,
            frameon=False,
            fontsize=9,
            handlelength=1.4,
            columnspacing=1.5,
        )
        if columns == 1 or legend.get_window_extent(renderer).width <= figure.bbox.width:
            figure.set_figheight(figure.get_figheight() + LINE * ceil(len(handles) / columns))
            return
        legend.remove()


def panel(axes: Any, results: Results, student: str, test: str) -> None:
    """One test of one student."""
    mixes = [mix for name, mix in results.groups if name == student]
    left = 0.0
    centres = []
    for mix in mixes:
        rows = [row for row in results.rows if (row.student, row.mix, row.test) == (student, mix, test)]
        for place, row in enumerate(rows):
            bar(axes, results, left + place, row)
        centres.append(left + (len(rows) - 1) / 2)
        left += len(rows) + 1
    crowded = any(len(mix) * LETTER > BAR * (len(results.strategies_of(student, mix)) + 1) for mix in mixes)
    axes.set_xticks(centres, mixes, **({"rotation": 30, "ha": "right"} if crowded else {}))
    axes.tick_params(axis="x", length=0)
    axes.set_ylim(0, 100)
    axes.yaxis.grid(True, color="0.88", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def bar(axes: Any, results: Results, place: float, row: Row) -> None:
    """A mean over seeds with its 95 % interval; an oracle is drawn hollow, since it is a bound."""
    keys = list(results.titles)
    index = keys.index(row.strategy)
    colour = COLOURS[index % len(COLOURS)]
    hollow = row.strategy in results.oracles
    axes.bar(
        place,
        100 * row.accuracy,
        width=0.86,
        facecolor="white" if hollow else colour,
        edgecolor="0.35" if hollow else "white",
        hatch="////" if hollow else HATCHES[index // len(COLOURS) % len(HATCHES)],
        linewidth=0.8,
        label=results.titles[row.strategy],
        yerr=[[100 * (row.accuracy - row.low)], [100 * (row.high - row.accuracy)]],
        error_kw={"elinewidth": 1.0, "capsize": 2.0, "ecolor": "0.2"},
    )

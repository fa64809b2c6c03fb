"""Accuracy along what is varied, with the laws through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from distill_dsl.runtime.reports.figures.style import COLOURS, DASHES, handles_of, legend, panels, plain, titled, words
from distill_dsl.runtime.reports.results import Results
from distill_dsl.runtime.reports.scaling import Line, Status, unique_along
from distill_dsl.runtime.reports.wording import si

STEPS: Final = 60
"""Points of a drawn law."""


def draw(results: Results, lines: Sequence[Line]) -> Figure:
    """Rows of panels are quantities, columns tests; a colour a student and mix, at its headline strategy."""
    shown = [line for line in lines if line.headline]
    if not shown:
        return words("Nothing is varied over numbers here.")
    quantities = unique_along(shown)
    figure, grid = panels(len(quantities), len(results.tests), 3.6, 3.0, sharey=True)
    names = list(dict.fromkeys(line.name for line in shown))
    for down, quantity in enumerate(quantities):
        for across, test in enumerate(results.tests):
            axes = grid[down][across]
            plain(axes)
            here = [line for line in shown if (line.along, line.measured) == quantity and line.test == test]
            for line in here:
                trace(axes, line, names.index(line.name))
            scale(axes, here)
            axes.set_xlabel(quantity[0])
            titled(axes, test if down == 0 else "")
        grid[down][0].set_ylabel("accuracy (%)")
    legend(figure, handles_of(grid))
    return figure


def trace(axes: Any, line: Line, place: int) -> None:
    """Measured points with their 95 % intervals (Wilson), and the law with its band where there is one."""
    colour, dash = COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS) % len(DASHES)]
    xs = [x for x, _ in line.points]
    rows = [row for _, row in line.points]
    axes.errorbar(
        xs,
        [100 * row.accuracy for row in rows],
        yerr=[[100 * (row.accuracy - row.low) for row in rows], [100 * (row.high - row.accuracy) for row in rows]],
        fmt="o",
        color=colour,
        markersize=5,
        elinewidth=1.0,
        capsize=2.0,
        label=line.name,
    )
    if line.law is None or line.status is not Status.FITTED:
        axes.plot(xs, [100 * row.accuracy for row in rows], linestyle=":", color=colour, linewidth=1.0)
        return
    along = np.geomspace(line.law.smallest, line.law.largest, STEPS)
    fitted = [line.law.at(float(x)) for x in along]
    axes.plot(along, [100 * one.value for one in fitted], dash, color=colour, linewidth=1.5)
    low, high = [100 * one.low for one in fitted], [100 * one.high for one in fitted]
    axes.fill_between(along, low, high, color=colour, alpha=0.15, linewidth=0)


def scale(axes: Any, lines: Sequence[Line]) -> None:
    """Doublings are equally far apart; the ticks are the values that were measured."""
    xs = sorted({x for line in lines for x, _ in line.points})
    if xs and xs[0] > 0:
        axes.set_xscale("log", base=2)
    axes.set_xticks(spread(xs))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: si(x)))
    axes.xaxis.set_minor_formatter(NullFormatter())


def spread(xs: Sequence[float]) -> list[float]:
    """Of many values about six, the ends among them."""
    if len(xs) <= 6:
        return list(xs)
    return [xs[round(place * (len(xs) - 1) / 5)] for place in range(6)]

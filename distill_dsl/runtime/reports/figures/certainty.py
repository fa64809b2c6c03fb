"""How sure strategies are against how right they are: risk-coverage curves and a reliability diagram.

One panel a student and test, for the mix that most strategies can tell their certainty after (of
equals, the best): all mixes at once would be a thicket. All seeds are drawn together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from matplotlib.figure import Figure

from distill_dsl.contract.strategies import strategy_key
from distill_dsl.runtime.reports.choices import Choices
from distill_dsl.runtime.reports.efficiency import headline_accuracy
from distill_dsl.runtime.reports.figures.style import (
    DASHES,
    GREY,
    handles_of,
    legend,
    panels,
    percents,
    plain,
    strategy_style,
    titled,
    words,
)
from distill_dsl.runtime.reports.results import Group, Results, known_mean, unique
from distill_dsl.runtime.reports.sureness import BINS, Pairs, certain, pairs_of, stated_bins
from distill_dsl.runtime.strategies.reliability import ece, risk_coverage

NOTHING: Final = "No strategy here says how sure it is."

MOST: Final = 6
"""Curves of a panel that can still be told apart."""

Trace = Callable[[Any, Pairs, dict[str, Any]], str]
"""Draws a curve and gives what is to be noted of it in the panel."""


def draw_risk(results: Results, choices: Choices) -> Figure:
    """The share of wrong answers when only the surest problems are answered."""
    figure, axes = draw(results, choices, trace_risk, "problems answered (%)", "wrong (%)")
    highest = max((float(max(line.get_ydata(), default=0)) for one in axes for line in one.lines), default=0.0)
    percents(axes, "y", (0.0, highest))
    return figure


def draw_calibration(results: Results, choices: Choices) -> Figure:
    """The share of right answers against the share that was stated; on the diagonal both agree."""
    figure, axes = draw(results, choices, trace_calibration, "stated (%)", "right (%)")
    percents(axes, "y", (0.0, 100.0))
    for one in axes:
        one.plot([0, 100], [0, 100], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    return figure


def draw(results: Results, choices: Choices, trace: Trace, across: str, up: str) -> tuple[Figure, list[Any]]:
    """Panels of students x tests, a curve a strategy."""
    shown = telling_students(results, choices)
    if not shown:
        return words(NOTHING), []
    curves = chosen(results, choices, shown.values())
    figure, grid = panels(len(shown), len(results.tests), 3.0, 2.8, sharex=True, sharey=True)
    for row, (student, group) in zip(grid, shown.items(), strict=True):
        for axes, test in zip(row, results.tests, strict=True):
            plain(axes)
            notes = []
            for key in (key for key in certain(results, choices, group) if key in curves):
                style = line_style(results, key, curves)
                notes.append((trace(axes, pairs_of(results, choices, group, test, key), style), style["color"]))
            note(axes, notes)
            titled(axes, f"{test}\n{student}, {group.title}")
        row[0].set_ylabel(up)
    for axes in grid[-1]:
        axes.set_xlabel(across)
    percents(grid.flat, "x", (0.0, 100.0))
    every = unique(key for group in shown.values() for key in certain(results, choices, group))
    title = "of each kind of strategy the one that knows best, and the headline" if len(curves) < len(every) else ""
    legend(figure, handles_of(grid), title)
    return figure, list(grid.flat)


def note(axes: Any, notes: Sequence[tuple[str, str]]) -> None:
    """Texts with their colours, in the corner off the diagonal that fewer points lie in."""
    points = [(x, y) for line in axes.lines for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]
    above = sum(y - x > 20 for x, y in points) > sum(x - y > 20 for x, y in points)
    for place, (text, colour) in enumerate(notes):
        at = (0.97, 0.04 + 0.07 * (len(notes) - 1 - place)) if above else (0.03, 0.90 - 0.07 * place)
        axes.text(*at, text, color=colour, fontsize=8, ha="right" if above else "left", transform=axes.transAxes)


def line_style(results: Results, key: str, curves: Sequence[str]) -> dict[str, Any]:
    """Colour, dash and name of a strategy's curve."""
    colour, _ = strategy_style(results, key, curves)
    return {"color": colour, "linestyle": DASHES[curves.index(key) % len(DASHES)], "label": results.titles[key]}


def telling_students(results: Results, choices: Choices) -> dict[str, Group]:
    """Student -> the group that is shown for it, where any of its strategies says how sure it is."""
    students = unique(one.names[0] for one in results.groups)
    shown = {student: surest(results, choices, student) for student in students}
    return {student: group for student, group in shown.items() if certain(results, choices, group)}


def chosen(results: Results, choices: Choices, groups: Iterable[Group]) -> list[str]:
    """Of more strategies than can be told apart: headlines, and of each kind the one with the least area, in order."""
    groups = list(groups)
    told = unique(key for group in groups for key in certain(results, choices, group))
    if len(told) <= MOST:
        return told
    kinds = {strategy_key(strategy): type(strategy) for strategy in results.settings.answers}
    areas = {key: area(results, key) for key in told}
    best = [
        min((key for key in told if kinds[key] is kind), key=areas.__getitem__) for kind in unique(map(kinds.get, told))
    ]
    headlines = [key for key in map(results.headline, groups) if key in told]
    wanted = unique([*headlines, *sorted(best, key=areas.__getitem__)])
    return [key for key in told if key in wanted[:MOST]]


def area(results: Results, key: str) -> float:
    """The mean area under a strategy's risk-coverage curves."""
    return known_mean(row.aurc for row in results.rows if row.strategy == key) or 0.0


def surest(results: Results, choices: Choices, student: str) -> Group:
    """The student's group with most strategies that say how sure they are; of equals the best."""
    groups = [group for group in results.groups if group.names[0] == student]
    return max(groups, key=lambda group: (len(certain(results, choices, group)), headline_accuracy(results, group)))


def trace_risk(axes: Any, pairs: Pairs, style: dict[str, Any]) -> str:
    """One strategy's risk-coverage curve."""
    points = risk_coverage(*pairs)
    axes.plot(
        [100 * point.coverage for point in points],
        [100 * point.risk for point in points],
        marker="." if len(points) < 20 else None,
        linewidth=1.5,
        **style,
    )
    return ""


def trace_calibration(axes: Any, pairs: Pairs, style: dict[str, Any]) -> str:
    """One strategy's bins, larger where they hold more answers."""
    bins = stated_bins(pairs)
    answered = sum(one.count for one in bins)
    xs, ys = [100 * one.sure for one in bins], [100 * one.right for one in bins]
    axes.plot(xs, ys, linewidth=1.2, **style)
    axes.scatter(xs, ys, s=[8 + 60 * one.count / answered for one in bins], color=style["color"], zorder=3)
    return f"ECE {100 * ece(*pairs, BINS):.1f}"

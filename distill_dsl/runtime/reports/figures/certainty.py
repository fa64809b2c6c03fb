"""How sure strategies are against how right they are: risk-coverage curves and a reliability diagram.

One panel a student and test, for the mix that most strategies can tell their certainty after (of
equals, the best): all mixes at once would be a thicket. All seeds are drawn together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from matplotlib.figure import Figure

from distill_dsl.runtime.reports.choices import Choices
from distill_dsl.runtime.reports.efficiency import headline_accuracy
from distill_dsl.runtime.reports.figures.style import (
    DASHES,
    GREY,
    handles_of,
    legend,
    panels,
    plain,
    strategy_style,
    words,
)
from distill_dsl.runtime.reports.results import Group, Results, unique
from distill_dsl.runtime.strategies.reliability import ece, reliability, risk_coverage

NOTHING: Final = "No strategy here says how sure it is."

BINS: Final = 10

Pairs = tuple[list[float], list[bool]]
"""How sure, and whether right, of every problem and seed."""

Trace = Callable[[Any, Results, str, Pairs], None]


def draw_risk(results: Results, choices: Choices) -> Figure:
    """The share of wrong answers when only the surest problems are answered."""
    return draw(results, choices, trace_risk, "problems answered (%)", "wrong (%)")


def draw_calibration(results: Results, choices: Choices) -> Figure:
    """The share of right answers against the share that was stated; on the diagonal both agree."""
    return draw(results, choices, trace_calibration, "stated (%)", "right (%)")


def draw(results: Results, choices: Choices, trace: Trace, across: str, up: str) -> Figure:
    """Panels of students x tests, a curve a strategy."""
    shown = {student: telling(results, choices, student) for student in unique(one.names[0] for one in results.groups)}
    shown = {student: group for student, group in shown.items() if certain(results, choices, group)}
    if not shown:
        return words(NOTHING)
    figure, grid = panels(len(shown), len(results.tests), 3.4, 3.0, sharex=True)
    for down, (student, group) in enumerate(shown.items()):
        for column, test in enumerate(results.tests):
            axes = grid[down][column]
            plain(axes)
            for key in certain(results, choices, group):
                trace(axes, results, key, pairs_of(results, choices, group, test, key))
            axes.set_title(f"{test}\n{student}, {group.title}", fontsize=10)
            axes.set_xlim(0, 100)
            axes.set_xlabel(across)
        grid[down][0].set_ylabel(up)
    legend(figure, handles_of(grid))
    return figure


def telling(results: Results, choices: Choices, student: str) -> Group:
    """The student's group with most strategies that say how sure they are; of equals the best."""
    groups = [group for group in results.groups if group.names[0] == student]
    return max(groups, key=lambda group: (len(certain(results, choices, group)), headline_accuracy(results, group)))


def certain(results: Results, choices: Choices, group: Group) -> list[str]:
    """The real strategies that say how sure they are, on every test and seed."""
    runs = results.runs_of(group)
    return [
        key
        for key in results.strategies_of(group)
        if key not in results.oracles and all(one[key].tells for run in runs for one in choices[run].values())
    ]


def pairs_of(results: Results, choices: Choices, group: Group, test: str, key: str) -> Pairs:
    """All problems of a test, of all seeds."""
    found = [
        strategies[key] for run in results.runs_of(group) for name, strategies in choices[run].items() if name == test
    ]
    sure = [value for one in found for value in one.certainty]
    return sure, [value for one in found for value in one.right]


def trace_risk(axes: Any, results: Results, key: str, pairs: Pairs) -> None:
    """One strategy's risk-coverage curve."""
    points = risk_coverage(*pairs)
    colour, again = strategy_style(results, key)
    axes.plot(
        [100 * point.coverage for point in points],
        [100 * point.risk for point in points],
        DASHES[again % len(DASHES)],
        color=colour,
        marker="." if len(points) < 20 else None,
        linewidth=1.5,
        label=results.titles[key],
    )
    axes.set_ylim(0, 100)


def trace_calibration(axes: Any, results: Results, key: str, pairs: Pairs) -> None:
    """One strategy's bins, larger where they hold more answers; its ECE is told in the panel."""
    axes.plot([0, 100], [0, 100], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    # An unanswered problem states nothing: it is no point at 0.
    answered = [(sure, right) for sure, right in zip(*pairs, strict=True) if sure > 0]
    bins = reliability([sure for sure, _ in answered], [right for _, right in answered], BINS)
    colour, again = strategy_style(results, key)
    xs, ys = [100 * one.sure for one in bins], [100 * one.right for one in bins]
    axes.plot(xs, ys, DASHES[again % len(DASHES)], color=colour, linewidth=1.2, label=results.titles[key])
    axes.scatter(xs, ys, s=[8 + 60 * one.count / len(answered) for one in bins], color=colour, zorder=3)
    placed = len(axes.texts)
    axes.text(
        0.03, 0.96 - 0.075 * placed, f"ECE {100 * ece(*pairs, BINS):.1f}", color=colour, fontsize=8,
        va="top", transform=axes.transAxes,
    )  # fmt: skip
    axes.set_ylim(0, 100)

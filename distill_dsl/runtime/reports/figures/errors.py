"""What becomes of the thoughts of each format: right, wrong, or which kind of failure."""

from __future__ import annotations

from collections import Counter
from typing import Final

from matplotlib.figure import Figure

from distill_dsl.contract.vocabulary import Outcome, outcome_of
from distill_dsl.runtime.reports.figures.stacks import BLACK, BLUE, GREEN, GREY, LINE, ORANGE, PURPLE, RED, SKY, Paint
from distill_dsl.runtime.reports.figures.stacks import bar as stacked
from distill_dsl.runtime.reports.figures.stacks import lines as lined
from distill_dsl.runtime.reports.figures.style import LETTER, handles_of, legend, panels, titled, words
from distill_dsl.runtime.reports.results import FormatRow, Results, unique

WIDTH: Final = 2.7
"""Inches of a panel without the names."""

OUTCOMES: Final = {
    Outcome.CORRECT: ("right", Paint(BLUE)),
    Outcome.WRONG: ("wrong", Paint(ORANGE)),
    Outcome.NO_ANSWER: ("no answer", Paint(SKY, "////")),
}
"""What is no failure to run, by its name in the legend."""

ERRORS: Final = (
    Paint(RED),
    Paint(PURPLE, "...."),
    Paint(GREEN, "xxxx"),
    Paint(RED, "////"),
    Paint(PURPLE, "||||"),
    Paint(GREEN, "----"),
)
"""Of the most frequent kinds of error, in order."""

REST: Final = "other errors"

LIMITS: Final = {
    Outcome.TIMEOUT: Paint(GREY),
    Outcome.MEMORY: Paint(BLACK, "////"),
    Outcome.OUTPUT: Paint(BLACK, "...."),
    Outcome.DENIED: Paint(BLACK),
}
"""Limits of the sandbox that a program ran into."""


def draw(results: Results) -> Figure:
    """Rows of panels are students, columns tests; a bar a mix and format, all seeds together."""
    if not results.formats:
        return words("No thoughts were written.")
    paints = paints_of(results)
    students = unique(group.names[0] for group in results.groups)
    rows = {student: [row for row in results.formats if row.group.names[0] == student] for student in students}
    names = {student: unique(f"{row.group.title}: {row.thought}" for row in rows[student]) for student in students}
    counts = [len(found) for found in names.values()]
    figure, grid = panels(
        len(students), len(results.tests), WIDTH, LINE * sum(counts) / len(students) + 0.45,
        aside=LETTER * max(len(name) for found in names.values() for name in found), sharex=True, sharey="row",
        height_ratios=[count + 1 for count in counts],
    )  # fmt: skip
    for down, student in enumerate(students):
        for across, test in enumerate(results.tests):
            axes = grid[down][across]
            lined(axes, names[student] if across == 0 else None, len(names[student]))
            for row in (row for row in rows[student] if row.test == test):
                stacked(axes, names[student].index(f"{row.group.title}: {row.thought}"), parts(row, paints))
            titled(axes, test if len(students) == 1 else f"{test}, {student}")
    for axes in grid[-1]:
        axes.set_xlabel("thoughts (%)")
    handles = handles_of(grid)
    legend(figure, {name: handles[name] for name in paints if name in handles})
    return figure


def paints_of(results: Results) -> dict[str, Paint]:
    """Name -> paint of all that becomes of a thought somewhere, in the order of the bars."""
    counts: Counter[str] = Counter()
    for row in results.formats:
        counts.update(row.verdicts)
    outcomes = unique(map(outcome_of, counts))
    kinds = sorted(
        (verdict for verdict in counts if outcome_of(verdict) is Outcome.ERROR), key=lambda v: (-counts[v], v)
    )
    paints = {name: paint for outcome, (name, paint) in OUTCOMES.items() if outcome in outcomes}
    paints |= {named(verdict): paint for verdict, paint in zip(kinds, ERRORS, strict=False)}
    if len(kinds) > len(ERRORS):
        paints[REST] = Paint(GREY, "////")
    return paints | {outcome.value: paint for outcome, paint in LIMITS.items() if outcome in outcomes}


def named(verdict: str) -> str:
    """A verdict in the legend: `error:name` is `error: name`."""
    outcome = outcome_of(verdict)
    return OUTCOMES[outcome][0] if outcome in OUTCOMES else verdict.replace(":", ": ")


def parts(row: FormatRow, paints: dict[str, Paint]) -> list[tuple[str, float, Paint]]:
    """The shares of one format's thoughts, in the order of the paints."""
    counts: Counter[str] = Counter()
    for verdict, count in row.verdicts.items():
        name = named(verdict)
        counts[name if name in paints else REST] += count
    return [(name, counts[name] / row.written, paint) for name, paint in paints.items() if counts[name]]

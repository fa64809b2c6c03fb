"""What became of what the teachers were asked for: from completions that are missing to thoughts that are learned."""

from __future__ import annotations

from typing import Final

from matplotlib.figure import Figure

from distill_dsl.runtime.reports.figures.stacks import BLACK, BLUE, GREEN, GREY, LINE, ORANGE, RED, SKY, Paint
from distill_dsl.runtime.reports.figures.stacks import bar as stacked
from distill_dsl.runtime.reports.figures.stacks import lines as lined
from distill_dsl.runtime.reports.figures.style import GREY as TEXT
from distill_dsl.runtime.reports.figures.style import LETTER, handles_of, legend, panels, words
from distill_dsl.runtime.reports.results import Results, unique
from distill_dsl.runtime.reports.wording import dollars, percent
from distill_dsl.runtime.reports.yields import Taught

WIDTH: Final = 4.6
"""Inches of the panel without the names."""

PAINTS: Final = {
    "kept by a mix": Paint(BLUE),
    "right, not kept": Paint(SKY, "////"),
    "right, said before": Paint(GREEN, "...."),
    "wrong": Paint(ORANGE),
    "no answer": Paint(RED),
    "cut off": Paint(GREY),
    "withheld": Paint(GREY, "////"),
    "missing": Paint(BLACK),
}


def draw(results: Results, yields: tuple[Taught, ...]) -> Figure:
    """A bar a teacher, split and format."""
    asked = [one for one in yields if one.found.asked]
    if not asked:
        return words("Nothing here is learned from a teacher.")
    names = names_of(results, asked)
    figure, grid = panels(1, 1, WIDTH, LINE * len(asked) + 0.45, aside=LETTER * max(map(len, names)) + 2.0)
    axes = grid[0][0]
    lined(axes, names, len(asked))
    for place, one in enumerate(asked):
        stacked(axes, place, [(name, share, PAINTS[name]) for name, share in parts(one).items() if share])
        axes.annotate(
            told(one), (1.0, place), xycoords=axes.get_yaxis_transform(), xytext=(4, 0), textcoords="offset points",
            fontsize=7, color=TEXT, va="center",
        )  # fmt: skip
    axes.set_xlabel("thoughts asked for (%)")
    handles = handles_of(grid)
    legend(figure, {name: handles[name] for name in PAINTS if name in handles})
    return figure


def names_of(results: Results, yields: list[Taught]) -> list[str]:
    """Teacher, split and format; the split and the teacher only where they differ."""
    teachers = len(unique(one.names[0] for one in yields)) > 1
    splits = len(unique(one.names[1:3] for one in yields)) > 1
    lines = []
    for one in yields:
        teacher, data, split, thought = one.names
        values = [
            f"{name} {value}" for name, value in zip(results.varied, one.values(results.varied), strict=True) if value
        ]
        lines.append(", ".join([*[teacher] * teachers, *[f"{data}.{split}"] * splits, *values, thought]))
    return lines


def parts(one: Taught) -> dict[str, float]:
    """Shares of what was asked, which add up to 1. What several mixes keep is what the one keeps that keeps most."""
    found = one.found
    kept = max(one.kept, default=0)
    counts = {
        "kept by a mix": kept,
        "right, not kept": max(found.unique - kept, 0),
        "right, said before": found.right - max(found.unique, kept),
        "wrong": found.executed - found.right,
        "no answer": found.answered - found.executed,
        "cut off": found.truncated,
        "withheld": found.filtered,
        "missing": found.missing,
    }
    return {name: count / found.asked for name, count in counts.items()}


def told(one: Taught) -> str:
    """What a bar cannot show."""
    found = one.found
    cost = [] if found.cost is None else [dollars(found.cost)]
    return ", ".join([f"{found.asked:,} asked", f"{percent(found.covered, 0)} % covered", *cost])

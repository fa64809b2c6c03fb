"""The report's figures as they stand in the page: drawn by the same functions as the files beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from matplotlib.figure import Figure

from distill_dsl.runtime.reports.contents import FIGURES
from distill_dsl.runtime.reports.figures.style import house_style, svg
from distill_dsl.runtime.reports.study import Study

CAPTIONS: Final = {
    "accuracy.png": "Accuracy with 95 % intervals (Wilson); ticks are seeds. Hollow: upper bounds, no methods.",
    "mixes.png": "Accuracy by mix and size of the student, each at its headline strategy, beside published figures.",
    "cost.png": "Accuracy against the tokens a problem takes. The line joins what nothing beats for as few.",
    "risk_coverage.png": "The error when only the surest problems are answered: the lower, the better sureness sorts.",
    "calibration.png": "Right answers against how sure the strategy was. On the diagonal both agree.",
    "scaling.png": "Accuracy along what is varied, with the law through it where one can be laid.",
    "formats.png": "Which formats solve the same problems. Hatched: a better choice of the answer would gain it.",
    "errors.png": "What became of every thought that the students wrote.",
    "yield.png": "What became of the thoughts that the teachers were asked for.",
}
"""File of a figure -> what it shows."""

DATA: Final = {
    "accuracy.png": "accuracy.csv",
    "mixes.png": "table.csv",
    "cost.png": "table.csv",
    "risk_coverage.png": "risk_coverage.csv",
    "calibration.png": "calibration.csv",
    "scaling.png": "scaling.csv",
    "formats.png": "formats.csv",
    "errors.png": "thoughts.csv",
    "yield.png": "yield.csv",
}
"""File of a figure -> the table that has its numbers."""

GREYS: Final = re.compile(r"(fill|stroke): (#([0-9a-f]{2})\3\3)\b")


@dataclass(frozen=True)
class Picture:
    """A figure of the page."""

    name: str
    """Without the ending: `risk_coverage`."""
    drawing: Markup
    """An `<svg>` element, or words where there is nothing to draw."""
    caption: str
    empty: bool
    data: str


def picture(study: Study, file: str) -> Picture:
    """One of `FIGURES`."""
    name = file.removesuffix(".png")
    with house_style():
        figure = FIGURES[file](study)
    said = words_of(figure)
    drawing = Markup.escape(said) if said else drawn(lambda: figure, name)
    return Picture(name, drawing, CAPTIONS[file], bool(said), DATA[file])


def words_of(figure: Figure) -> str:
    """What a figure says that has nothing to draw; empty where it draws."""
    return "" if figure.axes else " ".join(text.get_text() for text in figure.texts)


def drawn(draw: Callable[[], Figure], name: str) -> Markup:
    """The figure with greys that turn with the page: what is nearly white on white is nearly black on black."""
    # Names of students and mixes were escaped as XML when the figure was written.
    return Markup(GREYS.sub(turned, svg(draw, f"drawing-{name}")))


def turned(found: re.Match[str]) -> str:
    """`stroke: #e0e0e0` -> `stroke: light-dark(#e0e0e0, #3a3a3a)`."""
    light = int(found[3], 16)
    # Not down to black: the page's dark ground is a dark grey, and a grid has to be seen on it.
    dark = round(26 + (255 - light) * (236 - 26) / 255)
    return f"{found[1]}: light-dark({found[2]}, #{dark:02x}{dark:02x}{dark:02x})"

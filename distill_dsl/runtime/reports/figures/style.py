"""What all figures share: colours, panels, the legend, and bytes that depend on the drawing alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO, StringIO
from math import ceil
from typing import Any, Final

import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from distill_dsl.runtime.reports.results import Results

COLOURS: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
"""Okabe and Ito: told apart with every common form of colour blindness, and in grey by lightness."""

HATCHES: Final = ("", "//", "..", "xx")
"""Of bars: a ninth strategy wears the first colour again, hatched."""

DASHES: Final = ("-", "--", ":", "-.")
"""Of lines: the same for curves."""

MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")
"""Of points, where their shape tells a second thing beside their colour."""

GREY: Final = "0.35"

LEGEND_COLUMNS: Final = 4
"""Most columns of the legend."""

LEGEND_LINE: Final = 0.2
"""Inches of a line of the legend."""

SVG_METADATA: Final = ("Creator", "Date", "Format", "Type")
"""What matplotlib would write into an SVG's metadata by itself."""

IN_A_PAGE: Final = (
    (r"^.*?<svg ", '<svg fill="currentColor" style="stroke-linejoin: round; stroke-linecap: butt" '),
    (r"\s*<style type=\"text/css\">\*\{[^<]*</style>", ""),
    (r"<g id=\"[\w.]+\">", "<g>"),
    (r"(fill|stroke): #000000", r"\1: currentColor"),
)
"""What an SVG file has and an `<svg>` in a page cannot: a prologue, a style of the whole page (its properties are
inherited from the root instead), ids of groups (every figure counts from 1), and black where the page is dark."""


def png(draw: Callable[[], Figure]) -> bytes:
    """PNG of 150 dpi. Same results, same bytes: no date, no version of the library in it."""
    with matplotlib.style.context("default"):
        stream = BytesIO()
        draw().savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def svg(draw: Callable[[], Figure], name: str = "figure") -> str:
    """The figure as an `<svg>` element with the id `name`, to stand in a page. Same results, same string.

    Text stays text; black is the page's own colour of text, the ground shows through, so that it can be shown
    light and dark. `name` goes into the ids of what is drawn again and again (clip paths, markers), which are thus
    not mixed up with those of another figure of the page.
    """
    settings = {"svg.fonttype": "none", "svg.hashsalt": name, "svg.id": name}
    with matplotlib.style.context("default"), matplotlib.rc_context(settings):
        stream = StringIO()
        draw().savefig(stream, format="svg", metadata=dict.fromkeys(SVG_METADATA), transparent=True)
    text = stream.getvalue()
    for pattern, instead in IN_A_PAGE:
        text = re.sub(pattern, instead, text, flags=re.DOTALL)
    return text


def panels(rows: int, columns: int, width: float, height: float, **shared: Any) -> tuple[Figure, Any]:
    """A figure with a grid of panels, each `width` x `height` inches."""
    figure = Figure(figsize=(width * columns + 0.5, height * rows + 0.3), dpi=150, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **shared)


def words(text: str) -> Figure:
    """A figure of which there is nothing to draw says so: a file that is missing could have been lost."""
    figure = Figure(figsize=(6.0, 1.2), dpi=150)
    figure.text(0.5, 0.5, text, ha="center", va="center", fontsize=10, color=GREY, wrap=True)
    return figure


def plain(axes: Any) -> None:
    """Light grid behind the marks, no box around them."""
    axes.grid(True, color="0.88", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def strategy_style(results: Results, strategy: str) -> tuple[str, int]:
    """A strategy's colour, the same in every figure, and how often the colours ran out before it."""
    index = list(results.titles).index(strategy)
    return COLOURS[index % len(COLOURS)], index // len(COLOURS)


def handles_of(axes: Any) -> dict[str, Any]:
    """Label -> one of its marks, over all panels (an array of axes), in order of appearance."""
    named = [one.get_legend_handles_labels() for one in axes.flat]
    found: dict[str, Any] = {}
    for handles, labels in named:
        for handle, label in zip(handles, labels, strict=True):
            found.setdefault(label, handle)
    return found


def legend(figure: Figure, handles: dict[str, Any]) -> None:
    """Above the panels, in as many columns as the figure is wide; the figure grows for its lines."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    for columns in range(min(len(handles), LEGEND_COLUMNS), 0, -1):
        made = figure.legend(
            handles.values(),
            handles,
            loc="outside upper center",
            ncols=columns,
            frameon=False,
            fontsize=9,
            handlelength=1.8,
            columnspacing=1.5,
        )
        if columns == 1 or made.get_window_extent(renderer).width <= figure.bbox.width:
            figure.set_figheight(figure.get_figheight() + LEGEND_LINE * ceil(len(handles) / columns))
            return
        made.remove()

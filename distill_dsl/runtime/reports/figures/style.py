"""What all figures share: colours, panels, the legend, and bytes that depend on the drawing alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO, StringIO
from math import ceil, floor
from textwrap import wrap
from typing import Any, Final

import matplotlib.style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from distill_dsl.runtime.reports.results import Results

COLOURS: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#999999")
"""Okabe and Ito without yellow, which white paper swallows: told apart with every common form of colour blindness.
Printed in grey some are alike, so that bars have hatches beside them, lines dashes and points shapes."""

SIZES: Final[dict[Any, Any]] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "hatch.linewidth": 0.6,
}
"""Of letters, in points; of lines of hatches."""

DASHES: Final = ("-", "--", ":", "-.")
"""Of lines."""

MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")
"""Of points, where their shape tells a second thing beside their colour."""

GREY: Final = "0.35"

PALE: Final = "0.88"
"""Of grids and rules."""

NARROWEST: Final = 4.6
"""Inches of a figure: a legend of names has to stand above a single panel, too."""

TITLE_LETTER: Final = 0.085
"""Inches of a letter of a panel's title."""

LETTER: Final = 0.075
"""Inches of a letter of a name beside its line."""

LEGEND_COLUMNS: Final = 4
"""Most columns of the legend."""

LEGEND_LINE: Final = 0.2
"""Inches of a line of the legend."""

SVG_METADATA: Final = ("Creator", "Date", "Format", "Type")
"""What matplotlib would write into an SVG's metadata by itself."""

IN_A_PAGE: Final = (
    (r"^.*?<svg ", '<svg fill="currentColor" style="stroke-linejoin: round; stroke-linecap: butt" '),
    (r"\s*<style type=\"text/css\">\*\{[^<]*</style>", ""),
    (r"<g id=\"[\w.]+\"", "<g"),
    (r"(fill|stroke): #000000", r"\1: currentColor"),
)
"""What an SVG file has and an `<svg>` in a page cannot: a prologue, a style of the whole page (its properties are
inherited from the root instead), ids of groups (every figure counts from 1), and black where the page is dark."""


@contextmanager
def house_style(**more: Any) -> Iterator[None]:
    """What figures are drawn in, whatever the user's own settings of matplotlib are; `more` settings beside."""
    with matplotlib.style.context("default"), matplotlib.rc_context(SIZES | more):
        yield


def png(draw: Callable[[], Figure]) -> bytes:
    """PNG of 150 dpi. Same results, same bytes: no date, no version of the library in it."""
    with house_style():
        stream = BytesIO()
        draw().savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def svg(draw: Callable[[], Figure], name: str = "figure") -> str:
    """The figure as an `<svg>` element with the id `name`, to stand in a page. Same results, same string.

    Text stays text; black is the page's own colour of text, the ground shows through, so that it can be shown
    light and dark. `name` goes into the ids of what is drawn again and again (clip paths, markers), which are thus
    not mixed up with those of another figure of the page.
    """
    with house_style(**{"svg.fonttype": "none", "svg.hashsalt": name, "svg.id": name}):
        stream = StringIO()
        draw().savefig(stream, format="svg", metadata=dict.fromkeys(SVG_METADATA), transparent=True)
    text = stream.getvalue()
    for pattern, instead in IN_A_PAGE:
        text = re.sub(pattern, instead, text, flags=re.DOTALL)
    return text


def panels(
    rows: int, columns: int, width: float, height: float, *, aside: float = 0.5, narrowest: float = NARROWEST,
    **shared: Any,
) -> tuple[Figure, Any]:  # fmt: skip
    """A figure with a grid of panels, each `width` x `height` inches, and room for what stands at their left."""
    wide = max(width * columns + aside, narrowest)
    figure = Figure(figsize=(wide, height * rows + 0.3), dpi=150, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **shared)


def titled(axes: Any, text: str) -> None:
    """A panel's title, in as many lines as it is wide."""
    # The layout, which comes when all is drawn, closes most of the gaps between panels.
    closed = 1.25 if axes.get_subplotspec().get_gridspec().ncols > 1 else 1.0
    letters = int(axes.figure.get_figwidth() * axes.get_position().width * closed / TITLE_LETTER)
    axes.set_title("\n".join(part for line in text.split("\n") for part in wrap(line, max(letters, 12))))


def words(text: str) -> Figure:
    """A figure of which there is nothing to draw says so: a file that is missing could have been lost."""
    figure = Figure(figsize=(6.0, 1.2), dpi=150)
    figure.text(0.5, 0.5, text, ha="center", va="center", fontsize=10, color=GREY, wrap=True)
    return figure


def plain(axes: Any) -> None:
    """Light grid behind the marks, no box around them."""
    axes.grid(True, color=PALE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def percents(axes: Iterable[Any], along: str, ends: tuple[float, float]) -> None:
    """Percent along `x` or `y`, alike in all panels: from the ten below the least to the ten above the highest."""
    low, high = max(0, 10 * floor((ends[0] - 2) / 10)), min(100, 10 * ceil((ends[1] + 2) / 10))
    step = 10 if high - low <= 50 else 20
    # A point at 0 or 100 is not cut in half.
    edge = 0.02 * (high - low)
    for one in axes:
        one.set(**{f"{along}lim": (low - edge, high + edge), f"{along}ticks": range(low + -low % step, high + 1, step)})


def strategy_style(results: Results, strategy: str, among: Sequence[str] = ()) -> tuple[str, int]:
    """A strategy's colour, and how often the colours ran out before it.

    It is the same in every figure; with more strategies than colours, a figure that shows few gives each of these
    (`among`) one of its own.
    """
    titles = list(results.titles)
    index = (among if among and len(titles) > len(COLOURS) else titles).index(strategy)
    return COLOURS[index % len(COLOURS)], index // len(COLOURS)


def handles_of(axes: Any) -> dict[str, Any]:
    """Label -> one of its marks, over all panels (an array of axes), in order of appearance."""
    named = [one.get_legend_handles_labels() for one in axes.flat]
    found: dict[str, Any] = {}
    for handles, labels in named:
        for handle, label in zip(handles, labels, strict=True):
            found.setdefault(label, handle)
    return found


def legend(figure: Figure, handles: dict[str, Any], title: str = "") -> None:
    """Above the panels, in as many columns as the figure is wide; the figure grows for its lines."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    for columns in range(min(len(handles), LEGEND_COLUMNS), 0, -1):
        made = figure.legend(
            handles.values(),
            handles,
            loc="outside upper center",
            ncols=columns,
            title=title or None,
            title_fontsize=8,
            frameon=False,
            fontsize=9,
            handlelength=1.8,
            columnspacing=1.5,
        )
        if columns == 1 or made.get_window_extent(renderer).width <= figure.bbox.width:
            figure.set_figheight(figure.get_figheight() + LEGEND_LINE * (ceil(len(handles) / columns) + bool(title)))
            return
        made.remove()

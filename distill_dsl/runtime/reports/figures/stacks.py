"""Bars that add up: what became of all of something, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from distill_dsl.runtime.reports.figures.style import COLOURS, plain

BLUE, ORANGE, GREEN, PURPLE, SKY, RED, BLACK, GREY = COLOURS

LINE: Final = 0.24
"""Inches of a bar and the space to the next."""

TOLD: Final = 7.0
"""Percent of a part that has room for its number."""

DARK: Final = (BLUE, RED, GREEN, BLACK)
"""On these a number is white."""


WHITE, INK = "#fffffe", "#000001"
"""Of numbers in bars: no pure greys, since those turn with a dark page, and a bar does not."""


class Paint(NamedTuple):
    """How a part looks, in every bar of a figure."""

    colour: str
    hatch: str = ""


def bar(axes: Any, place: int, parts: Sequence[tuple[str, float, Paint]]) -> None:
    """A lying bar of named shares (0 to 1), from the left; those that are large enough tell their percent."""
    left = 0.0
    for name, share, paint in parts:
        width = 100 * share
        axes.barh(
            place, width, left=left, height=0.78, label=name, color=paint.colour, hatch=paint.hatch,
            edgecolor="white", linewidth=0.6,
        )  # fmt: skip
        if width >= TOLD:
            colour = WHITE if paint.colour in DARK else INK
            back = {"facecolor": paint.colour, "edgecolor": "none", "pad": 0.8} if paint.hatch else None
            axes.text(
                left + width / 2, place, f"{width:.0f}", ha="center", va="center_baseline", fontsize=7, color=colour,
                bbox=back,
            )  # fmt: skip
        left += width


def lines(axes: Any, names: Sequence[str] | None, count: int) -> None:
    """A panel of so many bars, the first on top; names where they are given."""
    plain(axes)
    axes.yaxis.grid(False)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(count - 0.4, -0.6)
    axes.set_xlim(0, 100)
    if names is not None:
        axes.set_yticks(range(count), names)

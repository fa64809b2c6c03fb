"""Tables as the page shows them: each number with its uncertainty, its marks, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

UNKNOWN: Final = "-"

TIED: Final = "tied"
"""The mark of what cannot be told apart from what it is compared with."""


@dataclass(frozen=True)
class Cell:
    """One entry of a table."""

    text: str
    note: str = ""
    """Its uncertainty, in small print below it."""
    beside: str = ""
    """What a paper has in its place."""
    mark: str = ""
    """`TIED` or nothing."""
    best: bool = False
    order: float | None = None
    """What the column is sorted by; without it, its text."""
    number: int | None = None
    """Its place in the ledger, which says where it comes from."""
    again: bool = False
    """Says what the cell above it says."""


@dataclass(frozen=True)
class Head:
    """The head of a column."""

    text: str
    title: str = ""
    """What it means, in words."""
    numeric: bool = True
    """Numbers stand to the right, and the highest comes first when they are sorted."""


@dataclass(frozen=True)
class Table:
    """A table of the page."""

    name: str
    caption: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left: int
    """How many columns say whose row it is."""
    source: str = ""
    """The CSV beside the page that has the same numbers and more."""


def words(texts: Sequence[str]) -> tuple[Head, ...]:
    """Heads of columns that hold words."""
    return tuple(Head(text, numeric=False) for text in texts)


def labelled(texts: Sequence[str]) -> tuple[Cell, ...]:
    """Cells that hold words; what reads like a number is sorted as one."""
    return tuple(Cell(text, order=number_in(text)) for text in texts)


def number_in(text: str) -> float | None:
    """The number that a text is, if it is one: the value of a varied param."""
    try:
        return float(text)
    except ValueError:
        return None


def quiet(rows: Sequence[tuple[Cell, ...]], left: int) -> tuple[tuple[Cell, ...], ...]:
    """The rows with their first `left` cells marked where they repeat the row above, from the left on."""
    shown: list[tuple[Cell, ...]] = []
    above: tuple[Cell, ...] = ()
    for row in rows:
        same = 0
        while above and same < left and row[same].text == above[same].text:
            same += 1
        shown.append((*(replace(cell, again=True) for cell in row[:same]), *row[same:]))
        above = row
    return tuple(shown)

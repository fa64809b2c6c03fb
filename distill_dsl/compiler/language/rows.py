"""Rows of text whose parts stand in columns, like a table's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Final

from distill_dsl.compiler.diagnostics.excerpt import columns

WIDTH: Final = 120
"""Columns of a line, but for comments behind it."""


@dataclass(frozen=True)
class Cell:
    """A part of a row, and how many blanks separate it at least from the next."""

    text: str
    gap: int = 1


@dataclass(frozen=True)
class Row:
    """One line. Those of one `table` that follow each other stand in columns; "" is none."""

    indent: int
    cells: tuple[Cell, ...]
    after: str = ""
    """The comment behind it."""
    table: str = ""

    @property
    def text(self) -> str:
        """The line without its comment and indentation, as if it stood alone."""
        return "".join(cell.text + " " * cell.gap for cell in self.cells).rstrip()


COMMENT: Final = "#"
"""The table of rows that are comments. They stand between the rows of other tables without parting them."""


def row(indent: int, text: str, after: str = "") -> Row:
    """A line in no column."""
    return Row(indent, (Cell(text),), after)


def remark(indent: int, text: str) -> Row:
    """A line that is a comment."""
    return Row(indent, (Cell(text),), table=COMMENT)


EMPTY: Final = Row(0, ())


def written(rows: Sequence[Row]) -> str:
    """The text of all rows."""
    lines = list(rows)
    for run in _runs(lines):
        for number, one in zip(run, _in_columns([lines[number] for number in run]), strict=True):
            lines[number] = one
    return "".join(f"{line}\n" for line in _with_comments(lines))


def padded(text: str, width: int) -> str:
    """The text with blanks behind it."""
    return text + " " * (width - columns(text))


def _runs(rows: Sequence[Row]) -> Iterator[list[int]]:
    """The numbers of rows that make a table."""
    numbers = [number for number, each in enumerate(rows) if each.table != COMMENT]
    for (table, _), run in groupby(numbers, lambda number: (rows[number].table, rows[number].indent)):
        if table:
            yield list(run)


def _in_columns(rows: list[Row]) -> list[Row]:
    """The rows of a table, padded column by column."""
    for column in range(max(len(each.cells) for each in rows) - 1):
        # A column goes on as long as each row has a cell behind it.
        runs = [(reaches, list(run)) for reaches, run in groupby(rows, partial(_reaches, column))]
        rows = [each for reaches, run in runs for each in (_aligned(run, column) if reaches else run)]
    return rows


def _reaches(column: int, one: Row) -> bool:
    return len(one.cells) > column + 1


def _aligned(rows: list[Row], column: int) -> list[Row]:
    """The rows with a column padded, unless a line that stands outside of all blocks became too long."""
    width = max(columns(each.cells[column].text) for each in rows)
    moved = [_padded(each, column, width) for each in rows]
    return rows if not rows[0].indent and any(map(_too_long, rows, moved)) else moved


def _padded(one: Row, column: int, width: int) -> Row:
    cells = list(one.cells)
    cells[column] = replace(cells[column], text=padded(cells[column].text, width))
    return replace(one, cells=tuple(cells))


def _too_long(before: Row, after: Row) -> bool:
    return columns(before.text) <= WIDTH < columns(after.text)


def _with_comments(rows: Sequence[Row]) -> Iterator[str]:
    """The lines of all rows; comments behind lines that follow each other start in one column."""
    for (commented, _), run in groupby(rows, lambda each: (bool(each.after), each.indent)):
        lines = [(" " * each.indent + each.text, each.after) for each in run]
        width = max(columns(text) for text, _ in lines)
        yield from (f"{padded(text, width)}  {after}" if commented else text.rstrip() for text, after in lines)

"""Lines of a source with marks under them, as rustc lays them out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from distill_dsl.compiler.source import Source, Span

TAB: Final = "    "
WIDEST: Final = 120
"""Characters of a source line that are shown; a longer one is cut around the carets."""

RED, YELLOW, BLUE = "\x1b[31m", "\x1b[33m", "\x1b[34m"
_PLAIN: Final = "\x1b[0m"


@dataclass(frozen=True)
class Mark:
    """A span, what is written beside it, and the sign that it is underlined with."""

    span: Span
    text: str
    sign: str
    paint: str


@dataclass(frozen=True)
class _Underline:
    """The part of a mark in one line: characters `start` to `end`, counted from 0."""

    start: int
    end: int
    mark: Mark


Shown = tuple[int | None, str]
"""A line with its number; 0 for a line of marks, `None` where lines are left out."""


def lines(source: Source, marks: Sequence[Mark], color: bool) -> Iterator[Shown]:
    """The marked lines in their order, each with its marks beneath; a single line between two is shown too."""
    by_line: dict[int, list[_Underline]] = {}
    for mark in marks:
        for number, underline in _underlines(source, mark):
            by_line.setdefault(number, []).append(underline)
    before = 0
    for number in sorted(by_line):
        if before and number == before + 2:
            yield number - 1, printable(source.line(number - 1)[:WIDEST])
        elif before and number > before + 1:
            yield None, ""
        yield from _marked(number, source.line(number), by_line[number], color)
        before = number


def _underlines(source: Source, mark: Mark) -> Iterator[tuple[int, _Underline]]:
    """One part for a span within a line; two for a longer one, in its first and its last line."""
    span = mark.span
    first, column = source.place(span.start)
    last, end = source.place(max(span.start, span.end - 1))
    if first == last:
        yield first, _Underline(column - 1, max(end, column), mark)
        return
    text, closing = source.line(first), source.line(last)
    yield first, _Underline(column - 1, max(len(text.rstrip()), column), replace(mark, text=""))
    yield last, _Underline(min(len(closing) - len(closing.lstrip()), end - 1), end, mark)


def _marked(number: int, line: str, underlines: list[_Underline], color: bool) -> Iterator[Shown]:
    """A line and its marks; of a long line, the part around each mark."""
    if len(line) <= WIDEST:
        yield number, printable(line)
        yield from ((0, text) for text in _beneath(line, underlines, color))
        return
    for underline in underlines:
        left = max(0, underline.start - WIDEST // 2)
        right = min(len(line), left + WIDEST)
        start = "..." if left else ""
        shift = left - len(start)
        moved = replace(underline, start=underline.start - shift, end=min(underline.end, right) - shift)
        part = start + line[left:right]
        yield number, printable(part) + ("..." if right < len(line) else "")
        yield from ((0, text) for text in _beneath(part, [moved], color))


def _beneath(line: str, underlines: Sequence[_Underline], color: bool) -> Iterator[str]:
    """The rows of marks under a line; marks that overlap stand in rows of their own."""
    waiting = list(underlines)
    while waiting:
        row: list[_Underline] = []
        for underline in waiting:
            if all(underline.end < other.start or underline.start > other.end for other in row):
                row.append(underline)
        waiting = [underline for underline in waiting if underline not in row]
        yield from _row(line, sorted(row, key=lambda each: each.start), color)


def _row(line: str, row: Sequence[_Underline], color: bool) -> Iterator[str]:
    """Marks side by side; the text of the last stands beside it, the others' texts hang below."""
    signs = ""
    for underline in row:
        signs += " " * (_column(line, underline.start) - _visible(signs))
        extent = _column(line, underline.end) - _column(line, underline.start)
        text = f" {printable(underline.mark.text)}" if underline is row[-1] and underline.mark.text else ""
        signs += painted(underline.mark.sign * max(1, extent) + text, underline.mark.paint, color)
    yield signs
    hanging = [underline for underline in row[:-1] if underline.mark.text]
    if hanging:
        yield _bars(line, hanging, color)
    while hanging:
        last = hanging.pop()
        bars = _bars(line, hanging, color)
        blank = " " * (_column(line, last.start) - _visible(bars))
        yield bars + blank + painted(printable(last.mark.text), last.mark.paint, color)


def _bars(line: str, underlines: Sequence[_Underline], color: bool) -> str:
    bars = ""
    for underline in underlines:
        bars += " " * (_column(line, underline.start) - _visible(bars))
        bars += painted("|", underline.mark.paint, color)
    return bars


def _column(line: str, at: int) -> int:
    """Terminal columns before the character `at`; a place after the line's end is one column further."""
    return columns(printable(line[:at])) + max(0, at - len(line))


def _visible(text: str) -> int:
    """The width of what is painted."""
    for code in (RED, YELLOW, BLUE, _PLAIN):
        text = text.replace(code, "")
    return columns(text)


def printable(text: str) -> str:
    """Tabs as blanks, and no control character: a spec must not steer the terminal."""
    return "".join(
        TAB if char == "\t" else char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text
    )


def columns(text: str) -> int:
    """Terminal columns: wide East Asian characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def painted(text: str, paint: str, color: bool) -> str:
    """The text in a colour."""
    return f"{paint}{text}{_PLAIN}" if color and paint else text

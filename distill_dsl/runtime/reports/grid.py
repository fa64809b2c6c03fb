"""Tables in Markdown, padded so that they are readable as they are."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(head: Sequence[str], body: Sequence[Sequence[str]], left: int) -> str:
    """A padded table; the first `left` columns are left-aligned, the rest right."""
    rows = [[cell.replace("|", "\\|") for cell in row] for row in (head, *body)]
    widths = [max(3, *(len(row[i]) for row in rows)) for i in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = [
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join(cells)} |"

    rule = ["-" * width if i < left else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    return "\n".join([line(rows[0]), f"| {' | '.join(rule)} |", *map(line, rows[1:])])


def ditto(body: Sequence[Sequence[str]], left: int) -> list[list[str]]:
    """The rows with their first `left` cells empty where they say what the row above says, from the left on."""
    shown = []
    above: Sequence[str] = ()
    for row in body:
        same = 0
        while above and same < left and row[same] == above[same]:
            same += 1
        shown.append([*[""] * same, *row[same:]])
        above = row
    return shown

"""Diagnostics as text for a terminal: the one place that lays them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from distill_dsl.compiler.diagnostics.codes import Severity
from distill_dsl.compiler.diagnostics.excerpt import BLUE, RED, YELLOW, Mark, lines, painted, printable
from distill_dsl.compiler.diagnostics.found import Diagnostic, ordered
from distill_dsl.compiler.source import Source, Span

_GREEN, _BOLD = "\x1b[32m", "\x1b[1m"

MOST: Final = 100
"""Mistakes of a report that are shown; nobody reads more before the first ones are mended."""


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source], color: bool) -> str:
    """The diagnostics as text for a terminal, in the order of `sources` (by path) and of places."""
    return "\n".join(_render_one(diagnostic, sources, color) for diagnostic in ordered(diagnostics, list(sources)))


def report(diagnostics: Iterable[Diagnostic], sources: Mapping[str, Source], color: bool) -> str:
    """The first `MOST` of the diagnostics, how many there are, and where to read more."""
    found = ordered(diagnostics, list(sources))
    return f"{render(found[:MOST], sources, color)}\n{closing(found)}" if found else ""


def closing(found: Sequence[Diagnostic]) -> str:
    """`3 errors, 1 warning`, how many of them are not shown, and how to read more about them."""
    codes = list(dict.fromkeys(diagnostic.code for diagnostic in found[:MOST]))
    others = f" (also {', '.join(codes[1:6])}{', ...' if len(codes) > 6 else ''})" if len(codes) > 1 else ""
    left = f"; {len(found) - MOST} of them are not shown" if len(found) > MOST else ""
    return f"{tally(found)}{left}; for more about a mistake: mtd explain {codes[0]}{others}"


def tally(found: Sequence[Diagnostic]) -> str:
    """`3 errors, 1 warning`."""
    counts = [(severity, sum(each.severity is severity for each in found)) for severity in Severity]
    return ", ".join(f"{count} {severity}{'s' * (count != 1)}" for severity, count in counts if count)


def _render_one(diagnostic: Diagnostic, sources: Mapping[str, Source], color: bool) -> str:
    tone = RED if diagnostic.severity is Severity.ERROR else YELLOW
    head = painted(f"{diagnostic.severity}[{diagnostic.code}]", _BOLD + tone, color)
    shown = [head + painted(f": {printable(diagnostic.summary)}", _BOLD, color)]
    places = [(diagnostic.span, "", "^", tone)] if diagnostic.span else []
    places += [(span, text, "-", BLUE) for span, text in diagnostic.labels]
    margin = max((_margin(span, sources) for span, *_ in places), default=1)
    by_file: dict[str, list[Mark]] = {}
    for span, text, sign, paint in places:
        by_file.setdefault(span.path, []).append(Mark(span, text, sign, paint))
    for number, (path, marks) in enumerate(by_file.items()):
        shown += _excerpt(path, marks, "-->" if number == 0 else ":::", margin, sources, color)
    pad = " " * margin
    shown += [f"{pad} {painted('= note', BLUE, color)}: {printable(note)}" for note in diagnostic.notes]
    if diagnostic.help:
        shown.append(f"{pad} {painted('= help', _GREEN, color)}: {printable(diagnostic.help)}")
    return "\n".join(shown) + "\n"


def _margin(span: Span, sources: Mapping[str, Source]) -> int:
    source = sources.get(span.path)
    return len(str(source.place(max(span.start, span.end - 1))[0])) if source else 1


def _excerpt(
    path: str, marks: Sequence[Mark], arrow: str, margin: int, sources: Mapping[str, Source], color: bool
) -> list[str]:
    """The lines of one file that carry marks; the place of the first mark stands above them."""
    pad, bar, arrow = " " * margin, painted("|", BLUE, color), painted(arrow, BLUE, color)
    source = sources.get(path)
    if source is None:
        return [f"{pad}{arrow} {printable(path)}"]
    number, column = source.place(marks[0].span.start)
    shown = [f"{pad}{arrow} {printable(path)}:{number}:{column}", f"{pad} {bar}"]
    for line, text in lines(source, marks, color):
        if line is None:
            shown.append("...")
        elif line:
            shown.append(f"{painted(str(line).rjust(margin), BLUE, color)} {bar} {text}".rstrip())
        else:
            shown.append(f"{pad} {bar} {text}".rstrip())
    return shown

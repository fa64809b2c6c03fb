"""What is found in a bad spec, written into the spec itself: under each line what is wrong with it.

    student small { base = scratch('t5') }
    #!                             ^^^^ error[MTD012] 32-36: a text stands in straight double quotes
    #!   help: write `"t5"`
    #!   fix: "t5"

Carets stand under the wrong part as far as `#!` leaves room; the columns behind the code say it in full.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from distill_dsl.compiler import Compiled, check_spec
from distill_dsl.compiler.diagnostics import Diagnostic, has_errors, ordered
from distill_dsl.compiler.model.rules import without_experiment
from distill_dsl.compiler.source import Source, Span

MARK = "#!"


def without(text: str) -> str:
    """The spec without its expectations."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(MARK))


def found_in(path: Path) -> Compiled:
    """What is found in the spec before there is a plan, in the order of its places."""
    done = check_spec(path)
    found = list(done.diagnostics)
    if done.model is not None and not has_errors(found):
        found += without_experiment(done.model)
    return Compiled(done.sources, tuple(ordered(found, list(done.sources))))


def expected(source: Source, diagnostics: Iterable[Diagnostic]) -> str:
    """The spec with what is found in it."""
    beneath: dict[int, list[str]] = {}
    for diagnostic in diagnostics:
        assert diagnostic.span is not None
        line = source.place(diagnostic.span.start)[0]
        head = f"{diagnostic.severity}[{diagnostic.code}]"
        beneath.setdefault(line, []).extend(
            [_marked(source, diagnostic.span, "^", head, diagnostic.summary), *_more(source, diagnostic)]
        )
        for span, text in diagnostic.labels:
            place = source.place(span.start)[0]
            beneath.setdefault(place, []).append(_marked(source, span, "-", diagnostic.code, text))
    shown = []
    for number, line_text in enumerate(source.text.split("\n")[:-1], start=1):
        shown += [line_text, *beneath.get(number, [])]
    return "\n".join(shown) + "\n"


def _marked(source: Source, span: Span, sign: str, head: str, text: str) -> str:
    line, column = source.place(span.start)
    last, end = source.place(max(span.start, span.end - 1))
    end += span.end > span.start
    whole = source.line(line)
    extent = max(1, (end if last == line else len(whole) + 1) - column)
    blank = "".join(char if char == "\t" else " " for char in whole[len(MARK) : column - 1])
    signs = sign * (extent - max(0, len(MARK) - column + 1))
    to = f"{end}" if last == line else f"{last}:{end}"
    return f"{MARK}{blank}{signs} {head} {column}-{to}: {text}"


def _more(source: Source, diagnostic: Diagnostic) -> list[str]:
    lines = [f"{MARK}   note: {note}" for note in diagnostic.notes]
    if diagnostic.help:
        lines.append(f"{MARK}   help: {diagnostic.help}")
    if diagnostic.fix is not None:
        span = diagnostic.fix.span
        line, column = source.place(span.start)
        elsewhere = "" if span == diagnostic.span else f" at {line}:{column}, {span.end - span.start} characters"
        text = diagnostic.fix.text.encode("unicode_escape").decode()
        lines.append(f"{MARK}   {'fix' if diagnostic.fix.sure else 'guess'}{elsewhere}: {text}")
    return lines

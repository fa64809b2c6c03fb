"""What is wrong with a spec, as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from distill_dsl.compiler.diagnostics.codes import Code, Severity
from distill_dsl.compiler.source import Span


@dataclass(frozen=True)
class Edit:
    """The characters of `span` become `text`. `sure`: no doubt is left, so that a program may do it unasked."""

    span: Span
    text: str
    sure: bool = False


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits that do not overlap."""
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end), reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


@dataclass(frozen=True)
class Advice:
    """What to do, and the text that stands in the place of the wrong part once it is done.

    `span` is that place, where it is not the one that the carets stand under.
    """

    text: str
    replacement: str
    sure: bool = False
    span: Span | None = None


Labels = tuple[tuple[Span, str], ...]
Help = str | Advice | None


@dataclass(frozen=True)
class Diagnostic:
    """One mistake: what, where (exactly the wrong part), what to do, and other places that matter.

    `fix` does what `help` says, where that is a replacement of text. `notes` say why the language is so.
    """

    code: str
    severity: Severity
    summary: str
    span: Span | None = None
    help: str | None = None
    labels: Labels = ()
    fix: Edit | None = None
    notes: tuple[str, ...] = ()


def error(
    code: Code,
    summary: str,
    span: Span | None = None,
    help: Help = None,
    labels: Labels = (),
    notes: tuple[str, ...] = (),
) -> Diagnostic:
    """A diagnostic that stops the compilation."""
    return _diagnostic(code, Severity.ERROR, summary, span, help, labels, notes)


def warning(
    code: Code,
    summary: str,
    span: Span | None = None,
    help: Help = None,
    labels: Labels = (),
    notes: tuple[str, ...] = (),
) -> Diagnostic:
    """A diagnostic that stops nothing."""
    return _diagnostic(code, Severity.WARNING, summary, span, help, labels, notes)


def _diagnostic(
    code: Code,
    severity: Severity,
    summary: str,
    span: Span | None,
    help: Help,
    labels: Labels,
    notes: tuple[str, ...],
) -> Diagnostic:
    if not isinstance(help, Advice):
        return Diagnostic(code.number, severity, summary, span, help, labels, notes=notes)
    place = help.span or span
    fix = Edit(place, help.replacement, help.sure) if place is not None else None
    return Diagnostic(code.number, severity, summary, span, help.text, labels, fix, notes)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any of them stops the compilation."""
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)


def ordered(diagnostics: Iterable[Diagnostic], paths: Sequence[str]) -> list[Diagnostic]:
    """Each once, by file (in the order of `paths`) and place; those without a place first."""
    rank = {path: number for number, path in enumerate(paths)}

    def key(diagnostic: Diagnostic) -> tuple[int, int, int, str]:
        span = diagnostic.span
        if span is None:
            return (-1, 0, 0, diagnostic.code)
        return (rank.get(span.path, len(rank)), span.start, span.end, diagnostic.code)

    return sorted(dict.fromkeys(diagnostics), key=key)

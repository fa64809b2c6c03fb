"""Diagnostics for programs: a line each for grep and Vim, JSON, and SARIF 2.1.0. docs/diagnostics.md has the fields."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from distill_dsl.compiler.diagnostics import Code, Diagnostic, Edit, Severity
from distill_dsl.compiler.explanations import page
from distill_dsl.compiler.source import Source, Span

Sources = Mapping[str, Source]

JSON_VERSION: Final = 1
"""Grows when a field changes its meaning; new fields do not count."""


class Format(StrEnum):
    """How `mtd check` prints what it finds."""

    TEXT = "text"
    SHORT = "short"
    JSON = "json"
    SARIF = "sarif"


def relative(path: str) -> str:
    """The path from the working directory, where it lies in it."""
    below = os.path.relpath(path) if Path(path).is_absolute() else path
    return path if below.startswith("..") else Path(below).as_posix()


# --- a line each --------------------------------------------------------------------------------


def as_short(found: Sequence[Diagnostic], sources: Sources) -> str:
    """`file:line:column: error[MTD012]: summary`."""
    return "".join(f"{_where(each.span, sources)}{_said(each)}\n" for each in found)


def _where(span: Span | None, sources: Sources) -> str:
    if span is None:
        return ""
    source = sources.get(span.path)
    line, column = source.place(span.start) if source is not None else (1, 1)
    return f"{relative(span.path)}:{line}:{column}: "


def _said(found: Diagnostic) -> str:
    plain = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in found.summary)
    return f"{found.severity}[{found.code}]: {plain}"


# --- JSON ---------------------------------------------------------------------------------------


def as_json(found: Sequence[Diagnostic], sources: Sources) -> str:
    """One object with all of them, in the order in which they are printed."""
    counts = {f"{severity}s": sum(each.severity is severity for each in found) for severity in Severity}
    document = {"version": JSON_VERSION, **counts, "diagnostics": [_object(each, sources) for each in found]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _object(found: Diagnostic, sources: Sources) -> dict[str, Any]:
    return {
        "code": found.code,
        "name": _code(found).title,
        "severity": str(found.severity),
        "summary": found.summary,
        "help": found.help,
        "notes": list(found.notes),
        "span": None if found.span is None else _span(found.span, sources),
        "labels": [{"span": _span(span, sources), "text": text} for span, text in found.labels],
        "fix": None if found.fix is None else _fix(found.fix, sources),
    }


def _fix(edit: Edit, sources: Sources) -> dict[str, Any]:
    return {"sure": edit.sure, "edits": [{"span": _span(edit.span, sources), "text": edit.text}]}


def _span(span: Span, sources: Sources) -> dict[str, Any]:
    return {
        "path": relative(span.path),
        "start": _point(span.path, span.start, sources),
        "end": _point(span.path, span.end, sources),
    }


def _point(path: str, offset: int, sources: Sources) -> dict[str, int]:
    line, column = sources[path].place(offset) if path in sources else (1, 1)
    return {"offset": offset, "line": line, "column": column}


def _code(found: Diagnostic) -> Code:
    return next(code for code in Code if code.number == found.code)


# --- SARIF --------------------------------------------------------------------------------------

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(found: Sequence[Diagnostic], sources: Sources) -> str:
    """One run, with a rule for each code that occurs; its help is the page of `mtd explain`."""
    codes = list(dict.fromkeys(_code(each) for each in found))
    driver = {
        "name": "mtd",
        "informationUri": "https://arxiv.org/abs/2401.11864",
        "rules": [_rule(code) for code in codes],
    }
    results = [_result(each, codes.index(_code(each)), sources) for each in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(code: Code) -> dict[str, Any]:
    return {
        "id": code.number,
        "name": "".join(word.capitalize() for word in code.name.split("_")),
        "shortDescription": {"text": code.meaning},
        "help": {"text": page(code), "markdown": page(code)},
    }


def _result(found: Diagnostic, rule: int, sources: Sources) -> dict[str, Any]:
    said = ". ".join([found.summary, *found.notes, *([found.help] if found.help else [])])
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": str(found.severity),
        "message": {"text": said},
    }
    if found.span is not None:
        result["locations"] = [{"physicalLocation": _location(found.span, sources)}]
    if found.labels:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _location(span, sources), "message": {"text": text}}
            for number, (span, text) in enumerate(found.labels, start=1)
        ]
    if found.fix is not None:
        result["fixes"] = [_sarif_fix(found.fix, found.help or "", sources)]
    return result


def _sarif_fix(edit: Edit, title: str, sources: Sources) -> dict[str, Any]:
    replacement = {
        "deletedRegion": _region(edit.span, sources),
        "insertedContent": {"text": edit.text},
    }
    artifact = {"uri": _uri(edit.span.path)}
    change = {"artifactLocation": artifact, "replacements": [replacement]}
    return {"description": {"text": title}, "artifactChanges": [change]}


def _location(span: Span, sources: Sources) -> dict[str, Any]:
    return {"artifactLocation": {"uri": _uri(span.path)}, "region": _region(span, sources)}


def _region(span: Span, sources: Sources) -> dict[str, int]:
    start, end = (_point(span.path, offset, sources) for offset in (span.start, span.end))
    return {
        "startLine": start["line"],
        "startColumn": start["column"],
        "endLine": end["line"],
        "endColumn": end["column"],
        "charOffset": span.start,
        "charLength": span.end - span.start,
    }


def _uri(path: str) -> str:
    # Imported here because only this format needs it.
    from urllib.parse import quote

    below = relative(path)
    return Path(below).as_uri() if Path(below).is_absolute() else quote(below)


PRINTERS: Final[Mapping[Format, Callable[[Sequence[Diagnostic], Sources], str]]] = {
    Format.SHORT: as_short,
    Format.JSON: as_json,
    Format.SARIF: as_sarif,
}
"""How each format but plain text is printed."""

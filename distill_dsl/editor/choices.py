"""One thing that may be written, and the choices within a word: units of a number, texts and paths in quotes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from distill_dsl.compiler.language.tokens import UNITS, Kind
from distill_dsl.compiler.model import types
from distill_dsl.compiler.model.units import BYTES, SECONDS, TOKENS
from distill_dsl.compiler.source import Span
from distill_dsl.editor import prose
from distill_dsl.editor.cursor import Cursor, Where
from distill_dsl.editor.documents import View
from distill_dsl.editor.expects import expectation


@dataclass(frozen=True)
class Choice:
    """One thing that may be written. `sort` is the protocol's word for it; `text` stands in the place of `span`."""

    label: str
    sort: str
    text: str
    span: Span
    detail: str = ""
    documentation: str = ""
    snippet: bool = False
    rank: int = 5
    """Lesser ones are shown first."""


@dataclass(frozen=True)
class Site:
    """The spec, the offset of the cursor, and what is known of the place."""

    view: View
    offset: int
    cursor: Cursor

    def choice(self, label: str, sort: str, text: str = "", **more: object) -> Choice:
        """A choice for the word under the cursor."""
        made: Choice = Choice(label, sort, text or label, self.cursor.word.span, **more)  # type: ignore[arg-type]
        return made


def units(site: Site) -> Iterator[Choice]:
    """Units for the number under the cursor; only those of the type that is due."""
    digits = site.cursor.word.typed.rstrip("".join({*"".join(UNITS)}))
    type = expectation(site.cursor, site.cursor.param_type).type
    if not digits or site.cursor.where not in (Where.VALUE, Where.ARGUMENT, Where.PARAM_VALUE):
        return
    for unit in _units_of(type):
        yield site.choice(f"{digits}{unit}", "unit", detail=prose.UNITS[unit])


def _units_of(type: types.Type | None) -> tuple[str, ...]:
    match type:
        case types.Seconds():
            return tuple(SECONDS)
        case types.Bytes():
            return tuple(BYTES)
        case types.Share():
            return ("%",)
        case types.Dollars():
            return ("USD",)
        case types.Budget():
            return ("USD", *TOKENS)
    return ()


def quoted(site: Site) -> Iterator[Choice]:
    """What may stand in the quotes under the cursor."""
    word = site.cursor.word
    closed = word.kind is not Kind.OPEN_STRING
    inner = replace(word.span, start=word.span.start + 1, end=word.span.end - closed)
    found = expectation(site.cursor, site.cursor.param_type)
    typed = word.typed[1:]
    if site.cursor.where is Where.FILE:
        texts = [(text, "file") for text in _files(site.view.path.parent, typed, only=".mtd")]
    elif isinstance(found.type, types.Text):
        texts = [(text, "value") for text in found.type.choices]
    elif isinstance(found.type, types.FilePath) and typed.startswith(("./", "../")):
        texts = [(text, "file") for text in _files(site.view.path.parent, typed)]
    else:
        texts = []
    yield from (Choice(text, sort, text + ("" if closed else '"'), inner) for text, sort in texts if text != typed)


MOST_FILES: Final = 200


def _files(folder: Path, typed: str, only: str = "") -> list[str]:
    """Paths that go on from what is typed: files (those with an ending), and folders with a slash."""
    above = typed.rpartition("/")[0]
    start = f"{above}/" if "/" in typed else ""
    try:
        with os.scandir(folder / (above or ("/" if start else "."))) as entries:
            names = sorted((entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith("."))
    except (OSError, ValueError):
        return []  # no folder of that name: nothing to offer
    shown = [f"{start}{name}{'/' if inner else ''}" for name, inner in names if inner or name.endswith(only)]
    return shown[:MOST_FILES]


def files_in_quotes(site: Site) -> Iterator[Choice]:
    own = site.view.path.name
    names = [name for name in _files(site.view.path.parent, "", only=".mtd") if name != own and not name.endswith("/")]
    yield from (site.choice(f'"{name}"', "file") for name in names)

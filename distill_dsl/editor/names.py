"""Names: where they are defined and used, in all specs that share them, and how they are renamed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from distill_dsl.compiler.diagnostics import Edit, Severity
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.language.tokens import WORDS
from distill_dsl.compiler.model.declare import LONGEST
from distill_dsl.compiler.model.scope import Mention
from distill_dsl.compiler.source import Source, Span
from distill_dsl.editor.documents import View, real

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Refusal:
    """Why something cannot be done, as a sentence for a person."""

    reason: str


@dataclass(frozen=True)
class Definition:
    """The place that makes a name what it is: one name has as many keys as ways lead to its file."""

    kind: str
    file: str
    start: int


def name_at(view: View, offset: int, file: Path | None = None) -> Mention | None:
    """The name at an offset of the spec itself or another file of its program: one that is defined somewhere."""
    path = real(file) if file is not None else None
    near = [each for each in view.mentions if each.span.start <= offset <= each.span.end]
    here = [each for each in near if (view.here(each.span) if path is None else real(Path(each.span.path)) == path)]
    return min(here, key=lambda each: (offset == each.span.end, each.span.end - each.span.start), default=None)


def import_at(view: View, offset: int) -> nodes.Import | None:
    """The import whose path stands at an offset."""
    imports = (each for each in view.program.specs[0].statements if isinstance(each, nodes.Import))
    return next((each for each in imports if each.path.span.start <= offset <= each.path.span.end), None)


def _import_as(view: View, alias: Span) -> nodes.Import | None:
    """The import that gives an alias."""
    imports = (each for each in view.program.specs[0].statements if isinstance(each, nodes.Import))
    return next((each for each in imports if each.alias is not None and each.alias.span == alias), None)


def imported(view: View, statement: nodes.Import) -> Path:
    """The file that an import names."""
    return Path(real(view.path.parent / statement.path.value))


def definition(view: View, offset: int, file: Path | None = None) -> Span | None:
    """Where the name at an offset is defined; for an import, the start of its file."""
    mention = name_at(view, offset, file)
    statement = import_at(view, offset) if mention is None else _import_as(view, mention.span)
    if statement is None:
        return None if mention is None else view.definitions[mention.kind, mention.name]
    target = imported(view, statement)
    there = any(isinstance(read, Source) and real(path) == str(target) for path, read in view.reads.items())
    return Span(target.as_posix(), 0, 0) if there else None


def defined(view: View, mention: Mention) -> Definition:
    """What a name means, whichever program it is seen from."""
    return _defined(mention.kind, view.definitions[mention.kind, mention.name])


def _defined(kind: str, span: Span) -> Definition:
    return Definition(kind, real(Path(span.path)), span.start)


def references(views: Iterable[View], target: Definition) -> list[Span]:
    """Every place that names the target, its definition included; paths are real ones."""
    found: dict[Span, None] = {}
    for view in views:
        if target.file in view.files:
            keys = {key for key, span in view.definitions.items() if _defined(key[0], span) == target}
            spans = (each.span for each in view.mentions if (each.kind, each.name) in keys)
            found |= dict.fromkeys(replace(span, path=real(Path(span.path))) for span in spans)
    return sorted(found, key=lambda span: (span.path, span.start))


def highlights(view: View, offset: int) -> list[Span]:
    """The places of the spec itself that name what stands at an offset."""
    mention = name_at(view, offset)
    if mention is None:
        return []
    file = real(view.path)
    return [span for span in references([view], defined(view, mention)) if span.path == file]


# --- rename -------------------------------------------------------------------------------------

Changed = Callable[[Sequence[Edit]], Sequence[View]]
"""What the views become under some edits; nothing is written."""


def renamed(
    views: Sequence[View], view: View, mention: Mention | None, new: str, changed: Changed
) -> list[Edit] | Refusal:
    """The edits that rename what a mention in a view names, in all views; or why that cannot be."""
    if mention is None:
        return Refusal("there is no name to change here")
    if wrong := _unfit(new):
        return Refusal(wrong)
    target = defined(view, mention)
    edits = [Edit(span, new) for span in references(views, target)]
    after = changed(edits)
    return _conflict(views, after, _moved(target, edits), new, len(edits)) or edits


def _unfit(name: str) -> str | None:
    if not NAME.fullmatch(name):
        return f"`{name}` is no name: it holds letters, digits and `_`, and starts with no digit"
    if name in set(WORDS_AS_TEXT):
        return f"`{name}` is a reserved word"
    return f"a name has at most {LONGEST} characters" if len(name) > LONGEST else None


WORDS_AS_TEXT: Final = frozenset(word.value.lower() for word in WORDS)


def _moved(target: Definition, edits: Sequence[Edit]) -> Definition:
    """The target where it stands once the edits before it have been made."""
    before = [edit for edit in edits if edit.span.path == target.file and edit.span.start < target.start]
    shift = sum(len(edit.text) - (edit.span.end - edit.span.start) for edit in before)
    return replace(target, start=target.start + shift)


def _conflict(
    before: Sequence[View], after: Sequence[View], target: Definition, new: str, count: int
) -> Refusal | None:
    """The first mistake that the new name makes, or that it means something else somewhere."""
    for old, changed in zip(before, after, strict=True):
        known = _errors(old)
        for found in changed.diagnostics:
            if found.severity is Severity.ERROR and known[found.code] < _errors(changed)[found.code]:
                return Refusal(f"`{new}` cannot be used: {found.summary}")
    if len(references(after, target)) != count:
        return Refusal(f"`{new}` would mean something else in some of the places")
    return None


def _errors(view: View) -> Counter[str]:
    return Counter(found.code for found in view.diagnostics if found.severity is Severity.ERROR)


def by_file(edits: Iterable[Edit]) -> Mapping[str, list[Edit]]:
    """Edits by the path of their file."""
    files: dict[str, list[Edit]] = {}
    for edit in edits:
        files.setdefault(edit.span.path, []).append(edit)
    return files

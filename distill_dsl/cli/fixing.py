"""`mtd check --fix`: the fixes that leave no doubt, written into the specs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from distill_dsl.compiler.diagnostics import Diagnostic, Edit, edited
from distill_dsl.compiler.source import Source
from distill_dsl.contract.files import write_text

ROUNDS: Final = 100
"""A fix may uncover another mistake, such as a name that is reported where it stands first; then it is done again."""


def chosen(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics whose fixes leave no doubt and touch no other one, by place."""
    taken: list[Diagnostic] = []
    sure = [each for each in found if each.fix is not None and each.fix.sure]
    for each in sorted(sure, key=lambda each: _place(each.fix)):
        last = taken[-1].fix if taken else None
        assert each.fix is not None
        if last is None or last.span.path != each.fix.span.path or last.span.end <= each.fix.span.start:
            taken.append(each)
    return taken


def _place(edit: Edit | None) -> tuple[str, int, int]:
    assert edit is not None
    return edit.span.path, edit.span.start, edit.span.end


def fixed(found: Iterable[Diagnostic], sources: Mapping[str, Source]) -> list[Diagnostic]:
    """Write the sure fixes into their files, each file at once; returns what they were fixes of."""
    taken = chosen(found)
    for path in dict.fromkeys(each.fix.span.path for each in taken if each.fix is not None):
        edits = [each.fix for each in taken if each.fix is not None and each.fix.span.path == path]
        write_text(Path(path), edited(sources[path].text, edits))
    return taken

"""Changes that the compiler knows how to make: fixes of mistakes, and the layout of a spec."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from distill_dsl.compiler.diagnostics import Diagnostic, Edit
from distill_dsl.compiler.source import Span


@dataclass(frozen=True)
class Fix:
    """A change and the diagnostics that it answers."""

    title: str
    edits: tuple[Edit, ...]
    answers: tuple[Diagnostic, ...]


def fixes(found: Iterable[Diagnostic], start: int, end: int) -> list[Fix]:
    """The fixes of a file's mistakes that touch a range of it; and one for all of them, if there are several."""
    mistakes = [each for each in found if each.fix is not None and each.span and each.fix.span.path == each.span.path]
    near = [each for each in mistakes if each.span and each.span.start <= end and start <= each.span.end]
    single = [Fix(title(each), (each.fix,), (each,)) for each in near if each.fix is not None]
    whole = fix_all(mistakes)
    return [*single, *([whole] if whole is not None and single and len(whole.edits) > 1 else [])]


def fix_all(found: Iterable[Diagnostic], sure: bool = False) -> Fix | None:
    """All fixes that do not get into each other's way; with `sure`, only those that leave no doubt."""
    edits: list[Edit] = []
    answers: list[Diagnostic] = []
    for each in found:
        if each.fix is None or (sure and not each.fix.sure) or _overlaps(each.fix, edits):
            continue
        answers.append(each)
        if each.fix not in edits:
            edits.append(each.fix)
    count = len(edits)
    return Fix(f"Fix all {count} mistakes that have a fix", tuple(edits), tuple(answers)) if edits else None


def _overlaps(edit: Edit, others: Iterable[Edit]) -> bool:
    return any(
        edit != other and edit.span.start <= other.span.end and other.span.start <= edit.span.end for other in others
    )


def title(found: Diagnostic) -> str:
    """What a fix does, in words."""
    assert found.fix is not None
    text = found.fix.text.strip()
    if not text:
        return "Leave it out"
    verb = "Write" if found.fix.span.start == found.fix.span.end else "Change to"
    return f"{verb} `{text if len(text) <= 60 else text[:57] + '...'}`"


# --- layout -------------------------------------------------------------------------------------

MOST_LINES: Final = 3000
"""Lines that are compared one by one; beyond, what differs is replaced as a whole."""


def changes(path: str, old: str, new: str) -> list[Edit]:
    """The edits that make one text of another, line by line, so that cursors stay where they are."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    left, right = before[head : len(before) - tail], after[head : len(after) - tail]
    starts = [sum(map(len, before[:head]))]
    for line in left:
        starts.append(starts[-1] + len(line))
    if len(left) + len(right) > MOST_LINES:
        return [Edit(Span(path, starts[0], starts[-1]), "".join(right))]
    matched = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    return [
        Edit(Span(path, starts[a], starts[b]), "".join(right[c:d])) for tag, a, b, c, d in matched if tag != "equal"
    ]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines both start with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))

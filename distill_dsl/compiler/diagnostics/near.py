"""The word that somebody most likely meant."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from distill_dsl.compiler.diagnostics.found import Advice, Help

LONGEST_WORD: Final = 60
MOST_CANDIDATES: Final = 300
"""Beyond these, looking for a near word takes longer than reading the file."""


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` is most likely a slip of, or `None` if none is near enough."""
    allowed = max(1, len(word) // 3)
    if len(word) > LONGEST_WORD:
        return None
    choices = list(islice(candidates, MOST_CANDIDATES))
    letters = frozenset(word.lower())
    close = [
        other
        for other in choices
        if abs(len(word) - len(other)) <= allowed and len(letters ^ frozenset(other.lower())) <= 2 * allowed
    ]
    near = [(distance(word.lower(), other.lower()), other) for other in close]
    best = min(near, default=None, key=lambda pair: pair[0])
    if best is not None and best[0] <= allowed and best[0] < len(word):
        return best[1]
    longer = [other for other in choices if len(word) >= 3 and other.startswith(word)]
    shorter = [other for other in choices if len(other) >= 3 and word.startswith(other)]
    initials = [other for other in choices if len(word) > 1 and "".join(part[:1] for part in other.split("_")) == word]
    meant = next((each for each in (longer, shorter, initials) if each), [])
    return meant[0] if len(meant) == 1 else None


def suggestion(word: str, candidates: Iterable[str]) -> Help:
    """`did_you_mean` as advice; without a near one, the choices themselves."""
    choices = list(candidates)
    near = did_you_mean(word, choices)
    if near is not None:
        return Advice(f"did you mean `{near}`?", near)
    shown = ", ".join(f"`{choice}`" for choice in choices[:12])
    return f"there is {shown}{', ...' if len(choices) > 12 else ''}" if shown else None


def distance(one: str, other: str) -> int:
    """Edits (insert, drop, change, swap of neighbours) between two words."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        above, before, row = before, row, [i]
        for j, b in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1]

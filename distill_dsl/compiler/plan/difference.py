"""The difference of two versions of a spec in words, and as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from distill_dsl.compiler.plan.compare import Change, What
from distill_dsl.compiler.plan.document import FORM, key_document
from distill_dsl.compiler.plan.effects import Difference, Effect
from distill_dsl.compiler.plan.words import NAMED, Line, at, counted, some

SIGNS: Final = {What.ADDED: "+ ", What.REMOVED: "- "}


@dataclass(frozen=True)
class Compared:
    """What changed from one version to another; `old` and `new` are what the two are called."""

    spec: str
    old: str
    new: str
    changes: tuple[tuple[Change, Effect], ...]
    difference: Difference


def compared(spec: str, old: str, new: str, changes: Sequence[Change], difference: Difference) -> Compared:
    """Each change with what it does."""
    return Compared(spec, old, new, tuple((change, difference.effect(change)) for change in changes), difference)


def lines(all_of_it: Compared, *, every: bool = False) -> list[Line]:
    """The changes, each with the stages that it adds, removes and lets run anew; then the total."""
    found = [Line(f"{all_of_it.spec}, from {all_of_it.old} to {all_of_it.new}", "strong")]
    most = 10**9 if every else NAMED
    for change, effect in all_of_it.changes:
        where = at(change.place) if change.what is not What.REMOVED else ""
        found += [Line(""), Line(f"{SIGNS.get(change.what, '')}{change.text}{where}", "warn")]
        found += [Line(f"    {text}") for text in _told(change, effect, most)]
    if not all_of_it.changes:
        found += [Line(""), Line("Both say the same.")]
    return [*found, Line(""), Line(total(all_of_it.difference), "strong")]


def _told(change: Change, effect: Effect, most: int) -> Iterator[str]:
    if effect.nothing:
        yield "nothing changes" if not change.bears else "nothing runs because of it"
    for verb, names in (("adds", effect.adds), ("removes", effect.removes), ("re-runs", effect.reruns)):
        if names:
            yield f"{verb} {counted(len(names), 'stage')}: {some(names, most)}"


def total(difference: Difference) -> str:
    """`28 stages added, 2 removed, 38 re-run, 60 unchanged.`"""
    effect = difference.total
    if effect.nothing:
        return f"No stage changes: all {counted(difference.unchanged, 'stage')} stay as they are."
    return (
        f"In total: {counted(len(effect.adds), 'stage')} added, {len(effect.removes)} removed,"
        f" {len(effect.reruns)} re-run at most, {difference.unchanged} unchanged."
    )


def document(all_of_it: Compared) -> dict[str, Any]:
    """What `mtd diff --json` prints (docs/plan.md)."""
    effect = all_of_it.difference.total
    return {
        "form": FORM,
        "spec": all_of_it.spec,
        "old": all_of_it.old,
        "new": all_of_it.new,
        "changes": [_change(change, does) for change, does in all_of_it.changes],
        "total": _effect(effect) | {"unchanged": all_of_it.difference.unchanged},
    }


def _change(change: Change, effect: Effect) -> dict[str, Any]:
    found: dict[str, Any] = {
        "what": change.what.value,
        "block": change.section,
        "names": list(change.names),
        "text": change.text,
        "bears": change.bears,
    }
    if change.place:
        found["place"] = {"file": change.place.file, "line": change.place.line}
    if change.key:
        keyed = key_document(change.key)
        found |= {key: keyed[key] for key in ("key", "before", "after")}
    return found | _effect(effect)


def _effect(effect: Effect) -> dict[str, list[str]]:
    return {"adds": list(effect.adds), "removes": list(effect.removes), "reruns": list(effect.reruns)}

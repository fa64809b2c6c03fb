"""What a run's teachers gave, as metrics: read from the verify stages and from the mix that keeps a part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from distill_dsl.contract import files
from distill_dsl.contract.runs import Asked, name_of
from distill_dsl.runtime.tracking.entries import document

COUNTED: Final = ("asked", "answered", "truncated", "filtered", "missing", "executed", "right", "unique", "kept")
TAKEN: Final = ("tokens_input", "tokens_output", "cost")

Quantities = dict[str, float]
"""Those that are known: tokens and cost of most teachers are not, and a file of an older version lacks some."""


def yields_of(mix: str, asked: Sequence[Asked]) -> dict[str, Any]:
    """`yield/<thought>/<quantity>`, and in `yield_total` that of all thoughts together.

    Where a format has several teachers or splits, `yield/<thought>/<teacher>.<data>.<split>` has each.
    """
    kept = document(files.mix_counts_file(mix)).get("kept", {})
    found = {one: quantities(document(files.yield_file(one.cell)), kept.get(one.cell)) for one in asked}
    named: dict[str, Any] = {}
    for thought in dict.fromkeys(one.thought for one in asked):
        own = {one: values for one, values in found.items() if one.thought == thought}
        named[thought] = summed(list(own.values()))
        if len(own) > 1:
            named[thought] |= {title(one): values for one, values in own.items()}
    return {"yield": named, "yield_total": summed(list(found.values()))}


def title(asked: Asked) -> str:
    """Whose thoughts, as the spec names them."""
    return f"{name_of(asked.teacher)}.{name_of(asked.data)}.{asked.split}"


def quantities(counts: Mapping[str, Any], kept: int | None) -> Quantities:
    """What one verify stage counted."""
    tokens = counts.get("tokens") or {}
    given = {**counts, "kept": kept, **{f"tokens_{way}": tokens.get(way) for way in ("input", "output")}}
    names = (*COUNTED, "covered", *TAKEN)
    return with_price({name: given[name] for name in names if given.get(name) is not None})


def summed(parts: Sequence[Quantities]) -> Quantities:
    """Each quantity that is known of all parts. Shares of different problems have no sum."""
    if len(parts) == 1:
        return parts[0]
    names = [name for name in (*COUNTED, *TAKEN) if all(name in part for part in parts)]
    return with_price({name: sum(part[name] for part in parts) for name in names})


def with_price(found: Quantities) -> Quantities:
    """With what a thousand right thoughts cost, where that is known."""
    if "cost" not in found or not found.get("right"):
        return found
    return {**found, "cost_per_1000_right": 1000 * found["cost"] / found["right"]}

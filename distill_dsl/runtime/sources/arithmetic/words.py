"""The words that problems vary in: people and things. Few on purpose, so that a tiny student can learn them all."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Final

WOMEN: Final = ("Anna", "Clara", "Emma", "Grace", "Ines", "Mia", "Nora", "Ruth")
MEN: Final = ("Ben", "David", "Felix", "Hugo", "Jonas", "Leo", "Omar", "Tom")
ITEMS: Final = (
    "apples", "balls", "books", "cakes", "cards", "coins", "cups", "eggs",
    "flowers", "hats", "pears", "pens", "shells", "stamps", "stickers", "toys",
)  # fmt: skip
PARTS: Final = {2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 8: "eighth", 10: "tenth"}
"""How `{k:part}` is written in a text: one third of the apples."""


def cast(rng: Random, pools: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Words for the placeholders of one problem: two people, two kinds of things, one of each pool."""
    name, name2 = rng.sample(WOMEN + MEN, 2)
    items, items2 = rng.sample(ITEMS, 2)
    he, him, his = ("she", "her", "her") if name in WOMEN else ("he", "him", "his")
    words = {"name": name, "name2": name2, "items": items, "items2": items2, "he": he, "He": he.title()}
    words |= {"him": him, "his": his, "Items": items.title()}
    return words | {key: rng.choice(pool) for key, pool in pools.items()}

"""Our own grade-school word problems, each with the steps and the equations that make it.

Which split may hold a problem is decided by its family and its shown numbers alone, not by the
seed or by what other splits hold. So the splits of every block, and of two blocks with different
seeds, share no numbers within a family, and adding a split changes no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from random import Random
from typing import Final

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import SyntheticSource
from distill_dsl.runtime.sources.arithmetic.families import FAMILIES
from distill_dsl.runtime.sources.arithmetic.family import Drawn, Family, Numbers, draw_numbers, figure, tell

SPLITS: Final = {"train": (0.0, 0.7), "dev": (0.7, 0.8), "test": (0.8, 1.0)}
"""Split -> the part of all number tuples that it draws from."""

HELD_OUT_SPLIT: Final = "test"
TRIES: Final = 4000
"""Draws in a row that give nothing new before a family counts as used up (a draw takes about 20 us)."""


def generate(source: SyntheticSource, splits: Sequence[str]) -> dict[str, list[Problem]]:
    """The problems of the splits; a `Failure` where so many distinct ones do not exist."""
    if source.generator != "arithmetic":
        raise Failure(f"no generator of problems is called `{source.generator}`", help="there is `arithmetic`")
    families = usable(source)
    return {split: _split(source, split, families) for split in splits}


def usable(source: SyntheticSource) -> tuple[Family, ...]:
    """The families asked for that can be drawn under the limits of the block, in table order."""
    known = {family.name: family for family in FAMILIES}
    for name in (*source.families, *source.held_out):
        if name not in known:
            raise Failure(f"no family of arithmetic problems is called `{name}`", help=f"known: {', '.join(known)}")
    asked = source.families or tuple(known)
    chosen = tuple(family for name, family in known.items() if name in (*asked, *source.held_out))
    fitting = tuple(family for family in chosen if _drawable(family, source))
    if not fitting:
        fewest, most = source.steps
        raise Failure(
            f"no family gives problems of {fewest} to {most} steps with numbers up to {source.largest}",
            help="raise `largest`, widen `steps`, or name other families",
        )
    return fitting


def _drawable(family: Family, source: SyntheticSource) -> bool:
    fewest, most = source.steps
    if not fewest <= len(family.steps) <= most or family.largest_literal > source.largest:
        return False
    rng = Random(family.name)
    return any(draw_numbers(family, rng, source.largest) for _ in range(TRIES))


def _split(source: SyntheticSource, split: str, families: Sequence[Family]) -> list[Problem]:
    if split not in SPLITS:
        raise Failure(f"synthetic problems have no split `{split}`", help=f"there are {', '.join(SPLITS)}")
    if split not in source.sizes:
        raise Failure(f"the synthetic source names no size for split `{split}`", help=f"add `{split}: 200` to it")
    open_ = [f for f in families if split == HELD_OUT_SPLIT or f.name not in source.held_out]
    size = source.sizes[split]
    problems: list[Problem] = []
    seen: set[str] = set()
    while len(problems) < size and open_:
        order = Random(f"{source.seed}:{split}:round:{len(problems)}").sample(open_, len(open_))
        for family in order[: size - len(problems)]:
            rng = Random(f"{source.seed}:{split}:{len(problems)}:{family.name}")
            drawn = _fresh(family, rng, split, source.largest, seen)
            if drawn is None:
                open_.remove(family)
                continue
            seen.add(drawn.question)
            problems.append(_problem(drawn, f"arithmetic-{split}-{len(problems)}"))
    if len(problems) < size:
        raise Failure(
            f"only {len(problems)} distinct problems can be drawn for split `{split}`, {size} were asked for",
            help=f"ask for fewer, raise `largest` ({source.largest}), or name more families",
        )
    return problems


def _fresh(family: Family, rng: Random, split: str, largest: int, seen: set[str]) -> Drawn | None:
    for _ in range(TRIES):
        drawn = draw_numbers(family, rng, largest)
        if drawn is None or not _belongs(family, drawn[0], split):
            continue
        told = tell(family, rng, *drawn)
        if told.question not in seen:
            return told
    return None


def _belongs(family: Family, numbers: Numbers, split: str) -> bool:
    low, high = SPLITS[split]
    # Sorted: `3 boxes of 8` and `8 boxes of 3` belong to one split too.
    shown = ",".join(sorted(figure(numbers[name]) for name in family.shown))
    digest = hashlib.sha256(f"{family.name}:{shown}".encode()).digest()
    return low <= int.from_bytes(digest[:4], "big") / 2**32 < high


def _problem(drawn: Drawn, name: str) -> Problem:
    return Problem(id=name, question=drawn.question, answer=drawn.answer, solution=drawn.solution, family=drawn.family)

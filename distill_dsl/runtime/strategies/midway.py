"""How well a student does in the middle of its training: the curve of dev accuracy, and which strategy draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from distill_dsl.contract.records import Judged
from distill_dsl.contract.strategies import Adaptive, Cascade, Confident, Single, Strategy, Vote
from distill_dsl.runtime.strategies.choose import Key, choose, is_right
from distill_dsl.runtime.strategies.intervals import mean


@dataclass(frozen=True)
class Standing:
    """A row of the curve."""

    step: int
    accuracy: float
    """Share of problems that the strategy has right."""
    formats: dict[str, float | None]
    """Format -> share of problems that its thought has right; None for one in which nothing was written."""


def by_thoughts_alone(strategy: Strategy) -> Strategy:
    """The strategy itself, or a vote of its members where it asks for more than one thought a format.

    In the middle of a training nothing is learned of confidence, and no verifier has ranked anything.
    """
    match strategy:
        case Single() | Cascade() | Adaptive() | Vote(by="count") | Confident(calibrated=False):
            return strategy
        case _:
            return Vote(members=strategy.members)


def curve(
    judged: Mapping[int, Sequence[Sequence[Judged]]], strategy: Strategy, thoughts: Sequence[str], key: Key
) -> list[Standing]:
    """A row a step. `judged`: step -> problem by problem, its thoughts."""
    return [
        Standing(
            step,
            mean([is_right(choose(strategy, rows, key)) for rows in problems]),
            {
                thought: _share([row for rows in problems for row in rows if row.thought == thought])
                for thought in thoughts
            },
        )
        for step, problems in judged.items()
    ]


def _share(rows: Sequence[Judged]) -> float | None:
    return mean([is_right(row) for row in rows]) if rows else None


def table(standings: Sequence[Standing], thoughts: Sequence[str]) -> list[list[str]]:
    """The curve as rows of text, the names of their columns first; an empty cell where nothing was written."""
    rows = [
        [str(one.step), *("" if share is None else f"{share:.6f}" for share in (one.accuracy, *one.formats.values()))]
        for one in standings
    ]
    return [["step", "accuracy", *thoughts], *rows]

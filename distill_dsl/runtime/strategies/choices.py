"""All strategies of an experiment on the same thoughts, and what some of them first have to learn.

Nobody pays for another strategy's knowledge: what is learned of a thought alone serves all, while agreement
is looked at only among the thoughts that a strategy has to have written anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Choice, Judged
from distill_dsl.contract.strategies import Confident, Strategy, needs_calibration, strategy_title
from distill_dsl.runtime.strategies.calibrating import Calibration, believed, learn
from distill_dsl.runtime.strategies.choose import Key, choose

Strategies = Mapping[str, Strategy]
"""Strategy key -> strategy."""


@dataclass(frozen=True)
class Learned:
    """What the problems that a mix holds out told."""

    alone: Calibration | None = None
    """Of a thought by itself: `Judged.confidence`, by which votes weigh. `None` where no strategy needs it."""
    together: dict[str, Calibration] = field(default_factory=dict)
    """Strategy key -> what it makes of a thought among its others."""


def learned(strategies: Strategies, thoughts: Sequence[str], held_out: Sequence[Sequence[Judged]], key: Key) -> Learned:
    """Learn what these strategies need from the rows of each held-out problem; nothing, if they need nothing.

    A `Failure` where they need it and no problem is held out.
    """
    needing = {name: strategy for name, strategy in strategies.items() if needs_calibration(strategy)}
    if not needing:
        return Learned()
    if not held_out:
        raise Failure(
            f"`{strategy_title(next(iter(needing.values())))}` learns from held-out problems, and there are none",
            help="give the mix `dev` above 0, or take the strategy out of `answers`",
        )
    together = {
        name: learn(held_out, strategy.members, key, samples=strategy.samples, together=True)
        for name, strategy in needing.items()
        if isinstance(strategy, Confident)
    }
    return Learned(alone=learn(held_out, thoughts, key), together=together)


def with_confidence(rows: Sequence[Judged], known: Learned, key: Key) -> list[Judged]:
    """The rows of one problem as they are written to the file."""
    return list(rows) if known.alone is None else believed(rows, known.alone, key)


def choices(strategies: Strategies, rows: Sequence[Judged], known: Learned, key: Key) -> dict[str, Choice]:
    """Strategy key -> what it chooses among the rows of one problem (`with_confidence`)."""
    return {name: choose(strategy, seen_by(name, rows, known, key), key) for name, strategy in strategies.items()}


def seen_by(name: str, rows: Sequence[Judged], known: Learned, key: Key) -> Sequence[Judged]:
    """The rows as the strategy of that key sees them: with the confidences that it learned, if it did."""
    return believed(rows, known.together[name], key) if name in known.together else rows

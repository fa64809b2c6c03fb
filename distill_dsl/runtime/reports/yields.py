"""What the teachers of an experiment gave: thoughts asked for and what became of them, tokens, money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from distill_dsl.contract.files import mix_counts_file, yield_file
from distill_dsl.contract.runs import Asked, Run, name_of
from distill_dsl.runtime.reports.efficiency import read_metrics
from distill_dsl.runtime.reports.results import unique


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """Of all completions, as the server counted them; `None` where it did not."""

    input: int | None
    output: int | None

    @property
    def total(self) -> int | None:
        """Both together."""
        return None if self.input is None or self.output is None else self.input + self.output


class Yield(msgspec.Struct, frozen=True, kw_only=True):
    """One teacher's thoughts of one format for one split, as the verify stage counted them.

    `asked = answered + truncated + filtered + missing`, and `answered >= executed >= right >= unique`.
    """

    problems: int
    asked: int
    answered: int
    truncated: int
    filtered: int
    missing: int
    executed: int
    """Gave an answer."""
    right: int
    unique: int
    """Right ones that say what no other right one of their problem says."""
    covered: float
    """Share of the problems with a right one."""
    tokens: Tokens
    cost: float | None
    """US dollars."""
    cost_per_1000_right: float | None


class MixCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What the report needs of a mix's metrics."""

    kept: dict[str, int]
    """Cell of thoughts -> how many of them the mix keeps."""


@dataclass(frozen=True)
class Taught:
    """One teacher's thoughts of one format for one split, and what the experiment's mixes keep of them."""

    asked: Asked
    """Teacher and data as keys of params.yaml."""
    varied: tuple[tuple[str, str], ...]
    """Params that the experiment varies and that all of the runs which learn from it share."""
    found: Yield
    kept: tuple[int, ...]
    """One number a mix that is made of it."""

    @property
    def names(self) -> tuple[str, str, str, str]:
        """Teacher, data, split and thought as the spec names them."""
        return name_of(self.asked.teacher), name_of(self.asked.data), self.asked.split, self.asked.thought

    def values(self, params: Sequence[str]) -> list[str]:
        """The value of each varied param; empty where it does not bear on what was asked."""
        values = dict(self.varied)
        return [values.get(param, "") for param in params]


def read_yields(runs: Sequence[Run], thoughts: Sequence[Asked]) -> tuple[Taught, ...]:
    """From the metrics of all verify and mix stages; a missing or damaged file is a `Failure`."""
    kept = {mix: read_metrics(mix_counts_file(mix), MixCounts, "mix").kept for mix in unique(run.mix for run in runs)}
    return tuple(
        Taught(
            asked=one,
            varied=shared([run for run in runs if one.cell in kept[run.mix]]),
            found=read_metrics(yield_file(one.cell), Yield, "verify"),
            kept=tuple(counts[one.cell] for counts in kept.values() if one.cell in counts),
        )
        for one in thoughts
    )


def shared(runs: Sequence[Run]) -> tuple[tuple[str, str], ...]:
    """The varied values that all of these runs have."""
    first = runs[0].varied if runs else ()
    return tuple(value for value in first if all(value in run.varied for run in runs))

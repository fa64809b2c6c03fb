"""What training and answering took, before and after, and whether a change is more than seeds explain.

Counts follow from the spec and its data. Measures vary with the seed: with two seeds or more on each
side they are tested (Student's t over the seeds where both have the same, else Welch's). Times vary
with the machine and its other work besides: what all runs of a version share no test over seeds can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from distill_dsl.contract.runs import Run
from distill_dsl.runtime.comparing.contests import common_tests
from distill_dsl.runtime.comparing.rows import shared_keys, token_means
from distill_dsl.runtime.comparing.version import Contender, Numbers
from distill_dsl.runtime.reports.comparisons import LEVEL, holm
from distill_dsl.runtime.reports.wording import percent, si, three
from distill_dsl.runtime.strategies.intervals import deviation, mean


class Kind(StrEnum):
    """What moves a quantity beside the spec."""

    COUNT = "count"
    MEASURE = "measure"
    TIME = "time"


class Quantity(NamedTuple):
    """A key of a metrics file, and how people read it."""

    key: str
    name: str
    kind: Kind
    shown: Callable[[float], str] = si


def bytes_shown(value: float) -> str:
    """`1.23 GB`."""
    return si(value, "B")


def seconds_shown(value: float) -> str:
    """`1.23 s`."""
    return si(value, "s")


TRAINING: Final = (
    Quantity("dev_accuracy", "dev accuracy (%)", Kind.MEASURE, percent),
    Quantity("dev_loss", "dev loss", Kind.MEASURE, three),
    Quantity("train_loss", "training loss", Kind.MEASURE, three),
    Quantity("examples", "training examples", Kind.COUNT),
    Quantity("steps", "steps", Kind.COUNT),
    Quantity("parameters", "parameters", Kind.COUNT),
    Quantity("trained_parameters", "trained parameters", Kind.COUNT),
    Quantity("seen_tokens", "tokens seen", Kind.COUNT),
    Quantity("flops", "FLOP", Kind.COUNT),
    Quantity("cut_inputs", "questions cut", Kind.COUNT),
    Quantity("left_out", "examples too long", Kind.COUNT),
    Quantity("seconds", "training time", Kind.TIME, seconds_shown),
    Quantity("tokens_per_second", "tokens/s in training", Kind.TIME),
    Quantity("peak_memory", "memory of training", Kind.TIME, bytes_shown),
    Quantity("energy", "energy of training (J)", Kind.TIME),
)

SOLVING: Final = (
    Quantity("seconds", "answering time", Kind.TIME, seconds_shown),
    Quantity("tokens_per_second", "tokens/s in answering", Kind.TIME),
    Quantity("single_tokens_per_second", "tokens/s alone", Kind.TIME),
    Quantity("latency_p50", "time of a thought (median)", Kind.TIME, seconds_shown),
    Quantity("latency_p95", "time of a thought (95 %)", Kind.TIME, seconds_shown),
    Quantity("peak_memory", "memory of answering", Kind.TIME, bytes_shown),
    Quantity("energy", "energy of answering (J)", Kind.TIME),
)


class Tested(NamedTuple):
    """A mean difference with its 95 % interval and two-sided p-value."""

    difference: float
    low: float
    high: float
    p_value: float


class Move(StrEnum):
    """What became of a quantity."""

    CHANGED = "changed"
    """Of a count: no chance is in it."""
    UP = "higher"
    DOWN = "lower"
    NOISE = "cannot be told apart"
    UNTESTED = "not tested"


@dataclass(frozen=True)
class Change:
    """One quantity of one student and mix, which is not the same on both sides."""

    who: str
    quantity: Quantity
    before: float
    after: float
    """Means over seeds."""
    spreads: tuple[float | None, float | None]
    """Deviations over seeds."""
    found: Tested | None = None
    adjusted: float | None = None
    over: str = "seeds"
    """The units of the test."""

    @property
    def difference(self) -> float:
        """After minus before."""
        return self.after - self.before

    @property
    def ratio(self) -> float | None:
        """After over before."""
        return self.after / self.before if self.before else None

    @property
    def outcome(self) -> Move:
        """In words."""
        if self.quantity.kind is Kind.COUNT:
            return Move.CHANGED
        if self.found is None or self.adjusted is None:
            return Move.UNTESTED
        if self.adjusted >= LEVEL:
            return Move.NOISE
        return Move.UP if self.found.difference > 0 else Move.DOWN


def changes(pairs: Iterable[tuple[Contender, Contender]]) -> list[Change]:
    """What differs in training, answering and tokens a problem, differences first.

    Measures are one family and times another, each corrected for its number after Holm.
    """
    found = [one for before, after in pairs for one in changes_of(before, after)]
    for kind in (Kind.MEASURE, Kind.TIME):
        tested = [(place, one.found) for place, one in enumerate(found) if one.found and one.quantity.kind is kind]
        for (place, _), value in zip(tested, holm([test.p_value for _, test in tested]), strict=True):
            found[place] = replace(found[place], adjusted=value)
    return sorted(found, key=rank)


def changes_of(before: Contender, after: Contender) -> Iterator[Change]:
    """All quantities of one pair."""
    who = before.names if before.names == after.names else f"{before.names} / {after.names}"
    yield from token_changes(who, before, after)
    for quantities, old, new in ((TRAINING, before.training, after.training), (SOLVING, before.solving, after.solving)):
        for quantity in quantities:
            change = changed(who, quantity, values(old, quantity.key), values(new, quantity.key))
            if change is not None:
                yield change


def values(runs: Mapping[Run, Numbers], key: str) -> dict[int, float]:
    """Seed -> value, of runs that have a number."""
    return {run.seed: float(value) for run, found in runs.items() if not isinstance(value := found.get(key, ""), str)}


def changed(who: str, quantity: Quantity, old: dict[int, float], new: dict[int, float]) -> Change | None:
    """A change, or `None` where it is not known on a side, or the same."""
    if not old or not new or old == new:
        return None
    ones, others = list(old.values()), list(new.values())
    found = None if quantity.kind is Kind.COUNT else over_seeds(old, new)
    return Change(who, quantity, mean(ones), mean(others), (deviation(ones), deviation(others)), found)


def over_seeds(old: Mapping[int, float], new: Mapping[int, float]) -> Tested | None:
    """A test of the mean over seeds: in pairs where both have the same."""
    if min(len(old), len(new)) < 2:
        return None
    if old.keys() == new.keys():
        return mean_test(np.array([new[seed] - old[seed] for seed in old]))
    from scipy.stats import ttest_ind

    ones, others = np.array(list(old.values())), np.array(list(new.values()))
    if not spread(ones) and not spread(others):
        return None
    result = ttest_ind(others, ones, equal_var=False)
    interval = result.confidence_interval()
    return Tested(float(others.mean() - ones.mean()), float(interval.low), float(interval.high), float(result.pvalue))


def mean_test(differences: NDArray[np.float64]) -> Tested | None:
    """Student's t of a mean of differences; `None` where they do not vary, so that chance cannot be told."""
    if len(differences) < 2 or not spread(differences):
        return None
    from scipy.stats import ttest_1samp

    result = ttest_1samp(differences, 0.0)
    interval = result.confidence_interval()
    return Tested(float(differences.mean()), float(interval.low), float(interval.high), float(result.pvalue))


def spread(found: NDArray[np.float64]) -> bool:
    """Whether values differ by more than rounding."""
    return bool(np.ptp(found) > 1e-9 * np.abs(found).max())


def token_changes(who: str, before: Contender, after: Contender) -> Iterator[Change]:
    """Tokens that the headline has to have written for a problem, over the same problems."""
    for test in common_tests(before, after):
        old, new = before.headline(test), after.headline(test)
        if old == new and before.is_copy(after):
            continue
        mine = before.answers(test, old) if old is not None else None
        theirs = after.answers(test, new) if new is not None else None
        if old is None or new is None or mine is None or theirs is None:
            continue
        keys = shared_keys([*mine, *theirs])
        if not keys:
            continue
        ones, others = token_means(mine, old, keys), token_means(theirs, new, keys)
        if not np.array_equal(ones, others):
            quantity = Quantity("tokens_a_problem", f"tokens a problem, {test}", Kind.MEASURE, three)
            means = float(ones.mean()), float(others.mean())
            yield Change(who, quantity, *means, (None, None), mean_test(others - ones), over="problems")


def rank(one: Change) -> tuple[int, float]:
    """Differences first, counts before measures, then what is noise and what cannot be tested; by relative size."""
    order: Sequence[Move] = (Move.UP, Move.DOWN, Move.CHANGED, Move.NOISE, Move.UNTESTED)
    ratio = one.ratio
    size = float("inf") if ratio is None or ratio <= 0 else abs(float(np.log(ratio)))
    timed = one.quantity.kind is Kind.TIME
    return max(order.index(one.outcome), 1) + 10 * timed, -size

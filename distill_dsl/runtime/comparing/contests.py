"""Whether accuracies differ between two sides, tested over the same problems.

Two families, each corrected for its number after Holm (1979): every pair by its headline, and every
strategy that both sides have. A contest in which no problem is answered otherwise cannot be a
difference whatever the truth is, so that it is left out of the number (after Tarone 1990).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from distill_dsl.runtime.comparing.averages import compare_means
from distill_dsl.runtime.comparing.rows import Answers, Key, places, right_rows, shared_keys
from distill_dsl.runtime.comparing.version import Contender
from distill_dsl.runtime.reports.comparisons import LEVEL, holm
from distill_dsl.runtime.strategies.comparing import Comparison, compare_seeds
from distill_dsl.runtime.strategies.intervals import mean


class Verdict(StrEnum):
    """What a comparison came to."""

    SAME = "the same"
    UP = "better"
    DOWN = "worse"
    NOISE = "cannot be told apart"
    UNTESTED = "not tested"


def verdict_of(found: Comparison | None, adjusted: float | None) -> Verdict:
    """What a comparison and its p-value after Holm say; an interval of nothing but 0 is that of equal answers."""
    if found is None:
        return Verdict.UNTESTED
    if found.low == found.high == 0:
        return Verdict.SAME
    if adjusted is None or adjusted >= LEVEL:
        return Verdict.NOISE
    return Verdict.UP if found.difference > 0 else Verdict.DOWN


AVERAGE: Final = "average"
"""What stands in the place of a test for the mean over all: no test is called so, since their names hold a `-`."""

EQUAL: Final = Comparison(0.0, 0.0, 0.0, 1.0, only_a=0, only_b=0)
"""Of two that have the same file of answers, whether it is at hand or not."""


@dataclass(frozen=True)
class Contest:
    """One side against the other on one test. Shares are 0 to 1; differences are positive where `after` is better."""

    before: Contender
    after: Contender
    test: str
    strategies: tuple[str, str]
    accuracies: tuple[float, float]
    """Over the shared problems, where they are known."""
    found: Comparison | None = None
    """`None` where rows are not at hand, or no problem is shared."""
    adjusted: float | None = None
    """The p-value after Holm, within the family."""
    shared: int | None = None
    """Problems that both answered, `None` where rows are not at hand."""
    problems: tuple[int | None, int | None] = (None, None)
    gained: tuple[str, ...] = ()
    """Ids of problems that are right in more seeds than before."""
    lost: tuple[str, ...] = ()

    @property
    def difference(self) -> float:
        """Of the accuracies."""
        return self.accuracies[1] - self.accuracies[0]

    @property
    def verdict(self) -> Verdict:
        """The outcome in words."""
        return verdict_of(self.found, self.adjusted)

    @property
    def part(self) -> bool:
        """Whether only a part of the problems of either side is shared."""
        return self.shared is not None and any(count not in (None, self.shared) for count in self.problems)


def headline_contests(pairs: Iterable[tuple[Contender, Contender]]) -> list[Contest]:
    """Each pair by its headlines, on every test of both, and their mean; the two may be different strategies."""
    return family(one for before, after in pairs for one in headlines_of(before, after))


def headlines_of(before: Contender, after: Contender) -> Iterator[Contest]:
    """One pair on every test and, where there are several, on average."""
    found = [
        contest(before, after, test, (old, new))
        for test in common_tests(before, after)
        if (old := before.headline(test)) is not None and (new := after.headline(test)) is not None
    ]
    yield from found
    if len(found) > 1 and len({one.strategies for one in found}) == 1:
        yield on_average(found)


def on_average(contests: Sequence[Contest]) -> Contest:
    """The mean over the tests of one pair; untested where one of them is."""
    first = contests[0]
    before, after, (old, new) = first.before, first.after, first.strategies
    reached = (mean([one.accuracies[0] for one in contests]), mean([one.accuracies[1] for one in contests]))
    shared = [one.shared for one in contests if one.shared is not None]
    bare = Contest(before, after, AVERAGE, first.strategies, reached)
    if any(one.found is None for one in contests):
        return bare
    bare = replace(bare, shared=sum(shared) if len(shared) == len(contests) else None)
    if all(one.verdict is Verdict.SAME for one in contests):
        return replace(bare, found=EQUAL)
    pairs = []
    for one in contests:
        mine, theirs = before.answers(one.test, old) or [], after.answers(one.test, new) or []
        keys = shared_keys([*mine, *theirs])
        pairs.append((right_rows(theirs, new, keys), right_rows(mine, old, keys)))
    return replace(bare, found=compare_means(pairs))


def strategy_contests(pairs: Iterable[tuple[Contender, Contender]]) -> list[Contest]:
    """Each strategy of both, on every test; those that the headlines already are left out."""
    return family(
        contest(before, after, test, (key, key))
        for before, after in pairs
        for test in common_tests(before, after)
        for key in before.strategies(test)
        if key in after.strategies(test) and (key, key) != (before.headline(test), after.headline(test))
    )


def common_tests(before: Contender, after: Contender) -> list[str]:
    """The tests that both were scored on."""
    return [test for test in before.tests if test in after.tests]


def contest(before: Contender, after: Contender, test: str, strategies: tuple[str, str]) -> Contest:
    """One contest, its p-value not corrected yet."""
    reached = (before.accuracy(test, strategies[0]), after.accuracy(test, strategies[1]))
    bare = Contest(before, after, test, strategies, reached, problems=(count(before, test), count(after, test)))
    if strategies[0] == strategies[1] and before.is_copy(after):
        return replace(bare, found=EQUAL, shared=bare.problems[0])
    old, new = before.answers(test, strategies[0]), after.answers(test, strategies[1])
    if old is None or new is None:
        return bare
    keys = shared_keys([*old, *new])
    if not keys:
        return replace(bare, shared=0)
    rows_old, rows_new = right_rows(old, strategies[0], keys), right_rows(new, strategies[1], keys)
    found = compare_seeds(rows_new, rows_old)
    reached = (share(rows_old), share(rows_new))
    gained, lost = moved(rows_old, rows_new, ids(new[0], keys))
    return replace(bare, accuracies=reached, found=found, shared=len(keys), gained=gained, lost=lost)


def family(contests: Iterable[Contest]) -> list[Contest]:
    """With p-values after Holm, differences first, the larger the earlier."""
    found = list(contests)
    tested = [place for place, one in enumerate(found) if one.found is not None and one.verdict is not Verdict.SAME]
    adjusted = holm([one.found.p_value for place in tested if (one := found[place]).found is not None])
    for place, value in zip(tested, adjusted, strict=True):
        found[place] = replace(found[place], adjusted=value)
    return sorted(found, key=rank)


def rank(one: Contest) -> tuple[int, float]:
    """Differences first, then what chance may have made, then what is the same; by size."""
    order = (Verdict.UP, Verdict.DOWN, Verdict.UNTESTED, Verdict.NOISE, Verdict.SAME)
    return max(order.index(one.verdict), 1), -abs(one.difference)


def count(one: Contender, test: str) -> int | None:
    """Problems of a test, by its scores."""
    return next(iter(next(iter(one.runs.values()))[test].values())).problems


def share(rows: Sequence[Sequence[bool]]) -> float:
    """Right answers of all, over seeds and problems."""
    return sum(map(sum, rows)) / sum(map(len, rows))


def ids(answers: Answers, keys: Sequence[Key]) -> list[str]:
    """The problems' ids."""
    return [answers.ids[place] for place in places(answers, keys)]


def moved(
    before: Sequence[Sequence[bool]], after: Sequence[Sequence[bool]], names: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The problems that more, and that fewer, of the seeds have right; shares, where the numbers of seeds differ."""
    return tuple(differing(before, after, names)), tuple(differing(after, before, names))


def differing(fewer: Sequence[Sequence[bool]], more: Sequence[Sequence[bool]], names: Sequence[str]) -> Iterator[str]:
    for place, name in enumerate(names):
        if sum(row[place] for row in more) * len(fewer) > sum(row[place] for row in fewer) * len(more):
            yield name

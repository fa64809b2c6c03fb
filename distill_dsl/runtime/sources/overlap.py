"""Problems of one list that stand in another: word by word, or nearly so.

Nearly: the same numbers, and at least a share `like` of the words of both questions together is common
to both, each as often as it stands there. The order of words is left open (`2 birds and 6 storks`, `6
storks and 2 birds`); the same words with other numbers are another problem of the same kind.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from distill_dsl.contract.records import Problem

LIKE: Final = 0.8
"""Jaccard index of the bags of words from which a person is told of two questions."""

ROUNDING: Final = 1e-9
"""0.7 * 10 is a little more than 7."""

WORD: Final = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")


UNITS: Final = "zero one two three four five six seven eight nine".split()
TEENS: Final = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
SMALL: Final = {word: number for number, word in enumerate((*UNITS, *TEENS))}
TENS: Final = {
    word: 10 * number
    for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}


@dataclass(frozen=True)
class Pair:
    """A problem of the first list and the one of the second that it is, or is most like."""

    problem: Problem
    other: Problem
    likeness: float


@dataclass(frozen=True)
class Overlap:
    """In the order of the first list; a problem is in one of the two at most."""

    same: tuple[Pair, ...] = ()
    near: tuple[Pair, ...] = ()


def overlap(problems: Sequence[Problem], others: Questions) -> Overlap:
    """Which problems are among the others."""
    same: list[Pair] = []
    near: list[Pair] = []
    for problem in problems:
        text = words_of(problem.question)
        if text in others.first:
            same.append(Pair(problem, others.first[text], 1.0))
        elif (found := others.nearest(text)) is not None:
            near.append(Pair(problem, *found))
    return Overlap(tuple(same), tuple(near))


def repeated(problems: Iterable[Problem]) -> list[tuple[Problem, Problem]]:
    """Each problem whose question stood there before, with the first of that question."""
    first: dict[tuple[str, ...], Problem] = {}
    pairs = [(problem, first.setdefault(words_of(problem.question), problem)) for problem in problems]
    return [(problem, other) for problem, other in pairs if other is not problem]


def words_of(question: str) -> tuple[str, ...]:
    """The words and numbers of a question: case, signs and blanks make no other problem, nor do numbers in words."""
    words = [word.replace(",", "") for word in WORD.findall(question.casefold())]
    found: list[str] = []
    place = 0
    while place < len(words):
        number, length = _number(words[place : place + 2])
        found.append(words[place] if number is None else str(number))
        place += length
    return tuple(found)


def _number(words: Sequence[str]) -> tuple[int | None, int]:
    """What number the first word, or both, say, and how many words that are. `one` alone is rarely a number."""
    first = TENS.get(words[0])
    if first is None:
        return (SMALL.get(words[0]) if words[0] != "one" else None), 1
    unit = SMALL.get(words[1], 0) if len(words) > 1 else 0
    return (first + unit, 2) if 0 < unit < 10 else (first, 1)


Item = tuple[str, int]
"""A word, and how often it stood in the question before: bags of words as sets."""


class Questions:
    """Problems by their numbers and rarest words: two that are alike share one of these, so that few are compared."""

    def __init__(self, problems: Sequence[Problem], like: float = LIKE) -> None:
        """Up to `like`, from which on two questions are nearly the same: 1 is the same words in any order."""
        self.problems = problems
        self.like = like
        self.texts = [words_of(problem.question) for problem in problems]
        self.first: dict[tuple[str, ...], Problem] = {}
        for text, problem in zip(self.texts, problems, strict=True):
            self.first.setdefault(text, problem)
        self.bags = [_bag(text) for text in self.texts]
        self.counts = Counter(item for bag in self.bags for item in bag)
        self.holders: dict[tuple[frozenset[Item], Item], list[int]] = defaultdict(list)
        for at, bag in enumerate(self.bags):
            numbers = _numbers(bag)
            for item in self._rarest(bag):
                self.holders[numbers, item].append(at)

    def nearest(self, text: tuple[str, ...]) -> tuple[Problem, float] | None:
        """The likest problem with the same numbers, the first of several, and how like it is; none below `like`."""
        likeness = self.alike(text)
        best = max(likeness, key=lambda at: likeness[at], default=None)
        return None if best is None else (self.problems[best], likeness[best])

    def alike(self, text: tuple[str, ...]) -> dict[int, float]:
        """The places of all problems with the same numbers that are at least so like, the same words among them."""
        bag = _bag(text)
        numbers = _numbers(bag)
        met = {at for item in self._rarest(bag) for at in self.holders.get((numbers, item), ())}
        likeness = {at: _likeness(bag, self.bags[at]) for at in sorted(met)}
        return {at: like for at, like in likeness.items() if like >= self.like}

    def _rarest(self, bag: frozenset[Item]) -> list[Item]:
        """So many that a bag without any of them shares less than `like` of this one."""
        least = math.ceil(self.like * len(bag) - ROUNDING)
        return sorted(bag, key=lambda item: (self.counts[item], item))[: len(bag) - least + 1]


def _bag(text: tuple[str, ...]) -> frozenset[Item]:
    seen: Counter[str] = Counter()
    items = []
    for word in text:
        items.append((word, seen[word]))
        seen[word] += 1
    return frozenset(items)


def _likeness(one: frozenset[Item], other: frozenset[Item]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0


def _numbers(bag: frozenset[Item]) -> frozenset[Item]:
    return frozenset(item for item in bag if item[0][0].isdigit())

"""What each strategy answered, problem by problem, and the problems that several runs have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distill_dsl.contract.files import read_rows
from distill_dsl.contract.records import Record
from distill_dsl.contract.vocabulary import Outcome
from distill_dsl.runtime.reports.results import title_of

Key = tuple[str, int]
"""Question and gold, and how many of the same stand before it: ids may be of other problems at another version."""


class Chosen(Record, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What a comparison needs of a `Choice`."""

    verdict: str
    tokens: int = 0


class Answered(Record, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What a comparison needs of a `Scored` row, whichever version of the package wrote it."""

    test: str
    problem: str
    question: str
    gold: str
    choices: dict[str, Chosen]


@dataclass
class Answers:
    """One run on one test, in the order of the file."""

    keys: list[Key] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    right: dict[str, list[bool]] = field(default_factory=dict)
    """By strategy."""
    tokens: dict[str, list[int]] = field(default_factory=dict)


def read_answers(path: Path) -> dict[str, Answers]:
    """Test -> answers, of one run's scored file."""
    found: dict[str, Answers] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for row in read_rows(path, Answered):
        test = title_of(row.test)
        answers = found.setdefault(test, Answers())
        text = f"{row.question}\n{row.gold}"
        answers.keys.append((text, seen[test, text]))
        answers.ids.append(row.problem)
        seen[test, text] += 1
        for strategy, choice in row.choices.items():
            answers.right.setdefault(strategy, []).append(choice.verdict == Outcome.CORRECT)
            answers.tokens.setdefault(strategy, []).append(choice.tokens)
    return found


def shared_keys(runs: Sequence[Answers]) -> list[Key]:
    """The problems that all runs answered, in the order of the first."""
    others = [set(one.keys) for one in runs[1:]]
    return [key for key in runs[0].keys if all(key in other for other in others)]


def right_rows(runs: Sequence[Answers], strategy: str, keys: Sequence[Key]) -> list[list[bool]]:
    """One row a seed: which of the problems it has right."""
    return [[one.right[strategy][place] for place in places(one, keys)] for one in runs]


def token_means(runs: Sequence[Answers], strategy: str, keys: Sequence[Key]) -> NDArray[np.float64]:
    """(problems,): what the strategy had to have written for each, the mean over seeds."""
    rows = [[one.tokens[strategy][place] for place in places(one, keys)] for one in runs]
    means: NDArray[np.float64] = np.array(rows, dtype=np.float64).mean(axis=0)
    return means


def places(answers: Answers, keys: Sequence[Key]) -> list[int]:
    """Where the problems stand in a run's answers."""
    if list(keys) == answers.keys:
        return list(range(len(keys)))
    known = {key: place for place, key in enumerate(answers.keys)}
    return [known[key] for key in keys]

"""Which problems each strategy had right, and how sure it was: what comparisons and curves are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import read_rows, scored_file
from distill_dsl.contract.records import Record
from distill_dsl.contract.runs import Run
from distill_dsl.contract.vocabulary import Outcome
from distill_dsl.runtime.reports.results import Group, Results, title_of


class Chosen(Record, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What the report needs of a `Choice`."""

    verdict: str
    sure: float | None = None


class Answered(Record, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What the report needs of a `Scored` row; the thoughts, nine tenths of the file, are passed over."""

    test: str
    question: str
    gold: str
    choices: dict[str, Chosen]


@dataclass
class Answers:
    """One strategy of one run on one test, in the order of the file."""

    problems: list[str]
    """Question and gold, one list for all strategies: ids of variants of a data set may be of other problems."""
    right: list[bool] = field(default_factory=list)
    sure: list[float | None] = field(default_factory=list)

    @property
    def tells(self) -> bool:
        """Whether the strategy says how sure it is, of every problem: without an answer it is not at all."""
        return all(value is not None for value in self.sure)

    @property
    def certainty(self) -> list[float]:
        """How sure it is of each problem, of a strategy that tells."""
        return [value or 0.0 for value in self.sure]


OfTests = dict[str, dict[str, Answers]]
"""Test -> strategy -> answers."""

Choices = dict[Run, OfTests]


def read_choices(results: Results) -> Choices:
    """The choices of all runs."""
    return {run: read_run(results, run) for run in results.scores}


def read_answers(cell: str) -> OfTests:
    """What one run's strategies chose, by its solved cell."""
    found: OfTests = {}
    problems: dict[str, list[str]] = {}
    for row in read_rows(scored_file(cell), Answered):
        test = title_of(row.test)
        problems.setdefault(test, []).append(f"{row.question}\n{row.gold}")
        for key, choice in row.choices.items():
            answers = found.setdefault(test, {}).setdefault(key, Answers(problems[test]))
            answers.right.append(choice.verdict == Outcome.CORRECT)
            answers.sure.append(choice.sure)
    return found


def read_run(results: Results, run: Run) -> OfTests:
    """One run's choices, which must be those that its scores were counted from."""
    cell = run.solved(results.experiment)
    found, path = read_answers(cell), scored_file(cell)
    counted = {
        test: {key: (score.right, score.problems) for key, score in one.strategies.items()}
        for test, one in results.scores[run].items()
    }
    if counted != {
        test: {key: (sum(one.right), len(one.right)) for key, one in strategies.items()}
        for test, strategies in found.items()
    }:
        raise Failure(
            f"{path} does not add up to the scores beside it",
            where=str(path),
            help="run the score stage again (`dvc repro --force` its name), or `dvc pull` both",
        )
    return found


def right_table(results: Results, choices: Choices, group: Group, test: str, strategy: str) -> NDArray[np.float64]:
    """(seeds, problems): 1 where the strategy is right."""
    return np.array([choices[run][test][strategy].right for run in results.runs_of(group)], dtype=np.float64)


def same_problems(found: Sequence[Answers]) -> bool:
    """Whether all answered the same problems in the same order."""
    return all(one.problems == found[0].problems for one in found)

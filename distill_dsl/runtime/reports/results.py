"""The scores of an experiment's runs, seeds drawn together: what every table and figure reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import read_json, scores_file
from distill_dsl.contract.runs import Run
from distill_dsl.contract.settings import ExperimentSettings, Oracle, strategy_key, strategy_title
from distill_dsl.runtime.strategies.intervals import Interval, average, deviation, mean, wilson

T = TypeVar("T")


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy on one test, as the score stage wrote it. Shares are 0 to 1."""

    accuracy: float
    low: float
    high: float
    answered: float
    right: int
    problems: int


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """One format on one test, as the score stage wrote it. Shares are of the thoughts written."""

    answered: float
    executed: float
    right: float
    written: int
    verdicts: dict[str, int]


@dataclass(frozen=True)
class OnTest:
    """What one run reached on one test."""

    strategies: dict[str, Score]
    thoughts: dict[str, Rates]


@dataclass(frozen=True)
class Row:
    """One student after one mix, on one test, with one strategy: the mean over its seeds."""

    student: str
    mix: str
    seeds: int
    test: str
    strategy: str
    accuracy: float
    deviation: float | None
    """Sample standard deviation over seeds; `None` with one seed."""
    low: float
    high: float
    """95 % Wilson interval of the mean, for the number of problems in the test. Seeds answer the
    same problems, so that more of them do not narrow it."""
    answered: float
    right: float
    problems: int


@dataclass(frozen=True)
class FormatRow:
    """One student after one mix, on one test, in one format: all thoughts of all seeds."""

    student: str
    mix: str
    seeds: int
    test: str
    thought: str
    written: int
    answered: float
    executed: float
    right: float
    verdicts: dict[str, int]


@dataclass(frozen=True)
class Results:
    """All that an experiment measured."""

    experiment: str
    settings: ExperimentSettings
    scores: dict[Run, dict[str, OnTest]]
    rows: tuple[Row, ...]
    formats: tuple[FormatRow, ...]

    @property
    def tests(self) -> list[str]:
        """The test sets, in the order of the spec."""
        return unique(row.test for row in self.rows)

    @property
    def groups(self) -> list[tuple[str, str]]:
        """Student and mix of each group of seeds: students first, both in the order of the spec."""
        return unique((row.student, row.mix) for row in self.rows)

    @property
    def titles(self) -> dict[str, str]:
        """Strategy key -> how the spec writes it."""
        return {strategy_key(strategy): strategy_title(strategy) for strategy in self.settings.answers}

    @property
    def oracles(self) -> set[str]:
        """Keys of the upper bounds."""
        return {strategy_key(strategy) for strategy in self.settings.answers if isinstance(strategy, Oracle)}

    def of(self, student: str, mix: str, strategy: str) -> list[Row]:
        """One table row: a strategy on every test."""
        wanted = (student, mix, strategy)
        return [row for row in self.rows if (row.student, row.mix, row.strategy) == wanted]

    def strategies_of(self, student: str, mix: str) -> list[str]:
        """The strategies that a group can use, in the order of the spec."""
        return unique(row.strategy for row in self.rows if (row.student, row.mix) == (student, mix))

    def headline(self, student: str, mix: str) -> str:
        """The strategy that stands for a group: the experiment's choice, else the last real one it can use."""
        usable = self.strategies_of(student, mix)
        if self.settings.headline in usable:
            return str(self.settings.headline)
        return next((key for key in reversed(usable) if key not in self.oracles), usable[-1])


def gather(experiment: str, settings: ExperimentSettings, runs: Sequence[Run]) -> Results:
    """Read the scores of all runs and draw seeds together."""
    if not runs:
        raise Failure(
            f"experiment {experiment} has no runs to report", help="give it at least one student, mix and seed"
        )
    scores = {run: read_scores(run.solved(experiment)) for run in runs}
    keys = [strategy_key(strategy) for strategy in settings.answers]
    rows: list[Row] = []
    formats: list[FormatRow] = []
    for student in unique(run.student for run in runs):
        for mix in unique(run.mix for run in runs if run.student == student):
            group = [scores[run] for run in runs if (run.student, run.mix) == (student, mix)]
            agree(experiment, student, mix, group)
            for test, first in group[0].items():
                taken = [scored[test] for scored in group]
                rows += [together(student, mix, test, key, taken) for key in keys if key in first.strategies]
                formats += [formats_together(student, mix, test, thought, taken) for thought in first.thoughts]
    return Results(experiment, settings, scores, tuple(rows), tuple(formats))


def read_scores(cell: str) -> dict[str, OnTest]:
    """Test -> scores, of one run."""
    path = scores_file(cell)
    document = read_json(path)
    try:
        return {test: on_test(dict(entry)) for test, entry in document.items()}
    except (msgspec.ValidationError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise Failure(
            f"{path} does not hold scores: {error}", where=str(path), help="run the score stage again (`dvc repro`)"
        ) from error


def on_test(entry: dict[str, Any]) -> OnTest:
    """Strategies beside the reserved key `thoughts`."""
    thoughts = msgspec.convert(entry.pop("thoughts"), dict[str, Rates])
    return OnTest(msgspec.convert(entry, dict[str, Score]), thoughts)


def agree(experiment: str, student: str, mix: str, group: Sequence[dict[str, OnTest]]) -> None:
    """Seeds must have been scored alike, or their mean would mix unlike things."""
    shapes = [{test: (list(one.strategies), list(one.thoughts)) for test, one in scored.items()} for scored in group]
    if any(shape != shapes[0] for shape in shapes):
        raise Failure(
            f"the seeds of {student} after {mix} were scored on different tests or with different strategies",
            where=str(scores_file(f"{experiment}-{mix}-{student}-s*")),
            help="run `dvc repro`, so that all are scored alike",
        )


def together(student: str, mix: str, test: str, strategy: str, taken: Sequence[OnTest]) -> Row:
    """One strategy's scores over seeds."""
    scores = [one.strategies[strategy] for one in taken]
    problems = scores[0].problems
    right = mean([score.right for score in scores])
    interval = wilson(right, problems)
    return Row(
        student=student,
        mix=mix,
        seeds=len(scores),
        test=test,
        strategy=strategy,
        accuracy=interval.value,
        deviation=deviation([score.right / score.problems for score in scores]),
        low=interval.low,
        high=interval.high,
        answered=mean([score.answered for score in scores]),
        right=right,
        problems=problems,
    )


def formats_together(student: str, mix: str, test: str, thought: str, taken: Sequence[OnTest]) -> FormatRow:
    """One format's rates over seeds: every seed writes as many thoughts, so that means are shares of all."""
    rates = [one.thoughts[thought] for one in taken]
    verdicts: Counter[str] = Counter()
    for one in rates:
        verdicts.update(one.verdicts)
    return FormatRow(
        student=student,
        mix=mix,
        seeds=len(rates),
        test=test,
        thought=thought,
        written=sum(one.written for one in rates),
        answered=mean([one.answered for one in rates]),
        executed=mean([one.executed for one in rates]),
        right=mean([one.right for one in rates]),
        verdicts=dict(sorted(verdicts.items(), key=lambda item: (-item[1], item[0]))),
    )


def over_tests(results: Results, rows: Sequence[Row]) -> tuple[Interval, float | None]:
    """The mean over tests of one table row: its interval, and its deviation over seeds."""
    first = rows[0]
    by_seed = [
        mean([scores[row.test].strategies[row.strategy].right / row.problems for row in rows])
        for run, scores in results.scores.items()
        if (run.student, run.mix) == (first.student, first.mix)
    ]
    return average([Interval(row.accuracy, row.low, row.high) for row in rows]), deviation(by_seed)


def unique(items: Iterable[T]) -> list[T]:
    """The distinct items in order of first appearance."""
    return list(dict.fromkeys(items))

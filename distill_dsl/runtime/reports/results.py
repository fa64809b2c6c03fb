"""The scores of an experiment's runs, seeds drawn together: what every table and figure reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import read_json, scores_file
from distill_dsl.contract.params import named_headline
from distill_dsl.contract.runs import Run, name_of
from distill_dsl.contract.settings import ExperimentSettings
from distill_dsl.contract.strategies import Oracle, headline_key, keyed, strategy_key, strategy_title
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
    tokens: float | None = None
    """Mean a problem that the strategy had to have written; `None` in files of older versions."""
    aurc: float | None = None
    """Area under the risk-coverage curve, of strategies that say how sure they are."""
    ece: float | None = None
    """Expected calibration error, of the same strategies."""


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


class Group(NamedTuple):
    """The runs of one student after one mix that differ in their seeds alone."""

    student: str
    """Keys of params.yaml, which hold what is varied (`etd-paths_2`): for looking things up."""
    mix: str
    varied: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """Student and mix as the spec names them."""
        return name_of(self.student), name_of(self.mix)

    def values(self, params: Iterable[str]) -> list[str]:
        """The value of each varied param; empty where it does not bear on these runs."""
        values = dict(self.varied)
        return [values.get(param, "") for param in params]

    @property
    def title(self) -> str:
        """The mix and what is varied, for a figure of one student: `etd, paths 2`."""
        return ", ".join([self.names[1], *(f"{name} {value}" for name, value in self.varied)])


def group_of(run: Run) -> Group:
    """The group that a run is a seed of."""
    return Group(run.student, run.mix, run.varied)


def title_of(test: str) -> str:
    """A test set as the spec names it: `toy-size_100-test` is `toy-test` with `size` varied."""
    data, _, split = test.rpartition("-")
    return f"{name_of(data)}-{split}"


@dataclass(frozen=True)
class Row:
    """One group on one test with one strategy: the mean over its seeds."""

    group: Group
    seeds: int
    test: str
    """As the spec names it."""
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
    tokens: float | None
    aurc: float | None
    ece: float | None


@dataclass(frozen=True)
class FormatRow:
    """One group on one test, in one format: all thoughts of all seeds."""

    group: Group
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
        """Names of the test sets, in the order of the spec."""
        return unique(row.test for row in self.rows)

    @property
    def groups(self) -> list[Group]:
        """Students first, then mixes, then what is varied, all in the order of the spec."""
        return unique(row.group for row in self.rows)

    @property
    def varied(self) -> list[str]:
        """Names of the params that the experiment varies."""
        return unique(name for group in self.groups for name, _ in group.varied)

    def runs_of(self, group: Group) -> list[Run]:
        """The group's runs, one a seed."""
        return [run for run in self.scores if group_of(run) == group]

    @property
    def titles(self) -> dict[str, str]:
        """Strategy key -> how the spec writes it."""
        return {strategy_key(strategy): strategy_title(strategy) for strategy in self.settings.answers}

    @property
    def oracles(self) -> set[str]:
        """Keys of the upper bounds."""
        return {strategy_key(strategy) for strategy in self.settings.answers if isinstance(strategy, Oracle)}

    def of(self, group: Group, strategy: str) -> list[Row]:
        """One table row: a strategy on every test."""
        return [row for row in self.rows if row.group == group and row.strategy == strategy]

    def strategies_of(self, group: Group) -> list[str]:
        """The strategies that a group can use, in the order of the spec."""
        return unique(row.strategy for row in self.rows if row.group == group)

    def headline(self, group: Group) -> str:
        """The strategy that stands for a group: the experiment's choice, else the last real one it can use."""
        return headline_key(keyed(self.settings.answers, self.strategies_of(group)), self.settings.headline)


def gather(experiment: str, settings: ExperimentSettings, runs: Sequence[Run]) -> Results:
    """Read the scores of all runs and draw seeds together."""
    if not runs:
        raise Failure(
            f"experiment {experiment} has no runs to report", help="give it at least one student, mix and seed"
        )
    scores = {run: read_scores(run.solved(experiment)) for run in runs}
    named_headline(experiment, settings)
    keys = [strategy_key(strategy) for strategy in settings.answers]
    rows: list[Row] = []
    formats: list[FormatRow] = []
    for group in in_order(runs):
        taken = [scores[run] for run in runs if group_of(run) == group]
        agree(experiment, group, taken)
        for test, first in taken[0].items():
            on_it = [scored[test] for scored in taken]
            rows += [together(group, test, key, on_it) for key in keys if key in first.strategies]
            formats += [formats_together(group, test, thought, on_it) for thought in first.thoughts]
    results = Results(experiment, settings, scores, tuple(rows), tuple(formats))
    for group in results.groups:
        if list(scores[results.runs_of(group)[0]]) != results.tests:
            raise unlike(experiment, group, "was scored on other tests than the other students and mixes")
    return results


def in_order(runs: Sequence[Run]) -> list[Group]:
    """The groups of all runs: those of a student together, and within it those of a mix."""
    groups = unique(map(group_of, runs))
    students = unique(group.names[0] for group in groups)
    mixes = unique(group.names[1] for group in groups)
    return sorted(groups, key=lambda group: (students.index(group.names[0]), mixes.index(group.names[1])))


def read_scores(cell: str) -> dict[str, OnTest]:
    """Test -> scores, of one run. A data set that is varied is one test: a run has one of its variants."""
    path = scores_file(cell)
    document = read_json(path)
    try:
        found = {test: on_test(dict(entry)) for test, entry in document.items()}
    except (msgspec.ValidationError, KeyError, AttributeError, TypeError, ValueError) as error:
        raise Failure(
            f"{path} does not hold scores: {error}", where=str(path), help="run the score stage again (`dvc repro`)"
        ) from error
    named = {title_of(test): one for test, one in found.items()}
    if len(named) < len(found):
        raise Failure(
            f"{path} holds two variants of one test: {', '.join(found)}",
            where=str(path),
            help="vary what the students learn from; a test that differs within one run is no column of a table",
        )
    return named


def on_test(entry: dict[str, Any]) -> OnTest:
    """Strategies beside the reserved key `thoughts`."""
    thoughts = msgspec.convert(entry.pop("thoughts"), dict[str, Rates])
    return OnTest(msgspec.convert(entry, dict[str, Score]), thoughts)


def agree(experiment: str, group: Group, taken: Sequence[dict[str, OnTest]]) -> None:
    """Seeds must have been scored alike, or their mean would mix unlike things."""
    shapes = [
        {
            test: (list(one.strategies), list(one.thoughts), {score.problems for score in one.strategies.values()})
            for test, one in scored.items()
        }
        for scored in taken
    ]
    if any(shape != shapes[0] for shape in shapes):
        raise unlike(experiment, group, "has seeds that were scored on different tests or with different strategies")


def unlike(experiment: str, group: Group, what: str) -> Failure:
    """Runs that cannot stand in one table."""
    return Failure(
        f"{group.student} after {group.mix} {what}",
        where=str(scores_file(f"{experiment}-{group.mix}-{group.student}-s*")),
        help="run `dvc repro`, so that all are scored alike",
    )


def together(group: Group, test: str, strategy: str, taken: Sequence[OnTest]) -> Row:
    """One strategy's scores over seeds."""
    scores = [one.strategies[strategy] for one in taken]
    problems = scores[0].problems
    right = mean([score.right for score in scores])
    interval = wilson(right, problems)
    return Row(
        group=group,
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
        tokens=known_mean(score.tokens for score in scores),
        aurc=known_mean(score.aurc for score in scores),
        ece=known_mean(score.ece for score in scores),
    )


def known_mean(values: Iterable[float | None]) -> float | None:
    """The mean, or `None` where there are no values or one of them is not known: no mean of a part stands for all."""
    found = list(values)
    known = [value for value in found if value is not None]
    return mean(known) if known and len(known) == len(found) else None


def formats_together(group: Group, test: str, thought: str, taken: Sequence[OnTest]) -> FormatRow:
    """One format's rates over seeds: every seed writes as many thoughts, so that means are shares of all."""
    rates = [one.thoughts[thought] for one in taken]
    verdicts: Counter[str] = Counter()
    for one in rates:
        verdicts.update(one.verdicts)
    return FormatRow(
        group=group,
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
    by_seed = [
        mean([results.scores[run][row.test].strategies[row.strategy].right / row.problems for row in rows])
        for run in results.runs_of(rows[0].group)
    ]
    return average([Interval(row.accuracy, row.low, row.high) for row in rows]), deviation(by_seed)


def unique(items: Iterable[T]) -> list[T]:
    """The distinct items in order of first appearance."""
    return list(dict.fromkeys(items))

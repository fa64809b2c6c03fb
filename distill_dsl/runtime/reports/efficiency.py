"""What runs cost: parameters, training, and the answering of problems, beside what they reach.

Every quantity may be unknown (a machine that does not tell its energy, a file of an older version)
and then is `None`: shown as `-`, never as 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import read_json, solving_file, training_file
from distill_dsl.contract.runs import Run
from distill_dsl.runtime.reports.results import Group, Results, Row, known_mean, over_tests

M = TypeVar("M", bound=msgspec.Struct)


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """What the train stage measured; other keys of its file are none of the report's."""

    parameters: int | None = None
    trained_parameters: int | None = None
    examples: int | None = None
    tokens: int | None = None
    """Of all examples once."""
    seen_tokens: int | None = None
    """Useful tokens of all batches that were trained on."""
    seconds: float | None = None
    tokens_per_second: float | None = None
    padding: float | None = None
    """Share of positions that were padding."""
    flops: float | None = None
    peak_memory: float | None = None
    """Bytes."""
    energy: float | None = None
    """Joules."""
    device: str | None = None
    precision: str | None = None


class Solving(msgspec.Struct, frozen=True, kw_only=True):
    """What the solve stage measured."""

    engine: str | None = None
    batch: int | None = None
    thoughts: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    tokens_per_second: float | None = None
    """In batches of `batch`."""
    single_tokens_per_second: float | None = None
    """At batch 1."""
    latency_p50: float | None = None
    """Seconds a thought at batch 1."""
    latency_p95: float | None = None
    peak_memory: float | None = None
    energy: float | None = None


@dataclass(frozen=True)
class Cost:
    """One run's."""

    training: Training
    solving: Solving


Costs = dict[Run, Cost]


def read_costs(experiment: str, runs: Sequence[Run]) -> Costs:
    """The costs of all runs, from the metrics of their train and solve stages."""
    return {
        run: Cost(
            read_metrics(training_file(run.trained), Training, "train"),
            read_metrics(solving_file(run.solved(experiment)), Solving, "solve"),
        )
        for run in runs
    }


def read_metrics(path: Path, kind: type[M], stage: str) -> M:
    """One metrics file; a value of the wrong type is a `Failure`, a key that is not there is not known."""
    try:
        return msgspec.convert(read_json(path), kind)
    except msgspec.ValidationError as error:
        raise Failure(
            f"{path} does not hold what a {stage} stage measures: {error}",
            where=str(path),
            help=f"run the {stage} stage again (`dvc repro --force` its name)",
        ) from error


def of_group(results: Results, costs: Costs, group: Group, quantity: Callable[[Cost], float | None]) -> float | None:
    """The mean of a quantity over the group's seeds."""
    return known_mean(quantity(costs[run]) for run in results.runs_of(group))


def seconds_a_problem(results: Results, costs: Costs, row: Row) -> float | None:
    """What a strategy takes to answer one problem, in batches: its tokens over the measured tokens per second."""
    return taken(row.tokens, of_group(results, costs, row.group, lambda cost: cost.solving.tokens_per_second))


def seconds_alone(results: Results, costs: Costs, row: Row) -> float | None:
    """The same at batch 1, for a person who waits."""
    return taken(row.tokens, of_group(results, costs, row.group, lambda cost: cost.solving.single_tokens_per_second))


def taken(tokens: float | None, per_second: float | None) -> float | None:
    """Seconds for tokens; unknown where either is, or where no token was ever written."""
    return None if tokens is None or not per_second else tokens / per_second


def per_thousand(results: Results, costs: Costs, group: Group, accuracy: float) -> float | None:
    """Accuracy (a share) per 1,000 training examples."""
    examples = of_group(results, costs, group, lambda cost: cost.training.examples)
    return None if not examples else accuracy / (examples / 1000)


def headline_accuracy(results: Results, group: Group) -> float:
    """The group's accuracy at its headline strategy, the mean over tests."""
    return over_tests(results, results.of(group, results.headline(group)))[0].value

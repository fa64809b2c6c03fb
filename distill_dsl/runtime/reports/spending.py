"""The report's section on efficiency: what the answers above cost to learn and to give."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from distill_dsl.runtime.reports.efficiency import (
    Cost,
    headline_accuracy,
    of_group,
    per_thousand,
    seconds_a_problem,
    seconds_alone,
)
from distill_dsl.runtime.reports.grid import markdown_table
from distill_dsl.runtime.reports.results import Group, Row, known_mean, unique
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.tables import label, labels
from distill_dsl.runtime.reports.wording import UNKNOWN, percent, si, three

Quantity = Callable[[Cost], float | None]

TRAINING: tuple[tuple[str, str, Quantity], ...] = (
    ("parameters", "", lambda cost: cost.training.parameters),
    ("trained", "", lambda cost: cost.training.trained_parameters),
    ("examples", "", lambda cost: cost.training.examples),
    ("tokens seen", "", lambda cost: cost.training.seen_tokens),
    ("seconds", "", lambda cost: cost.training.seconds),
    ("tokens/s", "", lambda cost: cost.training.tokens_per_second),
    ("FLOP", "", lambda cost: cost.training.flops),
    ("energy", "J", lambda cost: cost.training.energy),
    ("memory", "B", lambda cost: cost.training.peak_memory),
)

SOLVING: tuple[tuple[str, str, Quantity], ...] = (
    ("batch", "", lambda cost: cost.solving.batch),
    ("tokens/s", "", lambda cost: cost.solving.tokens_per_second),
    ("alone", "", lambda cost: cost.solving.single_tokens_per_second),
    ("p50", "s", lambda cost: cost.solving.latency_p50),
    ("p95", "s", lambda cost: cost.solving.latency_p95),
    ("energy", "J", lambda cost: cost.solving.energy),
    ("memory", "B", lambda cost: cost.solving.peak_memory),
)


def efficiency_parts(study: Study) -> list[str]:
    """Two tables of means over seeds: training, and answering."""
    left = len(labels(study.results)) + 1
    train_head = [*labels(study.results), "on", *(name for name, _, _ in TRAINING), "padding", "per 1,000"]
    solve_head = [*labels(study.results), "engine", *(name for name, _, _ in SOLVING), "tokens", "seconds", "waiting"]
    groups = study.results.groups
    return [
        "## Efficiency",
        (
            "Means over seeds; `-` is not known. Training: `tokens seen` are useful ones, without padding, whose share "
            "(percent) is told apart; `FLOP` are estimated; `per 1,000`: points of accuracy (main table, mean over "
            "tests) per 1,000 training examples."
        ),
        markdown_table(train_head, [training_row(study, group) for group in groups], left),
        (
            "Answering: tokens per second in batches and `alone` (batch 1), seconds a thought at batch 1 (median and "
            "95th percentile). The last three a problem, for the main table's strategy: tokens written, seconds in "
            "batches, and seconds a person would be `waiting` (batch 1)."
        ),
        markdown_table(solve_head, [solving_row(study, group) for group in groups], left),
    ]


def training_row(study: Study, group: Group) -> list[str]:
    """One group's training."""
    on = [" ".join(filter(None, (cost.training.device, cost.training.precision))) for cost in costs_of(study, group)]
    padding = mean_of(study, group, lambda cost: cost.training.padding)
    gain = per_thousand(study.results, study.costs, group, headline_accuracy(study.results, group))
    return [
        *label(study.results, group),
        joined(on),
        *(si(mean_of(study, group, quantity), unit) for _, unit, quantity in TRAINING),
        percent(padding, 1),
        UNKNOWN if gain is None else three(100 * gain),
    ]


def solving_row(study: Study, group: Group) -> list[str]:
    """One group's answering."""
    rows = study.results.of(group, study.results.headline(group))
    return [
        *label(study.results, group),
        joined(cost.solving.engine or "" for cost in costs_of(study, group)),
        *(si(mean_of(study, group, quantity), unit) for _, unit, quantity in SOLVING),
        si(known_mean(row.tokens for row in rows)),
        si(known_mean(row_seconds(study, row) for row in rows)),
        si(known_mean(seconds_alone(study.results, study.costs, row) for row in rows)),
    ]


def row_seconds(study: Study, row: Row) -> float | None:
    """Seconds a problem in batches."""
    return seconds_a_problem(study.results, study.costs, row)


def costs_of(study: Study, group: Group) -> list[Cost]:
    """The costs of a group's runs."""
    return [study.costs[run] for run in study.results.runs_of(group)]


def mean_of(study: Study, group: Group, quantity: Quantity) -> float | None:
    """The mean of a quantity over a group's seeds."""
    return of_group(study.results, study.costs, group, quantity)


def joined(texts: Iterable[str]) -> str:
    """The distinct texts, or `-` where there are none."""
    return ", ".join(filter(None, unique(texts))) or UNKNOWN

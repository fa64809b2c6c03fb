"""The report's numbers as CSV, for programs and `dvc plots`: long form, shares from 0 to 1, empty where not known."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Final

import msgspec

from distill_dsl.contract.runs import name_of
from distill_dsl.runtime.reports.comparisons import Contest
from distill_dsl.runtime.reports.efficiency import per_thousand, seconds_a_problem, seconds_alone
from distill_dsl.runtime.reports.markdown import RANKED_OUTCOMES, by_outcome
from distill_dsl.runtime.reports.powerlaw import Estimate, Law
from distill_dsl.runtime.reports.results import Group, Results, group_of, title_of, unique
from distill_dsl.runtime.reports.scaling import Line, Status, taper_of
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.sureness import few_points, stated_bins, telling
from distill_dsl.runtime.reports.yields import shared
from distill_dsl.runtime.strategies.intervals import mean
from distill_dsl.runtime.strategies.reliability import RiskPoint


def labels(results: Results) -> list[str]:
    """Heads of the columns that say whose row it is; a param may be called `test`, so that each has a prefix."""
    return ["student", "mix", *(f"vary.{name}" for name in results.varied)]


def label(results: Results, group: Group) -> list[str]:
    """What stands in them."""
    return [*group.names, *group.values(results.varied)]


SERIES: Final = ("group", "test", "strategy", "answer_by")
"""Of files that are drawn by `dvc plots`: the mix with what is varied, and the strategy as the spec writes it."""


def series(results: Results, group: Group, test: str, strategy: str) -> list[str]:
    """What stands in them."""
    return [group.title, test, strategy, results.titles[strategy]]


def table_csv(study: Study) -> str:
    """One row a group, test and strategy, seeds drawn together: what it reaches and what it costs."""
    results, costs = study.results, study.costs
    facts = ["strategy", "accuracy", "deviation", "low", "high", "answered", "right", "problems", "tokens"]
    head = [*labels(results), "seeds", "test", *facts, "seconds", "seconds_alone", "aurc", "ece"]
    body = (
        [
            *(*label(results, row.group), row.seeds, row.test),
            *(getattr(row, name) for name in facts),
            *(seconds_a_problem(results, costs, row), seconds_alone(results, costs, row), row.aurc, row.ece),
        ]
        for row in results.rows
    )
    return csv_text(head, body)


def accuracy_csv(study: Study) -> str:
    """One row a run, test and strategy, for `dvc plots`; `label` names the bar."""
    results = study.results
    head = ["label", "cell", *labels(results), "seed", *SERIES, "accuracy", "tokens"]
    several = len(unique(run.seed for run in results.scores)) > 1
    body = []
    for run, tests in results.scores.items():
        group = group_of(run)
        for test, found in tests.items():
            for key in (key for key in results.titles if key in found.strategies):
                seed = [f"seed {run.seed}"] if several else []
                who = [test, group.names[0], group.title, *seed, results.titles[key]]
                score = found.strategies[key]
                facts = [*series(results, group, test, key), score.right / score.problems, score.tokens]
                body.append((" · ".join(who), run.solved(results.experiment), *label(results, group), run.seed, *facts))
    return csv_text(head, body)


def calibration_csv(study: Study) -> str:
    """One row a group, test, strategy and step of sureness that holds answers: how many, and the share right."""
    results = study.results
    head = [*labels(results), *SERIES, "low", "high", "sure", "right", "answers"]
    body = (
        [*label(results, group), *series(results, group, test, key), one.low, one.high, one.sure, one.right, one.count]
        for group, test, key, pairs in telling(results, study.choices)
        for one in stated_bins(pairs)
    )
    return csv_text(head, body)


def risk_coverage_csv(study: Study) -> str:
    """One row a point of each curve: `sure` is the threshold from which on problems are answered."""
    results = study.results
    body = (
        [*label(results, group), *series(results, group, test, key), *point]
        for group, test, key, pairs in telling(results, study.choices)
        for point in few_points(pairs)
    )
    return csv_text([*labels(results), *SERIES, *RiskPoint._fields], body)


def formats_csv(study: Study) -> str:
    """One row a group, test and set of formats that solve the same problems; `taken`: the headline is right, too."""
    results = study.results
    head = [*labels(results), "group", "test", "formats", "problems", "share", "taken"]
    body = (
        [
            *(*label(results, found.group), found.group.title, found.test, " ".join(one.formats)),
            *(one.share * found.problems, one.share, one.taken),
        ]
        for found in study.formats
        for one in found.combinations
    )
    return csv_text(head, body)


def thoughts_csv(study: Study) -> str:
    """One row a group, test and format: rates, then counts by outcome."""
    results = study.results
    facts = ("written", "answered", "executed", "right")
    body = [
        [
            *(*label(results, row.group), row.seeds, row.test, row.thought),
            *(getattr(row, name) for name in facts),
            *(by_outcome(row.verdicts)[outcome] for outcome in RANKED_OUTCOMES),
        ]
        for row in results.formats
    ]
    verdicts = (f"verdict_{outcome.value.replace('-', '_')}" for outcome in RANKED_OUTCOMES)
    return csv_text([*labels(results), "seeds", "test", "thought", *facts, *verdicts], body)


def efficiency_csv(study: Study) -> str:
    """One row a run: what training and solving measured, then its accuracy, and that per 1,000 examples."""
    results = study.results
    head: list[str] = []
    body = []
    for run, cost in study.costs.items():
        group = group_of(run)
        training = {f"training_{name}": value for name, value in msgspec.structs.asdict(cost.training).items()}
        solving = {f"solving_{name}": value for name, value in msgspec.structs.asdict(cost.solving).items()}
        headline = results.headline(group)
        scores = [one.strategies[headline] for one in results.scores[run].values()]
        accuracy = mean([score.right / score.problems for score in scores])
        gain = per_thousand(results, study.costs, group, accuracy)
        head = [*labels(results), "seed", *training, *solving, "strategy", "accuracy", "accuracy_per_1000_examples"]
        values = [*training.values(), *solving.values(), headline, accuracy, gain]
        body.append([*label(results, group), run.seed, *values])
    return csv_text(head, body)


def comparisons_csv(study: Study) -> str:
    """One row a contest of both families; positive differences where the first is better."""
    results = study.results
    heads = labels(results)
    head = ["family", "test", *heads, "strategy", *(f"against_{name}" for name in (*heads, "strategy"))]
    head += ["difference", "low", "high", "only_one", "only_other", "p_value", "p_holm", "outcome"]
    families: dict[str, Sequence[Contest]] = {"strategies": study.strategies, "mixes": study.mixes}
    body = [
        [
            *(family, one.test),
            *(*label(results, one.a.group), one.a.strategy, *label(results, one.b.group), one.b.strategy),
            *(one.found.difference, one.found.low, one.found.high, one.found.only_a, one.found.only_b),
            *(one.found.p_value, one.adjusted, one.verdict),
        ]
        for family, contests in families.items()
        for one in contests
    ]
    return csv_text(head, body)


LAW = ("ceiling", "drop", "exponent", "taper")


def scaling_csv(study: Study) -> str:
    """One row a point of each line, the line's law repeated; `taper`: from there on a doubling gains under a point."""
    head = ["along", "x", "student", "mix", "fixed", "test", "strategy", "answer_by", "seeds", "problems"]
    head += ["accuracy", "low", "high", "status", "fitted", "fitted_low", "fitted_high"]
    head += [f"{name}{end}" for name in LAW for end in ("", "_low", "_high")] + ["misfit"]
    return csv_text(head, (row for line in study.lines for row in line_rows(study.results, line)))


def line_rows(results: Results, line: Line) -> Iterable[list[object]]:
    """The points of one line. A line without a rise has no law to speak of."""
    law = line.law if line.status in (Status.FITTED, Status.MISFIT) else None
    fixed = ", ".join(f"{name}={value}" for name, value in line.fixed)
    for x, row in line.points:
        facts = [line.test, line.strategy, results.titles[line.strategy], row.seeds, row.problems]
        facts += [row.accuracy, row.low, row.high]
        fitted: Sequence[object] = [""] * 3 if law is None else law.at(x)
        numbers = [""] * (3 * len(LAW)) if law is None else [value for one in law_numbers(law) for value in one]
        yield [line.along, x, *line.who, fixed, *facts, line.status.value, *fitted, *numbers, line.misfit]


def law_numbers(law: Law) -> tuple[Estimate, ...]:
    """In the order of `LAW`."""
    return law.ceiling, law.drop, law.exponent, taper_of(law)


def yield_csv(study: Study) -> str:
    """One row a teacher, split and thought: what became of what was asked, what the mixes keep, what it took."""
    varied = study.results.varied
    counts = ("problems", "asked", "answered", "truncated", "filtered", "missing", "executed", "right", "unique")
    head = ["teacher", "data", "split", "thought", *(f"vary.{name}" for name in varied), *counts, "kept", "kept_least"]
    head += ["covered", "tokens_input", "tokens_output", "cost", "cost_per_1000_right"]
    body = []
    for one in study.yields:
        found = one.found
        kept = [max(one.kept, default=None), min(one.kept, default=None)]
        taken = [found.covered, found.tokens.input, found.tokens.output, found.cost, found.cost_per_1000_right]
        body.append([*one.names, *one.values(varied), *(getattr(found, name) for name in counts), *kept, *taken])
    return csv_text(head, body)


def overlap_csv(study: Study) -> str:
    """One row a mix and test: problems of the test that the mix has, word by word or nearly so, and their ids."""
    results = study.results
    varied = results.varied
    head = ["mix", *(f"vary.{name}" for name in varied), "test", "problems", "learned", "same", "near", "ids"]
    body = []
    for one in study.overlaps:
        values = dict(shared([run for run in results.scores if run.mix == one.mix]))
        label = [name_of(one.mix), *(values.get(name, "") for name in varied), title_of(one.test)]
        ids = " ".join(pair.problem.id for pair in one.pairs)
        body.append([*label, one.problems, one.learned, one.same, one.near, ids])
    return csv_text(head, body)


def csv_text(head: Sequence[str], body: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; floats to 6 decimals, nothing for what is not there."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([round(cell, 6) if isinstance(cell, float) else cell for cell in row] for row in body)
    return stream.getvalue()

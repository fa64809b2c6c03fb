"""All that a report is made of, read and worked out once: tables, files and figures only show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from distill_dsl.contract.runs import Asked, Run
from distill_dsl.contract.settings import ExperimentSettings
from distill_dsl.runtime.reports.choices import Choices, read_choices
from distill_dsl.runtime.reports.comparisons import Contest, mix_contests, strategy_contests
from distill_dsl.runtime.reports.efficiency import Costs, read_costs
from distill_dsl.runtime.reports.formats import FormatSets, read_format_sets
from distill_dsl.runtime.reports.overlap import Shared, read_overlaps
from distill_dsl.runtime.reports.results import Results, gather, unique
from distill_dsl.runtime.reports.scaling import Line, lines_of
from distill_dsl.runtime.reports.yields import Taught, read_yields


@dataclass(frozen=True)
class Study:
    """One experiment, measured and judged."""

    results: Results
    choices: Choices
    costs: Costs
    strategies: tuple[Contest, ...]
    """Strategies of a group against each other."""
    mixes: tuple[Contest, ...]
    """Mixes of a student against each other."""
    lines: tuple[Line, ...]
    """Accuracies along what is varied."""
    yields: tuple[Taught, ...]
    """What the mixes are made of."""
    overlaps: tuple[Shared, ...]
    """Each mix with each test."""
    formats: tuple[FormatSets, ...]
    """Which formats solve what, of the groups that write several."""


def read_study(
    experiment: str, settings: ExperimentSettings, runs: Sequence[Run], thoughts: Sequence[Asked], tests: Sequence[str]
) -> Study:
    """From the files of all runs; a missing or damaged one is a `Failure`."""
    results = gather(experiment, settings, runs)
    choices = read_choices(results)
    costs = read_costs(experiment, runs)
    return Study(
        results=results,
        choices=choices,
        costs=costs,
        strategies=tuple(strategy_contests(results, choices)),
        mixes=tuple(mix_contests(results, choices)),
        lines=tuple(lines_of(results, choices, costs)),
        yields=read_yields(runs, thoughts),
        overlaps=read_overlaps(unique(run.mix for run in runs), tests),
        formats=read_format_sets(results),
    )

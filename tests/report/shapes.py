"""Results of any shape, made up in memory: what figures are tried with, few and many of everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from distill_dsl.contract.runs import Run
from distill_dsl.contract.settings import ExperimentSettings, Published
from distill_dsl.contract.strategies import Strategy, strategy_key
from distill_dsl.runtime.reports.choices import Answers, Choices
from distill_dsl.runtime.reports.efficiency import Cost, Costs, Solving, Training
from distill_dsl.runtime.reports.results import (
    OnTest,
    Rates,
    Results,
    Score,
    formats_together,
    group_of,
    together,
    unique,
)

MEMBERS: Final = ["pot", "eot", "cot"]
PROBLEMS: Final = 40

FEW: Final[list[dict[str, object]]] = [
    {"kind": "single", "thought": "cot"},
    {"kind": "single", "thought": "pot"},
    {"kind": "cascade", "members": MEMBERS},
    {"kind": "vote", "members": MEMBERS},
    {"kind": "oracle", "members": MEMBERS},
]
MANY: Final[list[dict[str, object]]] = [
    *FEW[:-1],
    {"kind": "vote", "members": MEMBERS, "samples": 1},
    *({"kind": "vote", "members": [name]} for name in MEMBERS),
    *({"kind": "vote", "members": MEMBERS, "by": "confidence", "samples": count} for count in (1, 2, 3)),
    *({"kind": "confident", "members": MEMBERS, "samples": count} for count in (1, 2, 3)),
    *({"kind": "confident", "members": MEMBERS, "calibrated": True, "samples": count} for count in (1, 2)),
    {"kind": "ranked", "members": MEMBERS, "by": "judge", "on": "graded", "samples": 1},
    {"kind": "ranked", "members": MEMBERS, "by": "judge", "on": "graded", "vote": True},
    {"kind": "adaptive", "members": MEMBERS},
    FEW[-1],
]
"""Twenty, as somebody who studies strategies has."""

VERDICTS: Final = {
    "correct": 20,
    "wrong": 8,
    "no-answer": 4,
    "error:name": 4,
    "error:syntax": 2,
    "timeout": 1,
    "denied": 1,
}


def results_of(
    students: Sequence[str] = ("small",),
    mixes: Sequence[str] = ("etd",),
    tests: Sequence[str] = ("toy-test",),
    answers: Sequence[Mapping[str, object]] = FEW,
    seeds: Sequence[int] = (1,),
    paths: Sequence[int] = (),
    published: Mapping[str, float] | None = None,
    verdicts: Mapping[str, int] = VERDICTS,
) -> Results:
    """A run for every student, mix, seed and value of `paths`; later strategies are better."""
    settings = ExperimentSettings(
        answers=msgspec.convert(answers, tuple[Strategy, ...]),
        published=None if published is None else Published(source="a paper", cells=dict(published)),
    )
    keys = [strategy_key(one) for one in settings.answers]
    runs = [run for student in students for mix in mixes for run in runs_of(student, mix, seeds, paths)]
    written = sum(verdicts.values())
    rates = Rates(answered=0.7, executed=0.8, right=0.5, written=written, verdicts=dict(verdicts))
    scores = {
        run: {
            test: OnTest({key: score(run, place) for place, key in enumerate(keys)}, dict.fromkeys(MEMBERS, rates))
            for test in tests
        }
        for run in runs
    }
    rows, formats = [], []
    for group in unique(map(group_of, runs)):
        taken = [scores[run] for run in runs if group_of(run) == group]
        for test in tests:
            on_it = [one[test] for one in taken]
            rows += [together(group, test, key, on_it) for key in keys]
            formats += [formats_together(group, test, name, on_it) for name in MEMBERS]
    return Results("shape", settings, scores, tuple(rows), tuple(formats))


def runs_of(student: str, mix: str, seeds: Sequence[int], paths: Sequence[int]) -> list[Run]:
    """The runs of one student after one mix."""
    if not paths:
        return [Run(mix, student, seed) for seed in seeds]
    return [Run(f"{mix}-paths_{n}", student, seed, (("paths", str(n)),)) for n in paths for seed in seeds]


def score(run: Run, place: int) -> Score:
    """Dearer ones are better, but every fifth is dear and bad."""
    right = min(PROBLEMS, 10 + place + run.seed) if place % 5 != 4 else 8
    return Score(
        accuracy=right / PROBLEMS, low=0, high=1, answered=0.9, right=right, problems=PROBLEMS,
        tokens=40.0 + 25 * place, aurc=0.5 - place / 100, ece=0.1,
    )  # fmt: skip


def choices_of(results: Results) -> Choices:
    """Choices that add up to the scores; all but the single formats and cascades say how sure they are."""
    found: Choices = {}
    for run, tests in results.scores.items():
        found[run] = {
            test: {key: answers(key, one.right) for key, one in on_test.strategies.items()}
            for test, on_test in tests.items()
        }
    return found


def answers(key: str, right: int) -> Answers:
    """The first so many are right, and the surer the earlier they come."""
    tells = key.partition("-")[0] in ("vote", "confident", "ranked", "adaptive")
    sure = [1 - place / PROBLEMS if tells else None for place in range(PROBLEMS)]
    problems = [str(place) for place in range(PROBLEMS)]
    return Answers(problems, [place < right for place in range(PROBLEMS)], list(sure))


def costs_of(results: Results, parameters: Mapping[str, int]) -> Costs:
    """Students of these sizes."""
    return {run: Cost(Training(parameters=parameters[run.student], examples=100), Solving()) for run in results.scores}

"""What one version of a project measured: each student after each mix, its seeds together."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.runs import Asked, Run, name_of, parse_asked, parse_run
from distill_dsl.contract.settings import ExperimentSettings
from distill_dsl.contract.strategies import headline_key, keyed, strategy_key, strategy_title
from distill_dsl.runtime.comparing.layout import Layout
from distill_dsl.runtime.comparing.naming import Side
from distill_dsl.runtime.comparing.rows import Answers, read_answers
from distill_dsl.runtime.reports.results import Group, group_of, read_scores, unique
from distill_dsl.runtime.strategies.intervals import mean

Numbers = dict[str, float | str]


@dataclass(frozen=True)
class Reached:
    """One strategy of one run on one test."""

    accuracy: float
    problems: int | None
    """`None` where only the report's table is at hand, which does not say."""


@dataclass
class Contender:
    """One student after one mix, its seeds together, at one version."""

    experiment: str
    group: Group
    settings: ExperimentSettings
    runs: dict[Run, dict[str, dict[str, Reached]]] = field(default_factory=dict)
    """Run -> test -> strategy -> what it reached; only runs that were scored."""
    training: dict[Run, Numbers] = field(default_factory=dict)
    solving: dict[Run, Numbers] = field(default_factory=dict)
    scored: dict[Run, Path] = field(default_factory=dict)
    """Where the rows lie, of runs whose rows are on this machine."""
    hashes: dict[Run, str] = field(default_factory=dict)
    """DVC's md5 of the rows."""
    _answers: dict[Run, dict[str, Answers]] = field(default_factory=dict)

    @property
    def names(self) -> str:
        """`tiny · etd`, `tiny · etd · paths 2`."""
        varied = [f"{name} {value}" for name, value in self.group.varied]
        return " · ".join([*self.group.names, *varied])

    @property
    def seeds(self) -> list[int]:
        """The seeds that were scored."""
        return [run.seed for run in self.runs]

    @property
    def tests(self) -> list[str]:
        """As the spec names them."""
        return unique(test for found in self.runs.values() for test in found)

    def strategies(self, test: str) -> list[str]:
        """Those that every seed was scored by."""
        keys = [list(found.get(test, {})) for found in self.runs.values()]
        return [key for key in keys[0] if all(key in other for other in keys)] if keys else []

    def headline(self, test: str) -> str | None:
        """The strategy that stands for it: the experiment's choice, else the last that is no oracle."""
        usable = keyed(self.settings.answers, self.strategies(test))
        return headline_key(usable, self.settings.headline) if usable else None

    def title(self, strategy: str) -> str:
        """A strategy as the spec writes it."""
        return {strategy_key(one): strategy_title(one) for one in self.settings.answers}.get(strategy, strategy)

    def accuracy(self, test: str, strategy: str) -> float:
        """The mean over seeds, 0 to 1."""
        return mean([found[test][strategy].accuracy for found in self.runs.values()])

    def is_copy(self, other: Contender) -> bool:
        """Whether the other has the very same rows, by DVC's hashes."""
        mine, theirs = ({run.seed: one.hashes.get(run) for run in one.runs} for one in (self, other))
        return mine == theirs and None not in mine.values()

    def answers(self, test: str, strategy: str) -> list[Answers] | None:
        """One a seed, read when they are first asked for; `None` where rows of a seed are not on this machine."""
        if not self.runs.keys() <= self.scored.keys():
            return None
        for run in self.runs:
            if run not in self._answers:
                self._answers[run] = read_answers(self.scored[run])
        found = [self._answers[run].get(test, Answers()) for run in self.runs]
        return found if all(strategy in one.right for one in found) else None


@dataclass
class Taught:
    """One teacher's thoughts of one format for one split."""

    asked: Asked
    yielded: Numbers
    thoughts: Path | None
    """Their rows, where they are on this machine."""
    problems: Path | None
    hash: str | None


@dataclass(frozen=True)
class Version:
    """One version of the project."""

    side: Side
    layout: Layout
    contenders: tuple[Contender, ...]
    taught: tuple[Taught, ...]
    unscored: tuple[str, ...]
    """Cells that were never scored, or whose scores are not at hand."""
    rowless: tuple[Path, ...]
    """Rows that are not on this machine."""


def read_version(side: Side, layout: Layout, runs: Sequence[tuple[str, Run]]) -> Version:
    """What was measured of the runs; those that were not are told apart."""
    asked = unique(one for _, run in runs for one in asked_by(layout, run))
    tables = unique(files.report_folder(experiment) / "yield.csv" for experiment, _ in runs)
    small = [path for experiment, run in runs for path in metrics_of(experiment, run)]
    layout.lay([*small, *(path for one in asked for path in yield_paths(one)), *tables], side.commit)
    rowless = layout.lay((files.scored_file(run.solved(experiment)) for experiment, run in runs), side.commit)
    contenders: dict[tuple[str, Group], Contender] = {}
    unscored = []
    with chdir(layout.folder):
        for experiment, run in runs:
            known = contenders.get((experiment, group_of(run)))
            one = known or Contender(experiment, group_of(run), settings_of(experiment, layout))
            if add(one, run, layout):
                contenders[experiment, group_of(run)] = one
            else:
                unscored.append(run.solved(experiment))
    missing = [path for path in rowless if path.stem not in unscored]
    taught = tuple(taught_of(one, layout, tables) for one in asked)
    return Version(side, layout, tuple(contenders.values()), taught, tuple(unscored), tuple(missing))


def settings_of(experiment: str, layout: Layout) -> ExperimentSettings:
    """The settings of an experiment at a version, which an older release of this package may have written."""
    try:
        return read_settings(ExperimentSettings, experiment)
    except Failure as failure:
        raise Failure(
            f"params.yaml at {layout.at} cannot be read: {failure.summary}", where=layout.at, help=failure.help
        ) from failure


def metrics_of(experiment: str, run: Run) -> list[Path]:
    """Small files: what each strategy reached, what training and answering took."""
    cell, folder = run.solved(experiment), files.report_folder(experiment)
    stages = [files.scores_file(cell), files.training_file(run.trained), files.solving_file(cell)]
    return [*stages, files.dev_curve_file(cell), folder / "accuracy.csv", folder / "efficiency.csv"]


def yield_paths(asked: Asked) -> list[Path]:
    """What became of a teacher's thoughts, and the rows of it."""
    return [
        files.yield_file(asked.cell),
        files.thoughts_file(asked.cell),
        files.problems_file(asked.data, asked.split),
    ]


def asked_by(layout: Layout, run: Run) -> list[Asked]:
    """The thoughts that a run's mix is made of."""
    stage = f"mix-{run.mix}"
    found = layout.pipeline.options(stage).get("thoughts", []) if stage in layout.pipeline.stages else []
    return [parse_asked(text) for text in found]


def add(one: Contender, run: Run, layout: Layout) -> bool:
    """Add what a run measured; whether there was anything."""
    scores = reached(one.experiment, run)
    if not scores:
        return False
    cell = run.solved(one.experiment)
    one.runs[run] = scores
    one.training[run] = numbers(files.training_file(run.trained)) or tabled(one.experiment, run, "training_")
    one.training[run] |= dev_accuracy(files.dev_curve_file(cell))
    one.solving[run] = numbers(files.solving_file(cell)) or tabled(one.experiment, run, "solving_")
    scored = files.scored_file(cell)
    if scored.is_file():
        one.scored[run] = layout.folder / scored
    md5 = layout.pipeline.hashes.get(scored.as_posix())
    if md5 is not None:
        one.hashes[run] = md5
    return True


def reached(experiment: str, run: Run) -> dict[str, dict[str, Reached]]:
    """From the score stage's metrics; where they are not at hand, from the report's table, which git holds."""
    cell = run.solved(experiment)
    if files.scores_file(cell).is_file():
        return {
            test: {key: Reached(one.right / one.problems, one.problems) for key, one in found.strategies.items()}
            for test, found in read_scores(cell).items()
        }
    found: dict[str, dict[str, Reached]] = {}
    for row in table(files.report_folder(experiment) / "accuracy.csv"):
        if row.get("cell") == cell:
            found.setdefault(row["test"], {})[row["strategy"]] = Reached(float(row["accuracy"]), None)
    return found


def numbers(path: Path) -> Numbers:
    """The plain values of a metrics file; nothing where it is not at hand."""
    if not path.is_file():
        return {}
    return {key: value for key, value in flat(files.read_json(path)).items() if value is not None}


def flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"tokens": {"input": 3}}` -> `{"tokens.input": 3}`; lists are left out."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{key}.")
        elif not isinstance(value, list):
            found[f"{prefix}{key}"] = value
    return found


def tabled(experiment: str, run: Run, prefix: str) -> Numbers:
    """The same from the report's table, which git holds."""
    for row in table(files.report_folder(experiment) / "efficiency.csv"):
        varied = {name.removeprefix("vary."): value for name, value in row.items() if name.startswith("vary.")}
        who = (row["student"], row["mix"], row["seed"], {name: value for name, value in varied.items() if value})
        if who == (name_of(run.student), name_of(run.mix), str(run.seed), dict(run.varied)):
            return {
                key.removeprefix(prefix): value_of(text) for key, text in row.items() if key.startswith(prefix) and text
            }
    return {}


def value_of(text: str) -> float | str:
    """A number where it is one."""
    try:
        return float(text)
    except ValueError:
        return text


def table(path: Path) -> Iterable[dict[str, str]]:
    """The rows of a CSV file; none where it is not at hand."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream)


def dev_accuracy(path: Path) -> Numbers:
    """The dev score: accuracy at the end of the training."""
    rows = [row["accuracy"] for row in table(path) if row.get("accuracy")]
    return {"dev_accuracy": float(rows[-1])} if rows else {}


def taught_of(asked: Asked, layout: Layout, tables: Sequence[Path]) -> Taught:
    """What a teacher gave at this version; its counts by a report's table where the stage's are not at hand."""
    metrics, thoughts, problems = ((layout.folder / path) for path in yield_paths(asked))
    return Taught(
        asked,
        numbers(metrics) or next(filter(None, (told(asked, layout.folder / one) for one in tables)), {}),
        thoughts if thoughts.is_file() else None,
        problems if problems.is_file() else None,
        layout.pipeline.hashes.get(files.thoughts_file(asked.cell).as_posix()),
    )


def told(asked: Asked, path: Path) -> Numbers:
    """The line of a report's table, where a single one can be meant."""
    who = (name_of(asked.teacher), name_of(asked.data), asked.split, asked.thought)
    lines = [row for row in table(path) if (row["teacher"], row["data"], row["split"], row["thought"]) == who]
    return {key: value_of(text) for key, text in lines[0].items() if text} if len(lines) == 1 else {}


def runs_of(layout: Layout) -> list[tuple[str, Run]]:
    """The runs of every experiment, in the order of dvc.yaml."""
    found: dict[tuple[str, Run], None] = {}
    for stage in layout.pipeline.stages:
        if stage.startswith(("report-", "track-")):
            said = layout.pipeline.options(stage)
            found |= {(said["experiment"][0], parse_run(text)): None for text in said.get("run", [])}
    return list(found)

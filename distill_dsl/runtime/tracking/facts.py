"""All that is known of one run, read from its files: the side of tracking that knows no tracker."""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import msgspec

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.form import Settings
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.runs import Asked, Run, name_of, parse_asked
from distill_dsl.contract.settings import (
    DataSettings,
    ExperimentSettings,
    MixSettings,
    StudentSettings,
    TeacherSettings,
    ThoughtSettings,
)
from distill_dsl.runtime.masking import Mask, secrets_of
from distill_dsl.runtime.tracking.git import git_tags
from distill_dsl.runtime.tracking.origins import origin_tags
from distill_dsl.runtime.tracking.pipeline import Pipeline
from distill_dsl.runtime.tracking.yields import yield_files, yields_of


@dataclass(frozen=True)
class DataSet:
    """A file that went into a run; `digest` is DVC's md5."""

    name: str
    path: str
    digest: str
    rows: int
    context: str
    """`training`, `validation` or `test`."""


@dataclass(frozen=True)
class Facts:
    """One student after one mix with one seed, as a tracker shows it."""

    run: Run
    cell: str
    params: dict[str, str]
    """The spec's own names and values. They say what was asked for, and never change for a run."""
    metrics: dict[str, float]
    curve: tuple[tuple[int, dict[str, float]], ...]
    """Step -> values at that step."""
    tags: dict[str, str]
    datasets: tuple[DataSet, ...]
    scored: Path
    digest: str
    """Of all files that the metrics were read from: tells new results from known ones."""

    @property
    def name(self) -> str:
        """As people read it: `small · etd · seed 1`, `small · etd · paths 2 · seed 1`."""
        varied = (f"{name} {value}" for name, value in self.run.varied)
        return " · ".join([name_of(self.run.student), name_of(self.run.mix), *varied, f"seed {self.run.seed}"])

    @property
    def asked(self) -> str:
        """A hash of the params: runs of one cell that share it answer the same question."""
        return _hash([f"{key}={value}".encode() for key, value in sorted(self.params.items())])

    @property
    def seconds(self) -> float:
        """How long training and solving took."""
        return sum(self.metrics.get(f"{part}/seconds", 0.0) for part in ("training", "solving"))


def facts_of(experiment: str, run: Run, pipeline: Pipeline) -> Facts:
    """Read a run's files; a missing one is a `Failure`."""
    cell = run.solved(experiment)
    asked = asked_by(run.mix, pipeline)
    sources = (files.training_file(run.trained), files.solving_file(cell), files.scores_file(cell))
    training, solving, scores = map(files.read_json, sources)
    metrics = {"training": training, "solving": solving, **by_quantity(with_costs(scores, training, solving))}
    metrics |= yields_of(run.mix, asked)
    curve = files.curve_file(run.trained)
    scored = files.scored_file(cell)
    return Facts(
        run=run,
        cell=cell,
        params=params_of(experiment, run, pipeline),
        metrics=dict(numbers(metrics)),
        curve=read_curve(curve),
        tags=tags_of(run, cell, pipeline) | made_on(training, solving) | origin_tags(data_of(asked, scores), pipeline),
        datasets=datasets_of(cell, run, pipeline),
        scored=scored,
        digest=_hash(read_bytes(path) for path in (*sources, curve, scored, *yield_files(run.mix, asked))),
    )


# --- params -------------------------------------------------------------------------------------


def params_of(experiment: str, run: Run, pipeline: Pipeline) -> dict[str, str]:
    """Every setting that bears on the run's predictions: `student.epochs`, `mix.thoughts.pot`, ...

    What is scored and shown of those predictions (`answers`, `headline`, `published`) is in the
    metrics' names, and is no param: a new strategy must not look like a new run.
    """
    mix = read_settings(MixSettings, run.mix)
    asked = asked_by(run.mix, pipeline)
    names = {"teacher": unique(one.teacher for one in asked), "data": unique(one.data for one in asked)}
    params = {"student": name_of(run.student), "mix": name_of(run.mix), "seed": str(run.seed)}
    params |= {f"vary.{name}": value for name, value in run.varied}
    params |= {key: ", ".join(map(name_of, found)) for key, found in names.items()}
    params["problems"] = ", ".join(unique(f"{name_of(one.data)}.{one.split}" for one in asked))
    params |= settings("student", StudentSettings, [run.student])
    params |= settings("mix", MixSettings, [run.mix])
    params |= settings("teacher", TeacherSettings, names["teacher"])
    params |= settings("data", DataSettings, names["data"])
    for thought in mix.thoughts:
        params |= flat(msgspec.to_builtins(read_settings(ThoughtSettings, thought)), f"thought.{thought}")
    decoding = msgspec.to_builtins(read_settings(ExperimentSettings, experiment))
    params |= flat({key: decoding[key] for key in ("samples", "temperature", "max_tokens", "engine")}, "experiment")
    return params


def asked_by(mix: str, pipeline: Pipeline) -> list[Asked]:
    """The thoughts that a mix is made of, from the `--thoughts` of its stage."""
    return [parse_asked(text) for text in pipeline.options(f"mix-{mix}")["thoughts"]]


def settings(section: str, kind: type[Settings], keys: list[str]) -> dict[str, str]:
    """The settings of these blocks; a block's name is part of a setting's only where there are several."""
    found: dict[str, str] = {}
    for key in keys:
        prefix = section if len(keys) == 1 else f"{section}.{name_of(key)}"
        found |= flat(msgspec.to_builtins(read_settings(kind, key)), prefix)
    return found


def flat(value: Any, prefix: str) -> dict[str, str]:
    """Nested settings as dotted names; what is not set is left out."""
    match value:
        case None:
            return {}
        case dict():
            return {key: text for name, inner in value.items() for key, text in flat(inner, f"{prefix}.{name}").items()}
        case list() | tuple():
            return {prefix: ", ".join(map(str, value))} if value else {}
        case bool():
            return {prefix: "true" if value else "false"}
        case str() if "://" in value:
            # An address that a spec holds in full may let whoever reads it into a server.
            return {prefix: Mask(secrets_of(value)).message(value)}
        case _:
            return {prefix: str(value)}


# --- metrics ------------------------------------------------------------------------------------


Scores = dict[str, dict[str, dict[str, Any]]]
"""Test -> strategy (or `thoughts`) -> quantity -> value, as the score stage writes it."""


def with_costs(scores: Scores, training: dict[str, Any], solving: dict[str, Any]) -> Scores:
    """Each strategy's accuracy with what it cost: seconds a problem, and accuracy per 1,000 training examples.

    What was not measured (a file of an older version) gives no metric.
    """
    examples, speed = training.get("examples"), solving.get("tokens_per_second")

    def costs(found: dict[str, Any]) -> dict[str, Any]:
        more = {}
        if speed and found.get("tokens") is not None:
            more["seconds"] = found["tokens"] / speed
        if examples and found.get("accuracy") is not None:
            more["accuracy_per_1000_examples"] = found["accuracy"] / (examples / 1000)
        return found | more

    return {
        test: {key: found if key == "thoughts" else costs(found) for key, found in entries.items()}
        for test, entries in scores.items()
    }


SECTIONS: Final = {
    "low": "accuracy_low",
    "high": "accuracy_high",
    "tokens": "cost_tokens",
    "seconds": "cost_seconds",
    "aurc": "sure_aurc",
    "ece": "sure_ece",
}
"""Quantities under names by which like stands beside like where MLflow sorts them."""


def by_quantity(scores: Scores) -> Scores:
    """Scores as `accuracy/gsm8k-test/cascade-pot-eot-cot`, what formats gave as `thoughts/gsm8k-test/pot/...`.

    MLflow's charts are in sections by all of a name but its last part: so one section has the
    accuracy of every strategy on a test, and is the first.
    """
    named: Scores = {}
    for test, found in scores.items():
        for key, values in found.items():
            if key == "thoughts":
                named.setdefault(key, {})[test] = values
                continue
            for quantity, value in values.items():
                named.setdefault(SECTIONS.get(quantity, quantity), {}).setdefault(test, {})[key] = value
    return named


def numbers(value: Any, prefix: str = "") -> Iterable[tuple[str, float]]:
    """Nested numbers by their path, `training/seconds`; what is no number is left out."""
    match value:
        case bool() | None | str():
            return
        case int() | float():
            yield prefix, float(value)
        case dict():
            for name, inner in value.items():
                # MLflow refuses some signs (`@`, on Windows `:`), so that a verdict `error:name` is renamed.
                part = re.sub(r"[^\w .-]", "-", str(name))
                yield from numbers(inner, f"{prefix}/{part}" if prefix else part)


def read_curve(path: Path) -> tuple[tuple[int, dict[str, float]], ...]:
    """The training curve; empty cells are measures that were not taken at that step."""
    if not path.is_file():
        raise Failure(f"{path} does not exist", where=str(path), help="run the train stage again (`dvc repro`)")
    points = []
    with path.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream), start=2):
            try:
                step = int(float(row.pop("step")))
                points.append((step, {name: float(text) for name, text in row.items() if text}))
            except (KeyError, TypeError, ValueError) as error:
                raise Failure(
                    f"line {number} of {path} is no point of a training curve: {error}",
                    where=f"{path}:{number}",
                    help="run the train stage again (`dvc repro --force` its name)",
                ) from error
    return tuple(points)


# --- where it comes from ------------------------------------------------------------------------


def tags_of(run: Run, cell: str, pipeline: Pipeline) -> dict[str, str]:
    """What a run is found by, and what links it to git, DVC and the spec's line."""
    stage = f"train-{run.trained}"
    model = files.model_folder(run.trained)
    tags = {"mtd.cell": cell, "mtd.stage": stage, "mtd.version": package_version(), "mtd.model.path": model.as_posix()}
    place = pipeline.place(stage)
    if place is not None:
        tags |= {"mtd.spec": place[0], "mtd.spec.line": str(place[1])}
        tags |= {"mlflow.source.name": f"{place[0]}:{place[1]}", "mlflow.source.type": "PROJECT"}
    md5 = pipeline.md5(model)
    if md5 is not None:
        tags["mtd.model.md5"] = md5
    trial = os.environ.get("DVC_EXP_NAME")
    return tags | git_tags() | ({"mtd.dvc.experiment": trial} if trial else {})


def data_of(asked: Iterable[Asked], tests: Iterable[str]) -> list[str]:
    """The data blocks that a run learns from and is tested on."""
    return unique([*(one.data for one in asked), *(test.rpartition("-")[0] for test in tests)])


def made_on(training: dict[str, Any], solving: dict[str, Any]) -> dict[str, str]:
    """What a run's times depend on and its settings do not say: tags, since nobody asked for it."""
    named = {"device": training, "precision": training, "engine": solving}
    return {f"mtd.{name}": str(found[name]) for name, found in named.items() if found.get(name)}


def package_version() -> str:
    """The version of this package that made the run."""
    try:
        return version("distill-dsl")
    except PackageNotFoundError:
        return "not installed"


def datasets_of(cell: str, run: Run, pipeline: Pipeline) -> tuple[DataSet, ...]:
    """The training set's two parts and every test set."""
    parts = {"train": "training", "dev": "validation"}
    wanted = [(f"{run.mix}-{part}", files.mix_file(run.mix, part), context) for part, context in parts.items()]
    wanted += [(test, files.test_file(test), "test") for test in files.read_json(files.scores_file(cell))]
    found = []
    for name, path, context in wanted:
        digest = pipeline.md5(path)
        if digest is None:
            raise Failure(f"{path} does not exist", where=str(path), help="run `dvc repro`, or `dvc pull` what was run")
        rows = sum(1 for _ in files.numbered_lines(path)) if path.is_file() else 0
        found.append(DataSet(name, path.as_posix(), digest, rows, context))
    return tuple(found)


def read_bytes(path: Path) -> bytes:
    """A file's content."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failure(
            f"cannot read {path}: {error.strerror}", where=str(path), help="run `dvc repro` or `dvc pull`"
        ) from error


def _hash(parts: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()[:16]


def unique(names: Iterable[str]) -> list[str]:
    """The distinct names in order of first appearance."""
    return list(dict.fromkeys(names))

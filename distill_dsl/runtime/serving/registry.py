"""Students in MLflow's model registry: a version for what answers alike, an alias a run, and one for the best.

The registered model is called as the experiment is in MLflow. A version is known by the digest of all that
bears on its answers, and by its run: to register the same again changes nothing.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.strategies import Strategy, strategy_title
from distill_dsl.runtime.serving.packing import digest, packed
from distill_dsl.runtime.serving.page import page
from distill_dsl.runtime.solving.asking import Pupil, opened
from distill_dsl.runtime.solving.runs import SolvedRun
from distill_dsl.runtime.tracking import store
from distill_dsl.runtime.tracking.finding import run_id_of
from distill_dsl.runtime.tracking.naming import tracked_name
from distill_dsl.runtime.tracking.pipeline import Pipeline
from distill_dsl.runtime.tracking.place import VARIABLE, first_line, shown, tracking_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

BEST: Final = "best"
"""The alias of the version with the best dev score."""

CELL: Final = "mtd.cell"
DIGEST: Final = "mtd.digest"
DEV: Final = "mtd.dev_accuracy"
"""Tags of a version."""

SETTINGS: Final = {
    # A server may take long to store weights, where it answers other requests at once.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "600",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
"""Of MLflow, while students are registered."""


LONGEST: Final = 5000
"""Characters of a description that MLflow keeps."""


@dataclass(frozen=True)
class Entry:
    """A student's version in the registry."""

    name: str
    version: str
    alias: str
    strategy: str
    dev: float | None
    """Its dev score, 0 to 1; `None` where no dev problems were solved."""
    fresh: bool
    """Whether the version was made now."""


def dev_score(run: SolvedRun) -> float | None:
    """The share of dev problems that the student has right at the end of its training; `None` if none were asked."""
    path = files.dev_curve_file(run.cell)
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    try:
        told = rows[-1]["accuracy"] if rows else ""
        return float(told) if told else None
    except (KeyError, ValueError) as error:
        raise Failure(
            f"the last line of {path} holds no accuracy: {error}",
            where=str(path),
            help=f"run `dvc repro --force score-{run.cell}`",
        ) from error


@dataclass(frozen=True)
class Registered:
    """What is in the registry now."""

    entries: tuple[Entry, ...]
    best: dict[str, str | None]
    """Registered model -> the alias of the run whose version is the best; `None` where no version has a score."""


def register(
    wanted: Sequence[tuple[SolvedRun, Sequence[Strategy]]],
    runs: Sequence[SolvedRun],
    pipeline: Pipeline,
    begins: Callable[[SolvedRun], None] = lambda run: None,
) -> Registered:
    """Register students, each with the strategy by which it answers. `runs` are all of the project.

    `begins` is told of each before its weights are loaded.
    """
    with _opened() as client:
        entries = []
        for run, strategies in wanted:
            begins(run)
            entries.append(registered(client, opened(run, strategies), pipeline))
        best: dict[str, str | None] = {}
        for name in dict.fromkeys(entry.name for entry in entries):
            own = [run for run in runs if tracked_name(run.experiment, pipeline) == name]
            best[name] = point_to_best(client, name, own)
    return Registered(tuple(entries), best)


@contextmanager
def _opened() -> Iterator[MlflowClient]:
    """A client of the registry; whatever MLflow raises (network, database, disk) is told as what it is."""
    unsaid = {name: value for name, value in SETTINGS.items() if name not in os.environ}
    try:
        with _environment(unsaid), store.opened() as client:
            yield client
    except Failure:
        raise
    except Exception as error:
        raise Failure(
            shown(f"MLflow at {tracking_uri()} did not register the student: {first_line(error)}"),
            help="when it is mended, run `mtd register` again; what is registered stays as it is",
        ) from error


def registered(client: MlflowClient, pupil: Pupil, pipeline: Pipeline) -> Entry:
    """Bring one student into the registry, linked to its run, and let the alias of its run point to it."""
    run = pupil.run
    name = tracked_name(run.experiment, pipeline)
    run_id = run_id_of(client, run.cell, experiment=name)
    if run_id is None:
        raise Failure(
            f"MLflow has no run of {run.cell} in the experiment {name}, to which the student would be linked",
            where=run.cell,
            help="run `mtd track` first",
        )
    tags = _tags(pupil, pipeline)
    _model(client, name, run.experiment)
    known = _known(client, name, run_id, tags)
    version = known or _version(client, name, run_id, pupil, tags)
    client.set_registered_model_alias(name, run.run.trained, version.version)
    return Entry(
        name=name,
        version=str(version.version),
        alias=run.run.trained,
        strategy=strategy_title(pupil.strategies[0]),
        dev=dev_score(run),
        fresh=known is None,
    )


def point_to_best(client: MlflowClient, name: str, runs: Sequence[SolvedRun]) -> str | None:
    """Let `best` point to the registered version with the best dev score; returns the alias of its run.

    Of equal ones, the first in `runs`. Where no version has a score, no version is called the best.
    """
    aliases: Mapping[str, str] = client.get_registered_model(name).aliases
    scores: dict[str, float] = {}
    for run in runs:
        alias = run.run.trained
        if alias in aliases and (told := client.get_model_version(name, aliases[alias]).tags.get(DEV)) is not None:
            scores[alias] = float(told)
    if not scores:
        if BEST in aliases:
            client.delete_registered_model_alias(name, BEST)
        return None
    best = max(scores, key=lambda alias: scores[alias])
    if aliases.get(BEST) != aliases[best]:
        client.set_registered_model_alias(name, BEST, aliases[best])
    return best


def _tags(pupil: Pupil, pipeline: Pipeline) -> dict[str, str]:
    run = pupil.run
    tags = {CELL: run.cell, DIGEST: digest(pupil), "mtd.strategy": strategy_title(pupil.strategies[0])}
    weights = files.model_folder(run.run.trained)
    tags["mtd.model.path"] = weights.as_posix()
    md5, dev = pipeline.md5(weights), dev_score(run)
    return tags | ({} if md5 is None else {"mtd.model.md5": md5}) | ({} if dev is None else {DEV: f"{dev:.6f}"})


def _model(client: MlflowClient, name: str, experiment: str) -> None:
    """The registered model of that name, made where it is missing."""
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, description=f"Students of the experiment `{experiment}`, each an alias.")


def _known(client: MlflowClient, name: str, run_id: str, tags: Mapping[str, str]) -> ModelVersion | None:
    """The newest version that answers alike and belongs to the same run."""
    found = client.search_model_versions(f"name = '{name}' and run_id = '{run_id}'")
    alike = [one for one in found if one.tags.get(DIGEST) == tags[DIGEST] and one.status == "READY"]
    newest = max(alike, key=lambda one: int(one.version), default=None)
    if newest is not None and DEV in tags and newest.tags.get(DEV) != tags[DEV]:
        client.set_model_version_tag(name, newest.version, DEV, tags[DEV])
    return newest


def _version(client: MlflowClient, name: str, run_id: str, pupil: Pupil, tags: dict[str, str]) -> ModelVersion:
    """A new version: of the model that an interrupted registering left whole, else of one that is made now."""
    experiment = str(client.get_run(run_id).info.experiment_id)
    model = _left(client, experiment, run_id, tags) or _made(client, experiment, run_id, pupil, tags)
    told = page(pupil, _about(tags, run_id))[:LONGEST]
    # A local registry looks for the model in the store that the environment names, else in this very folder.
    with _environment({VARIABLE: tracking_uri()}):
        return client.create_model_version(
            name, f"models:/{model}", run_id, tags=tags, description=told, model_id=model
        )


def _about(tags: Mapping[str, str], run_id: str) -> dict[str, str]:
    return {**tags, "mlflow.run": run_id}


def _left(client: MlflowClient, experiment: str, run_id: str, tags: Mapping[str, str]) -> str | None:
    """The id of the model that is stored whole already; what was left half stored is deleted."""
    known = client.search_logged_models([experiment], f"tags.`{DIGEST}` = '{tags[DIGEST]}'")
    own = [model for model in known if model.source_run_id == run_id]
    for model in own:
        if model.status != "READY":
            client.delete_logged_model(model.model_id)
    return next((str(model.model_id) for model in own if model.status == "READY"), None)


def _made(client: MlflowClient, experiment: str, run_id: str, pupil: Pupil, tags: dict[str, str]) -> str:
    """The id of a model that the run has made now, its files stored with the experiment."""
    from mlflow.entities import LoggedModelOutput

    with TemporaryDirectory(prefix="mtd-register-") as place:
        folder = Path(place) / "model"
        packed(pupil, folder, _about(tags, run_id))
        made = client.create_logged_model(
            experiment, name=pupil.run.cell, source_run_id=run_id, tags=tags, model_type="student"
        )
        client.log_model_artifacts(made.model_id, str(folder))
    client.finalize_logged_model(made.model_id, "READY")
    client.log_outputs(run_id, [LoggedModelOutput(made.model_id, step=0)])
    return str(made.model_id)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Variables of the environment for a while: MLflow reads them wherever it is."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

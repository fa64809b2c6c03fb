"""Where a run comes from, as tags: git, DVC's hashes, the spec's line, the machine."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from distill_dsl.contract import files
from distill_dsl.contract.runs import Asked, Run
from distill_dsl.runtime.tracking.git import git_tags
from distill_dsl.runtime.tracking.measures import plain
from distill_dsl.runtime.tracking.origins import origin_tags
from distill_dsl.runtime.tracking.parameters import unique
from distill_dsl.runtime.tracking.pipeline import Pipeline

LONGEST_KEY: Final = 250
"""Characters of a tag's name that MLflow takes."""

TRIAL: Final = "mtd.dvc.experiment"
"""The tag that names the DVC experiment in which a run was made; it stays when the run is tracked without one."""

HERE: Final = ("mtd.host", "mlflow.user", TRIAL)
"""Tags that say who brought a run to the tracker, where and how: the only ones that no file and no commit decides."""


def run_tags(
    experiment: str, run: Run, asked: Iterable[Asked], documents: tuple[dict[str, Any], ...], pipeline: Pipeline
) -> dict[str, str]:
    """Tags of one run. `documents` are its training, solving and scores."""
    training, solving, scores = documents
    stage, model = f"train-{run.trained}", files.model_folder(run.trained)
    tags = {"mtd.stage": stage, "mtd.model.path": model.as_posix()}
    md5 = pipeline.md5(model)
    if md5 is not None:
        tags["mtd.model.md5"] = md5
    tags |= line_tags(pipeline.place(stage)) | made_on(training, solving)
    tags |= origin_tags(data_of(asked, scores), pipeline)
    return tags | hash_tags(pipeline, f"score-{run.solved(experiment)}")


def common_tags() -> dict[str, str]:
    """What is the same for all that is tracked at one time."""
    tags = {"mtd.version": package_version(), "mtd.host": platform.node()}
    trial = os.environ.get("DVC_EXP_NAME")
    if trial:
        tags[TRIAL] = trial
    with suppress(KeyError, OSError):  # a container's user may have no name
        tags["mlflow.user"] = getpass.getuser()
    return tags | git_tags()


def line_tags(place: tuple[str, int] | None) -> dict[str, str]:
    """The spec and its line, also where MLflow shows a run's source."""
    if place is None:
        return {}
    file, line = place
    shown = {"mlflow.source.name": f"{file}:{line}", "mlflow.source.type": "PROJECT"}
    return {"mtd.spec": file, "mtd.spec.line": str(line)} | shown


def hash_tags(pipeline: Pipeline, stage: str) -> dict[str, str]:
    """`mtd.dvc.mixes/etd/train.jsonl` and its like: DVC's md5 of every file that a stage's results come from."""
    return {hash_key(path): md5 for path, md5 in hashes_into(pipeline, stage).items()}


def hashes_into(pipeline: Pipeline, stage: str) -> dict[str, str]:
    """Path -> md5 of all that a stage and those before it read, and of what it wrote itself."""
    read = {path: md5 for name in pipeline.before(stage) for path, md5 in pipeline.files(name, "deps")}
    found = read | dict(pipeline.files(stage, "outs"))
    return {path: found[path] for path in sorted(found) if Path(path) != files.spec_mark()}


def hash_key(path: str) -> str:
    """A tag's name for a file; what `mtd` writes is named without its common folder."""
    short = path.removeprefix(f"{files.ARTIFACTS.as_posix()}/")
    return f"mtd.dvc.{'/'.join(map(plain, short.split('/')))}"[:LONGEST_KEY]


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

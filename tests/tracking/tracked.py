"""Tracking the files of `tests.finished` and reading runs back, for tests of what a tracker is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from distill_dsl.contract.runs import Run
from distill_dsl.runtime.stages import track
from distill_dsl.runtime.tracking.store import connected
from tests.finished import EXPERIMENT, runs_of

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

NAME = f"paper.{EXPERIMENT}"
"""MLflow's experiment."""


def track_all(runs: Sequence[Run] = tuple(runs_of())) -> None:
    """What the track stage does."""
    track.run(experiment=EXPERIMENT, runs=[str(run) for run in runs])


def client() -> MlflowClient:
    return connected()


def all_tracked() -> list[MlflowRun]:
    """Everything that is not in the bin."""
    found = client().get_experiment_by_name(NAME)
    assert found is not None
    return list(client().search_runs([found.experiment_id]))


def named(kind: str, **tags: str) -> list[tuple[str, MlflowRun]]:
    """Name and run of all of a kind that have these tags of ours."""
    wanted = {"mtd.kind": kind} | {f"mtd.{key}": value for key, value in tags.items()}
    runs = (run for run in all_tracked() if wanted.items() <= run.data.tags.items())
    return sorted(((run.info.run_name, run) for run in runs), key=lambda pair: pair[0])


def tracked(kind: str = "run", **tags: str) -> dict[str, MlflowRun]:
    """Name -> run, where no two have one name."""
    found = named(kind, **tags)
    assert len(dict(found)) == len(found), [name for name, _ in found]
    return dict(found)


def root() -> MlflowRun:
    """The experiment's own run, of which there is one."""
    [run] = tracked("experiment").values()
    return run


def artifact_paths(run: MlflowRun) -> set[str]:
    """Every file among a run's artifacts."""
    waiting, found = [""], set()
    while waiting:
        for item in client().list_artifacts(run.info.run_id, waiting.pop() or None):
            if item.is_dir:
                waiting.append(item.path)
            else:
                found.add(item.path)
    return found


def artifact(run: MlflowRun, path: str) -> str:
    """An artifact's text, read where the project's own store keeps it."""
    folder = Path(run.info.artifact_uri.removeprefix("file://"))
    return (folder / path).read_text(encoding="utf-8")


def change(path: Path, *keys: str, value: Any) -> None:
    """Set one value of a YAML file, written as a new file, since settings are read once a process."""
    document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    inner = document
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    YAML().dump(document, path)
    from distill_dsl.contract import params

    params._read.cache_clear()

"""All that a tracking store holds as one value, read through MLflow's client: for comparing stores field by field."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

VOLATILE: Final = frozenset({"mtd.host", "mlflow.user", "mtd.dvc.experiment"})
"""Tags that say who tracked, where and how."""

PARENT: Final = "mlflow.parentRunId"


def projection_at(uri: str) -> dict[str, Any]:
    """All of the store at a URI, as far as files say it."""
    from mlflow import MlflowClient

    return everything(MlflowClient(uri, registry_uri=uri))


def everything(client: MlflowClient, *, current: bool = True) -> dict[str, Any]:
    """MLflow experiment -> `seen/tiny · etd · 2 seeds/tiny · etd · seed 1` -> all of that run.

    Ids are left out, since MLflow draws them; a run is told by the names of those above it. `current`: only
    runs that are what the spec asks for now, which are all that can be made again from files.
    """
    found: dict[str, Any] = {}
    for experiment in client.search_experiments():
        runs = {run.info.run_id: run for run in all_runs(client, experiment.experiment_id)}
        wanted = [run for run in runs.values() if not current or run.data.tags.get("mtd.current") == "true"]
        named: dict[str, Any] = {}
        for run in wanted:
            path = path_of(run, runs)
            assert path not in named, f"two runs are called {path}"
            named[path] = everything_of(client, run)
        if named:
            found[experiment.name] = {"tags": plain_tags(experiment.tags), "runs": named}
    return found


def all_runs(client: MlflowClient, experiment: str) -> Iterator[Run]:
    """Every run that is not in the bin."""
    token = None
    while True:
        page = client.search_runs([experiment], page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def path_of(run: Run, runs: dict[str, Run]) -> str:
    """The names of a run and of those above it."""
    parent = run.data.tags.get(PARENT)
    if parent is None:
        return str(run.info.run_name)
    assert parent in runs, f"{run.info.run_name} hangs below a run that is gone"
    return f"{path_of(runs[parent], runs)}/{run.info.run_name}"


def everything_of(client: MlflowClient, run: Run) -> dict[str, Any]:
    """All of one run but its id: what it says, every point of every metric, and each artifact's hash."""
    return {
        "status": run.info.status,
        "start": run.info.start_time,
        "end": run.info.end_time,
        "params": dict(run.data.params),
        "metrics": {name: history(client, run, name) for name in sorted(run.data.metrics)},
        "tags": plain_tags(run.data.tags),
        "datasets": sorted(json.dumps(one.to_dictionary(), sort_keys=True) for one in run.inputs.dataset_inputs),
        "artifacts": dict(sorted(artifacts(client, run))),
    }


def plain_tags(tags: dict[str, str]) -> dict[str, str]:
    """Tags without those that hold an id or say who tracked."""
    return {key: value for key, value in sorted(tags.items()) if key not in VOLATILE | {PARENT}}


def history(client: MlflowClient, run: Run, name: str) -> list[tuple[int, float, int]]:
    """Step, value and time of every point."""
    points = client.get_metric_history(run.info.run_id, name)
    return sorted((one.step, one.value, one.timestamp) for one in points)


def artifacts(client: MlflowClient, run: Run) -> Iterator[tuple[str, str]]:
    """Path and SHA-256 of each artifact."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    with tempfile.TemporaryDirectory() as folder:
        for path in artifact_paths(client, run.info.run_id):
            content = Path(client.download_artifacts(run.info.run_id, path, folder)).read_bytes()
            yield path, hashlib.sha256(content).hexdigest()


def artifact_paths(client: MlflowClient, run_id: str, below: str | None = None) -> Iterator[str]:
    """Every file among a run's artifacts."""
    for item in client.list_artifacts(run_id, below):
        if item.is_dir:
            yield from artifact_paths(client, run_id, item.path)
        else:
            yield item.path


def without_times(found: dict[str, Any]) -> dict[str, Any]:
    """The same without start, end and times of points: where no file says when a training began."""
    return {
        name: one | {"runs": {path: untimed(run) for path, run in one["runs"].items()}} for name, one in found.items()
    }


def untimed(run: dict[str, Any]) -> dict[str, Any]:
    """One run without its times."""
    metrics = {name: [(step, value) for step, value, _ in points] for name, points in run["metrics"].items()}
    return {key: value for key, value in run.items() if key not in ("start", "end")} | {"metrics": metrics}


def difference(left: Any, right: Any, path: str = "") -> list[str]:
    """Where two values differ, one line a field: what a person wants to read in place of two walls of text."""
    if isinstance(left, dict) and isinstance(right, dict):
        lines: list[str] = []
        for key in [*left, *(key for key in right if key not in left)]:
            if key not in left or key not in right:
                lines.append(f"{path}/{key}: only {'left' if key in left else 'right'}")
            else:
                lines += difference(left[key], right[key], f"{path}/{key}")
        return lines
    return [] if left == right else [f"{path}: {left!r} != {right!r}"]

"""Whether the results of a version are those of its own settings, by dvc.lock alone: nothing is run, no file hashed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from distill_dsl.contract.params import PARAMS_FILE
from distill_dsl.contract.runs import Run
from distill_dsl.runtime.comparing.layout import Layout

ABSENT = object()


def older_stages(layout: Layout, runs: Iterable[tuple[str, Run]]) -> list[str]:
    """The stages behind the runs that last ran with another command, other values or other inputs."""
    pipeline = layout.pipeline
    scored = (f"score-{run.solved(experiment)}" for experiment, run in runs)
    behind = {name: None for stage in scored if stage in pipeline.locked for name in pipeline.before(stage)}
    return [name for name in pipeline.stages if name in behind and is_older(layout, name)]


def is_older(layout: Layout, name: str) -> bool:
    """Whether what a stage ran with is not what dvc.yaml and params.yaml say, or what it read is not what is there."""
    stage, entry = layout.pipeline.stages[name], layout.pipeline.locked[name]
    if stage.get("cmd") != entry.get("cmd"):
        return True
    recorded = (entry.get("params") or {}).get(PARAMS_FILE.as_posix()) or {}
    keys = [key for key in stage.get("params") or [] if isinstance(key, str)]
    if any(recorded.get(key, ABSENT) != value_at(layout.values, key) for key in keys):
        return True
    made = layout.pipeline.hashes
    return any(made.get(dep["path"], dep.get("md5")) != dep.get("md5") for dep in entry.get("deps") or [])


def value_at(document: Mapping[str, Any], key: str) -> Any:
    """The value at `student.small.epochs`."""
    value: Any = document
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value

"""The table that a person wants to see first, as a saved view of MLflow's UI, and its address."""

from __future__ import annotations

import json
from typing import Final

from distill_dsl.runtime.tracking.entries import SEEDS, Branch, Kind
from distill_dsl.runtime.tracking.measures import HEADLINE
from distill_dsl.runtime.tracking.parameters import unique
from distill_dsl.runtime.tracking.place import is_database, shown, tracking_uri

VIEW: Final = "mtd"
TAG: Final = f"mlflow.sharedViewState.{VIEW}"
"""An experiment's tag in which MLflow's UI keeps a view under the key that its address names."""

LOCAL_SERVER: Final = "http://127.0.0.1:5000"
"""Where `mlflow ui` listens unless it is told otherwise."""


def view_tag(tree: Branch) -> dict[str, str]:
    """The view: each run's headline accuracy on every test, sorted, beside what it is."""
    metrics = headlines(tree)
    state = {
        "searchFilter": "",
        "orderByKey": f"metrics.`{metrics[0]}`" if metrics else "attributes.start_time",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": [*(f"params.`{name}`" for name in params(tree)), *(f"metrics.`{name}`" for name in metrics)],
        "columnOrder": [],
        "columnWidths": {},
        "runsHiddenMode": "FIRST_10_RUNS",
    }
    # MLflow shows when a view was made; it is made whenever tracking is, so that no time would mean anything.
    view = {"name": "headline accuracy", "createdAt": 1, "updatedAt": 1, "state": json.dumps(state)}
    return {TAG: json.dumps(view)}


def headlines(tree: Branch) -> list[str]:
    """The metrics by which all runs are compared: the mean over tests first."""
    found = unique(name for entry in tree for name in entry.metrics if name.startswith(f"{HEADLINE}/"))
    return sorted(found, key=lambda name: name != f"{HEADLINE}/mean")


def params(tree: Branch) -> list[str]:
    """The params that tell runs apart."""
    varied = unique(name for entry in tree if entry.kind is Kind.RUN for name in entry.params if name[:5] == "vary.")
    return ["student", "mix", *varied, "seed", SEEDS]


def address(experiment: str) -> str:
    """Where a browser shows the view. `experiment` is MLflow's id."""
    server = LOCAL_SERVER if is_database() else shown(tracking_uri()).rstrip("/")
    return f"{server}/#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={VIEW}"

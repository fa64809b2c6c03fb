"""Facts into MLflow, so that doing it again changes nothing.

A run is found by its cell (`mtd.cell`) and what was asked (`mtd.asked`, a hash of its params):

- same results (`mtd.digest`): it stays, and its tags and the shared report are brought up to date;
- other results for what was asked before: the old run is moved to MLflow's bin and a new one takes
  its place, since a metric that is logged twice would show both values;
- other params: a new run beside the old ones, since params cannot change and settings are what
  runs are compared by. The newest of a cell has `mtd.current = true`, the others `false`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from distill_dsl.contract.files import read_rows
from distill_dsl.contract.records import Scored
from distill_dsl.runtime.tracking.facts import Facts

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

T = TypeVar("T")

METRICS_AT_ONCE: Final = 900
PARAMS_AT_ONCE: Final = 90
"""MLflow takes at most 1,000 metrics and 100 params in one call."""

LONGEST: Final = 6000
"""Characters of a param's value that MLflow keeps."""

SHOWN: Final = 200
"""Problems of each test in the table of predictions, which the UI loads whole. All are in the JSONL."""


def project(client: MlflowClient, experiment: str, facts: Facts, report: Sequence[Path]) -> bool:
    """Bring one run into MLflow; returns whether it was new."""
    known = client.search_runs([experiment], filter_string=f"tags.`mtd.cell` = '{facts.cell}'")
    kept, stale = split(known, facts)
    for run in stale:
        client.delete_run(run.info.run_id)
    for run in known:
        if run is not kept and run not in stale:
            client.set_tag(run.info.run_id, "mtd.current", "false")
    run_id = write(client, experiment, facts) if kept is None else str(kept.info.run_id)
    tag(client, run_id, facts.tags | {"mtd.current": "true"})
    for path in report:
        client.log_artifact(run_id, str(path), "report")
    if kept is None:
        # Only now: a run that an interruption left unfinished is replaced the next time.
        client.set_tag(run_id, "mtd.digest", facts.digest)
        client.set_terminated(run_id, "FINISHED")
    return kept is None


def split(known: Sequence[MlflowRun], facts: Facts) -> tuple[MlflowRun | None, list[MlflowRun]]:
    """The run that already holds these facts, and those that answer the same question with other results."""
    same = [run for run in known if run.data.tags.get("mtd.asked") == facts.asked]
    kept = next((run for run in same if run.data.tags.get("mtd.digest") == facts.digest), None)
    return kept, [run for run in same if run is not kept]


def write(client: MlflowClient, experiment: str, facts: Facts) -> str:
    """A new run with params, metrics, curve, data sets and predictions; still without its digest."""
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    started = now - int(facts.seconds * 1000)
    identity = {"mtd.cell": facts.cell, "mtd.asked": facts.asked}
    run = client.create_run(experiment, start_time=started, tags=identity, run_name=facts.name)
    run_id = str(run.info.run_id)
    params = [Param(key, value[:LONGEST]) for key, value in facts.params.items()]
    for some in chunks(params, PARAMS_AT_ONCE):
        client.log_batch(run_id, params=some)
    points = [(f"curve/{name}", value, step) for step, values in facts.curve for name, value in values.items()]
    points += [(name, value, 0) for name, value in facts.metrics.items()]
    metrics = [Metric(name, value, now, step) for name, value, step in points]
    for batch in chunks(metrics, METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=batch)
    client.log_inputs(run_id, datasets=inputs(facts))
    client.log_artifact(run_id, str(facts.scored), "predictions")
    show_predictions(client, run_id, facts.scored)
    return run_id


def tag(client: MlflowClient, run_id: str, tags: dict[str, str]) -> None:
    """Set all tags in one call."""
    from mlflow.entities import RunTag

    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])


def inputs(facts: Facts) -> list[Any]:
    """The data sets with DVC's md5 as digest: MLflow's own would look at the first 10,000 rows only."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    return [
        DatasetInput(
            Dataset(
                name=data.name,
                digest=data.digest,
                source_type="local",
                source=json.dumps({"uri": data.path}),
                profile=json.dumps({"num_rows": data.rows}),
            ),
            [InputTag("mlflow.data.context", data.context)],
        )
        for data in facts.datasets
    ]


def show_predictions(client: MlflowClient, run_id: str, scored: Path) -> None:
    """A table in MLflow's own form, which its UI lays side by side for several runs."""
    rows = list(shown(scored))
    columns = list(dict.fromkeys(name for row in rows for name in row))
    client.log_dict(
        run_id, {"columns": columns, "data": [[row.get(name) for name in columns] for row in rows]}, "predictions.json"
    )
    client.set_tag(run_id, "mlflow.loggedArtifacts", json.dumps([{"path": "predictions.json", "type": "table"}]))


def shown(scored: Path) -> Iterator[dict[str, str | None]]:
    """The first problems of each test: each format's first thought and each strategy's answer."""
    seen: dict[str, int] = {}
    for row in read_rows(scored, Scored):
        seen[row.test] = seen.get(row.test, 0) + 1
        if seen[row.test] > SHOWN:
            continue
        cells: dict[str, str | None] = {
            "test": row.test,
            "problem": row.problem,
            "question": row.question,
            "gold": row.gold,
        }
        for thought in (one for one in row.thoughts if one.sample == 0):
            cells |= {thought.thought: thought.text, f"{thought.thought} verdict": thought.verdict}
        yield cells | {f"{key} answer": choice.answer for key, choice in row.choices.items()}


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Items in groups of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]

"""What one run holds, written to MLflow: params, metrics, data sets and artifacts, in as few calls as it takes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from distill_dsl.runtime.tracking.entries import DataSet, Entry

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")

METRICS_AT_ONCE: Final = 900
PARAMS_AT_ONCE: Final = 90
"""MLflow takes at most 1,000 metrics, 100 params and 100 tags in one call."""

LONGEST_PARAM: Final = 6000
LONGEST_TAG: Final = 8000
"""Characters of a value that MLflow keeps."""


def fill(client: MlflowClient, run_id: str, entry: Entry, start: int, end: int) -> None:
    """All of an entry but its tags. `start` and `end` are milliseconds since 1970."""
    from mlflow.entities import Metric, Param

    params = [Param(key, value[:LONGEST_PARAM]) for key, value in entry.params.items()]
    for some in chunks(params, PARAMS_AT_ONCE):
        client.log_batch(run_id, params=some)
    points = [Metric(one.name, one.value, start + round(one.after * 1000), one.step) for one in entry.points]
    # MLflow draws bars for what has no other step than 0, which is how results at the end are compared.
    finals = [Metric(name, value, end, 0) for name, value in entry.metrics.items()]
    for batch in chunks([*points, *finals], METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=batch)
    if entry.datasets:
        client.log_inputs(run_id, datasets=[data_input(data) for data in entry.datasets])
    attach(client, run_id, entry.attached)
    if entry.tables:
        tables = [{"path": path, "type": "table"} for path in entry.tables]
        client.set_tag(run_id, "mlflow.loggedArtifacts", json.dumps(tables))


def attach(client: MlflowClient, run_id: str, attached: Mapping[str, bytes | Path]) -> None:
    """Artifacts, each under its own path."""
    with tempfile.TemporaryDirectory(prefix="mtd-track-") as folder:
        for path, content in attached.items():
            target = Path(path)
            source = content
            if isinstance(source, bytes):
                made = Path(folder) / target.name
                made.write_bytes(source)
                source = made
            parent = target.parent.as_posix()
            client.log_artifact(run_id, str(source), None if parent == "." else parent)


def tag(client: MlflowClient, run_id: str, tags: Mapping[str, str]) -> None:
    """Set tags, many in one call."""
    from mlflow.entities import RunTag

    for some in chunks([RunTag(key, value) for key, value in tags.items()], PARAMS_AT_ONCE):
        client.log_batch(run_id, tags=some)


def data_input(data: DataSet) -> Any:
    """A data set as MLflow's `MetaDataset` has it, what is known and no rows, with DVC's md5 for its digest.

    MLflow's own digest of a table looks at the first 10,000 rows only.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    columns = [{"type": "string", "name": column, "required": True} for column in data.columns]
    known = Dataset(
        name=data.name,
        digest=data.digest,
        source_type="local",
        source=json.dumps({"uri": data.path}),
        schema=json.dumps({"mlflow_colspec": columns}),
        profile=json.dumps({"num_rows": data.rows}),
    )
    return DatasetInput(known, [InputTag("mlflow.data.context", data.context)])


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Items in groups of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]

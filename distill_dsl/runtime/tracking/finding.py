"""Finding what tracking has made: the MLflow run of a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient


def run_id_of(client: MlflowClient, cell: str, *, experiment: str | None = None) -> str | None:
    """The current run of a solved cell (`quickstart-etd-tiny-s1`); none where it was never tracked.

    Specs that share a store may have cells of one name: `experiment`, MLflow's, says which is meant;
    without it, the one that was made last.
    """
    names = [experiment] if experiment is not None else None
    found = [one for one in client.search_experiments() if names is None or one.name in names]
    if not found:
        return None
    # One without a digest is not finished.
    wanted = f"tags.`mtd.cell` = '{cell}' and tags.`mtd.current` = 'true' and tags.`mtd.digest` LIKE '%'"
    runs = client.search_runs([one.experiment_id for one in found], filter_string=wanted, max_results=1)
    return str(runs[0].info.run_id) if runs else None

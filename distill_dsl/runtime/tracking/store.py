"""Opening the tracking store: the project's own SQLite file, or a server that the environment names.

MLflow is imported inside the functions here and in `project.py`: it takes seconds, and only the
track stage is to pay for them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from filelock import FileLock

from distill_dsl.contract.files import project_root
from distill_dsl.runtime.tracking.place import is_database, is_local, local_artifacts, lock_file, tracking_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient

DEFAULTS: Final = {
    # A dead server is to be noticed in seconds, not after MLflow's seven retries of up to two minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}

NOISY: Final = ("mlflow", "alembic")

LOCK_SECONDS: Final = 600
"""Longest wait for another track stage: it takes about a second a run."""


class Unusable(Exception):
    """The store is there and cannot be used; says what to do."""


PATIENT: Final = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "120"}
"""A person who waits for a slow server can stop waiting."""


@contextmanager
def opened(*, patient: bool = False) -> Iterator[MlflowClient]:
    """A client of the store, its tables made; `patient`: a slow server is waited for.

    Under a lock: processes that make the tables of a fresh SQLite file at once leave it broken, and
    two that bring the same runs to a server at once would make each of them twice.
    """
    for name, value in (DEFAULTS | (PATIENT if patient else {})).items():
        os.environ.setdefault(name, value)
    lock = lock_file(project_root())
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock, timeout=LOCK_SECONDS):
        yield connected()


def connected() -> MlflowClient:
    """A client that names its store itself, whatever run or store the environment names for others."""
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)
    from mlflow import MlflowClient

    # MLflow's own set-up gives these loggers a level again when it is imported.
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)
    return MlflowClient(tracking_uri(), registry_uri=tracking_uri())


def experiment_id(client: MlflowClient, name: str, tags: dict[str, str]) -> str:
    """The MLflow experiment of that name, made or brought back from deletion where needed."""
    location = f"{local_artifacts(project_root())}/{name}" if is_database() else None
    found = client.get_experiment_by_name(name)
    if found is None:
        return client.create_experiment(name, artifact_location=location, tags=tags)
    if is_local() and found.artifact_location != location:
        raise Unusable(
            f"the store was made when the project lay elsewhere (its files are in {found.artifact_location}); "
            "move mlflow.db and mlartifacts aside, and they are made anew from the files of all runs"
        )
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    for key, value in tags.items():
        if found.tags.get(key) != value:
            client.set_experiment_tag(found.experiment_id, key, value)
    return str(found.experiment_id)

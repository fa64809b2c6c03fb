"""A project with finished files of its own and an empty store of MLflow's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from distill_dsl.runtime.tracking.store import DEFAULTS, opened
from tests.finished import finish


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with its tables and nothing in them: MLflow takes seconds to make one."""
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        with opened() as client:
            client.search_experiments()
    return folder / "mlflow.db"


@pytest.fixture
def finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_store: Path) -> Iterator[Path]:
    """The working directory: files of one student after two mixes, and the store."""
    monkeypatch.chdir(tmp_path)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "DVC_EXP_NAME", "MTD_TRACK_SECONDS", *DEFAULTS):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    before = dict(os.environ)
    finish()
    yield tmp_path
    os.environ.clear()
    os.environ.update(before)

"""Every test here has a folder of its own, and forgets the params that it read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from distill_dsl.contract import params


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    yield tmp_path
    params._read.cache_clear()

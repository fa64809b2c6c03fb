"""One thread, and an empty project in which stages run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from distill_dsl.runtime.students.models import quiet


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread: the same sums on every machine, and no fight over cores between test processes."""
    quiet()
    monkeypatch.setenv("DISTILL_THREADS", "1")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project in which stages run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path

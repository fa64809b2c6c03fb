"""What belongs to one working tree stays out of git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from distill_dsl.compiler.emit.ignore import ignore_local
from distill_dsl.contract.files import LOCAL, STATE
from distill_dsl.runtime.tracking import place


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def ignored(repository: Path, path: str) -> bool:
    return subprocess.run(["git", "check-ignore", "--quiet", path], cwd=repository, check=False).returncode == 0


def test_what_stages_leave_beside_their_outputs_is_ignored(repository: Path) -> None:
    assert ignore_local(repository) == list(LOCAL)
    store = Path(place.local_uri(repository).removeprefix("sqlite:///")).name
    files = Path(place.local_artifacts(repository)).name
    for path in (f"{STATE}/checkpoints/a", store, f"{store}-journal", f"{files}/a"):
        assert ignored(repository, path), path
    assert not ignored(repository, "dvc.yaml")


def test_lines_of_others_stay_and_nothing_is_added_twice(repository: Path) -> None:
    (repository / ".gitignore").write_text("data\n.mtd", encoding="utf-8")
    assert ignore_local(repository) == ["/mlflow.db*", "/mlartifacts/", "/reports/", "/dvc_plots/"]
    assert (repository / ".gitignore").read_text() == "data\n.mtd\n/mlflow.db*\n/mlartifacts/\n/reports/\n/dvc_plots/\n"
    assert ignore_local(repository) == []


def test_nothing_is_written_where_there_is_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ignore_local(Path()) == []
    assert not (tmp_path / ".gitignore").exists()

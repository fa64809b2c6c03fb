"""A finished experiment elsewhere: a clone with an empty cache pulls over S3, runs nothing, and tracks the same."""

from __future__ import annotations

import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.tracking.projection import difference, projection_at
from tests.tracking.servers import address_of, running, s3_server
from tests.walk.walked import Project

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

KEYS: Final = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_DEFAULT_REGION": "us-east-1",
    # No look at a cloud's own address for other ones.
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
}
"""What lets anybody into the server of `bucket`; named here, they go before those of a person's home folder."""


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[str]:
    """The address of a server that speaks S3, with the bucket `experiments`."""
    pytest.importorskip("dvc_s3", reason="needs DVC's S3 (pip install dvc-s3)")
    with running(s3_server(tmp_path / "s3.log")) as server:
        request = urllib.request.Request(f"{address_of(server)}/experiments", method="PUT")
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200
        yield address_of(server)


def store_of(project: Project) -> str:
    """The URI of a project's own store."""
    return f"sqlite:///{project.root / 'mlflow.db'}"


def test_a_clone_pulls_all_runs_nothing_and_tracks_the_same(seen: Project, bucket: str, tmp_path: Path) -> None:
    seen.environment |= KEYS
    seen.run("dvc", "remote", "add", "--default", "far", "s3://experiments/store")
    seen.run("dvc", "remote", "modify", "far", "endpointurl", bucket)
    seen.commit("where the cache is shared")
    seen.run("dvc", "push")
    seen.run("git", "clone", "--quiet", str(seen.root), str(tmp_path / "clone"))
    clone = Project(tmp_path / "clone", None)
    clone.environment |= KEYS
    assert not (clone.root / ".dvc" / "cache").exists()
    assert not (clone.root / "artifacts" / "scores" / "seen-etd-tiny-s1.jsonl").exists()

    clone.run("dvc", "pull")
    assert not clone.ran(clone.run("dvc", "repro"))
    assert clone.run("git", "status", "--porcelain") == ""
    for project in (seen, clone):
        project.run("mtd", "track")
    first, second = projection_at(store_of(seen)), projection_at(store_of(clone))
    assert first
    assert not difference(first, second)


def test_a_lost_cache_is_said_with_what_to_do(seen: Project, tmp_path: Path) -> None:
    seen.run("git", "clone", "--quiet", str(seen.root), str(tmp_path / "clone"))
    clone = Project(tmp_path / "clone", None)
    said = clone.run("mtd", "track", fails=True)
    assert "does not exist" in said or "cannot read" in said
    assert "dvc pull" in said


def test_a_store_made_anew_holds_the_same(seen: Project, tmp_path: Path) -> None:
    seen.run("mtd", "track")
    first = projection_at(store_of(seen))
    [(name, found)] = first.items()
    assert name == "walk.seen"
    assert len(found["runs"]) == 1 + 2 + 4, sorted(found["runs"])
    (seen.root / "mlflow.db").unlink()
    shutil.rmtree(seen.root / "mlartifacts")
    # MLflow keeps the databases that it has opened by their addresses: another one is read afresh.
    (tmp_path / "anew").symlink_to(seen.root)
    anew = Project(tmp_path / "anew", None)
    for _ in range(2):
        seen.run("mtd", "track")
        assert not difference(first, projection_at(store_of(anew)))

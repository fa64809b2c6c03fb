"""A tracking server that is down or slow while `dvc repro` runs: the pipeline goes on, and `mtd track` mends it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import pytest

from tests.tracking.projection import difference, projection_at
from tests.tracking.servers import address_of, free_port, gate, mlflow_server, running
from tests.walk.walked import Project

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

TRACK: Final = ("dvc", "repro", "--force", "--single-item", "track-seen")


def test_a_pipeline_goes_on_without_its_server_and_track_mends_it(seen: Project, tmp_path: Path) -> None:
    seen.run("mtd", "track")
    expected = projection_at(f"sqlite:///{seen.root / 'mlflow.db'}")

    seen.environment["MLFLOW_TRACKING_URI"] = f"http://127.0.0.1:{free_port()}"
    said = seen.run(*TRACK)
    assert seen.ran(said) == {"track-seen"}
    assert "was not brought up to date" in said and "run `mtd track`" in said
    assert "not brought up to date" in seen.run("mtd", "track", fails=True)

    server = mlflow_server(f"sqlite:///{tmp_path / 'far.db'}", tmp_path / "far", tmp_path / "server.log")
    with running(server), gate(address_of(server)) as slow:
        slow.delay = 1.0
        seen.environment |= {"MLFLOW_TRACKING_URI": slow.address, "MTD_TRACK_SECONDS": "25"}
        began = time.monotonic()
        assert "was not brought up to date" in seen.run(*TRACK)
        # DVC and MLflow take their time to start, and more on a machine that does other things.
        assert time.monotonic() - began < 25 + 90
        assert slow.seen
        slow.reset()
        seen.run("mtd", "track")
        assert not difference(expected, projection_at(address_of(server)))

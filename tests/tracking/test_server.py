"""Runs in a real `mlflow server` over HTTP, on PostgreSQL, its artifacts in a folder of their own: also when it dies.

What the project's own store would hold is the measure: whatever goes wrong in between, after the next
tracking the server holds the same, field by field.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.runs import Run
from distill_dsl.runtime.stages import track
from distill_dsl.runtime.tracking.store import DEFAULTS
from tests.finished import EXPERIMENT, finish_runs
from tests.tracking.projection import difference, everything, projection_at
from tests.tracking.servers import Gate, Program, address_of, gate, mlflow_server, postgres, running

Projection = dict[str, Any]

# MLflow warns of its own and its dependencies' coming changes, which are no news about us.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

RUNS: Final = [Run("cotd", "small", 1), Run("cotd", "small", 2), Run("etd", "small", 1)]
"""So that there are an experiment, a group and runs."""


@dataclass
class Far:
    """A tracking server elsewhere."""

    program: Program
    gate: Gate
    database: str
    artifacts: Path

    @property
    def address(self) -> str:
        """Past the gate."""
        return address_of(self.program)

    def holds(self) -> Projection:
        """All of it. Points of metrics are read from the database: a request for each takes ten times as long."""
        from mlflow import MlflowClient

        client, below = MlflowClient(self.address), MlflowClient(self.database, registry_uri=self.database)
        client.get_metric_history = below.get_metric_history  # type: ignore[method-assign]
        return everything(client)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Far]:
    """One server for all tests here: it takes ten seconds to start."""
    folder = tmp_path_factory.mktemp("far")
    artifacts = folder / "artifacts"
    with (
        postgres(folder / "postgres") as database,
        running(mlflow_server(database, artifacts, folder / "server.log")) as program,
        gate(address_of(program)) as before,
    ):
        yield Far(program, before, database, artifacts)


@pytest.fixture
def far(served: Far, project: Path, monkeypatch: pytest.MonkeyPatch) -> Far:
    """The server with nothing in it, named by the environment."""
    emptied(served.database)
    served.gate.reset()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", served.gate.address)
    return served


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A finished experiment of two mixes and two seeds in the working directory, tracked nowhere."""
    monkeypatch.chdir(tmp_path)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "DVC_EXP_NAME", *DEFAULTS):
        monkeypatch.delenv(name, raising=False)
    finish_runs(RUNS)
    before = dict(os.environ)
    yield tmp_path
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Projection:
    """What the project's own store holds."""
    folder = tmp_path_factory.mktemp("near")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "DVC_EXP_NAME"):
            patch.delenv(name, raising=False)
        finish_runs(RUNS)
        track_all()
        return projection_at(f"sqlite:///{folder / 'mlflow.db'}")


def emptied(database: str) -> None:
    """As after a lost disk: the tables are there and nothing is in them."""
    import psycopg2

    with psycopg2.connect(database.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [name for (name,) in cursor.fetchall() if name not in ("alembic_version", "workspaces")]
        cursor.execute(f"TRUNCATE {', '.join(names)} CASCADE")
    connection.close()


def track_all() -> None:
    """As the track stage does it."""
    track.run(experiment=EXPERIMENT, runs=[str(run) for run in RUNS])


def requests_of(far: Far) -> int:
    """How many requests it takes to track everything, on a server that already has it or not."""
    far.gate.reset()
    track_all()
    return len(far.gate.seen)


def test_the_server_has_what_the_projects_own_store_would(far: Far, project: Path, expected: Projection) -> None:
    track_all()
    assert not difference(expected, projection_at(far.address))
    assert not (project / "mlflow.db").exists()
    assert not (project / "mlartifacts").exists()
    assert [path for path in far.artifacts.rglob("*") if path.name == "table.md"]


def test_twice_doubles_nothing(far: Far, expected: Projection) -> None:
    first = requests_of(far)
    assert requests_of(far) < first
    assert not difference(expected, far.holds())


def test_a_lost_database_is_filled_anew(far: Far, expected: Projection) -> None:
    track_all()
    emptied(far.database)
    assert difference(expected, far.holds())
    track_all()
    assert not difference(expected, far.holds())


# --- trouble --------------------------------------------------------------------------------------


SHARES: Final = (0.0, 0.35, 0.7, 1.0)
"""Of all requests of a tracking: where something goes wrong."""


@pytest.fixture(scope="module")
def total(served: Far, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many requests it takes to track everything on an empty server."""
    emptied(served.database)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("counted"))
        patch.setenv("MLFLOW_TRACKING_URI", served.gate.address)
        finish_runs(RUNS)
        return requests_of(served)


@pytest.mark.parametrize("share", SHARES)
def test_a_line_that_goes_dead_in_the_middle(
    total: int, far: Far, expected: Projection, share: float, capfd: pytest.CaptureFixture[str]
) -> None:
    far.gate.cut_from = max(1, round(total * share))
    started = time.monotonic()
    track_all()
    assert time.monotonic() - started < 60
    assert capfd.readouterr().err.startswith("warning: MLflow at ")
    far.gate.reset()
    track_all()
    assert not difference(expected, far.holds())


@pytest.mark.parametrize("share", SHARES)
def test_a_lost_answer_doubles_nothing(total: int, far: Far, expected: Projection, share: float) -> None:
    """The server did what it was asked, and nobody knows: it may be asked again."""
    far.gate.lost = frozenset({max(1, round(total * share))})
    track_all()
    far.gate.reset()
    track_all()
    assert not difference(expected, far.holds())


@pytest.mark.parametrize("share", [0.5])
def test_a_server_that_is_killed_in_the_middle(
    total: int, far: Far, expected: Projection, share: float, capfd: pytest.CaptureFixture[str]
) -> None:
    far.gate.at = {round(total * share): far.program.kill}
    try:
        track_all()
    finally:
        far.program.start()
    assert capfd.readouterr().err.startswith("warning: MLflow at ")
    far.gate.reset()
    track_all()
    assert not difference(expected, far.holds())


def tracking(folder: Path) -> subprocess.Popen[bytes]:
    """`mtd track`, begun."""
    command = Path(sys.executable).with_name("mtd")
    return subprocess.Popen(
        [command, "track"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )


@pytest.mark.parametrize("share", [0.6])
def test_a_tracking_that_is_killed_in_the_middle(
    total: int, far: Far, project: Path, expected: Projection, share: float
) -> None:
    with tracking(project) as process:
        try:
            wait_for(lambda: len(far.gate.seen) >= total * share or process.poll() is not None)
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL
    assert difference(expected, far.holds())
    track_all()
    assert not difference(expected, far.holds())


def test_two_machines_at_once_are_one_after_the_next_tracking(far: Far, project: Path, expected: Projection) -> None:
    other = project.with_name("other")
    shutil.copytree(project, other)
    both = [tracking(project), tracking(other)]
    said = [process.communicate(timeout=300)[0].decode() for process in both]
    assert not [text for text in said if "Traceback" in text]
    track_all()
    assert not difference(expected, far.holds())


def test_a_server_that_never_answers_is_given_up(far: Far, capfd: pytest.CaptureFixture[str]) -> None:
    far.gate.silent = True
    started = time.monotonic()
    track_all()
    assert time.monotonic() - started < 60
    out, err = capfd.readouterr()
    assert err.startswith(f"warning: MLflow at {far.gate.address} was not brought up to date: ")
    assert "mtd track" in err and "Traceback" not in out + err
    with pytest.raises(Failure, match="not brought up to date"):
        track.again()


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Until it holds; a test fails where it never does."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it took too long"
        time.sleep(0.02)


def test_other_results_are_in_their_place(far: Far) -> None:
    track_all()
    path = files.scores_file("table-etd-small-s1")
    document = files.read_json(path)
    document["toy-test"]["cot"]["accuracy"] = 0.99
    files.write_json(path, document)
    track_all()
    first = far.holds()
    emptied(far.database)
    track_all()
    assert not difference(first, far.holds())

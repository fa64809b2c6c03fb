"""Where runs go, by surroundings."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill_dsl.runtime.tracking import place


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def test_the_projects_own_store_is_absolute(project: Path) -> None:
    assert place.tracking_uri() == f"sqlite:///{project}/mlflow.db"
    assert place.ui_command() == f"mlflow ui --backend-store-uri sqlite:///{project}/mlflow.db"


def test_an_empty_variable_names_no_server(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    assert place.tracking_uri() == f"sqlite:///{project}/mlflow.db"


def test_the_environment_takes_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracker:5000")
    assert place.tracking_uri() == "http://tracker:5000"
    assert place.ui_command() == "open http://tracker:5000"
    assert not place.is_local()


def test_a_relative_database_lies_in_the_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///runs/ours.db")
    assert place.tracking_uri() == f"sqlite:///{project}/runs/ours.db"
    assert place.is_database()
    for uri in ("sqlite:////srv/ours.db", "sqlite:///:memory:", "postgresql://db/x"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        assert place.tracking_uri() == uri


@pytest.mark.parametrize("copy", ["standalone/tmp1a2b", "tmp1a2b"])
def test_a_copy_that_dvc_works_in_tracks_into_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch, copy: str
) -> None:
    """`dvc exp run --temp` and `--queue` delete their copy afterwards."""
    folder = project / ".dvc" / "tmp" / "exps" / copy
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    assert place.tracking_uri() == f"sqlite:///{project}/mlflow.db"


def test_a_folder_with_a_space_makes_a_good_uri_and_a_good_command(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.local_artifacts(Path("/my project")) == "file:///my%20project/mlartifacts"
    spaced = project / "my project"
    spaced.mkdir()
    monkeypatch.chdir(spaced)
    assert place.ui_command() == f"mlflow ui --backend-store-uri 'sqlite:///{spaced}/mlflow.db'"


@pytest.mark.parametrize(
    "address", ["https://anna:hunter2hunter2@tracker:5000", "postgresql://anna:hunter2hunter2@db/x"]
)
def test_a_password_in_the_address_is_not_shown(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    assert place.tracking_uri() == address
    assert place.ui_command() == f"open {address.replace('anna:hunter2hunter2', '***')}"


@pytest.mark.parametrize("variable", place.SECRETS)
def test_what_lets_mlflow_in_is_taken_out_of_messages(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "s3cr3t-t0ken-0f-anna")
    assert place.shown("401: s3cr3t-t0ken-0f-anna is not welcome") == "401: *** is not welcome"

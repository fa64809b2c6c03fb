"""Whatever happened to a store, the files make it again: the same runs, field by field, and none of them twice."""

from __future__ import annotations

import functools
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from ruamel.yaml import YAML

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.stages import track
from distill_dsl.runtime.tracking import project
from distill_dsl.runtime.tracking.patience import TooSlow, within
from tests.finished import finish, finish_runs, runs_of, study_of
from tests.tracking.projection import difference, everything, projection_at
from tests.tracking.tracked import NAME, all_tracked, client, track_all
from tests.walk.walked import Project

# MLflow warns of its own and its dependencies' coming changes, which are no news about us.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

CALLS = ("create_run", "log_batch", "log_inputs", "log_artifact", "set_tag", "set_terminated", "delete_run")
"""All by which tracking changes a store that has the experiment."""


@pytest.fixture
def emptied(finished: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Leaves the store behind: the files go on in a folder of their own.

    MLflow keeps a database open as long as its process lives, so that it cannot be deleted under it.
    """

    def empty() -> None:
        folder = finished.parent / f"{finished.name}-again"
        shutil.copytree(finished, folder, ignore=shutil.ignore_patterns("mlflow.db*", "mlartifacts", ".mtd"))
        shutil.copy(empty_store, folder / "mlflow.db")
        monkeypatch.chdir(folder)

    return empty


def test_a_lost_store_is_made_again(emptied: Callable[[], None]) -> None:
    runs = finish((1, 2))
    track_all(runs)
    first = everything(client())
    assert len(first[NAME]["runs"]) == 1 + 2 + 4
    emptied()
    track_all(runs)
    assert difference(first, everything(client())) == []


def test_a_lost_store_is_made_again_with_what_is_varied(emptied: Callable[[], None]) -> None:
    runs = finish_runs(study_of((1, 2, 4)))
    track_all(runs)
    first = everything(client())
    emptied()
    track_all(runs)
    assert difference(first, everything(client())) == []


def test_tracking_again_changes_nothing_at_all(finished: Path) -> None:
    runs = finish((1, 2))
    track_all(runs)
    first = everything(client(), current=False), ids()
    with counted() as calls:
        track_all(runs)
    assert calls == []
    assert difference(first[0], everything(client(), current=False)) == []
    assert ids() == first[1]


def test_what_other_files_left_behind_bears_on_nothing_current(emptied: Callable[[], None]) -> None:
    track_all(finish((1, 2, 3)))
    path = files.scores_file("table-etd-small-s1")
    files.write_json(path, files.read_json(path) | {"far-test": files.read_json(path)["toy-test"]})
    track_all(runs_of((1, 2)))
    used = everything(client())
    emptied()
    track_all(runs_of((1, 2)))
    assert difference(used, everything(client())) == []


@pytest.mark.parametrize("call", ["create_run", "log_batch", "set_terminated", "delete_run"])
def test_an_interruption_anywhere_is_mended(finished: Path, call: str) -> None:
    """At the first and at the last call of each kind that a changed result brings about."""
    track_all()
    first = everything(client())
    change_a_result(0.8)
    with counted() as calls:
        track_all()
    second = everything(client())
    assert difference(first, second) != []
    for share, place, wanted in ((0.9, 0, first), (0.8, calls.count(call) - 1, second)):
        change_a_result(share)
        with interrupted(call, place), pytest.raises(KeyboardInterrupt):
            track_all()
        track_all()
        # All, not only what is current: nothing of what was begun is left over.
        assert difference(wanted, everything(client(), current=False)) == [], f"{call} {place}"


def change_a_result(share: float) -> None:
    """Other scores for one run; it begins with 0.9."""
    path = files.scores_file("table-etd-small-s1")
    document = files.read_json(path)
    document["toy-test"]["cot"]["answered"] = share
    files.write_json(path, document)


def test_twins_of_a_run_become_one(finished: Path) -> None:
    """Two machines that track the same files to one server at the same time make each run twice."""
    track_all()
    wanted = everything(client())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(project, "ours", lambda client, experiment: [])
        track_all()
    assert len(all_tracked()) == 6
    track_all()
    assert difference(wanted, everything(client(), current=False)) == []


@contextmanager
def counted() -> Iterator[list[str]]:
    """The calls that change the store, as they are made."""
    calls: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(MlflowClient, name, noted(getattr(MlflowClient, name), calls))
        yield calls


def noted(method: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*arguments: Any, **named: Any) -> Any:
        calls.append(method.__name__)
        return method(*arguments, **named)

    return call


@contextmanager
def interrupted(name: str, place: int) -> Iterator[None]:
    """Ctrl-C in the middle of the n-th call of that name."""
    method, calls = getattr(MlflowClient, name), []

    def call(*arguments: Any, **named: Any) -> Any:
        calls.append(name)
        if len(calls) > place:
            raise KeyboardInterrupt
        return method(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MlflowClient, name, call)
        yield


def ids() -> set[str]:
    return {run.info.run_id for run in all_tracked()}


# --- patience -----------------------------------------------------------------------------------


def test_a_store_that_hangs_holds_a_pipeline_up_no_longer_than_it_is_told(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MTD_TRACK_SECONDS", "0.3")
    monkeypatch.setattr(track, "send", lambda name, tree, patient: time.sleep(30))
    started = time.monotonic()
    track_all()
    assert time.monotonic() - started < 10
    assert "it did not keep up: given up after 0 seconds" in capsys.readouterr().err


def test_a_wrong_patience_is_a_failure(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTD_TRACK_SECONDS", "a while")
    with pytest.raises(Failure, match="MTD_TRACK_SECONDS is no number of seconds: a while"):
        track_all()


def test_a_pipeline_is_patient_with_many_runs() -> None:
    assert track.patience(1) < track.patience(24) < 600


def test_what_work_raises_reaches_who_waits_for_it() -> None:
    def fails() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        within(5, fails)
    with pytest.raises(KeyboardInterrupt):
        within(None, fails)
    with pytest.raises(TooSlow):
        within(0.01, lambda: time.sleep(1))
    assert within(5, lambda: None) is None


# --- a project that was truly run -----------------------------------------------------------------


def test_a_finished_project_is_tracked_from_its_files_with_dvcs_hashes(seen: Project) -> None:
    assert "4 runs in 2 groups, 4 of them new" in seen.run("mtd", "track")
    first = held(seen, "first")
    for path in (*seen.root.glob("mlflow.db*"), seen.root / "mlartifacts"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    seen.run("mtd", "track")
    assert difference(first, held(seen, "again")) == []
    assert "4 runs in 2 groups, 0 of them new" in seen.run("mtd", "track")
    assert difference(first, held(seen, "twice")) == []
    runs = first["walk.seen"]["runs"]
    run = runs["seen/tiny · etd · 2 seeds/tiny · etd · seed 2"]
    lock = YAML(typ="safe").load((seen.root / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    hashes = {out["path"]: out["md5"] for stage in lock.values() for out in stage.get("outs", ())}
    tags = {name.removeprefix("mtd.dvc."): value for name, value in run["tags"].items() if name.startswith("mtd.dvc.")}
    assert len(tags) > 15
    assert tags.pop("specs/walk.mtd") == md5((seen.root / "specs" / "walk.mtd").read_bytes()).hexdigest()
    tags = {f"artifacts/{path}": value for path, value in tags.items()}
    assert tags == {path: hashes[path] for path in tags}
    assert {"artifacts/mixes/etd/train.jsonl", "artifacts/models/etd-tiny-s2"} <= set(tags)
    assert not [path for path in tags if "s1" in path or "cotd" in path]
    assert run["tags"]["mlflow.source.git.commit"] == seen.run("git", "rev-parse", "HEAD").strip()
    assert run["tags"]["mlflow.source.git.dirty"] == "false"
    assert any(hashes["artifacts/mixes/etd/train.jsonl"] in data for data in run["datasets"])
    assert len(run["metrics"]["curve/dev_accuracy"]) == 3
    assert len(run["metrics"]["system/cpu_utilization_percentage"]) >= 2
    root = runs["seen"]
    assert {"spec/walk.mtd", "prompts/text.jinja2", "pipeline/plan.txt", "report/table.md"} <= set(root["artifacts"])
    assert root["start"] == min(one["start"] for one in runs.values())


def held(project: Project, name: str) -> dict[str, Any]:
    """All of a project's store. It is read from a copy: MLflow keeps a database open as long as its process lives."""
    copy = project.root.parent / f"{name}.db"
    shutil.copy(project.root / "mlflow.db", copy)
    return projection_at(f"sqlite:///{copy}")

"""Which version has the results of a run that is named by MLflow's id."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.comparing import tracked
from distill_dsl.runtime.comparing.naming import Side
from distill_dsl.runtime.comparing.tracked import Found, read, resolved
from distill_dsl.runtime.tracking.provenance import hash_key
from tests.comparing.versions import begun, commit, git
from tests.finished import EXPERIMENT, runs_of

ID = "0" * 31 + "1"
CELL = "table-etd-small-s1"


def locked(text: str) -> str:
    """A version whose dvc.lock has a file of that content; its md5."""
    md5 = hashlib.md5(text.encode()).hexdigest()
    Path("dvc.lock").write_text(f"schema: '2.0'\nstages:\n  score:\n    outs:\n    - path: x\n      md5: {md5}\n")
    return md5


def side(monkeypatch: pytest.MonkeyPatch, *hashes: str, made: tuple[str, ...] = ()) -> Side:
    monkeypatch.setattr(tracked, "looked_up", lambda run_id: Found(CELL, hashes, made))
    return resolved(Side(ID, mlflow=ID))


def test_the_working_tree_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    begun((1,))
    md5 = locked("now")
    found = side(monkeypatch, md5, made=(git("rev-parse", "v1"),))
    assert (found.commit, found.revision, found.run, found.mlflow) == (None, None, CELL, ID)


def test_the_commit_that_mlflow_names_is_meant_where_it_has_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    begun((1,))
    md5 = locked("then")
    then = commit("v2")
    locked("now")
    found = side(monkeypatch, md5, made=(then,))
    assert (found.commit, found.revision) == (then, then[:7])


def test_results_that_were_committed_later_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is tracked before its results are committed: MLflow names the commit before."""
    begun((1,))
    md5 = locked("then")
    then = commit("v2")
    locked("now")
    commit("v3")
    assert side(monkeypatch, md5, made=(git("rev-parse", "v1"),)).commit == then


def test_results_of_an_experiment_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    begun((1,))
    head = git("rev-parse", "HEAD")
    md5 = locked("trial")
    trial = commit("trial")
    git("tag", "--delete", "trial")
    git("update-ref", f"refs/exps/{head[:2]}/{head[2:]}/plush-yaws", trial)
    git("reset", "--quiet", "--hard", "v1")
    found = side(monkeypatch, md5, made=("plush-yaws", head))
    assert (found.commit, found.revision) == (trial, "plush-yaws")
    assert side(monkeypatch, md5).commit == trial


def test_a_version_that_has_only_some_of_the_seeds_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    begun((1,))
    md5 = locked("one")
    with pytest.raises(Failure, match="no revision here has the results of MLflow's run"):
        side(monkeypatch, md5, "0" * 32)
    with pytest.raises(Failure, match="no revision here"):
        side(monkeypatch)


def tracked_run(kind: str, **tags: str) -> Any:
    named = {key.replace("_", "."): value for key, value in tags.items()}
    return SimpleNamespace(
        info=SimpleNamespace(run_id=ID, experiment_id="1"), data=SimpleNamespace(tags={"mtd.kind": kind} | named)
    )


def test_a_group_is_found_by_the_scores_of_its_seeds() -> None:
    cells = [run.solved(EXPERIMENT) for run in runs_of((1, 2)) if run.mix == "etd"]
    seeds = [tracked_run("run", mtd_cell=cell) for cell in cells]
    for place, one in enumerate(seeds):
        one.data.tags[hash_key(files.scored_file(cells[place]).as_posix())] = f"md5-{place}"
    client = cast(Any, SimpleNamespace(search_runs=lambda experiments, below: seeds))
    found = read(client, tracked_run("group", mtd_group="table-etd-small"))
    assert found == Found("table-etd-small", ("md5-0", "md5-1"), ())
    assert read(client, seeds[0]).name == cells[0] and read(client, seeds[0]).hashes == ("md5-0",)


def test_an_experiment_is_all_that_is_below_it() -> None:
    seed = tracked_run("run", mtd_cell=CELL)
    seed.data.tags[hash_key(files.scored_file(CELL).as_posix())] = "md5"
    levels = iter([[tracked_run("group", mtd_group="table-etd-small")], [seed]])
    client = cast(Any, SimpleNamespace(search_runs=lambda experiments, below: next(levels)))
    assert read(client, tracked_run("experiment")) == Found(None, ("md5",), ())


def test_a_run_of_somebody_else_is_told() -> None:
    client = cast(Any, SimpleNamespace(search_runs=lambda experiments, below: []))
    with pytest.raises(Failure, match="is none of `mtd track`'s"):
        read(client, tracked_run("experiment"))

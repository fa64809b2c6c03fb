"""What a user of DVC sees of a finished project: tables, plots, experiments, and what an editor reads of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.walk.once import copied
from tests.walk.walked import Project

SUMMARY = "artifacts/report/seen/metrics.json"
OTHER = "pot > eot > cot"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished project with one more experiment: another headline, which asks no student anything."""
    project = copied(tmp_path_factory, tmp_path_factory.mktemp("views") / "seen")
    project.run("git", "config", "user.name", "Walk")
    project.run("git", "config", "user.email", "walk@example.org")
    ran = project.run("dvc", "exp", "run", "--name", "other", "-S", "experiment.seen.headline=cascade-pot-eot-cot")
    assert {stage.partition("-")[0] for stage in project.ran(ran)} == {"score", "report", "track"}
    return project


def told(project: Project, *command: str) -> Any:
    """The JSON that a command prints; what it says beside that goes to standard error."""
    text = project.run(*command)
    start = min(place for place in (text.find("{"), text.find("[")) if place >= 0)
    return json.JSONDecoder().raw_decode(text[start:])[0]


def errors_in(value: Any, at: str = "") -> list[str]:
    """Where an answer of DVC says that something went wrong."""
    match value:
        case dict():
            own = [f"{at}: {value[key]}" for key in ("error", "errors") if value.get(key)]
            return own + [found for key, inner in value.items() for found in errors_in(inner, f"{at}/{key}")]
        case list():
            return [found for place, inner in enumerate(value) for found in errors_in(inner, f"{at}/{place}")]
        case _:
            return []


def flat(value: Any, prefix: str = "") -> list[str]:
    """The names that DVC gives the columns."""
    if not isinstance(value, dict):
        return [prefix]
    return [one for name, inner in value.items() for one in flat(inner, f"{prefix}.{name}".strip("."))]


def metrics(project: Project, *paths: str) -> dict[str, Any]:
    """File -> what `dvc metrics show` finds in it."""
    [shown] = told(project, "dvc", "metrics", "show", "--json", *paths).values()
    found: dict[str, Any] = shown["data"]
    return found


def test_metrics_are_one_row_that_fits_a_screen(project: Project) -> None:
    shown = project.run("dvc", "metrics", "show")
    assert max(map(len, shown.splitlines())) <= 160
    [(path, row)] = metrics(project).items()
    assert path == SUMMARY
    yields = [f"yield.solver.{name}" for name in ("cot", "pot", "eot")]
    assert flat(row["data"]) == ["accuracy.tiny.cotd", "accuracy.tiny.etd", *yields]


def test_any_other_count_is_shown_when_it_is_named(project: Project) -> None:
    paths = [path.relative_to(project.root).as_posix() for path in project.root.glob("artifacts/thoughts/*.json")]
    shown = metrics(project, *paths)
    assert set(shown) == set(paths) and len(paths) == 3
    assert all(row["data"]["asked"] == 400 for row in shown.values())


def test_metrics_and_params_of_two_revisions_are_compared(project: Project) -> None:
    [(path, changes)] = told(project, "dvc", "metrics", "diff", "--json", "HEAD", "other").items()
    assert path == SUMMARY
    assert list(changes) == ["accuracy.tiny.etd"]
    values = told(project, "dvc", "params", "diff", "--json", "HEAD", "other")["params.yaml"]
    assert values == {
        "experiment.seen.headline": {"old": "vote-pot-eot-cot-by_confidence", "new": "cascade-pot-eot-cot"}
    }


def test_experiments_have_the_headline_and_what_was_changed_as_columns(project: Project) -> None:
    states = told(project, "dvc", "exp", "show", "--json")
    assert errors_in(states) == []
    [other] = [one for one in states[1]["experiments"] if one["name"] == "other"]
    assert list(other["revs"][0]["data"]["metrics"]) == [SUMMARY]
    table = project.run("dvc", "exp", "show", "--csv", "--only-changed", "--drop", "^(artifacts|specs)/")
    head = next(line for line in table.splitlines() if line.startswith("Experiment")).split(",")
    fixed = {"Experiment", "rev", "typ", "Created", "parent", "State", "Executor"}
    assert [name for name in head if name not in fixed] == ["accuracy.tiny.etd", "experiment.seen.headline"]


def test_plots_show_draws_everything_that_has_rows(project: Project) -> None:
    shown = told(project, "dvc", "plots", "show", "--json")
    assert errors_in(shown) == []
    rows = {name: one[0]["content"]["data"]["values"] for name, one in shown["data"].items() if one and drawn(one)}
    curves = ["training loss", "dev loss", "learning rate", "seen dev accuracy"]
    assert [*curves, "seen accuracy", "seen calibration", "seen risk and coverage"] == list(rows)
    runs = {f"{mix}-tiny-s{seed}" for mix in ("cotd", "etd") for seed in (1, 2)}
    assert {Path(row["filename"]).stem for row in rows["training loss"]} == runs
    assert {row["answer_by"] for row in rows["seen accuracy"]} >= {"cot", OTHER, "oracle(pot, eot, cot)"}
    assert "<DVC_METRIC" not in json.dumps(shown)


def drawn(plots: list[Any]) -> bool:
    return bool(plots[0]["type"] == "vega")


def test_plots_diff_lays_revisions_over_each_other(project: Project) -> None:
    shown = told(project, "dvc", "plots", "diff", "--json", "HEAD", "other")
    assert errors_in(shown) == []
    for name, plots in shown["data"].items():
        if plots and drawn(plots):
            assert {row["rev"] for row in plots[0]["content"]["data"]["values"]} == {"HEAD", "other"}, name
    assert [one["revisions"] for one in shown["data"]["artifacts/report/seen/formats.png"]] == [["HEAD"], ["other"]]


def test_plots_are_a_page_from_any_folder_of_the_project(project: Project) -> None:
    project.run("dvc", "plots", "show", "--out", "page")
    assert "seen calibration" in (project.root / "page" / "index.html").read_text(encoding="utf-8")
    project.run("sh", "-c", "cd specs && dvc plots show --json > /dev/null")


def test_an_editor_reads_what_it_asks_for(project: Project) -> None:
    # The commands that the DVC extension of VS Code runs for its tables, plots and file decorations.
    command = ["dvc", "plots", "diff", "workspace", "HEAD", "other", "-o", ".dvc/tmp/plots", "--split", "--json"]
    plots = told(project, *command)
    assert errors_in(plots) == []
    for name, found in plots["data"].items():
        for one in found:
            if one["type"] == "vega":
                assert "<DVC_METRIC_DATA>" in one["anchor_definitions"], name
            else:
                assert Path(one["url"]).read_bytes().startswith(b"\x89PNG"), name
    states = told(project, "dvc", "data", "status", "--granular", "--unchanged", "--json")
    assert not {"uncommitted", "not_in_cache", "not_in_remote"} & set(states)
    assert "artifacts/models/etd-tiny-s1/model.safetensors" in states["unchanged"]
    assert project.run("dvc", "exp", "list", "--names-only").split() == ["other"]
    assert "No experiment tasks in the queue" in project.run("dvc", "queue", "status")


def test_queued_experiments_wait_and_can_be_taken_out(project: Project) -> None:
    queued = project.run("dvc", "exp", "run", "--queue", "--name", "grid", "-S", "student.tiny.steps=100,200")
    assert "grid-1" in queued and "grid-2" in queued
    [_, head] = told(project, "dvc", "exp", "show", "--json")
    states = {one["name"]: one["executor"]["state"] for one in head["experiments"] if one["executor"]}
    assert states == {"grid-1": "queued", "grid-2": "queued"}
    project.run("dvc", "queue", "remove", "--queued")
    assert "No experiment tasks in the queue" in project.run("dvc", "queue", "status")


def test_git_is_left_with_nothing_that_dvc_keeps(project: Project) -> None:
    held = project.run("git", "ls-files", "artifacts").split()
    assert SUMMARY in held
    assert not [path for path in held if path.endswith((".jsonl", ".safetensors"))]
    assert not [path for path in held if path.startswith("artifacts/scores/") and not path.endswith(".gitignore")]

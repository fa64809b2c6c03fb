"""A project that `mtd init` began, truly run from an empty folder to an answer."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.walk.walked import Project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    begun = Project(tmp_path_factory.mktemp("begun"), None)
    begun.run("mtd", "init")
    begun.run("dvc", "repro")
    return begun


def test_its_students_learn_and_three_formats_beat_one(project: Project) -> None:
    with (project.root / "artifacts/report/first/table.csv").open(newline="") as stream:
        reached = {(row["mix"], row["strategy"]): float(row["accuracy"]) for row in csv.DictReader(stream)}
    cascade = reached["etd", "cascade-pot-eot-cot"]
    assert cascade > 0.5 > reached["cotd", "cot"]
    assert reached["etd", "oracle-pot-eot-cot"] >= cascade


def test_nothing_runs_twice_and_everything_can_be_committed(project: Project) -> None:
    assert not project.ran(project.run("dvc", "repro"))
    project.commit("begun")
    assert project.run("git", "status", "--porcelain") == ""
    kept = [path for path in project.run("git", "ls-files").splitlines() if not path.endswith(".gitignore")]
    assert not [path for path in kept if path.startswith(("mlflow", "mlartifacts", ".mtd", "artifacts/models"))]


def test_its_student_answers(project: Project) -> None:
    told = project.run("mtd", "solve", "Ann has 4 pens and buys 3 more. How many pens does she have?")
    assert "first-etd-tiny-s1, the best of first" in told


def test_what_it_says_comes_next_is_there(project: Project) -> None:
    project.run("mtd", "report")
    assert "<table" in (project.root / "reports/first/index.html").read_text(encoding="utf-8")
    assert Path("README.md") in {path.relative_to(project.root) for path in project.root.iterdir()}

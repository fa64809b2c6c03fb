"""The outlook held against what `dvc repro` then does, and the difference against git's history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from stand_in import StandIn

SPEC = """\
mtd 1
param patience: time = 5s

data problems { source = synthetic("arithmetic", train: 60, test: 12, largest: 20) }
teacher solver { model = solution() }
thought cot { answer = text }
thought pot { answer = python   timeout = patience }
import "mixes.mtd"
student tiny { base = scratch("t5", width: 16)   steps = 4 }
experiment walk { students = [tiny]   mixes = [both]   tests = [problems.test]   answers = [cot, pot] }
"""

MIXES = "mix both { problems = problems.train   teacher = solver   thoughts = cot + pot }\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> StandIn:
    """A project whose pipeline ran once and is committed."""
    made = StandIn(tmp_path_factory.mktemp("walk"), SPEC)
    (made.spec.parent / "mixes.mtd").write_text(MIXES, encoding="utf-8")
    first = plan(made, "specs/walk.mtd")
    assert {one["state"] for one in first["stages"]} == {"runs"} and not first["compiled"]
    made.compile()
    ran, cached = made.repro()
    assert (ran, cached) == (names(first, "runs"), set())
    made.run("git", "add", ".")
    made.run("git", "commit", "--quiet", "--message", "one")
    return made


def plan(project: StandIn, *arguments: str, code: int = 0) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(project.mtd("plan", *arguments, "--json", code=code))
    return said


def names(said: dict[str, Any], state: str) -> set[str]:
    return {one["name"] for one in said["stages"] if one["state"] == state}


def reasons(said: dict[str, Any], stage: str) -> list[str]:
    return [reason["text"] for one in said["stages"] if one["name"] == stage for reason in one["reasons"]]


def test_what_ran_is_up_to_date(project: StandIn) -> None:
    assert "12 stages: all up to date." in project.mtd("plan", "--exit-code")


def test_a_comment_lets_only_the_spec_be_checked(project: StandIn) -> None:
    project.edit("mtd 1\n", "mtd 1\n# a comment\n")
    assert names(plan(project, "--exit-code"), "runs") == {"spec"}
    assert "Both say the same." in project.mtd("diff", "HEAD")
    project.edit("mtd 1\n# a comment\n", "mtd 1\n")


def test_the_outlook_is_what_comes_of_it(project: StandIn) -> None:
    project.edit("steps = 4", "steps = 5")
    project.edit("time = 5s", "time = 10s")
    (project.root / "artifacts/completions/solver-problems-train-cot.jsonl").unlink()
    before = plan(project)
    assert reasons(before, "train-both-tiny-s1") == ["student tiny: steps 4 -> 5"]
    assert reasons(before, "verify-solver-problems-train-pot") == ["param patience: 5s -> 10s"]
    assert reasons(before, "ask-solver-problems-train-cot") == ["its output is missing"]
    assert names(before, "restored") == {"ask-solver-problems-train-cot"}
    project.compile()
    # Now params.yaml is new, and nothing ran: dvc.lock still says what did.
    compiled = plan(project, "--exit-code", code=3)
    assert [before["stages"], compiled["compiled"]] == [compiled["stages"], True]
    assert project.repro() == (names(before, "runs"), names(before, "restored"))

    project.edit("steps = 5", "steps = 4")
    project.edit("time = 10s", "time = 5s")
    back = plan(project)
    assert names(back, "restored") >= {
        "verify-solver-problems-train-pot",
        "train-both-tiny-s1",
        "score-walk-both-tiny-s1",
    }
    project.compile()
    assert project.repro() == (names(back, "runs"), names(back, "restored"))


def test_a_later_version_is_compared_with_an_earlier_one(project: StandIn) -> None:
    mixes = project.spec.parent / "mixes.mtd"
    mixes.write_text(MIXES.replace("cot + pot", "cot + 2*pot"), encoding="utf-8")
    said = project.mtd("diff", "HEAD")
    assert "mix both: weight of pot 1 -> 2 (specs/mixes.mtd:1)" in said
    assert "re-runs 6 stages: mix-both, train-both-tiny-s1, solve-walk-both-tiny-s1 and 3 more" in said
    project.run("git", "commit", "--quiet", "--all", "--message", "two")
    assert "Both say the same." in project.mtd("diff", "HEAD", "specs/walk.mtd")
    assert "weight of pot 1 -> 2" in project.mtd("diff", "HEAD~1", "HEAD")
    back = json.loads(project.mtd("diff", "HEAD", "specs/walk.mtd", "HEAD~1", "--json"))
    assert [change["text"] for change in back["changes"]] == ["mix both: weight of pot 2 -> 1"]
    mixes.write_text(MIXES, encoding="utf-8")


def test_what_git_does_not_have_is_a_diagnostic(project: StandIn, tmp_path: Path) -> None:
    assert "error[MTD065]: git knows no revision `gone`" in project.mtd("diff", "gone", code=1)
    assert "error[MTD065]: there is no specs/other.mtd at HEAD" in project.mtd(
        "diff", "HEAD", "specs/other.mtd", code=1
    )
    (tmp_path / "specs").mkdir()
    lonely = StandIn.__new__(StandIn)
    lonely.root = tmp_path
    assert "error[MTD065]: this folder is in no git repository" in lonely.mtd("diff", "HEAD", "specs/x.mtd", code=1)
    assert "no spec is named" in lonely.mtd("plan", code=1)


def test_mistakes_of_an_earlier_version_are_shown_in_its_text(project: StandIn) -> None:
    mixes = project.spec.parent / "mixes.mtd"
    mixes.write_text(MIXES.replace("cot + pot", "cot + poot"), encoding="utf-8")
    project.run("git", "commit", "--quiet", "--all", "--message", "broken")
    mixes.write_text(MIXES, encoding="utf-8")
    said = project.mtd("diff", "HEAD", code=1)
    assert "error[MTD034]: there is no thought `poot`" in said
    assert "--> HEAD:specs/mixes.mtd:1:" in said and "thoughts = cot + poot" in said

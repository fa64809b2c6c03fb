"""The walk of trainings that need each other, truly run: teach, join, prefer, judge, calibrate, compare."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.walk.walked import Project

SPEC = """\
data problems {
  source = synthetic("arithmetic", train: 80, test: 12, largest: 20, steps: [1, 2])
}

teacher solver { model = solution() }
teacher self   { model = trained(tiny, mix: first)   samples = 2   temperature = 0.9   max_tokens = 12 }

thought cot { answer = text       cue = "Let's think step by step." }
thought pot { answer = python     cue = "Let's break down the code step by step" }

mix first { problems = problems.train   teacher = solver   thoughts = cot + pot   dev = 20% }
mix again = first { teacher = solver + 0.5*self }

student tiny { base = scratch("t5", width: 16, layers: 1, heads: 2)   steps = 4   batch = 8   evaluations = 2 }
student wise  = tiny { base = trained(tiny)   objective = preference()   learning_rate = 1e-4 }
student judge = tiny { base = trained(tiny, mix: first)   objective = verifier() }

experiment rounds {
  students   = [tiny, wise]
  mixes      = [again]
  tests      = [problems.test]
  samples    = 2
  max_tokens = 12
  answers    = [
    cot, pot, pot > cot, vote(pot, cot), vote(pot, cot, by: confidence), confident(pot, cot, calibrated: true),
    ranked(pot, cot, by: judge, on: again), adaptive(pot, cot), oracle(pot, cot),
  ]
}
"""

CELLS = ("rounds-again-tiny-s1", "rounds-again-wise-s1")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    walked = Project(tmp_path_factory.mktemp("rounds"), SPEC)
    walked.run("mtd", "compile", "specs/walk.mtd")
    walked.run("dvc", "repro")
    return walked


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_student_teaches_and_what_it_gets_wrong_is_kept(project: Project) -> None:
    asked = rows(project.root / "artifacts/completions/self-problems-train-pot.jsonl")
    assert len(asked) == 160 and {row.get("sample", 0) for row in asked} == {0, 1}
    mixes = project.root / "artifacts/mixes/again"
    held, wrong = rows(mixes / "held_out.jsonl"), rows(mixes / "wrong.jsonl")
    learned = {row["problem"] for row in rows(mixes / "train.jsonl")}
    assert held and wrong
    assert not {row["id"] for row in held} & (learned | {row["problem"] for row in wrong})


@pytest.mark.parametrize("cell", CELLS)
def test_every_answer_is_scored_with_its_cost(project: Project, cell: str) -> None:
    scores = json.loads((project.root / f"artifacts/scores/{cell}.json").read_text(encoding="utf-8"))
    assert list(scores) == ["problems-test"]
    found = scores["problems-test"]
    assert found["vote-pot-cot"]["tokens"] > found["cascade-pot-cot"]["tokens"] > 0
    scored = rows(project.root / f"artifacts/scores/{cell}.jsonl")
    assert all(0 <= thought["ranks"]["judge-again"] <= 1 for row in scored for thought in row["thoughts"])


def test_the_report_compares_and_tells_what_it_cost(project: Project) -> None:
    folder = project.root / "artifacts/report/rounds"
    efficiency = list(csv.DictReader((folder / "efficiency.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["student"] for row in efficiency} == {"tiny", "wise"}
    assert all(float(row["training_parameters"]) > 0 for row in efficiency)
    assert (folder / "comparisons.csv").read_text(encoding="utf-8").count("\n") > 2


def test_a_second_repro_does_nothing(project: Project) -> None:
    assert not project.ran(project.run("dvc", "repro"))


def test_more_samples_of_the_student_ask_it_again_and_leave_the_first_round(project: Project) -> None:
    project.edit("samples = 2   temperature = 0.9", "samples = 3   temperature = 0.9")
    project.run("mtd", "compile", "specs/walk.mtd")
    told = project.run("mtd", "plan", "specs/walk.mtd")
    ran = project.ran(project.run("dvc", "repro"))
    assert {"ask-self-problems-train-pot", "mix-again", "train-again-judge-s1"} <= ran
    assert not {"ask-solver-problems-train-pot", "mix-first", "train-first-tiny-s1"} & ran
    assert "samples 2 -> 3" in told

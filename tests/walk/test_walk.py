"""The main walk, truly run: a spec is compiled, `dvc repro` runs every stage, MLflow has the runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.walk.walked import Project

SPEC = """\
# A walk in miniature.
data problems {
  source = synthetic("arithmetic", train: 60, test: 12, largest: 20, steps: [1, 2])
}

teacher solver { model = solution() }

thought cot { answer = text       cue = "Let's think step by step." }
thought pot { answer = python     cue = "Let's break down the code step by step" }

mix cotd { problems = problems.train   teacher = solver   thoughts = cot }
mix both = cotd { thoughts = cot + pot }

student tiny { base = scratch("t5", width: 16, layers: 1, heads: 2)   steps = 4   batch = 8   evaluations = 2 }

experiment walk {
  students = [tiny]
  mixes    = [cotd, both]
  tests    = [problems.test]
  answers  = [cot, pot, pot > cot, vote(pot, cot), oracle(pot, cot)]
  max_tokens = 8
}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    walked = Project(tmp_path_factory.mktemp("walk"), SPEC)
    walked.run("mtd", "compile", "specs/walk.mtd")
    walked.run("dvc", "repro")
    return walked


def test_every_stage_leaves_its_files(project: Project) -> None:
    scores = json.loads((project.root / "artifacts/scores/walk-both-tiny-s1.json").read_text())
    assert set(scores["problems-test"]) == {
        "cot",
        "pot",
        "cascade-pot-cot",
        "vote-pot-cot",
        "oracle-pot-cot",
        "thoughts",
    }
    assert scores["problems-test"]["cot"]["problems"] == 12
    table = (project.root / "artifacts/report/walk/table.md").read_text()
    assert "cotd" in table and "both" in table
    assert (project.root / "artifacts/report/walk/accuracy.png").read_bytes().startswith(b"\x89PNG")


def test_a_second_repro_does_nothing(project: Project) -> None:
    output = project.run("dvc", "repro")
    assert not project.ran(output)
    assert "up to date" in output


def test_mlflow_has_one_run_for_each_student_mix_and_seed(project: Project) -> None:
    script = (
        "import mlflow, json\n"
        f"mlflow.set_tracking_uri('sqlite:///{project.root}/mlflow.db')\n"
        "runs = mlflow.search_runs(search_all_experiments=True, output_format='list')\n"
        "print(json.dumps({r.info.run_name: [r.data.tags['mtd.kind'], *r.data.metrics] for r in runs}))\n"
    )
    lines = project.run(sys.executable, "-W", "ignore", "-c", script).splitlines()
    found = json.loads(next(line for line in lines if line.startswith("{")))
    assert set(found) == {"walk", "tiny · cotd · seed 1", "tiny · both · seed 1"}
    assert found.pop("walk")[0] == "experiment"
    assert all(told[0] == "run" and "accuracy/problems-test/cot" in told for told in found.values())


def test_dvc_shows_metrics_params_and_plots(project: Project) -> None:
    shown = project.run("dvc", "metrics", "show")
    assert "accuracy.tiny.both" in shown
    project.run("dvc", "plots", "show")
    assert "training loss" in (project.root / "dvc_plots/index.html").read_text(encoding="utf-8")


def test_moving_and_commenting_re_runs_only_the_check(project: Project) -> None:
    project.edit("# A walk in miniature.\n", "# Another comment.\n\n# And more lines.\n")
    assert project.ran(project.run("dvc", "repro")) == {"spec"}
    project.run("mtd", "compile", "specs/walk.mtd")
    assert not project.ran(project.run("dvc", "repro"))


def test_a_spec_newer_than_its_pipeline_is_reported_by_repro(project: Project) -> None:
    project.edit("thoughts = cot + pot", "thoughts = cot + 2*pot")
    output = project.run("dvc", "repro", fails=True)
    assert "mtd compile specs/walk.mtd" in output


def test_changing_one_mix_re_runs_what_hangs_on_it(project: Project) -> None:
    planned = project.run("mtd", "plan", "specs/walk.mtd")
    assert "mix both: thoughts cot + pot -> cot + 2*pot" in " ".join(planned.split())
    project.run("mtd", "compile", "specs/walk.mtd")
    ran = project.ran(project.run("dvc", "repro"))
    expected = {"mix-both", *(f"{kind}-both-tiny-s1" for kind in ["train"]), "solve-walk-both-tiny-s1"}
    assert expected <= ran <= expected | {"spec", "score-walk-both-tiny-s1", "report-walk", "track-walk"}


def test_going_back_to_an_earlier_value_trains_nothing(project: Project) -> None:
    project.edit("thoughts = cot + 2*pot", "thoughts = cot + pot")
    project.run("mtd", "compile", "specs/walk.mtd")
    output = project.run("dvc", "repro")
    assert "Stage 'train-both-tiny-s1' is cached - skipping run" in output
    assert project.ran(output) <= {"spec", "report-walk", "track-walk"}


def test_a_clone_pulls_everything_and_runs_nothing(project: Project, tmp_path: Path) -> None:
    project.run("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
    project.run(
        "git", "add", ".gitignore", ".dvc", "specs", "prompts", "dvc.yaml", "params.yaml", "dvc.lock", "artifacts"
    )
    identity = ("-c", "user.name=Walk", "-c", "user.email=walk@example.org")
    project.run("git", *identity, "commit", "--quiet", "--message", "walked")
    project.run("dvc", "push")
    project.run("git", "clone", "--quiet", str(project.root), str(tmp_path / "clone"))
    for command in (("dvc", "pull"), ("dvc", "repro"), ("mtd", "track")):
        done = subprocess.run(
            command, cwd=tmp_path / "clone", env=project.environment, capture_output=True, text=True, check=True
        )
        assert not project.ran(done.stdout)
    assert "2 runs, 2 of them new" in done.stdout


def test_two_clean_runs_give_the_same_bytes(project: Project, tmp_path: Path) -> None:
    again = Project(tmp_path / "again", SPEC)
    again.spec.write_text(project.spec.read_text(encoding="utf-8"), encoding="utf-8")
    again.run("mtd", "compile", "specs/walk.mtd")
    again.run("dvc", "repro")
    for kind in ("problems", "completions", "thoughts", "mixes", "predictions", "scores"):
        assert project.hashes(kind), f"no files of {kind}"
        assert project.hashes(kind) == again.hashes(kind)

"""`mtd compare`: what it prints of two versions of a project, in its three forms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from distill_dsl.cli.commands import app
from distill_dsl.contract import files, params
from distill_dsl.contract.runs import Run
from tests.comparing.versions import begun, commit, edited, git, given, rescored
from tests.finished import VOTE

SPEC = """\
data toy      { source = synthetic("arithmetic", train: 8, test: 4) }
teacher gold  { model = solution() }
thought cot   { answer = text    cue = "Let's think." }
thought pot   { answer = python  cue = "Let's code." }
mix cotd      { problems = toy.train  teacher = gold  thoughts = cot }
mix etd       = cotd { thoughts = cot + pot }
student small { base = scratch("t5", width: 32)  epochs = 3 }
experiment table {
  students = [small]
  mixes    = [cotd, etd]
  tests    = [toy.test]
  answers  = [cot, pot]
}
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    yield
    params._read.cache_clear()


def mtd(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["compare", *arguments])
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done.output


def document(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(mtd(*arguments, "--json"))
    return found


def better(*arguments: str) -> list[dict[str, Any]]:
    """The headlines of tests that are better than before."""
    found = document(*arguments)["headlines"]
    return [one for one in found if one["verdict"] == "better" and one["test"] != "average"]


def improved() -> None:
    """A second version, in which the vote is right more often."""
    begun()
    for seed in (1, 2):
        rescored(
            Run("etd", "small", seed), lambda row, place: given(row, VOTE, right=True) if 140 <= place < 200 else row
        )


def compiled() -> None:
    """A project with a real spec, whose runs were never scored."""
    files.write_text(Path("specs/paper.mtd"), SPEC)
    for name in ("text", "python"):
        files.write_text(Path(f"prompts/{name}.jinja2"), "{{ problem.question }}\n")
    done = CliRunner().invoke(app, ["compile", "specs/paper.mtd"])
    assert done.exit_code == 0, done.output
    git("init", "--quiet", "--initial-branch", "main")
    commit("v1")


# --- results ------------------------------------------------------------------------------------


def test_a_difference_is_told_with_interval_p_value_and_verdict() -> None:
    improved()
    said = mtd("v1")
    assert said.startswith("From v1 (")
    line = next(line for line in said.splitlines() if line.startswith("small · etd") and "toy-test" in line)
    [found] = better("v1")
    assert line.endswith("better") and "< 0.001" in line
    assert f"{100 * found['difference']:+.1f} ({100 * found['low']:+.1f} to {100 * found['high']:+.1f})" in line
    assert "Both differences are more than chance. 4 are the same to a problem." in said


def test_json_holds_the_problems_that_are_gained_and_lost() -> None:
    improved()
    found = document("v1")
    assert found["form"] == 1 and found["after"] == {"revision": None, "commit": None, "run": None, "mlflow": None}
    assert found["before"]["commit"] == git("rev-parse", "v1")
    [one] = better("v1")
    assert one["gained"] and set(one["gained"]) <= {f"toy-test-{i}" for i in range(140, 200)} and one["lost"] == []
    assert one["before"] == {"experiment": "table", "student": "small", "mix": "etd", "varied": {}, "seeds": [1, 2]}
    assert one["p_value"] <= one["p_holm"] < 0.001


@pytest.mark.parametrize("form", [[], ["--json"], ["--markdown"], ["--all"]])
def test_the_same_files_give_the_same_bytes(form: list[str]) -> None:
    improved()
    assert mtd("v1", *form) == mtd("v1", *form)


def test_markdown_is_a_page() -> None:
    improved()
    said = mtd("v1", "--markdown")
    assert said.startswith("# From v1 (") and "\n\n## Accuracy, by the headline strategies\n\n| student and mix" in said
    assert "\x1b" not in said


def test_both_ways_round_are_the_same_with_the_sign_turned() -> None:
    improved()
    commit("v2")
    there, back = document("v1", "v2")["strategies"], document("v2", "v1")["strategies"]
    key = ("test", "strategies")
    assert {(one["test"], *one["strategies"], one["difference"], one["p_value"]) for one in there} == {
        (one["test"], *one["strategies"], -one["difference"], one["p_value"]) for one in back
    }
    assert key


# --- the spec -----------------------------------------------------------------------------------


def said_of(*arguments: str) -> list[str]:
    return [one["text"] for one in document(*arguments)["said"]]


def test_a_change_of_the_spec_is_told_in_its_words_and_with_its_line() -> None:
    compiled()
    edited("specs/paper.mtd", "epochs = 3", "epochs = 5")
    edited("specs/paper.mtd", "answers  = [cot, pot]", "answers  = [cot, pot, pot > cot]")
    assert CliRunner().invoke(app, ["compile", "specs/paper.mtd"]).exit_code == 0
    found = document("v1")["said"]
    assert found == [
        {"by": "spec", "text": "student small: epochs 3 -> 5", "file": "specs/paper.mtd", "line": 7},
        {"by": "spec", "text": "experiment table: answers + pot > cot", "file": "specs/paper.mtd", "line": 12},
    ]
    assert "- student small: epochs 3 -> 5 (specs/paper.mtd:7)" in mtd("v1")


def test_what_nobody_compiled_is_in_no_result() -> None:
    compiled()
    edited("specs/paper.mtd", "epochs = 3", "epochs = 5")
    assert said_of("v1") == ["student small: epochs 3 -> 5 (not in params.yaml, so that no result is of it)"]
    edited("specs/paper.mtd", "mixes    = [cotd, etd]", "mixes    = [etd]")
    assert any("its spec has other stages than the dvc.yaml" in note for note in document("v1")["notes"])


def test_a_value_that_was_set_in_params_is_told_in_the_words_of_the_spec() -> None:
    """As `dvc exp run -S student.small.epochs=5` does."""
    compiled()
    edited("params.yaml", "epochs: 3.0", "epochs: 5.0")
    assert document("v1")["said"] == [{"by": "params.yaml", "text": "student small: epochs 3 -> 5"}]
    assert "- student small: epochs 3 -> 5 (set in params.yaml)" in mtd("v1")


def test_files_that_stages_read_are_told() -> None:
    compiled()
    edited("prompts/python.jinja2", "question", "question | trim")
    reads = "    deps:\n    - artifacts/problems/toy/train.jsonl\n"
    edited("dvc.yaml", reads, f"{reads}    - prompts/python.jinja2\n")
    commit("v2")
    edited("prompts/python.jinja2", "trim", "upper")
    assert said_of("v2") == ["file prompts/python.jinja2 changed"]


def test_a_spec_that_does_not_compile_leaves_the_values() -> None:
    compiled()
    edited("specs/paper.mtd", "epochs = 3", "epochs = none")
    commit("broken")
    edited("params.yaml", "epochs: 3.0", "epochs: 5.0")
    found = document("broken")
    assert [one["text"] for one in found["said"]] == ["student small: epochs 3 -> 5"]
    assert any(note.startswith("broken: its spec does not compile here") for note in found["notes"])


def test_two_runs_are_told_apart_value_by_value() -> None:
    begun()
    assert said_of("cotd-small", "etd-small-s1") == [
        "seeds 1, 2 -> 1",
        "mix cotd -> etd: thoughts cot -> cot + 2*pot + eot",
    ]


def test_never_scored_is_said() -> None:
    compiled()
    edited("params.yaml", "epochs: 3.0", "epochs: 5.0")
    said = mtd("v1")
    assert "Nothing to compare: v1 and the working tree have no scores at hand." in said
    assert "the working tree: no scores of table-cotd-small-s1, table-etd-small-s1, which are left out" in said


# --- mistakes -----------------------------------------------------------------------------------


def test_mistakes_are_told() -> None:
    begun()
    assert "`nothing` is no revision of git" in mtd("nothing", code=1)
    assert "would be compared with itself" in mtd("v1", "HEAD", code=1)
    assert "two forms" in mtd("v1", "--json", "--markdown", code=2)
    assert "this project has no MLflow store yet" in mtd("0" * 32, code=1)
    Path("params.yaml").write_text("- no mapping\n", encoding="utf-8")
    commit("broken")
    git("checkout", "--quiet", "v1", "--", "params.yaml")
    said = mtd("broken", code=1)
    assert "at broken, params.yaml holds no mapping" in said and "--> broken: params.yaml" in said


def test_without_a_project_it_says_so() -> None:
    git("init", "--quiet")
    said = mtd("HEAD", code=1)
    assert "`HEAD` is no revision of git, no experiment of DVC, and no run of this project" in said

"""What `mtd plan` reads before anything has run."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from distill_dsl.cli.commands import app

SPEC = """\
data d { source = file(train: "train.jsonl", test: "test.jsonl")   limit = 2 }
teacher t { model = openai("m")   samples = 4   temperature = 0.7 }
thought cot { answer = text }
mix m { problems = d.train   teacher = t   thoughts = cot }
student s { base = scratch("t5") }
experiment e { students = [s]   mixes = [m]   tests = [d.test]   answers = [cot] }
"""
ROW = '{"question": "What is 1 and 1?", "answer": "2"}\n'


@pytest.fixture
def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "spec.mtd").write_text(SPEC, encoding="utf-8")
    (tmp_path / "test.jsonl").write_text(ROW, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "1000")
    return "spec.mtd"


def output(spec: str) -> str:
    done = CliRunner().invoke(app, ["plan", spec])
    assert done.exit_code == 0, done.output
    return done.output


def test_problems_in_local_files_are_counted_before_they_are_fetched(planned: str) -> None:
    Path("train.jsonl").write_text(ROW * 3, encoding="utf-8")
    assert "asked at most 8 times: 2 problems of d.train x 1 thought x 4 samples" in output(planned)


def test_what_cannot_be_read_is_not_counted(planned: str) -> None:
    Path("train.jsonl").write_text("no json\n", encoding="utf-8")
    assert "at most 8 times: at most 2 problems of d.train" in output(planned)

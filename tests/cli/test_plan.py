"""What `mtd plan` reads before anything has run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from distill_dsl.cli.commands import app
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import OpenaiTeacher, TeacherSettings, ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.teachers.prompts import messages, prompter
from distill_dsl.runtime.teachers.store import Bought, key_of, opened, question_of

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


def test_what_asking_takes_is_told_of_rendered_prompts(planned: str, tmp_path: Path) -> None:
    Path("train.jsonl").write_text(ROW + ROW.replace("1?", "2?"), encoding="utf-8")
    Path("prompts").mkdir()
    Path("prompts/text.jinja2").write_text("{{ question }} {{ cue }}", encoding="utf-8")
    found = quote_of(planned)
    assert (found["held"], found["to_buy"], found["price"]) == (0, 8, "unknown")
    assert 0 < found["input"][0] < found["input"][1] and found["output"] == [8, 8 * 512]
    assert "8 completions are to be bought: " in output(planned)
    assert not Path(".mtd").exists()
    settings = TeacherSettings(model=OpenaiTeacher(model="m"), samples=4, temperature=0.7)
    format = ThoughtSettings(answer=AnswerKind.TEXT, cue="Let's think step by step.", prompt="prompts/text.jinja2")
    prompt = prompter(settings, "cot", format)(Problem(id="", question="What is 1 and 1?", answer="2"))
    question = question_of(settings, messages(settings, prompt))
    with opened() as store:
        store.put(question, key_of(question), {at: Bought(text="2", max_tokens=512) for at in range(3)}, teacher="t")
    assert (quote_of(planned)["held"], quote_of(planned)["to_buy"]) == (3, 5)
    assert "3 completions are in the store; 5 completions are to be bought: " in output(planned)


def test_why_nothing_can_be_told_is_said(planned: str) -> None:
    Path("train.jsonl").write_text(ROW, encoding="utf-8")
    assert "What it will take cannot be said: the prompt prompts/text.jinja2 does not exist." in output(planned)


def quote_of(spec: str) -> Any:
    done = CliRunner().invoke(app, ["plan", "--json", spec])
    return json.loads(done.output)["asked"][0]["quote"]

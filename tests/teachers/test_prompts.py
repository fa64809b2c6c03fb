"""Prompt templates and exemplars: what they render, and what is said of a mistake in one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import (
    Exemplars,
    OpenaiTeacher,
    SolutionTeacher,
    TeacherSettings,
    ThoughtSettings,
)
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.tables import read_table
from distill_dsl.runtime.teachers.prompts import load_exemplars, load_template, prompter, render
from distill_dsl.runtime.thoughts.execute import execute

PROMPTS = Path(__file__).parents[2] / "prompts"
HATS = Problem(id="a", question="How many {{ hats }}?", answer="1")
WRITTEN = tuple(AnswerKind)


def thought(kind: AnswerKind, prompt: Path) -> ThoughtSettings:
    return ThoughtSettings(answer=kind, cue="Think.", prompt=str(prompt))


@pytest.mark.parametrize("kind", WRITTEN)
def test_the_prompts_of_the_project(kind: AnswerKind, monkeypatch: pytest.MonkeyPatch) -> None:
    format = thought(kind, PROMPTS / f"{kind}.jinja2")
    exemplars = Exemplars(file=str(PROMPTS / "exemplars.jsonl"), pick=8)
    settings = TeacherSettings(model=OpenaiTeacher(model="m"), exemplars=exemplars)
    text = prompter(settings, "mine", format)(HATS)
    assert text.count("Question: ") == 9 and text.count("Answer: Think.") == 9
    assert text.endswith("Question: How many {{ hats }}?\nAnswer: Think.")
    assert "\n\n\n" not in text and "bakery" in text
    bare = prompter(TeacherSettings(model=OpenaiTeacher(model="m")), "mine", format)(HATS)
    assert bare.count("Question: ") == 1


@pytest.mark.parametrize("kind", WRITTEN)
def test_the_exemplars_are_right(kind: AnswerKind) -> None:
    rows = [row for _, row in read_table(PROMPTS / "exemplars.jsonl")]
    found = {k: [r.answer for r in execute(k, [row[str(k)] for row in rows], timeout=5, memory=2**29)] for k in WRITTEN}
    assert len(rows) == 8 and None not in found[kind]
    assert found[kind] == found[AnswerKind.TEXT]


def test_exemplars_by_thought_or_by_kind(tmp_path: Path) -> None:
    path = tmp_path / "exemplars.jsonl"
    path.write_text(json.dumps({"question": "Q?", "python": "ans = 1", "pot": "ans = 2"}) + "\n", encoding="utf-8")
    format = thought(AnswerKind.PYTHON, path)
    assert load_exemplars(Exemplars(file=str(path), pick=1), "pot", format) == [{"question": "Q?", "text": "ans = 2"}]
    assert load_exemplars(Exemplars(file=str(path), pick=1), "code", format) == [{"question": "Q?", "text": "ans = 1"}]
    with pytest.raises(Failure, match="2 exemplars are to be picked, the file has 1"):
        load_exemplars(Exemplars(file=str(path), pick=2), "pot", format)
    with pytest.raises(Failure, match="lacks a question or a text for the thought `cot`") as caught:
        load_exemplars(Exemplars(file=str(path), pick=1), "cot", thought(AnswerKind.TEXT, path))
    assert f"{path}:1" in str(caught.value)


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ questoin }}", "'questoin' is undefined"),
        ("{% for e in exemplars %}", "template.jinja2:1"),
        ("{{ question.__class__.__mro__ }}", "unsafe"),
        ("{{ exemplars[0].text }}", "cannot be filled in"),
    ],
)
def test_mistakes_in_a_template_are_named(tmp_path: Path, template: str, says: str) -> None:
    path = tmp_path / "template.jinja2"
    path.write_text(template, encoding="utf-8")
    with pytest.raises(Failure) as caught:
        render(load_template(path), HATS, "Think.", [])
    assert says in str(caught.value) and "template.jinja2" in str(caught.value)


def test_an_absent_prompt_is_named_only_where_it_is_needed(tmp_path: Path) -> None:
    format = thought(AnswerKind.TEXT, tmp_path / "absent.jinja2")
    with pytest.raises(Failure, match="does not exist"):
        prompter(TeacherSettings(model=OpenaiTeacher(model="m")), "cot", format)
    prompter(TeacherSettings(model=SolutionTeacher()), "cot", format)

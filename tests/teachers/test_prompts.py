"""Prompt templates and exemplars: what they render, and what is said of a mistake in one."""

from __future__ import annotations

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
from distill_dsl.runtime.teachers.prompts import Prompt, load_template, messages, prompter, render
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
    text, shown = prompter(settings, "mine", format)(HATS)
    assert shown == ("bakery", "marbles", "phone", "school", "cinema", "trains", "reading", "money")
    assert text.count("Question: ") == 9 and text.count("Answer: Think.") == 9
    assert text.endswith("Question: How many {{ hats }}?\nAnswer: Think.")
    assert "\n\n\n" not in text and "bakery" in text
    bare = prompter(TeacherSettings(model=OpenaiTeacher(model="m")), "mine", format)(HATS)
    assert bare.text.count("Question: ") == 1 and bare.exemplars == ()


@pytest.mark.parametrize("kind", WRITTEN)
def test_the_exemplars_are_right(kind: AnswerKind) -> None:
    rows = [row for _, row in read_table(PROMPTS / "exemplars.jsonl")]
    texts = execute(AnswerKind.TEXT, [row["text"] for row in rows], timeout=5, memory=2**29)
    found = execute(kind, [row[str(kind)] for row in rows], timeout=5, memory=2**29)
    assert len({row["id"] for row in rows}) == len({row["question"] for row in rows}) == len(rows) == 24
    assert not [text.steps for text in texts if text.steps and text.steps.wrong]
    assert None not in [result.answer for result in found]
    assert [result.answer for result in found] == [text.answer for text in texts]


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ questoin }}", "does not show question"),
        ("{{ question }} {% include 'other' %}", "cannot be filled in"),
        ("{{ question + 1 }}", "cannot be filled in"),
        ("{% for e in exemplars %}", "template.jinja2:1"),
        ("{{ question }} {{ questoin }}", "'questoin' is undefined"),
        ("{{ question.__class__.__mro__ }}", "unsafe"),
        ("{{ question }} {{ exemplars[0].text }}", "cannot be filled in"),
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


def test_a_template_that_shows_no_exemplars_is_refused_where_there_are_some(tmp_path: Path) -> None:
    path = tmp_path / "bare.jinja2"
    path.write_text("{{ question }}", encoding="utf-8")
    exemplars = Exemplars(file=str(PROMPTS / "exemplars.jsonl"))
    format = thought(AnswerKind.TEXT, path)
    with pytest.raises(Failure, match="does not show exemplars"):
        prompter(TeacherSettings(model=OpenaiTeacher(model="m"), exemplars=exemplars), "cot", format)
    assert prompter(TeacherSettings(model=OpenaiTeacher(model="m")), "cot", format)(HATS).text == HATS.question


@pytest.mark.parametrize("content", [b"\xff\xfe{{ question }}", None])
def test_a_prompt_that_is_no_text_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "odd.jinja2"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(Failure, match="cannot be read") as caught:
        load_template(path)
    assert "odd.jinja2" in str(caught.value)


def test_messages_are_the_prompt_after_the_system_message() -> None:
    prompt = Prompt("How many?", ("a",))
    plain = TeacherSettings(model=OpenaiTeacher(model="m"))
    assert messages(plain, prompt) == [{"role": "user", "content": "How many?"}]
    told = TeacherSettings(model=OpenaiTeacher(model="m"), system="Be short.")
    assert messages(told, prompt) == [{"role": "system", "content": "Be short."}, *messages(plain, prompt)]

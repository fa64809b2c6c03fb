"""Prompts are jinja2 templates of the project: rendered in a sandbox, every unknown name an error.

A template sees `question`, `cue` and `exemplars`, a list of `{question, text}` in which the text is
that of the thought asked for. Exemplar files are JSONL: a question and one text for each thought,
under the thought's name or under the kind of its answer (`text`, `python`, `equations`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import (
    Exemplars,
    GoldTeacher,
    OpenaiTeacher,
    RecordedTeacher,
    SolutionTeacher,
    TeacherSettings,
    ThoughtSettings,
    TrainedTeacher,
    TransformersTeacher,
)
from distill_dsl.runtime.tables import read_table

Exemplar = dict[str, str]


def prompter(settings: TeacherSettings, thought: str, format: ThoughtSettings) -> Callable[[Problem], str]:
    """What renders the prompt of a problem; teachers that are not asked in words need no files."""
    match settings.model:
        case OpenaiTeacher() | TransformersTeacher():
            template = load_template(Path(format.prompt))
            exemplars = load_exemplars(settings.exemplars, thought, format) if settings.exemplars else []
            return lambda problem: render(template, problem, format.cue, exemplars)
        case SolutionTeacher() | GoldTeacher() | TrainedTeacher() | RecordedTeacher():
            return _no_prompt
        case _:
            assert_never(settings.model)


def load_template(path: Path) -> Template:
    """The template of a file, checked for syntax."""
    environment = SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    try:
        template = environment.from_string(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Failure(
            f"the prompt {path} does not exist",
            where=str(path),
            help="the path is taken from the project's root; `prompt = ...` in the thought block names it",
        ) from error
    except TemplateSyntaxError as error:
        raise Failure(f"the prompt has a mistake: {error.message}", where=f"{path}:{error.lineno}") from error
    template.filename = str(path)
    return template


def render(template: Template, problem: Problem, cue: str, exemplars: list[Exemplar]) -> str:
    """The prompt for one problem, without blank space at its ends."""
    try:
        return template.render(question=problem.question, cue=cue, exemplars=exemplars).strip()
    except (UndefinedError, SecurityError) as error:
        raise Failure(
            f"the prompt cannot be filled in: {error}",
            where=template.filename,
            help="a template may use question, cue and exemplars (each with question and text)",
        ) from error


def load_exemplars(exemplars: Exemplars, thought: str, format: ThoughtSettings) -> list[Exemplar]:
    """The first `pick` exemplars of the file, with the text of this thought."""
    found = [_exemplar(row, place, thought, str(format.answer)) for place, row in read_table(Path(exemplars.file))]
    if len(found) < exemplars.pick:
        raise Failure(
            f"{exemplars.pick} exemplars are to be picked, the file has {len(found)}",
            where=exemplars.file,
            help="write more of them, or lower `pick`",
        )
    return found[: exemplars.pick]


def _exemplar(row: dict[str, object], place: str, thought: str, kind: str) -> Exemplar:
    question, text = row.get("question"), row.get(thought, row.get(kind))
    if not isinstance(question, str) or not isinstance(text, str):
        raise Failure(
            f"the exemplar lacks a question or a text for the thought `{thought}`",
            where=place,
            help=f"each row needs `question` and either `{thought}` or `{kind}`",
        )
    return {"question": question.strip(), "text": text.strip()}


def _no_prompt(problem: Problem) -> str:
    raise AssertionError("this kind of teacher is not asked in words")

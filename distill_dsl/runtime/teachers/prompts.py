"""Prompts are jinja2 templates of the project: rendered in a sandbox, every unknown name an error.

A template sees `question`, `cue` and `exemplars`, a list of `{id, question, text}` in which the text
is that of the thought asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, assert_never

from jinja2 import StrictUndefined, Template, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import SandboxedEnvironment

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import (
    GoldTeacher,
    OpenaiTeacher,
    RecordedTeacher,
    SolutionTeacher,
    TeacherSettings,
    ThoughtSettings,
    TrainedTeacher,
    TransformersTeacher,
)
from distill_dsl.runtime.teachers.exemplars import Exemplar, chooser


class Prompt(NamedTuple):
    """What a teacher is asked for one problem."""

    text: str
    """The rendered template."""
    exemplars: tuple[str, ...] = ()
    """Ids of the exemplars in it, in the order shown."""


def prompter(settings: TeacherSettings, thought: str, format: ThoughtSettings) -> Callable[[Problem], Prompt]:
    """What renders the prompt of a problem; teachers that are not asked in words need no files."""
    match settings.model:
        case OpenaiTeacher() | TransformersTeacher():
            template = load_template(Path(format.prompt), exemplars=settings.exemplars is not None)
            choose = chooser(settings.exemplars, thought, format) if settings.exemplars else _none
            return lambda problem: _prompt(template, problem, format.cue, choose(problem))
        case SolutionTeacher() | GoldTeacher() | TrainedTeacher() | RecordedTeacher():
            return _no_prompt
        case _:
            assert_never(settings.model)


def messages(settings: TeacherSettings, prompt: Prompt) -> list[dict[str, str]]:
    """The conversation that a chat model is to go on: the system message, where there is one, and the prompt."""
    system = [] if settings.system is None else [{"role": "system", "content": settings.system}]
    return [*system, {"role": "user", "content": prompt.text}]


def load_template(path: Path, *, exemplars: bool = False) -> Template:
    """The template of a file, checked for syntax, and for showing what has to be shown."""
    environment = SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text = _text(path)
    try:
        template = environment.from_string(text)
        used = find_undeclared_variables(environment.parse(text))
    except TemplateSyntaxError as error:
        raise Failure(f"the prompt has a mistake: {error.message}", where=f"{path}:{error.lineno}") from error
    for name, needed in (("question", True), ("exemplars", exemplars)):
        if needed and name not in used:
            raise Failure(
                f"the prompt does not show {name}",
                where=str(path),
                help="write `{{ question }}` where it belongs"
                if name == "question"
                else "write `{% for exemplar in exemplars %}` with their question and text, or give the teacher none",
            )
    template.filename = str(path)
    return template


def render(template: Template, problem: Problem, cue: str, exemplars: Sequence[Exemplar]) -> str:
    """The prompt for one problem, without blank space at its ends."""
    shown = [exemplar._asdict() for exemplar in exemplars]
    try:
        return template.render(question=problem.question, cue=cue, exemplars=shown).strip()
    # A template is the user's program, which can raise anything.
    except Exception as error:
        raise Failure(
            f"the prompt cannot be filled in: {error}",
            where=template.filename,
            help="a template may use question, cue and exemplars (each with question and text)",
        ) from error


def _prompt(template: Template, problem: Problem, cue: str, exemplars: Sequence[Exemplar]) -> Prompt:
    return Prompt(render(template, problem, cue, exemplars), tuple(exemplar.id for exemplar in exemplars))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise Failure(
            f"the prompt {path} does not exist",
            where=str(path),
            help="the path is taken from the project's root; `prompt = ...` in the thought block names it",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(
            f"the prompt cannot be read: {error}", where=str(path), help="it has to be a file of text in UTF-8"
        ) from error


def _none(problem: Problem) -> list[Exemplar]:
    return []


def _no_prompt(problem: Problem) -> Prompt:
    raise AssertionError("this kind of teacher is not asked in words")

"""What can be run and is hardly meant: the same under two names, odd headlines, endless sweeps."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from math import prod
from typing import Final

import msgspec

from distill_dsl.compiler.diagnostics import Code, Diagnostic, warning
from distill_dsl.compiler.model.entities import Experiment, Mix, Model, Student, Teacher
from distill_dsl.compiler.model.rules.checked import Checked, asking, members
from distill_dsl.compiler.model.splits import own_parts
from distill_dsl.contract.form import Settings
from distill_dsl.contract.strategies import Oracle, strategy_key

MANY: Final = 10_000


def same_twice(checked: Checked) -> Iterator[Diagnostic]:
    """Two students or mixes of one experiment with the same content: the same trainings under two names."""
    for experiment in checked.model.experiments.values():
        for kind, key, names in (("student", "students", experiment.students), ("mix", "mixes", experiment.mixes)):
            first: dict[Hashable, str] = {}
            for at, name in enumerate(names):
                other = first.setdefault(_content(checked.model, kind, name), name)
                if other != name:
                    span = checked.element("experiment", experiment.name, key, at)
                    labels = tuple((checked.blocks[kind][each].block.head, f"`{each}`") for each in (other, name))
                    summary = f"`{name}` is the same {kind} as `{other}`, so that the same is trained twice"
                    yield warning(Code.SAME_TWICE, summary, span, "leave one out, or change one", labels)


def same_teachers(checked: Checked) -> Iterator[Diagnostic]:
    """Two teachers with the same settings write the same."""
    for experiment in checked.model.experiments.values():
        first: dict[Hashable, str] = {}
        asked = [(mix, teacher) for mix, teacher in asking(checked.model) if mix.name in experiment.mixes]
        for mix, teacher in asked:
            other = first.setdefault(_teacher(teacher), teacher.name)
            if other != teacher.name:
                span = checked.item("mix", mix.name, "teacher")
                labels = tuple((checked.model.teachers[each].span, f"`{each}`") for each in (other, teacher.name))
                summary = f"`{teacher.name}` is the same teacher as `{other}`, and writes the same"
                yield warning(Code.SAME_TWICE, summary, span, f"name `{other}` here too, or change one", labels)


def _content(model: Model, kind: str, name: str) -> Hashable:
    return _student(model.students[name]) if kind == "student" else _mix(model, model.mixes[name])


def _student(student: Student) -> Hashable:
    return _settings(student.settings), frozenset(student.references.items())


def _teacher(teacher: Teacher) -> Hashable:
    return _settings(teacher.settings), frozenset(teacher.references.items())


def _mix(model: Model, mix: Mix) -> Hashable:
    """All that makes the training set, whatever its parts are called."""
    data = [model.data[split.data] for split in mix.problems]
    problems = [
        (own_parts(one.settings, split.split), one.settings.limit, one.settings.answer_after, one.settings.columns)
        for one, split in zip(data, mix.problems, strict=True)
    ]
    own = _settings(mix.settings), frozenset(mix.references.items())
    params = frozenset(pair for one in data for pair in one.references.items())
    return own, tuple(problems), params, tuple(_teacher(model.teachers[name]) for name in mix.teachers)


def _settings(settings: Settings) -> str:
    return msgspec.json.encode(settings, order="sorted").decode()


def like_cues(checked: Checked) -> Iterator[Diagnostic]:
    """A tokenizer without capitals sees one cue where two differ in case alone."""
    for mix in checked.model.mixes.values():
        first: dict[str, str] = {}
        for name in mix.settings.thoughts:
            cue = " ".join(checked.model.thoughts[name].settings.cue.split())
            other = first.setdefault(cue.casefold(), name)
            if other != name:
                places = [checked.item("thought", thought, "cue") for thought in (name, other)]
                labels = ((places[1], f"the cue of `{other}`"), (mix.span, "this mix joins the two"))
                summary = f"the cues of `{name}` and `{other}` differ in case alone"
                yield warning(Code.LIKE_CUES, summary, places[0], "change one cue", labels)


def odd_headlines(checked: Checked) -> Iterator[Diagnostic]:
    """An oracle looks at the gold answers; it bounds every answer, and is none."""
    for experiment in checked.model.experiments.values():
        settings = experiment.settings
        oracles = {strategy_key(answer) for answer in settings.answers if isinstance(answer, Oracle)}
        if settings.headline in oracles:
            span = checked.item("experiment", experiment.name, "headline")
            summary = "the headline is an oracle, which looks at the gold answers"
            yield warning(Code.ODD_HEADLINE, summary, span, "show an answer that a student can give")
            continue
        for at, name in enumerate(experiment.mixes):
            taught = checked.model.mixes[name].settings.thoughts.keys()
            usable = [answer for answer in settings.answers if taught >= set(members(answer))]
            if usable and all(isinstance(answer, Oracle) for answer in usable):
                span = checked.element("experiment", experiment.name, "mixes", at)
                summary = f"the table can show nothing but an oracle for `{name}`"
                yield warning(Code.ODD_HEADLINE, summary, span, "add one of its thoughts to `answers`")


def many_trainings(checked: Checked) -> Iterator[Diagnostic]:
    """A slip in a sweep is cheap here, and dear once it runs."""
    for experiment in checked.model.experiments.values():
        count = trainings(checked.model, experiment)
        if count > MANY:
            summary = f"this experiment asks for {count:,} trainings"
            yield warning(Code.MANY_TRAININGS, summary, experiment.span, "sweep less, or split the experiment")


def trainings(model: Model, experiment: Experiment) -> int:
    """How many students are trained: one for each student, mix and seed, and each varied value that bears on them."""
    sizes = {name: len(values) for name, values in experiment.vary}
    pairs = [
        model.students[student].uses | model.mixes[mix].uses
        for student in experiment.students
        for mix in experiment.mixes
    ]
    return len(experiment.seeds) * sum(prod(sizes[name] for name in sizes if name in uses) for uses in pairs)

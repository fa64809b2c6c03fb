"""What must hold where one training needs another: bases, trained teachers, verifiers, and what is held out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from distill_dsl.compiler.diagnostics import Code, Diagnostic, error
from distill_dsl.compiler.model.entities import Experiment, Key, Mix, Model, Student, Teacher, needed, verifiers
from distill_dsl.compiler.model.rules.checked import Checked, members
from distill_dsl.compiler.source import Span
from distill_dsl.contract.settings import (
    GoldTeacher,
    Preference,
    SolutionTeacher,
    StudentSettings,
    TeacherSettings,
    TrainedBase,
    TrainedTeacher,
    Verifier,
)
from distill_dsl.contract.strategies import Ranked, needs_calibration, strategy_title

TRAINING: Final = ("teacher", "mix", "student")
"""Kinds of blocks between which trainings wait for each other."""


def training_cycles(checked: Checked) -> Iterator[Diagnostic]:
    """A training that needs its own result never begins."""
    met: set[Key] = set()
    for kind in TRAINING:
        for name in checked.model.blocks[kind]:
            circle = _circle(checked.model, (kind, name))
            if circle and not met & set(circle):
                met |= set(circle)
                first, *others = circle
                labels = tuple((_head(checked, last), f"needs {_said(first)}") for last in others[-1:])
                way = " needs ".join(map(_said, [*circle, first]))
                summary = f"this training waits for itself: {way}"
                help = "train the earlier round on a mix of its own"
                yield error(Code.TRAINING_CYCLE, summary, _head(checked, first), help, labels)


def _head(checked: Checked, key: Key) -> Span:
    return checked.blocks[key[0]][key[1]].block.head


def _said(key: Key) -> str:
    return f"{key[0]} `{key[1]}`"


def _circle(model: Model, start: Key) -> list[Key]:
    """A way from the block back to it, without the return; empty if there is none."""
    waiting: list[list[Key]] = [[start]]
    seen: set[Key] = set()
    while waiting:
        way = waiting.pop(0)
        for key in needed(model.blocks[way[-1][0]][way[-1][1]]):
            if key == start:
                return way
            if key[0] in TRAINING and key not in seen:
                seen.add(key)
                waiting.append([*way, key])
    return []


# --- who can do what ----------------------------------------------------------------------------


def unfit_students(checked: Checked) -> Iterator[Diagnostic]:
    """A verifier writes no thoughts, and only a verifier ranks them."""
    for experiment in checked.model.experiments.values():
        for at, name in enumerate(experiment.students):
            if _verifies(checked.model.students[name]):
                span = checked.element("experiment", experiment.name, "students", at)
                help = f"name it in an answer: `ranked(..., by: {name}, on: MIX)`"
                yield error(Code.UNFIT_STUDENT, f"`{name}` is a verifier, and writes no thoughts", span, help)
        for at, answer in enumerate(experiment.settings.answers):
            if isinstance(answer, Ranked) and not _verifies(checked.model.students[answer.by]):
                span = checked.element("experiment", experiment.name, "answers", at)
                labels = ((checked.model.students[answer.by].span, "learns to write thoughts"),)
                help = "set `objective = verifier()` there, or name a student that has it"
                yield error(Code.UNFIT_STUDENT, f"`{answer.by}` is no verifier", span, help, labels)
    yield from _starts(checked)


def _starts(checked: Checked) -> Iterator[Diagnostic]:
    """A trained student that teaches, or that another starts from, writes thoughts."""
    blocks: list[Teacher | Student] = [*checked.model.teachers.values(), *checked.model.students.values()]
    for block in blocks:
        name = _start(block)
        if name is not None and _verifies(checked.model.students[name]):
            kind, key = ("teacher", "model") if isinstance(block, Teacher) else ("student", "base")
            summary = f"`{name}` is a verifier, and writes no thoughts"
            yield error(
                Code.UNFIT_STUDENT, summary, checked.item(kind, block.name, key), "name a student that learns to write"
            )


def _start(block: Teacher | Student) -> str | None:
    match block.settings:
        case TeacherSettings(model=TrainedTeacher(student=name)) | StudentSettings(base=TrainedBase(student=name)):
            return name
    return None


def _verifies(student: Student) -> bool:
    return isinstance(student.settings.objective, Verifier)


# --- what is learned from -----------------------------------------------------------------------


def nothing_to_learn(checked: Checked) -> Iterator[Diagnostic]:
    """Preferences and verifiers learn from wrong thoughts, calibration from problems that are held out."""
    for experiment in checked.model.experiments.values():
        yield from _without_wrong(checked, experiment)
        yield from _without_held_out(checked, experiment)


def _without_wrong(checked: Checked, experiment: Experiment) -> Iterator[Diagnostic]:
    model = checked.model
    writers = [name for name in experiment.students if not _verifies(model.students[name])]
    pairs = [(student, mix) for student in writers for mix in experiment.mixes]
    pairs += [(ranked.by, ranked.on) for ranked in verifiers(experiment)]
    for student, name in dict.fromkeys(pairs):
        mix, objective = model.mixes[name], model.students[student].settings.objective
        if isinstance(objective, Preference | Verifier) and all(_never_wrong(model, one) for one in mix.teachers):
            labels = ((checked.item("student", student, "objective"), "learns from right and wrong thoughts"),)
            summary = f"`{name}` has no wrong thoughts, from which `{student}` learns too"
            help = "add a teacher that errs: a language model, or `trained(...)` with several `samples`"
            yield error(Code.NOTHING_TO_LEARN, summary, checked.item("mix", mix.name, "teacher"), help, labels)


def _never_wrong(model: Model, teacher: str) -> bool:
    return isinstance(model.teachers[teacher].settings.model, SolutionTeacher | GoldTeacher)


def _without_held_out(checked: Checked, experiment: Experiment) -> Iterator[Diagnostic]:
    mixes = [checked.model.mixes[name] for name in experiment.mixes]
    for at, answer in enumerate(experiment.settings.answers):
        if needs_calibration(answer):
            for mix in mixes:
                if mix.settings.dev == 0.0 and mix.settings.thoughts.keys() >= set(members(answer)):
                    yield _unheld(checked, experiment, at, mix)


def _unheld(checked: Checked, experiment: Experiment, at: int, mix: Mix) -> Diagnostic:
    span = checked.element("experiment", experiment.name, "answers", at)
    title = strategy_title(experiment.settings.answers[at])
    summary = f"`{mix.name}` holds out no problem, on which `{title}` learns how sure to be"
    labels = ((checked.item("mix", mix.name, "dev"), "none is held out"),)
    return error(Code.NOTHING_TO_LEARN, summary, span, "hold some out: `dev = 5%`", labels)

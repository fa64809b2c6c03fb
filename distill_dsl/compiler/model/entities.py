"""What a spec means: its blocks with every value checked, copied, filled in. Frozen, and free of syntax."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from distill_dsl.compiler.model.types import Spent
from distill_dsl.compiler.source import Span
from distill_dsl.contract.settings import (
    DataSettings,
    ExperimentSettings,
    MixSettings,
    Price,
    SpendingSettings,
    StudentSettings,
    TeacherSettings,
    ThoughtSettings,
    TrainedBase,
    TrainedTeacher,
)
from distill_dsl.contract.strategies import Ranked

Value = int | float | str | bool
"""What a param holds."""


class SplitRef(Struct, frozen=True):
    """`gsm8k.train`."""

    data: str
    split: str

    def __str__(self) -> str:
        return f"{self.data}.{self.split}"


class Param(Struct, frozen=True, kw_only=True):
    """`param name: type = value`; the value is the override's, where there is one."""

    name: str
    type: str
    value: Value
    span: Span
    description: str = ""
    least: Value | None = None
    most: Value | None = None
    choices: tuple[Value, ...] = ()


class Entity(Struct, frozen=True, kw_only=True):
    """What all blocks have.

    `references` maps a dotted path inside the settings to the param whose value stands there;
    `uses` holds all params that bear on the block, those of the blocks it refers to included.
    """

    name: str
    span: Span
    """The head of the block: keyword and name."""
    description: str = ""
    references: dict[str, str] = {}
    uses: frozenset[str] = frozenset()


class Data(Entity, frozen=True, kw_only=True):
    """`splits` are those that the whole spec refers to, by first use."""

    settings: DataSettings
    splits: tuple[str, ...] = ()


class Teacher(Entity, frozen=True, kw_only=True):
    """`budget` and `price` bear on no result, only on when asking stops."""

    settings: TeacherSettings
    budget: Spent | None = None
    price: Price | None = None

    @property
    def spending(self) -> SpendingSettings | None:
        """What asking may cost, where the block says anything of it."""
        if self.budget is None and self.price is None:
            return None
        limit = self.budget or Spent()
        return SpendingSettings(budget_dollars=limit.dollars, budget_tokens=limit.tokens, price=self.price)


class Thought(Entity, frozen=True, kw_only=True):
    settings: ThoughtSettings


class Mix(Entity, frozen=True, kw_only=True):
    settings: MixSettings
    problems: tuple[SplitRef, ...]
    without: tuple[SplitRef, ...] = ()
    """Splits whose problems are not learned."""

    @property
    def teachers(self) -> tuple[str, ...]:
        """Who wrote the thoughts, in the order of the spec."""
        return tuple(self.settings.teachers)


class Student(Entity, frozen=True, kw_only=True):
    settings: StudentSettings


class Experiment(Entity, frozen=True, kw_only=True):
    """`vary` holds params and the values they take, in the order of the spec."""

    settings: ExperimentSettings
    students: tuple[str, ...]
    mixes: tuple[str, ...]
    tests: tuple[SplitRef, ...]
    seeds: tuple[int, ...]
    vary: tuple[tuple[str, tuple[Value, ...]], ...] = ()


Key = tuple[str, str]
"""Keyword and name of a block."""


def needed(entity: Entity) -> Iterator[Key]:
    """The blocks that an entity itself refers to; those in turn may refer to others."""
    match entity:
        case Teacher(settings=TeacherSettings(model=TrainedTeacher(student=student, mix=mix))):
            yield from (("student", student), ("mix", mix))
        case Mix():
            yield from (("teacher", name) for name in entity.teachers)
            yield from (("thought", name) for name in entity.settings.thoughts)
            yield from (("data", split.data) for split in (*entity.problems, *entity.without))
        case Student(settings=StudentSettings(base=TrainedBase(student=student, mix=mix))):
            yield "student", student
            if mix is not None:
                yield "mix", mix
        case Experiment():
            yield from (("mix", name) for name in entity.mixes)
            yield from (("student", name) for name in entity.students)
            yield from (("data", split.data) for split in entity.tests)
            for ranked in verifiers(entity):
                yield from (("student", ranked.by), ("mix", ranked.on))


def verifiers(experiment: Experiment) -> tuple[Ranked, ...]:
    """The answers of an experiment that ask a verifier, one for each verifier and what it was trained on."""
    ranked = [answer for answer in experiment.settings.answers if isinstance(answer, Ranked)]
    return tuple({(answer.by, answer.on): answer for answer in ranked}.values())


class Model(Struct, frozen=True):
    """A whole spec with its imports. `files` are in the order of loading, the main spec first."""

    files: tuple[str, ...]
    params: dict[str, Param]
    data: dict[str, Data]
    teachers: dict[str, Teacher]
    thoughts: dict[str, Thought]
    mixes: dict[str, Mix]
    students: dict[str, Student]
    experiments: dict[str, Experiment]

    @property
    def blocks(self) -> dict[str, Mapping[str, Any]]:
        """Keyword -> the blocks of that kind by name, in the order of the walk."""
        return {
            "data": self.data,
            "teacher": self.teachers,
            "thought": self.thoughts,
            "mix": self.mixes,
            "student": self.students,
            "experiment": self.experiments,
        }

"""What a spec means: its blocks with every value checked, copied, filled in. Frozen, and free of syntax."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from distill_dsl.compiler.source import Span
from distill_dsl.contract.settings import (
    DataSettings,
    ExperimentSettings,
    MixSettings,
    StudentSettings,
    TeacherSettings,
    ThoughtSettings,
)

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
    """`budget` is in US dollars."""

    settings: TeacherSettings
    budget: float | None = None


class Thought(Entity, frozen=True, kw_only=True):
    settings: ThoughtSettings


class Mix(Entity, frozen=True, kw_only=True):
    settings: MixSettings
    problems: tuple[SplitRef, ...]
    teacher: str


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

"""What a spec means: its blocks with every value checked, copied, filled in. Frozen, and free of syntax."""

from __future__ import annotations

from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class SplitRef:
    """`gsm8k.train`."""

    data: str
    split: str

    def __str__(self) -> str:
        return f"{self.data}.{self.split}"


@dataclass(frozen=True, kw_only=True)
class Param:
    """`param name: type = value`; the value is the override's, where there is one."""

    name: str
    type: str
    value: Value
    span: Span
    description: str = ""
    least: Value | None = None
    most: Value | None = None
    choices: tuple[Value, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Entity:
    """What all blocks have.

    `references` maps a dotted path inside the settings to the param whose value stands there;
    `uses` holds all params that bear on the block, those of the blocks it refers to included.
    """

    name: str
    span: Span
    """The head of the block: keyword and name."""
    description: str = ""
    references: dict[str, str] = field(default_factory=dict)
    uses: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Data(Entity):
    """`splits` are those that the whole spec refers to, by first use."""

    settings: DataSettings
    splits: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Teacher(Entity):
    """`budget` is in US dollars."""

    settings: TeacherSettings
    budget: float | None = None


@dataclass(frozen=True, kw_only=True)
class Thought(Entity):
    settings: ThoughtSettings


@dataclass(frozen=True, kw_only=True)
class Mix(Entity):
    settings: MixSettings
    problems: tuple[SplitRef, ...]
    teacher: str


@dataclass(frozen=True, kw_only=True)
class Student(Entity):
    settings: StudentSettings


@dataclass(frozen=True, kw_only=True)
class Experiment(Entity):
    """`vary` holds params and the values they take, in the order of the spec."""

    settings: ExperimentSettings
    students: tuple[str, ...]
    mixes: tuple[str, ...]
    tests: tuple[SplitRef, ...]
    seeds: tuple[int, ...]
    vary: tuple[tuple[str, tuple[Value, ...]], ...] = ()


@dataclass(frozen=True)
class Model:
    """A whole spec with its imports. `files` are in the order of loading, the main spec first."""

    files: tuple[str, ...]
    params: dict[str, Param]
    data: dict[str, Data]
    teachers: dict[str, Teacher]
    thoughts: dict[str, Thought]
    mixes: dict[str, Mix]
    students: dict[str, Student]
    experiments: dict[str, Experiment]

"""A system read as a program: names that are assigned again stand for a new value from there on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from distill_dsl.runtime.thoughts.equations.codes import (
    Choice,
    Code,
    Guard,
    Operator,
    Relation,
    lone_name,
    names_in,
    names_of,
    renamed,
)

VERSION: Final = "@"
"""Between a name and the number of its value; no name that is read holds it."""
AND: Final = Operator("and", 2)
FALSE: Final[Code] = (0, Operator("==", 2))


def in_order(relations: Sequence[Relation], answer: str) -> tuple[list[Relation], str] | None:
    """The system with a new name for each value of a name that is assigned again, or nothing.

    Two assignments make a new value: an update, whose right side holds the name itself (`x = x + 2`),
    and one in a branch to a name that has a value already (`bonus = 0`, then `if ...: bonus = 5`).
    `x = 1` followed by `x = 2` is a contradiction, in a program as well: one of them is not meant.
    """
    versions = Versions()
    result = [versions.renamed(relation) for relation in relations]
    return (result, versions.current.get(answer, answer)) if versions.count else None


def first_name(version: str) -> str:
    """The name as the text has it."""
    return version.partition(VERSION)[0]


def version(name: str) -> int:
    """Which of a name's values it is, counted over the text."""
    return int(name.partition(VERSION)[2] or 0)


@dataclass
class Versions:
    """The values that the names stand for at a place of the text."""

    current: dict[str, str] = field(default_factory=dict)
    assigned: dict[str, list[tuple[Guard, ...]]] = field(default_factory=dict)
    """Name -> guards of the assignments to it so far."""
    conditions: dict[tuple[int, Code], Code] = field(default_factory=dict)
    """Conditions keep the values they had where their branch began."""
    count: int = 0

    def now(self, name: str) -> str:
        """The name's current value."""
        return self.current.setdefault(name, name)

    def renamed(self, relation: Relation) -> Relation:
        """The relation in terms of current values."""
        guards = tuple(self.guard(guard, relation) for guard in relation.guards)
        right = renamed(relation.right, self.now)
        name = lone_name(relation.left)
        if name is None or relation.sign != "=" or not self.anew(name, relation):
            result = relation._replace(left=renamed(relation.left, self.now), right=right, guards=guards)
        else:
            old = self.now(name)
            self.count += 1
            self.current[name] = f"{name}{VERSION}{self.count}"
            if guards:
                right, guards = (Choice(conjunction(guards), right, (old,)),), ()
            result = relation._replace(left=(self.current[name],), right=right, guards=guards)
        if name is not None and relation.sign == "=":
            self.assigned.setdefault(name, []).append(relation.guards)
        for used in names_of(relation):
            self.now(used)
        return result

    def anew(self, name: str, relation: Relation) -> bool:
        """Whether the relation gives the name another value."""
        if name not in self.current:
            return False
        if name in names_in(relation.right):
            return True
        return any(
            (relation.guards or before) and not exclusive(relation.guards, before)
            for before in self.assigned.get(name, ())
        )

    def guard(self, guard: Guard, relation: Relation) -> Guard:
        """The guard with the values of where its branch began."""
        place = next((one.line for one in relation.statement.branches), 0)
        key = (place, guard.condition)
        if key not in self.conditions:
            self.conditions[key] = renamed(guard.condition, self.now)
        return guard._replace(condition=self.conditions[key])


def exclusive(one: tuple[Guard, ...], other: tuple[Guard, ...]) -> bool:
    """Whether two branches are sides of one."""
    return any(guard._replace(wanted=not guard.wanted) in other for guard in one)


def conjunction(guards: Sequence[Guard]) -> Code:
    """All guards as one condition."""
    code: Code = ()
    for guard in guards:
        one = guard.condition if guard.wanted else (*guard.condition, *FALSE)
        code = (*code, *one, AND) if code else one
    return code

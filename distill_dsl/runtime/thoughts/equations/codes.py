"""What the grammar makes of a text: relations between expressions in postfix code.

Postfix code is a tuple of numbers, names, `Operator`s and `Choice`s; a stack evaluates it without
recursion (a choice holds codes of its own, so that the piece not taken is never evaluated).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Final, NamedTuple

from distill_dsl.runtime.thoughts.equations.lines import Statement


class Operator(NamedTuple):
    """A sign or function, with how many operands it takes."""

    name: str
    operands: int


DIVIDE: Final = Operator("/", 2)
POWER: Final = Operator("^", 2)
"""The only objects of their kind in a code, so that they can be looked for by identity."""


class Choice(NamedTuple):
    """`then if condition else otherwise`."""

    condition: Code
    then: Code
    otherwise: Code


Code = tuple["int | Fraction | str | Operator | Choice", ...]
"""Postfix; a `str` is an unknown's name."""


class Guard(NamedTuple):
    """A condition under which a relation is stated, and whether it must hold or fail."""

    condition: Code
    wanted: bool


class Relation(NamedTuple):
    """`left SIGN right`, where the sign is `=`, `<`, `<=`, `>`, `>=` or `!=`."""

    left: Code
    sign: str
    right: Code
    statement: Statement
    guards: tuple[Guard, ...] = ()


def names_in(code: Code) -> list[str]:
    """The names in a code, in order, repeated as they are."""
    found: list[str] = []
    for item in code:
        if type(item) is str:
            found.append(item)
        elif type(item) is Choice:
            for part in item:
                found += names_in(part)
    return found


def names_of(relation: Relation) -> list[str]:
    """The names in a relation, those of its guards last."""
    found = names_in(relation.left) + names_in(relation.right)
    for guard in relation.guards:
        found += names_in(guard.condition)
    return found


def lone_name(code: Code) -> str | None:
    """The name that is all of a code."""
    first = code[0]
    return first if isinstance(first, str) and len(code) == 1 else None


def renamed(code: Code, new: Callable[[str], str]) -> Code:
    """The code with each name replaced."""
    return tuple(
        new(item)
        if isinstance(item, str)
        else Choice(*(renamed(part, new) for part in item))
        if isinstance(item, Choice)
        else item
        for item in code
    )

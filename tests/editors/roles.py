"""What every word of a spec is by its tree: the measure of whoever colours specs without one."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from pathlib import Path
from typing import Final, assert_never

from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.source import Span

HERE: Final = Path(__file__).parent
SPECS: Final = (*sorted((HERE.parents[1] / "specs").glob("*.mtd")), HERE / "constructs.mtd")
"""Specs without mistakes of form; the last uses every construct."""


class Role(Enum):
    """Parts of a spec that have a colour of their own."""

    EDITION = auto()
    IMPORT = auto()
    ALIAS = auto()
    KEYWORD = auto()
    VARY = auto()
    PARAM = auto()
    TYPE = auto()
    BLOCK = auto()
    ORIGIN = auto()
    KEY = auto()
    ARGUMENT = auto()
    CALL = auto()
    NAME = auto()
    TEXT = auto()
    NUMBER = auto()
    CONSTANT = auto()


Part = tuple[Role, Span]


def roles(spec: nodes.Spec) -> Iterator[Part]:
    """The parts of a whole file."""
    for statement in spec.statements:
        match statement:
            case nodes.Edition():
                yield Role.EDITION, statement.keyword.span
                yield from _value(statement.number)
            case nodes.Import():
                yield Role.IMPORT, statement.keyword.span
                yield Role.TEXT, statement.path.span
                if statement.alias:
                    yield Role.ALIAS, statement.alias.span
            case nodes.Param():
                yield Role.KEYWORD, statement.keyword.span
                yield Role.PARAM, statement.name.span
                yield Role.TYPE, statement.type.span
                yield from _value(statement.value)
                yield from _items(statement.items)
            case nodes.Block():
                yield Role.KEYWORD, statement.keyword.span
                yield Role.BLOCK, statement.name.span
                if statement.origin:
                    yield Role.ORIGIN, statement.origin.span
                yield from _items(statement.items)
            case _:
                assert_never(statement)


def _items(items: tuple[nodes.Item | nodes.Vary, ...]) -> Iterator[Part]:
    for item in items:
        if isinstance(item, nodes.Item):
            yield Role.KEY, item.key.span
        else:
            yield Role.VARY, item.keyword.span
            yield Role.PARAM, item.name.span
        yield from _value(item.value)


def _value(value: nodes.Value) -> Iterator[Part]:
    match value:
        case nodes.Text():
            yield Role.TEXT, value.span
        case nodes.Number() | nodes.Quantity():
            yield Role.NUMBER, value.span
        case nodes.Constant():
            yield Role.CONSTANT, value.span
        case nodes.Path():
            yield Role.NAME, value.span
        case nodes.List(items=inner) | nodes.Sum(terms=inner) | nodes.Fallback(choices=inner):
            for one in inner:
                yield from _value(one)
        case nodes.Product(factors=inner):
            for one in inner:
                yield from _value(one)
        case nodes.Map():
            for entry in value.entries:
                yield Role.KEY, entry.key.span
                yield from _value(entry.value)
        case nodes.Call():
            yield Role.CALL, value.name.span
            for argument in value.arguments:
                if argument.key:
                    yield Role.ARGUMENT, argument.key.span
                yield from _value(argument.value)
        case nodes.Broken():
            raise AssertionError("a spec with mistakes has no measure")
        case _:
            assert_never(value)

"""Every key and every argument with every kind of value: a diagnostic or a model, never an exception."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from distill_dsl.compiler.language.tokens import BLOCKS
from distill_dsl.compiler.model.fields import FIELDS, PARAM
from distill_dsl.compiler.model.offered import STRATEGIES
from distill_dsl.compiler.model.types import Call, OneOf
from specs import SMALL, compiled

VALUES = (
    "none", "true", "0", "-1", "3", "0.5", "1e14", "5s", "512MB", "25USD", "95%", '""', '"x"', '"./x"', 'env("X")',
    "cot", "a", "a.train", "a.b.c", "paths", "nothing", "cot + 2*pot", "2*cot", "paths*cot", "cot > pot",
    "[]", "[1]", "[1, 2]", '["x"]', "[cot]", "[a.train]", "[cot > pot]", "{ }", '{ question: "q" }', "{ s.m.a: 1 }",
    "f()", "vote()", "vote(cot, pot)", "solution()",
)  # fmt: skip
"""One of each kind of value, and some that fit somewhere."""


def items() -> Iterator[tuple[str, str]]:
    """Keyword of a block -> an item of it, for each key, call and argument, with a place for the value."""
    for keyword, rows in FIELDS.items():
        for row in rows:
            yield keyword, f"{row.key} = @"
            calls = row.type.calls if isinstance(row.type, OneOf) else ()
            yield from ((keyword, f"{row.key} = {text}") for call in calls for text in filled(call))
    yield from (("experiment", f"answers = [{text}]") for call in STRATEGIES for text in filled(call))
    yield "experiment", "vary paths = @"
    yield "data", "train = @"


def filled(call: Call) -> Iterator[str]:
    """A call with one argument to be filled in: each of its own, one without name, and one of a name of the user's."""
    yield f"{call.name}(@)"
    yield f"{call.name}(@, @)"
    yield from (f"{call.name}({argument.key}: @)" for argument in call.arguments)
    yield from (f"{call.name}({name}: @)" for name in ("train", "cot", "zebra"))


@pytest.mark.parametrize("keyword", BLOCKS)
def test_every_key_with_every_value(keyword: str) -> None:
    for item in [item for kind, item in items() if kind == keyword]:
        for value in VALUES:
            text = f"{SMALL}{keyword} more = {NAMES[keyword]} {{ {item.replace('@', value)} }}\n"
            model, found = compiled(text)
            assert model is not None or found, text


NAMES = {"data": "a", "teacher": "t", "thought": "cot", "mix": "m", "student": "s", "experiment": "e"}
"""Keyword -> the block of that kind in SMALL."""


@pytest.mark.parametrize("type", ["int", "float", "str", "bool", "share", "time", "size", "money", "none"])
def test_every_param_with_every_value(type: str) -> None:
    for value in VALUES:
        assert compiled(f"{SMALL}param p: {type} = {value}\n") is not None
        for row in PARAM:
            text = f"{SMALL}param p: {type} = 1 {{ {row.key} = {value} }}\n"
            model, found = compiled(text)
            assert model is not None or found, text

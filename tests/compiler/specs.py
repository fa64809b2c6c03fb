"""Specs for the tests of the language and the model, and the way from text to model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from distill_dsl.compiler.diagnostics import Diagnostic
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.language.parse import parse
from distill_dsl.compiler.model.entities import Model, Value
from distill_dsl.compiler.model.resolve import Program, load, resolve
from distill_dsl.compiler.source import Source

SPECS = Path(__file__).parents[2] / "specs"

SMALL = """\
param paths: int = 4
data a { source = file(train: "train.jsonl", test: "test.jsonl") }
teacher t { model = solution()   samples = paths }
thought cot { answer = text }
thought pot { answer = python }
mix m { problems = a.train   teacher = t   thoughts = cot + 2*pot }
student s { base = scratch("t5") }
experiment e {
  students = [s]
  mixes = [m]
  tests = [a.test]
  answers = [cot, pot > cot]
}
"""
"""A whole spec with all kinds of blocks, for changing one thing."""


def source(text: str) -> Source:
    return Source("spec.mtd", text)


def compiled(text: str, overrides: Mapping[str, Value] | None = None) -> tuple[Model | None, list[Diagnostic]]:
    """The model of a text, with the diagnostics of all steps."""
    spec, found = parse(source(text))
    model, more = resolve(Program((spec,)), overrides)
    return model, [*found, *more]


def model_of(text: str, overrides: Mapping[str, Value] | None = None) -> Model:
    """The model of a text that has no mistakes."""
    model, found = compiled(text, overrides)
    assert not found, [diagnostic.summary for diagnostic in found]
    assert model is not None
    return model


def model_in(path: Path) -> Model:
    """The model of a file that has no mistakes."""
    program, _, found = load(path)
    model, more = resolve(program)
    assert not [*found, *more]
    assert model is not None
    return model


def changed(old: str, new: str) -> str:
    """SMALL with a part replaced."""
    assert old in SMALL
    return SMALL.replace(old, new)


def codes(text: str) -> list[str]:
    """The codes of all diagnostics of a text."""
    return [diagnostic.code for diagnostic in compiled(text)[1]]


def value_of(text: str) -> nodes.Value:
    """The tree of a value."""
    spec, found = parse(source(f"mix m {{ key = {text} }}"))
    assert found == []
    block = spec.statements[0]
    assert isinstance(block, nodes.Block)
    item = block.items[0]
    assert isinstance(item, nodes.Item)
    return item.value

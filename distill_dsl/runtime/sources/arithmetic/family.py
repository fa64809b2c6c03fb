"""A family of word problems as a table, and how one problem is drawn from it.

A row such as `buy_change` names the numbers it draws, the wordings it is told in, the steps that
solve it and the equations that state it. Everything is written in the names of its numbers;
drawing puts figures in their place. All arithmetic is exact: `int` where whole, else `Fraction`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, cached_property
from random import Random
from string import Formatter
from types import CodeType
from typing import Final

from distill_dsl.contract.records import Solution, Step
from distill_dsl.runtime.sources.arithmetic.words import PARTS, cast

NAME: Final = re.compile(r"[a-z]\w*")
LITERAL: Final = re.compile(r"(?<![\w.{])\d+(?:\.\d+)?")

Number = int | Fraction
Numbers = dict[str, Number]


@dataclass(frozen=True)
class Of:
    """A number drawn from a few: `Of(10, 25, 50)`, `Of("0.5", "1.5")`."""

    values: tuple[Number, ...]

    def __init__(self, *values: int | str) -> None:
        object.__setattr__(self, "values", tuple(_plain(Fraction(value)) for value in values))


Range = tuple[int, int | None]
"""Lowest and highest value; `None` is the largest number that the data block allows."""

Line = tuple[str, str, str]
"""One step: name, expression with one operation, sentence in which `{}` is the shown arithmetic."""


@dataclass(frozen=True)
class Family:
    """Problems that differ in numbers, names, things and wording only."""

    name: str
    texts: tuple[str, ...]
    numbers: Mapping[str, Range | Of | str]
    """Name -> how it is drawn, or an expression over the numbers before it. Those that no text
    shows are the hidden solution that the shown ones are made from."""
    steps: tuple[Line, ...]
    equations: tuple[str, ...]
    where: tuple[str, ...] = ()
    """Conditions that a draw must meet, such as `a > b`."""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Further words that vary: placeholder -> its choices."""
    decimals: bool = False
    """Values may be decimals of at most two places; otherwise all are whole."""

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """The numbers that the text tells: with the name, what makes a problem mathematically its own."""
        told = {key for _, key, _, _ in Formatter().parse(self.texts[0]) if key}
        return tuple(name for name in self.numbers if name in told)

    @cached_property
    def largest_literal(self) -> int:
        """The largest figure written in the table itself, such as the 60 of minutes."""
        written = [*self.texts, *self.equations, *(expression for _, expression, _ in self.steps)]
        return max((int(Fraction(figure)) for text in written for figure in LITERAL.findall(text)), default=0)


@dataclass(frozen=True)
class Drawn:
    """One problem of a family, before it has an id."""

    family: str
    question: str
    answer: str
    solution: Solution


def draw_numbers(family: Family, rng: Random, largest: int) -> tuple[Numbers, Numbers] | None:
    """Drawn numbers and step values, or `None` where a value is not positive, whole and small enough."""
    numbers: Numbers = {}
    for name, source in family.numbers.items():
        value = _pick(source, rng, largest, numbers)
        if value is None or not _fits(value, family, largest):
            return None
        numbers[name] = value
    if not all(evaluate(condition, numbers) for condition in family.where):
        return None
    values = dict(numbers)
    for name, expression, _ in family.steps:
        values[name] = _plain(evaluate(expression, values))
        if not _fits(values[name], family, largest):
            return None
    return numbers, {name: values[name] for name, _, _ in family.steps}


def tell(family: Family, rng: Random, numbers: Numbers, values: Numbers) -> Drawn:
    """The problem in words and figures, with its steps and equations."""
    figures = {name: figure(value) for name, value in numbers.items()}
    words: dict[str, object] = {**cast(rng, family.words), **{name: _Told(value) for name, value in numbers.items()}}
    return Drawn(
        family=family.name,
        question=rng.choice(family.texts).format_map(words),
        answer=figure(values[family.steps[-1][0]]),
        solution=Solution(
            steps=tuple(
                Step(
                    name=name,
                    expression=substituted(expression, figures),
                    value=figure(values[name]),
                    sentence=sentence.replace("{}", "{{}}").format_map(words),
                )
                for name, expression, sentence in family.steps
            ),
            equations=tuple(substituted(equation, figures) for equation in family.equations),
        ),
    )


def substituted(text: str, figures: Mapping[str, str]) -> str:
    """The expression or equation with figures in place of the names that have one."""
    return NAME.sub(lambda match: figures.get(match[0], match[0]), text)


def evaluate(expression: str, values: Numbers) -> Number:
    """The exact value of an expression of a family's table."""
    return eval(_compiled(expression), {"__builtins__": {}, "over": _over}, values)  # type: ignore[no-any-return]


def figure(value: Number) -> str:
    """`12`, `0.5`: a terminating fraction as canonical answer text."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.6f}".rstrip("0")


class _Told(Fraction):
    """A number in a text: `{k}` is its figure, `{k:part}` a word such as `third`."""

    def __format__(self, spec: str) -> str:
        return PARTS[int(self)] if spec == "part" else figure(self)


class _ExactDivision(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        return ast.Call(func=ast.Name("over", ctx=ast.Load()), args=[node.left, node.right], keywords=[])


def _over(a: Number, b: Number) -> Number:
    return _plain(Fraction(a) / b)


def _plain(value: Number) -> Number:
    # Most draws are rejected: ints, five times as fast as fractions, keep that cheap.
    return value.numerator if value.denominator == 1 else value


@cache
def _compiled(expression: str) -> CodeType:
    tree = ast.fix_missing_locations(_ExactDivision().visit(ast.parse(expression, mode="eval")))
    return compile(tree, "<family>", "eval")


def _pick(source: Range | Of | str, rng: Random, largest: int, numbers: Numbers) -> Number | None:
    match source:
        case str():
            return _plain(evaluate(source, numbers))
        case Of():
            return rng.choice(source.values)
        case (low, high):
            top = largest if high is None else min(high, largest)
            if low > top:
                return None
            # Half of the open ranges lean to small numbers: products of two large ones never fit.
            small = high is None and rng.random() < 0.5
            return rng.randint(low, rng.randint(low, top) if small else top)


def _fits(value: Number, family: Family, largest: int) -> bool:
    if value <= 0 or value > largest:
        return False
    return value.denominator == 1 or (family.decimals and 100 % value.denominator == 0)

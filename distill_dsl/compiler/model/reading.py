"""A value of the syntax tree becomes the value that a key takes, or is reported and `WRONG`.

One cause gives one diagnostic: whatever depends on a `WRONG` value is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from distill_dsl.compiler.diagnostics import Advice, Code, Help
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model.scope import Scope, article, undefined, unknown_alias
from distill_dsl.compiler.model.types import (
    Names,
    Type,
)
from distill_dsl.compiler.model.wording import described, expected, plainer
from distill_dsl.compiler.source import Span


class Wrong(Enum):
    """The value of what has been reported."""

    WRONG = "wrong"


WRONG: Final = Wrong.WRONG


@dataclass
class Reading:
    """The reading of one block, and which params its values come from."""

    scope: Scope
    references: dict[str, str] = field(default_factory=dict)
    uses: set[str] = field(default_factory=set)

    def report(self, code: Code, summary: str, span: Span, help: Help = None, **more: Any) -> Wrong:
        """Report a mistake; its value is `WRONG`."""
        self.scope.report(code, summary, span, help, **more)
        return WRONG

    def mistyped(self, type: Type, node: nodes.Value, help: Help = None) -> Wrong:
        """Report a value of another type than expected."""
        if isinstance(node, nodes.Broken):
            return WRONG
        summary = f"expected {expected(type)}, found {described(node)}"
        return self.report(Code.WRONG_TYPE, summary, node.span, help or plainer(type, node))


# --- lists --------------------------------------------------------------------------------------


def elements(reading: Reading, type: Type, node: nodes.Value) -> Sequence[nodes.Value] | Wrong:
    """The elements of a list that is not empty."""
    if not isinstance(node, nodes.List):
        help: Help = "write a list: `[...]`"
        if isinstance(node, nodes.Path) and not node.parts[0].home:  # of an alias, the text is gone
            help = Advice(f"write a list: `[{node.text}]`", f"[{node.text}]")
        return reading.mistyped(type, node, help)
    if not node.items:
        return reading.report(
            Code.EMPTY_LIST, "this list is empty", node.span, "give at least one element, or leave the key out"
        )
    return node.items


def distinct(reading: Reading, pairs: Sequence[tuple[Any, Span]]) -> tuple[Any, ...] | Wrong:
    """The values, if none is `WRONG` and none stands there twice."""
    first: dict[Any, Span] = {}
    fine = True
    for value, span in pairs:
        if value is WRONG:
            fine = False
        elif value in first:
            labels = ((first[value], "first given here"),)
            reading.report(Code.DUPLICATE_ELEMENT, f"`{value}` stands here twice", span, "leave one out", labels=labels)
            fine = False
        else:
            first[value] = span
    return tuple(value for value, _ in pairs) if fine else WRONG


# --- names --------------------------------------------------------------------------------------


def read_name(reading: Reading, kind: str, node: nodes.Value, hint: str | None = None) -> str | Wrong:
    """The name of a block of a kind."""
    if isinstance(node, nodes.Broken):
        return WRONG
    if isinstance(node, nodes.Path) and node.key in reading.scope.blocks[kind]:
        reading.scope.mention(kind, node)  # also a name with a dot, reported at its block
        return node.key
    if isinstance(node, nodes.Path) and unknown_alias(reading.scope, node.parts):
        return WRONG
    if not isinstance(node, nodes.Path) or len(node.parts) != 1:
        summary = f"expected the name of {article(kind)} {kind}, found {described(node)}"
        return reading.report(Code.WRONG_TYPE, summary, node.span, hint or plainer(Names(kind), node))
    return named(reading, kind, node.parts[0])


def named(reading: Reading, kind: str, name: nodes.Name) -> str | Wrong:
    """The name, if there is a block of the kind under it."""
    if name.key not in reading.scope.blocks[kind]:
        undefined(reading.scope, name, kind)
        return WRONG
    reading.scope.mention(kind, name)
    return name.key

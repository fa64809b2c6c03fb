"""A strategy on its own, as somebody writes it on a command line: read as in a spec, told as in a spec."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from distill_dsl.compiler.diagnostics import Diagnostic, has_errors
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.language.parse import parse
from distill_dsl.compiler.model.algebra import read_strategy
from distill_dsl.compiler.model.reading import Reading, Wrong
from distill_dsl.compiler.model.resolve import read
from distill_dsl.compiler.model.scope import Scope
from distill_dsl.compiler.source import Source, Span
from distill_dsl.contract.strategies import Strategy

BEFORE: Final = "experiment asked { headline = "
AFTER: Final = "\n}\n"
"""What makes a file of a strategy. A line of its own, lest a comment takes the brace away."""


def strategy_alone(
    text: str, shown_as: str, names: Mapping[str, Iterable[str]]
) -> tuple[Strategy | None, Source, list[Diagnostic]]:
    """The strategy that a text says; `names` holds, by kind of block, what it may name.

    Diagnostics speak of the text itself, as of a file called `shown_as`. `None` where there are errors.
    """
    source = Source(shown_as, text)
    tree, found = parse(Source(shown_as, f"{BEFORE}{text}{AFTER}"))
    value = _value(tree)
    strategy: Strategy | Wrong | None = None
    if value is not None and not has_errors(found):
        reading = Reading(_scope(shown_as, names))
        strategy = read_strategy(reading, value, read)
        found = [*found, *reading.scope.found]
    moved = [_moved(each, len(text)) for each in found]
    return None if has_errors(found) or isinstance(strategy, Wrong) else strategy, source, moved


def _value(tree: nodes.Spec) -> nodes.Value | None:
    items = (item for block in tree.statements if isinstance(block, nodes.Block) for item in block.items)
    return next((item.value for item in items if isinstance(item, nodes.Item)), None)


def _scope(path: str, names: Mapping[str, Iterable[str]]) -> Scope:
    """A scope in which these names are defined, by empty blocks that stand nowhere."""
    scope, nowhere = Scope(), Span(path, 0, 0)
    for kind, known in names.items():
        for name in known:
            node = nodes.Name(name, nowhere)
            scope.definitions[kind, name] = node
            scope.blocks[kind][name] = nodes.Block(nodes.Name(kind, nowhere), node, None, (), nowhere)
    return scope


def _moved(found: Diagnostic, length: int) -> Diagnostic:
    """The diagnostic with its places counted in the text alone; what is said of a place outside is left out."""
    span = None if found.span is None else _inside(found.span, length)
    labels = tuple((_inside(place, length), said) for place, said in found.labels if place.end > len(BEFORE))
    fix = found.fix and replace(found.fix, span=_inside(found.fix.span, length))
    return replace(found, span=span, labels=labels, fix=fix)


def _inside(span: Span, length: int) -> Span:
    start, end = (min(max(at - len(BEFORE), 0), length) for at in (span.start, span.end))
    return Span(span.path, start, end)

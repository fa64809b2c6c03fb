"""A graph in the language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from distill_dsl.compiler.plan.graph import Graph, Node

SHAPES: Final = {"data": "cylinder", "teacher": "oval", "mix": "hexagon", "param": "note"}
"""Kind of a node -> its shape; others are boxes."""

COLORS: Final = {"runs": "#fff3bf", "restored": "#d3f9d8", "current": "#f1f3f5"}
"""State of a node -> its colour."""


def dot(graph: Graph) -> str:
    """The digraph, from left to right."""
    lines = ["digraph mtd {", "  rankdir=LR;", '  node [shape=box, style=filled, fillcolor="white"];', *_nodes(graph)]
    for edge in graph.edges:
        label = f" [label={quoted(edge.label)}]" if edge.label else ""
        lines.append(f"  {quoted(edge.source)} -> {quoted(edge.target)}{label};")
    return "\n".join([*lines, "}"]) + "\n"


def _nodes(graph: Graph) -> Iterator[str]:
    for number, (title, nodes) in enumerate(groupby(graph.nodes, key=lambda node: node.group)):
        if title:
            yield f"  subgraph cluster_{number} {{"
            yield f"    label={quoted(title)};"
            yield from (f"  {_node(node)}" for node in nodes)
            yield "  }"
        else:
            yield from map(_node, nodes)


def _node(node: Node) -> str:
    attributes = [f"label={quoted(node.label)}"]
    if node.kind in SHAPES:
        attributes.append(f"shape={SHAPES[node.kind]}")
    if node.state in COLORS:
        attributes.append(f'fillcolor="{COLORS[node.state]}"')
    if node.state == "unused":
        attributes.append('style="dashed"')
    return f"  {quoted(node.name)} [{', '.join(attributes)}];"


def quoted(text: str) -> str:
    """A text as Graphviz reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

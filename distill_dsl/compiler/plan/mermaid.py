"""A graph as a Mermaid flowchart, which GitHub draws in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from distill_dsl.compiler.plan.graph import Graph, Node

SHAPES: Final = {
    "param": ("(", ")"),
    "data": ("[(", ")]"),
    "teacher": ("([", "])"),
    "mix": ("{{", "}}"),
    "experiment": ("[[", "]]"),
    "report": ("[[", "]]"),
}
"""Kind of a node -> the brackets that draw its shape; others are boxes."""

STYLES: Final = {
    "runs": "fill:#fff3bf,stroke:#e67700,color:#000",
    "restored": "fill:#d3f9d8,stroke:#2b8a3e,color:#000",
    "current": "fill:#f1f3f5,stroke:#868e96,color:#495057",
    "unused": "stroke-dasharray:4 3,color:#868e96",
}
"""State of a node -> its style."""


MOST_EDGES: Final = 500
"""Mermaid's own limit, which a diagram cannot raise; GitHub keeps it."""


def mermaid(graph: Graph) -> str:
    """The flowchart, from left to right."""
    ids = _ids(graph)
    lines = ["flowchart LR", *_nodes(graph, ids)]
    for edge in graph.edges:
        label = f'|"{_escaped(edge.label)}"|' if edge.label else ""
        lines.append(f"  {ids[edge.source]} -->{label} {ids[edge.target]}")
    for state, style in STYLES.items():
        members = [ids[node.name] for node in graph.nodes if node.state == state]
        if members:
            lines += [f"  classDef {state} {style}", f"  class {','.join(members)} {state}"]
    return "\n".join(lines) + "\n"


def _nodes(graph: Graph, ids: dict[str, str]) -> Iterator[str]:
    for title, nodes in groupby(graph.nodes, key=lambda node: node.group):
        inner = [_node(node, ids[node.name]) for node in nodes]
        if title:
            yield f'  subgraph in_{_word(title)}["{_escaped(title)}"]'
            yield from (f"  {line}" for line in inner)
            yield "  end"
        else:
            yield from inner


def _node(node: Node, id: str) -> str:
    opening, closing = SHAPES.get(node.kind, ("[", "]"))
    return f'  {id}{opening}"{_escaped(node.label)}"{closing}'


def _ids(graph: Graph) -> dict[str, str]:
    """Names in letters that Mermaid allows, each once; never a word of its own, such as `end`."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for node in graph.nodes:
        plain = _word(node.name) if re.search(r"[ -]", node.name) else f"{_word(node.name)}_"
        tries = (plain, *(f"{plain}_{number}" for number in range(2, len(graph.nodes) + 2)))
        found[node.name] = next(each for each in tries if each not in taken)
        taken.add(found[node.name])
    return found


def _word(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


ESCAPES: Final = (
    ("#", "#35;"),
    ('"', "#quot;"),
    ("<", "#lt;"),
    (">", "#gt;"),
    ("`", "#96;"),
    ("%", "#37;"),
    ("\n", "<br/>"),
)
"""`%%` starts a comment or directive of Mermaid even within quotes."""


def _escaped(text: str) -> str:
    for letter, code in ESCAPES:
        text = text.replace(letter, code)
    return text or " "  # nothing in quotes is no label to Mermaid

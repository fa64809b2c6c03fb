"""A graph as a tree: each node once, below the last one that it reads from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from distill_dsl.compiler.plan.graph import Graph, Node
from distill_dsl.compiler.plan.outlook import State
from distill_dsl.compiler.plan.words import MARKS, Line, some

TONES: Final = {"current": "faint", "unused": "faint"}


def tree(graph: Graph) -> list[Line]:
    """A line a node; what else it reads stands behind it."""
    order = {node.name: at for at, node in enumerate(graph.nodes)}
    sources: dict[str, list[str]] = {node.name: [] for node in graph.nodes}
    for edge in graph.edges:
        sources[edge.target].append(edge.source)
    parents = {name: max(given, key=order.__getitem__) for name, given in sources.items() if given}
    below: dict[str, list[Node]] = {}
    for node in graph.nodes:
        below.setdefault(parents.get(node.name, ""), []).append(node)
    lines: list[Line] = []
    # A stack and no recursion, since a chain of blocks may be long.
    waiting = [(node, "", "") for node in reversed(below.get("", []))]
    while waiting:
        node, lead, branch = waiting.pop()
        others = [name for name in sources[node.name] if name != parents.get(node.name)]
        lines.append(Line(f"{lead}{branch}{_shown(node)}{_also(others)}", TONES.get(node.state, "")))
        inner = lead + ("" if not branch else "    " if branch.startswith("`") else "|   ")
        waiting += reversed(list(_branches(below.get(node.name, []), inner)))
    return lines


def _branches(nodes: Sequence[Node], lead: str) -> Iterator[tuple[Node, str, str]]:
    for at, node in enumerate(nodes, start=1):
        yield node, lead, "`-- " if at == len(nodes) else "|-- "


def _shown(node: Node) -> str:
    label = node.label.replace("\n", ", ")
    states = {state.value: mark for state, mark in MARKS.items() if state is not State.CURRENT}
    return f"{states[node.state]} {label}" if node.state in states else label


def _also(others: Sequence[str]) -> str:
    return f"   (also reads {some(others)})" if others else ""

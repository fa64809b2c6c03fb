"""Names of files that are imported under an alias: `c.small` is the `small` of the file that is `c`.

Each alias opens a *home*, a prefix such as `c_` (`c_d_` for an alias within). A name's key, under
which it is kept and called in files, is its home and its text: `c_small`. Homes are written into the
tree once, here, so that a copied item still means what it meant where it was written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.source import Span

Homes = Mapping[tuple[str, str], str]
"""(home of a file, alias that it gives) -> home of the imported file."""


def home_of(home: str, alias: str) -> str:
    """The home that an alias opens in a file."""
    return f"{home}{alias}_"


def at_home(spec: nodes.Spec, homes: Homes) -> tuple[nodes.Spec, list[nodes.Name]]:
    """The tree with its home in each of its names, and every place that names an alias.

    An alias before a name goes into the name's home: of `c.data.train`, `data.train` is left.
    """
    if not spec.home and not homes:
        return spec, []
    met: list[nodes.Name] = []
    return replace(spec, statements=_homed(spec.statements, spec.home, homes, met)), met


def _homed(node: Any, home: str, homes: Homes, met: list[nodes.Name]) -> Any:
    match node:
        case tuple():
            return tuple(_homed(inner, home, homes, met) for inner in node)
        case nodes.Path():
            return replace(node, parts=_qualified(node.parts, home, homes, met))
        case nodes.Argument(nodes.Name() as key, value):
            parts = _qualified(split_name(key), home, homes, met)
            named = parts[0] if len(parts) == 1 else replace(key, home=home)
            return replace(node, key=named, value=_homed(value, home, homes, met))
        case nodes.Name():
            return replace(node, home=home)
    if not isinstance(node, nodes.Node):
        return node
    changed = {name: _homed(getattr(node, name), home, homes, met) for name in node.__struct_fields__}
    return replace(node, **changed)


def _qualified(parts: tuple[nodes.Name, ...], home: str, homes: Homes, met: list[nodes.Name]) -> tuple[nodes.Name, ...]:
    """The parts that are no aliases, each in its home. The last part is never one."""
    kept: list[nodes.Name] = []
    here = home
    for at, part in enumerate(parts):
        part = replace(part, home=here)
        inner = homes.get((here, part.text))
        if inner is not None and at + 1 < len(parts):
            met.append(part)
            here = inner
        else:
            kept.append(part)
            here = home
    return tuple(kept)


def split_name(name: nodes.Name) -> tuple[nodes.Name, ...]:
    """`c.cot` as `c` and `cot`."""
    parts: list[nodes.Name] = []
    at = name.span.start
    for text in name.text.split("."):
        parts.append(nodes.Name(text, Span(name.span.path, at, at + len(text))))
        at += len(text) + 1
    return tuple(parts)

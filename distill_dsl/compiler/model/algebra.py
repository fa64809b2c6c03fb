"""The domain's own values: splits, mixed thoughts, strategies, columns and published figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from distill_dsl.compiler.diagnostics import Advice, Code, suggestion
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model import units
from distill_dsl.compiler.model.calls import Read, bound, chosen
from distill_dsl.compiler.model.entities import SplitRef
from distill_dsl.compiler.model.offered import STRATEGIES
from distill_dsl.compiler.model.reading import WRONG, Reading, Wrong, distinct, elements, named, read_name
from distill_dsl.compiler.model.scalars import read_scalar
from distill_dsl.compiler.model.scope import unknown_alias
from distill_dsl.compiler.model.types import (
    ColumnNames,
    Counts,
    Figures,
    Member,
    Options,
    Real,
    Splits,
    Strategies,
    Text,
    Weighted,
    Whole,
)
from distill_dsl.compiler.model.wording import described, expected
from distill_dsl.compiler.source import Span
from distill_dsl.contract.settings import Columns, Published
from distill_dsl.contract.strategies import Cascade, Single, Strategy, strategy_key

# --- splits -------------------------------------------------------------------------------------


def read_splits(reading: Reading, type: Splits, node: nodes.Value) -> Any:
    """The splits of a list, a sum or a single path, each once."""
    return distinct(reading, [(read_split(reading, path), path.span) for path in split_nodes(reading, type, node)])


def split_nodes(reading: Reading, type: Splits, node: nodes.Value) -> Sequence[nodes.Value]:
    """The parts of a value that each name a split."""
    if isinstance(node, nodes.Sum):
        return node.terms
    if isinstance(node, nodes.List):
        items = elements(reading, type, node)
        return [nodes.Broken(node.span)] if isinstance(items, Wrong) else items
    return [node]


def read_split(reading: Reading, node: nodes.Value) -> SplitRef | Wrong:
    """`data.split`; whether the data has the split is known only when all data blocks are read."""
    if isinstance(node, nodes.Path) and len(node.parts) == 2:
        data, split = node.parts
        return WRONG if named(reading, "data", data) is WRONG else SplitRef(data.key, split.text)
    help = None
    if isinstance(node, nodes.Path) and len(node.parts) > 2 and unknown_alias(reading.scope, node.parts):
        return WRONG
    if isinstance(node, nodes.Path) and len(node.parts) == 1 and node.key in reading.scope.blocks["data"]:
        help = Advice(f"name the split: `{node.text}.train`", f"{node.text}.train")
    return reading.mistyped(Splits(), node, help)


# --- thoughts -----------------------------------------------------------------------------------


def read_weighted(reading: Reading, type: Weighted, node: nodes.Value, at: str | None) -> Any:
    """Name -> weight, in the order of the sum."""
    if isinstance(node, nodes.List):
        return reading.mistyped(type, node, f"join {type.kind}s by `+`: `{_EXAMPLES[type.kind]}`")
    terms = node.terms if isinstance(node, nodes.Sum) else (node,)
    pairs = [_weighted(reading, type, term, at) for term in terms]
    names = distinct(reading, [(name, term.span) for (name, _), term in zip(pairs, terms, strict=True)])
    if names is WRONG or any(weight is WRONG for _, weight in pairs):
        return WRONG
    return dict(pairs)


_EXAMPLES: Final = {"thought": "cot + pot", "teacher": "solver + self"}


def _weighted(reading: Reading, type: Weighted | Member, node: nodes.Value, at: str | None) -> tuple[Any, Any]:
    """A name and its weight: `pot`, `2*pot`, `w*pot`."""
    kind = type.kind if isinstance(type, Weighted) else "thought"
    if not isinstance(node, nodes.Product):
        if isinstance(node, nodes.Path | nodes.Broken):
            return read_name(reading, kind, node), 1.0
        return reading.mistyped(type, node), WRONG
    named = [factor for factor in node.factors if _names(reading, kind, factor)]
    weights = [factor for factor in node.factors if factor not in named]
    if not named and len(node.factors) == 2:  # the one that cannot be a weight should be a name
        named = [factor for factor in node.factors if _like_name(reading, factor)][:1]
        weights = [factor for factor in node.factors if factor not in named]
    if len(named) != 1 or len(weights) != 1:
        help = f"write a weight and a {kind}: `2*{_EXAMPLES[kind].rpartition(' ')[2]}`"
        return reading.mistyped(type, node, help), WRONG
    name = read_name(reading, kind, named[0])
    place = f"{at}.{name}" if at is not None and name is not WRONG else None
    return name, read_scalar(reading, Real(above=0.0), weights[0], place)


def _names(reading: Reading, kind: str, node: nodes.Value) -> bool:
    return isinstance(node, nodes.Path) and node.key in reading.scope.blocks[kind]


def _like_name(reading: Reading, node: nodes.Value) -> bool:
    return isinstance(node, nodes.Path) and len(node.parts) == 1 and node.key not in reading.scope.params


# --- strategies ---------------------------------------------------------------------------------


def read_strategies(reading: Reading, type: Strategies, node: nodes.Value, read: Read) -> Any:
    """The strategies of a list, each once; or for a headline the key of one."""
    if not type.many:
        one = read_strategy(reading, node, read)
        return one if isinstance(one, Wrong) else strategy_key(one)
    items = elements(reading, type, node)
    if isinstance(items, Wrong):
        return WRONG
    strategies = [read_strategy(reading, item, read) for item in items]
    keys = [strategy if isinstance(strategy, Wrong) else strategy_key(strategy) for strategy in strategies]
    spans = [item.span for item in items]
    return WRONG if distinct(reading, list(zip(keys, spans, strict=True))) is WRONG else tuple(strategies)


def read_strategy(reading: Reading, node: nodes.Value, read: Read) -> Strategy | Wrong:
    """`pot`, `pot > eot > cot`, `vote(...)`."""
    match node:
        case nodes.Path():
            name = read_name(reading, "thought", node)
            return name if isinstance(name, Wrong) else Single(thought=name)
        case nodes.Fallback(choices):
            hint = "a fallback holds thoughts only"
            names = [(read_name(reading, "thought", choice, hint), choice.span) for choice in choices]
            members = distinct(reading, names)
            return members if isinstance(members, Wrong) else Cascade(members=members)
        case nodes.Call():
            return _called(reading, node, read)
    return reading.mistyped(Strategies(many=False), node)


def _called(reading: Reading, node: nodes.Call, read: Read) -> Strategy | Wrong:
    row = chosen(reading, STRATEGIES, node, expected(Strategies(many=False)))
    if isinstance(row, Wrong) or row.members is None or row.settings is None:
        return WRONG
    given = [argument.value for argument in node.arguments if argument.key is None]
    pairs = [_member(reading, row.members, value) for value in given]
    members = distinct(reading, [(name, value.span) for (name, _), value in zip(pairs, given, strict=True)])
    others = bound(reading, row, node, None, read)
    if isinstance(members, Wrong) or isinstance(others, Wrong) or any(weight is WRONG for _, weight in pairs):
        return WRONG
    if not members:
        return reading.report(Code.WRONG_ARGUMENT, f"`{row.name}` needs at least one thought", node.name.span)
    weights = {name: weight for name, weight in pairs if weight != 1.0}
    if weights:
        others["weights"] = weights
    if others.get("ties", members[0]) not in members:
        keyed = {argument.key.text: argument.value.span for argument in node.arguments if argument.key is not None}
        span = keyed["ties"]
        help = suggestion(others["ties"], members)
        return reading.report(Code.WRONG_ARGUMENT, f"`{others['ties']}` is no member of this vote", span, help)
    strategy: Any = row.settings(members=members, **others)
    return strategy  # type: ignore[no-any-return]


def _member(reading: Reading, type: Member, node: nodes.Value) -> tuple[Any, Any]:
    if isinstance(node, nodes.Product) and not type.weighted:
        return reading.mistyped(type, node, "only the members of a vote have weights"), WRONG
    return _weighted(reading, type, node, None)


# --- maps ---------------------------------------------------------------------------------------


def _entries(
    reading: Reading, type: ColumnNames | Figures | Counts | Options, node: nodes.Value
) -> Sequence[nodes.Entry] | Wrong:
    """The entries of a map, each key once."""
    if not isinstance(node, nodes.Map):
        return reading.mistyped(type, node)
    keys = distinct(reading, [(entry.key.text, entry.key.span) for entry in node.entries])
    return keys if isinstance(keys, Wrong) else node.entries


def read_columns(reading: Reading, type: ColumnNames, node: nodes.Value, at: str | None) -> Any:
    """Which column holds what."""
    entries = _entries(reading, type, node)
    if isinstance(entries, Wrong):
        return WRONG
    values: dict[str, Any] = {}
    for entry in entries:
        key = entry.key.text
        if key not in Columns.__struct_fields__:
            help = suggestion(key, Columns.__struct_fields__)
            values[key] = reading.report(Code.UNKNOWN_KEY, f"there is no column `{key}` to name", entry.key.span, help)
        else:
            values[key] = read_scalar(reading, Text(), entry.value, None if at is None else f"{at}.{key}")
    return WRONG if WRONG in values.values() else Columns(**values)


def read_counts(reading: Reading, type: Counts, node: nodes.Value) -> Any:
    """Split -> how many problems it has."""
    entries = _entries(reading, type, node)
    if isinstance(entries, Wrong):
        return WRONG
    counts = {entry.key.text: read_scalar(reading, Whole(), entry.value, None) for entry in entries}
    return WRONG if WRONG in counts.values() else counts


def read_options(reading: Reading, type: Options, node: nodes.Value) -> Any:
    """Name -> plain value, or a tuple of such."""
    entries = _entries(reading, type, node)
    if isinstance(entries, Wrong):
        return WRONG
    values = {entry.key.text: _plain(reading, type, entry.value) for entry in entries}
    return WRONG if WRONG in values.values() else values


def _plain(reading: Reading, type: Options, node: nodes.Value) -> Any:
    match node:
        case nodes.Text(value) | nodes.Number(value):
            return value
        case nodes.Constant(bool(value)):
            return value
        case nodes.List(items):
            values = tuple(_plain(reading, type, item) for item in items)
            return WRONG if WRONG in values else values
    help = 'write a number, a text in quotes, `true`, `false`, or a list of them: `["left", "right"]`'
    return reading.mistyped(type, node, help)


def read_figures(reading: Reading, type: Figures, node: nodes.Value) -> Any:
    """A paper's figures in percent, with the paper."""
    entries = _entries(reading, type, node)
    if isinstance(entries, Wrong):
        return WRONG
    source: Any = None
    cells: dict[str, Any] = {}
    for entry in entries:
        if entry.key.text == "source":
            source = read_scalar(reading, Text(), entry.value, None)
        else:
            cell = _cell(reading, entry.key)
            cells[entry.key.text if cell is WRONG else cell] = (
                WRONG if cell is WRONG else _percent(reading, entry.value)
            )
    if source is None:
        help = 'add `source: "the paper, table 3"`'
        return reading.report(Code.BAD_PUBLISHED, "published figures need their source", _opening(node), help)
    return WRONG if source is WRONG or WRONG in cells.values() else Published(source=source, cells=cells)


def _opening(node: nodes.Value) -> Span:
    return Span(node.span.path, node.span.start, node.span.start + 1)


def _cell(reading: Reading, key: nodes.Path) -> Any:
    if len(key.parts) != 3:
        help = "write `student.mix.data: 39.0`"
        return reading.report(Code.BAD_PUBLISHED, f"`{key.text}` names no cell of the table", key.span, help)
    found = [named(reading, kind, part) for kind, part in zip(("student", "mix", "data"), key.parts, strict=True)]
    return WRONG if WRONG in found else ".".join(part.key for part in key.parts)


def _percent(reading: Reading, node: nodes.Value) -> Any:
    if isinstance(node, nodes.Quantity):
        share = units.share(node)
        value: Any = reading.mistyped(Real(), node, "write a percentage") if share is None else round(share * 100, 9)
    else:
        value = read_scalar(reading, Real(least=0.0), node, None)
    if value is not WRONG and not 0 <= value <= 100:
        return reading.report(
            Code.OUT_OF_RANGE, f"expected a percentage from 0 to 100, found {described(node)}", node.span
        )
    return value

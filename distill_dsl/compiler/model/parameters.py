"""Params: their types, the values that they may have, and what `{ ... }` behind one says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from distill_dsl.compiler.diagnostics import Code, suggestion
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model import units
from distill_dsl.compiler.model.entities import Param, Value
from distill_dsl.compiler.model.fields import PARAM, PARAM_TYPES
from distill_dsl.compiler.model.scope import Scope, article
from distill_dsl.compiler.source import Span

EXAMPLES: Final = {
    "int": "4",
    "float": "0.7",
    "str": '"text"',
    "bool": "true",
    "share": "5%",
    "time": "5s",
    "size": "512MB",
    "money": "25USD",
}
"""A value of each type, for helps."""

HELD: Final[dict[str, type]] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "share": float,
    "time": float,
    "size": int,
    "money": float,
}
"""How the contract holds a value of a type: seconds, bytes and dollars are plain numbers there."""

CONVERSIONS: Final = {"share": units.share, "time": units.seconds, "size": units.size, "money": units.dollars}


def fitted(type: str, value: Value) -> Value | None:
    """The value as one of the param type, or `None`. A whole number is also a float."""
    if HELD[type] is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    fits = isinstance(value, HELD[type]) and (type == "bool") == isinstance(value, bool)
    return value if fits else None


def literal_of(type: str, node: nodes.Value) -> Value | None:
    """The value of a literal as one of the param type, or `None`."""
    if type in CONVERSIONS:
        return _of_unit(type, node)
    value: Value | None = None
    if isinstance(node, nodes.Quantity):
        value = units.in_plain_units(node)
    elif isinstance(node, nodes.Text | nodes.Number | nodes.Constant):
        value = node.value
    return None if value is None else fitted(type, value)


def _of_unit(type: str, node: nodes.Value) -> Value | None:
    if isinstance(node, nodes.Quantity):
        return CONVERSIONS[type](node)
    if type == "share" and isinstance(node, nodes.Number) and 0 <= node.value <= 1:
        return float(node.value)
    return None


def declared_param(scope: Scope, statement: nodes.Param, overrides: Mapping[str, Value]) -> Param | None:
    """The param that a statement declares, its value changed by `overrides`; `None` where it is wrong."""
    type, name = statement.type.text, statement.name
    if type not in PARAM_TYPES:
        help = suggestion(type, PARAM_TYPES)
        scope.report(Code.WRONG_PARAM_TYPE, f"there is no type `{type}`", statement.type.span, help)
        return None
    value = _literal(scope, type, name, statement.value)
    about = _about(scope, type, statement)
    if value is None or about is None:
        return None
    param = Param(name=name.key, type=type, value=value, span=name.span, **about)
    if name.key in overrides:
        over = fitted(type, overrides[name.key])
        if over is None:
            summary = f"`{name.text}` is {article(type)} {type}, and cannot become {overrides[name.key]!r}"
            scope.report(Code.WRONG_PARAM_TYPE, summary, name.span)
            return None
        return Param(name=name.key, type=type, value=over, span=name.span, **about)
    return param if allowed(scope, param, name.text, value, statement.value.span) else None


def _literal(scope: Scope, type: str, name: nodes.Name, node: nodes.Value) -> Value | None:
    if isinstance(node, nodes.Broken):
        return None
    value = literal_of(type, node)
    if value is None:
        help = f"write a value such as `{EXAMPLES[type]}`, or change the type"
        scope.report(
            Code.WRONG_PARAM_TYPE, f"`{name.text}` is {article(type)} {type}, and this is not", node.span, help
        )
    return value


def allowed(scope: Scope, param: Param, shown: str, value: Value, span: Span) -> bool:
    """Whether a value lies within what its param declares; reported at `span`, if not."""
    labels = ((param.span, "the param"),) if param.span != span else ()
    if param.choices and value not in param.choices:
        listed = ", ".join(spelt(param.type, choice) for choice in param.choices)
        summary = f"`{shown}` is one of {listed}, and not {spelt(param.type, value)}"
        scope.report(Code.OUT_OF_RANGE, summary, span, suggestion(str(value), map(str, param.choices)), labels=labels)
        return False
    for bound, word, broken in ((param.least, "least", _below), (param.most, "most", _above)):
        if bound is not None and broken(value, bound):
            summary = f"`{shown}` is at {word} {spelt(param.type, bound)}, and not {spelt(param.type, value)}"
            scope.report(Code.OUT_OF_RANGE, summary, span, None, labels=labels)
            return False
    return True


def _below(value: Any, bound: Any) -> bool:
    return bool(value < bound)


def _above(value: Any, bound: Any) -> bool:
    return bool(value > bound)


def spelt(type: str, value: Value) -> str:
    """A value of a param type as a spec has it."""
    match type:
        case "str":
            return f'"{value}"'
        case "bool":
            return str(value).lower()
        case "share":
            return f"{float(value) * 100:g}%"
        case "time":
            return f"{float(value):g}s"
        case "size":
            return units.spelt_size(int(value))
        case "money":
            return f"{float(value):g}USD"
    return f"{value:g}" if isinstance(value, float) else str(value)


# --- what stands behind a param -----------------------------------------------------------------


def _about(scope: Scope, type: str, statement: nodes.Param) -> dict[str, Any] | None:
    """Description, range and choices of a param, or `None` where one of them is wrong."""
    about: dict[str, Any] = {}
    first: dict[str, nodes.Name] = {}
    fine = True
    for item in statement.items:
        key = item.key.text
        other = first.setdefault(key, item.key)
        if other is not item.key:
            label = ((other.span, "first given here"),)
            scope.report(Code.DUPLICATE_KEY, f"`{key}` is given twice", item.key.span, "keep one", labels=label)
            fine = False
            continue
        about[key] = _item(scope, type, item)
        fine = fine and about[key] is not None
    return about if fine and _in_order(scope, statement, about) else None


def _item(scope: Scope, type: str, item: nodes.Item) -> Any:
    key, node = item.key.text, item.value
    keys = [row.key for row in PARAM]
    if key not in keys:
        scope.report(Code.UNKNOWN_KEY, f"a param has no key `{key}`", item.key.span, suggestion(key, keys))
        return None
    if key == "description":
        return _described(scope, node)
    if key == "choices":
        return _choices(scope, type, node)
    value = literal_of(type, node)
    if type in ("str", "bool"):
        summary = f"{article(type)} {type} has no {key}"
        scope.report(Code.WRONG_TYPE, summary, item.key.span, "name its values: `choices = [...]`")
        return None
    if value is None and not isinstance(node, nodes.Broken):
        summary = f"expected {article(type)} {type} such as `{EXAMPLES[type]}`"
        scope.report(Code.WRONG_TYPE, summary, node.span)
    return value


def _described(scope: Scope, node: nodes.Value) -> str | None:
    if isinstance(node, nodes.Text):
        return node.value
    if not isinstance(node, nodes.Broken):
        scope.report(Code.WRONG_TYPE, "expected a text in quotes", node.span)
    return None


def _choices(scope: Scope, type: str, node: nodes.Value) -> tuple[Value, ...] | None:
    if isinstance(node, nodes.Broken):
        return None
    if not isinstance(node, nodes.List) or not node.items:
        scope.report(Code.WRONG_TYPE, "expected a list of values", node.span, f"such as `[{EXAMPLES[type]}]`")
        return None
    values = [literal_of(type, item) for item in node.items]
    for value, item in zip(values, node.items, strict=True):
        if value is None and not isinstance(item, nodes.Broken):
            summary = f"expected {article(type)} {type} such as `{EXAMPLES[type]}`"
            scope.report(Code.WRONG_TYPE, summary, item.span)
    whole = tuple(value for value in values if value is not None)
    return whole if len(whole) == len(values) else None


def _in_order(scope: Scope, statement: nodes.Param, about: Mapping[str, Any]) -> bool:
    if "least" not in about or "most" not in about or not _below(about["most"], about["least"]):
        return True
    place = next(item.value.span for item in statement.items if item.key.text == "most")
    scope.report(Code.OUT_OF_RANGE, f"no value of `{statement.name.text}` is allowed", place, "swap the two bounds")
    return False

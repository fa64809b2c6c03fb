"""Single values: literals, params and the environment, and lists of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from distill_dsl.compiler.diagnostics import Advice, Code, Help, Labels, suggestion
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model import units
from distill_dsl.compiler.model.entities import Param, Value
from distill_dsl.compiler.model.outside import has_secret, read_environment, read_secret, refuse_secret, resolved_path
from distill_dsl.compiler.model.reading import WRONG, Reading, Wrong, distinct, elements
from distill_dsl.compiler.model.scope import PARAM, article, unknown_alias
from distill_dsl.compiler.model.types import (
    Budget,
    Bytes,
    Dollars,
    FilePath,
    Flag,
    Range,
    Real,
    Seconds,
    Secret,
    Share,
    Spent,
    Text,
    Texts,
    Whole,
    Wholes,
    Word,
)
from distill_dsl.compiler.model.wording import described, expected, plainer

Scalar = Whole | Real | Share | Seconds | Bytes | Dollars | Budget | Flag | Text | FilePath | Secret | Word
"""Types whose values a param can hold."""


def read_scalar(reading: Reading, type: Scalar, node: nodes.Value, at: str | None) -> Any:
    """The value of a literal or a param; `at` is its dotted place in the settings, if it has one."""
    if isinstance(type, Secret):
        return read_secret(reading.scope, node) or WRONG
    if isinstance(node, nodes.Path):
        if isinstance(type, Word) and node.text in type.choices:
            return node.text
        return _param(reading, type, node, at)
    if isinstance(node, nodes.Call) and node.name.text == "env":
        return read_environment(reading.scope, node, isinstance(type, Text) and type.environment) or WRONG
    match type:
        case Budget():
            return _budget(reading, type, node)
        case Seconds() | Bytes() | Share() | Dollars():
            return _quantity(reading, type, node)
        case Word():
            without = (
                Advice(f"write it without quotes: {node.value}", node.value) if isinstance(node, nodes.Text) else None
            )
            return reading.mistyped(type, node, without)
    value = node.value if isinstance(node, nodes.Text | nodes.Number | nodes.Constant) else None
    if isinstance(type, Text) and type.environment and isinstance(value, str) and has_secret(value):
        refuse_secret(reading.scope, node)
        return WRONG
    return _checked(reading, type, value, node)


def _param(reading: Reading, type: Scalar, node: nodes.Path, at: str | None) -> Any:
    scope, name = reading.scope, node.parts[0]
    if unknown_alias(scope, node.parts):
        return WRONG
    if len(node.parts) > 1 or (name.key not in scope.params and not scope.forgives(name.text)):
        return _no_param(reading, type, node)
    param = scope.params.get(name.key)
    if name.key in scope.params:
        scope.mention(PARAM, name)
    if param is None:
        return WRONG
    value = _param_value(reading, type, param, node)
    if value is not WRONG:
        reading.uses.add(param.name)
        if at is not None:
            reading.references[at] = param.name
    return value


MEASURED: Final[Mapping[str, type | tuple[type, ...]]] = {
    "share": Share,
    "time": Seconds,
    "size": Bytes,
    "money": (Dollars, Budget),
}
"""Types of params that have a unit -> what takes them."""


def _param_value(reading: Reading, type: Scalar, param: Param, node: nodes.Path) -> Any:
    labels = ((param.span, f"a param of type {param.type}"),)
    if param.type in MEASURED and not isinstance(type, MEASURED[param.type]):
        summary = f"expected {expected(type)}, found {article(param.type)} {param.type}"
        return reading.report(Code.WRONG_TYPE, summary, node.span, labels=labels)
    if isinstance(type, FilePath) and isinstance(param.value, str) and param.value.startswith(("./", "../")):
        help = "the path of a param is taken from the project's root: write it without `./`"
        return reading.report(Code.WRONG_TYPE, "a param has no folder of its own", node.span, help, labels=labels)
    return _checked(reading, type, param.value, node, labels)


def _no_param(reading: Reading, type: Scalar, node: nodes.Path) -> Wrong:
    if isinstance(type, Word):
        return reading.report(
            Code.WRONG_TYPE,
            f"expected {expected(type)}, found `{node.text}`",
            node.span,
            suggestion(node.text, type.choices),
        )
    if isinstance(type, Flag) and node.text.lower() in ("true", "false", "yes", "no"):
        meant = "true" if node.text.lower() in ("true", "yes") else "false"
        return reading.mistyped(type, node, Advice(f"write `{meant}`", meant))
    if isinstance(type, Text | FilePath):
        return reading.mistyped(type, node, Advice(f'write it in quotes: "{node.text}"', f'"{node.text}"'))
    help: Help = Advice("nothing is written `none`", "none")
    if node.text.lower() not in ("none", "null", "nil"):
        help = reading.scope.nearest(PARAM, nodes.Name(node.text, node.span, node.parts[0].home))
    return reading.report(Code.UNDEFINED, f"there is no param `{node.text}`", node.span, help)


def _quantity(reading: Reading, type: Seconds | Bytes | Share | Dollars, node: nodes.Value) -> Any:
    convert = {Seconds: units.seconds, Bytes: units.size, Share: units.share, Dollars: units.dollars}[type.__class__]
    if isinstance(node, nodes.Number):
        if isinstance(type, Share):
            return _checked(reading, type, node.value, node)
        unit = {Seconds: "s", Bytes: "MB", Dollars: "USD"}[type.__class__]
        whole = f"{node.value}{unit}"
        return reading.mistyped(type, node, Advice(f"write the unit: `{whole}`", whole))
    value = convert(node) if isinstance(node, nodes.Quantity) else None
    if value is None:
        return reading.mistyped(type, node)
    return _checked(reading, type, value, node)


def _budget(reading: Reading, type: Budget, node: nodes.Value) -> Any:
    if isinstance(node, nodes.Number):
        help = f"write the unit: `{node.value}USD` or `{node.value}Mtokens`"
        return reading.mistyped(type, node, help)
    if isinstance(node, nodes.Quantity) and (count := units.tokens(node)) is not None:
        return Spent(tokens=count) if count > 0 else _outside(reading, type, count, node, ())
    amount = units.dollars(node) if isinstance(node, nodes.Quantity) else None
    return reading.mistyped(type, node) if amount is None else _checked(reading, type, amount, node)


def _checked(reading: Reading, type: Scalar, value: Value | None, node: nodes.Value, labels: Labels = ()) -> Any:
    """The value as the contract holds it, if it is of the type and in its range."""
    if isinstance(node, nodes.Broken):
        return WRONG
    number = isinstance(value, int | float) and not isinstance(value, bool)
    kept: int | float
    match type:
        case Whole(least) if number and isinstance(value, int):
            fits, kept = least is None or value >= least, value
        case Bytes() if number and isinstance(value, int):
            fits, kept = value >= 1, value
        case Real(least=low, above=above) if number and value is not None:
            kept = float(value)
            fits = (low is None or kept >= low) and (above is None or kept > above)
        case Seconds() | Dollars() if number and value is not None:
            kept = float(value)
            fits = kept > 0
        case Budget() if number and value is not None:
            kept = float(value)
            if kept > 0:
                return Spent(dollars=kept)
            fits = False
        case Share() if number and value is not None:
            kept = float(value)
            fits = 0 <= kept <= 1
        case Flag() if isinstance(value, bool):
            return value
        case FilePath(hub) if isinstance(value, str) and value.strip():
            return resolved_path(value, node.span.path, hub) if isinstance(node, nodes.Text) else value
        case FilePath() if isinstance(value, str):
            return reading.report(Code.WRONG_TYPE, "this text is empty", node.span, labels=labels)
        case Text(choices, empty) if isinstance(value, str):
            if not value.strip() and not empty:
                return reading.report(Code.WRONG_TYPE, "this text is empty", node.span, labels=labels)
            if choices and value not in choices:
                return reading.report(
                    Code.WRONG_TYPE, f"`{value}` is none of the choices", node.span, suggestion(value, choices)
                )
            return value
        case Word(choices) if isinstance(value, str) and value in choices:
            return value
        case _:
            summary = f"expected {expected(type)}, found {described(node)}"
            return reading.report(Code.WRONG_TYPE, summary, node.span, plainer(type, node), labels=labels)
    if not fits:
        return _outside(reading, type, kept, node, labels)
    return kept


def _outside(reading: Reading, type: Scalar, value: int | float, node: nodes.Value, labels: Labels) -> Wrong:
    """Report a number out of its range; one such as `5` where a share stands was most likely meant in percent."""
    written = node.value if isinstance(node, nodes.Number) else value
    found = described(node) if isinstance(node, nodes.Quantity) else str(written)
    help: Help = None
    if isinstance(type, Share) and isinstance(node, nodes.Number) and 1 < node.value <= 100:
        help = Advice(f"write `{node.value}%`", f"{node.value}%")
    summary = f"expected {expected(type)}, found {found}"
    return reading.report(Code.OUT_OF_RANGE, summary, node.span, help, labels=labels)


# --- lists --------------------------------------------------------------------------------------


def read_texts(reading: Reading, type: Texts, node: nodes.Value) -> Any:
    """A list of texts, each once; may be empty, which is the default."""
    if isinstance(node, nodes.List) and not node.items:
        return ()
    items = elements(reading, type, node)
    if isinstance(items, Wrong):
        return WRONG
    return distinct(reading, [(_element(reading, type, item), item.span) for item in items])


def _element(reading: Reading, type: Texts, node: nodes.Value) -> Any:
    if type.blank and isinstance(node, nodes.Text) and node.value:
        return node.value
    return read_scalar(reading, Text(), node, None)


def read_wholes(reading: Reading, type: Wholes, node: nodes.Value) -> Any:
    """A list of whole numbers, each once."""
    items = elements(reading, type, node)
    if isinstance(items, Wrong):
        return WRONG
    return distinct(reading, [(read_scalar(reading, Whole(type.least), item, None), item.span) for item in items])


def read_range(reading: Reading, type: Range, node: nodes.Value) -> Any:
    """Two whole numbers, the second not the less."""
    if not isinstance(node, nodes.List) or len(node.items) != 2:
        return reading.mistyped(type, node, "write `[1, 3]`")
    low, high = (read_scalar(reading, Whole(), item, None) for item in node.items)
    if low is WRONG or high is WRONG:
        return WRONG
    if low > high:
        return reading.report(
            Code.OUT_OF_RANGE, f"the range ends below its start: {low} > {high}", node.span, "swap the two"
        )
    return (low, high)

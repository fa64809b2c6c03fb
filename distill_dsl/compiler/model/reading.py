"""A value of the syntax tree becomes the value that a key takes, or is reported and `WRONG`.

One cause gives one diagnostic: whatever depends on a `WRONG` value is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from distill_dsl.compiler.diagnostics import Advice, Code, Help, suggestion
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model import units
from distill_dsl.compiler.model.entities import Param, Value
from distill_dsl.compiler.model.outside import read_environment, read_secret, resolved_path
from distill_dsl.compiler.model.scope import PARAM, Scope, article, undefined, unknown_alias
from distill_dsl.compiler.model.types import (
    Bytes,
    ColumnNames,
    Dollars,
    Figures,
    FilePath,
    Flag,
    Literal,
    Member,
    Names,
    OneOf,
    Range,
    Real,
    Seconds,
    Secret,
    Share,
    Splits,
    Strategies,
    Text,
    Texts,
    Type,
    Weighted,
    Whole,
    Wholes,
    Word,
)
from distill_dsl.compiler.source import Span


class Wrong(Enum):
    """The value of what has been reported."""

    WRONG = "wrong"


WRONG: Final = Wrong.WRONG

Scalar = Whole | Real | Share | Seconds | Bytes | Dollars | Flag | Text | FilePath | Secret | Word
"""Types whose values a param can hold."""


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
        return self.report(Code.WRONG_TYPE, summary, node.span, help or unquoted(type, node))


# --- scalars ------------------------------------------------------------------------------------


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
        case Seconds() | Bytes() | Share() | Dollars():
            return _quantity(reading, type, node)
        case Word():
            without = (
                Advice(f"write it without quotes: {node.value}", node.value) if isinstance(node, nodes.Text) else None
            )
            return reading.mistyped(type, node, without)
    value = node.value if isinstance(node, nodes.Text | nodes.Number | nodes.Constant) else None
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


MEASURED: Final[Mapping[str, type]] = {"share": Share, "time": Seconds, "size": Bytes, "money": Dollars}
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
        return reading.mistyped(type, node, "write `true` or `false`")
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
        return reading.mistyped(type, node, f"write the unit: `{node.value}{unit}`")
    value = convert(node) if isinstance(node, nodes.Quantity) else None
    if value is None:
        return reading.mistyped(type, node)
    return _checked(reading, type, value, node)


def _checked(
    reading: Reading, type: Scalar, value: Value | None, node: nodes.Value, labels: tuple[tuple[Span, str], ...] = ()
) -> Any:
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
            return reading.report(Code.WRONG_TYPE, summary, node.span, unquoted(type, node), labels=labels)
    if not fits:
        summary = f"expected {expected(type)}, found {value}"
        help = f"write `{value}%`" if isinstance(type, Share) and 1 < kept <= 100 else None
        return reading.report(Code.OUT_OF_RANGE, summary, node.span, help, labels=labels)
    return kept


# --- lists --------------------------------------------------------------------------------------


def elements(reading: Reading, type: Type, node: nodes.Value) -> Sequence[nodes.Value] | Wrong:
    """The elements of a list that is not empty."""
    if not isinstance(node, nodes.List):
        return reading.mistyped(type, node, "write a list: `[...]`")
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


def read_texts(reading: Reading, type: Texts, node: nodes.Value) -> Any:
    """A list of texts, each once; may be empty, which is the default."""
    if isinstance(node, nodes.List) and not node.items:
        return ()
    items = elements(reading, type, node)
    if isinstance(items, Wrong):
        return WRONG
    return distinct(reading, [(read_scalar(reading, Text(), item, None), item.span) for item in items])


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
        return reading.report(Code.WRONG_TYPE, summary, node.span, hint or unquoted(Names(kind), node))
    return named(reading, kind, node.parts[0])


def named(reading: Reading, kind: str, name: nodes.Name) -> str | Wrong:
    """The name, if there is a block of the kind under it."""
    if name.key not in reading.scope.blocks[kind]:
        undefined(reading.scope, name, kind)
        return WRONG
    reading.scope.mention(kind, name)
    return name.key


# --- words --------------------------------------------------------------------------------------


UNQUOTED: Final[Mapping[type, str]] = {
    **dict.fromkeys((Whole, Real, Share, Seconds, Bytes, Dollars), r"-?\d+(\.\d+)?([eE][+-]?\d+)?([A-Za-z]+|%)?"),
    **dict.fromkeys((Names, Member), r"[A-Za-z_]\w*"),
    **dict.fromkeys((Splits, Weighted, Strategies), r"[\w.+*>(), ]+"),
    Flag: "true|false",
}
"""Type -> what its values look like, for those that people put in quotes."""


def unquoted(type: Type, node: nodes.Value) -> Help:
    """The help for a value that would be right without its quotes."""
    pattern = UNQUOTED.get(type.__class__)
    if not isinstance(node, nodes.Text) or pattern is None or not re.fullmatch(pattern, node.value):
        return None
    return Advice(f"write it without quotes: {node.value}", node.value)


def described(node: nodes.Value) -> str:
    """A value of the tree in a sentence."""
    match node:
        case nodes.Text():
            return "a text"
        case nodes.Number(value):
            return f"the number {value}"
        case nodes.Quantity(amount, unit):
            return f"`{amount}{unit}`"
        case nodes.Constant(value):
            return f"`{str(value).lower()}`"
        case nodes.Path():
            return f"`{node.text}`"
        case nodes.Call(name):
            return f"a call of `{name.text}`"
        case nodes.List():
            return "a list"
        case nodes.Map():
            return "a map"
        case nodes.Sum():
            return "a sum (`+`)"
        case nodes.Product():
            return "a product (`*`)"
        case nodes.Fallback():
            return "a fallback (`>`)"
        case nodes.Broken():
            return "something else"


_EXPECTED: Final[Mapping[type, str]] = {
    Share: "a share from 0% to 100%",
    Seconds: "a time such as `5s`",
    Bytes: "a size such as `512MB`",
    Dollars: "an amount such as `25USD`",
    Flag: "`true` or `false`",
    Texts: "a list of texts",
    Range: "a range such as `[1, 3]`",
    Wholes: "a list of whole numbers",
    Secret: 'a variable of the environment: `env("NAME")`',
}


def listed(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def expected(type: Type) -> str:
    """What a key takes, in words: for diagnostics and for the reference."""
    match type:
        case Whole(least):
            return "a whole number" if least is None else f"a whole number from {least}"
        case Real(least, above):
            return "a number" + (
                f" from {least:g}" if least is not None else f" above {above:g}" if above is not None else ""
            )
        case Text(choices):
            return listed(f'`"{choice}"`' for choice in choices) if choices else "a text in quotes"
        case FilePath(hub):
            return "a name or a path in quotes" if hub else "a path in quotes"
        case Literal(many):
            return "a list of values of the param's type" if many else "a value of the param's type"
        case Word(choices):
            return listed(f"`{choice}`" for choice in choices)
        case Names(kind, many):
            return f"a list of {kind} names" if many else f"the name of {article(kind)} {kind}"
        case Splits():
            return "splits such as `gsm8k.train`"
        case Weighted():
            return "thoughts such as `cot + 2*pot`"
        case Strategies(many):
            return ("a list of answers" if many else "an answer") + " such as `pot > cot`"
        case Member(weighted):
            return "a thought" + (" such as `pot` or `2*pot`" if weighted else "")
        case ColumnNames():
            return 'columns such as `{ question: "Body" }`'
        case Figures():
            return 'figures such as `{ source: "...", small.etd.gsm8k: 39.0 }`'
        case OneOf(calls):
            return listed(f"`{call.name}({'...' if call.arguments else ''})`" for call in calls)
        case _:
            return _EXPECTED[type.__class__]

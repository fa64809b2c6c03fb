"""Types and values in words, for diagnostics, hover texts and the reference."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from distill_dsl.compiler.diagnostics import Advice, Help
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model.scope import article
from distill_dsl.compiler.model.types import (
    Budget,
    Bytes,
    ColumnNames,
    Counts,
    Dollars,
    Figures,
    FilePath,
    Flag,
    Literal,
    Member,
    Names,
    OneOf,
    Options,
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

UNQUOTED: Final[Mapping[type, str]] = {
    **dict.fromkeys(
        (Whole, Real, Share, Seconds, Bytes, Dollars, Budget), r"-?\d+(\.\d+)?([eE][+-]?\d+)?([A-Za-z]+|%)?"
    ),
    **dict.fromkeys((Names, Member), r"[A-Za-z_]\w*"),
    **dict.fromkeys((Splits, Weighted, Strategies), r"[\w.+*>(), ]+"),
    Flag: "true|false",
}
"""Type -> what its values look like, for those that people put in quotes."""


def plainer(type: Type, node: nodes.Value) -> Help:
    """The help for a value that would be right without its quotes, or without its unit."""
    if isinstance(node, nodes.Quantity) and isinstance(type, Whole | Real):
        return Advice(f"write the number alone: `{node.amount}`", str(node.amount))
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
    Budget: "an amount such as `25USD` or `2Mtokens`",
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
        case Weighted("teacher"):
            return "a teacher, or several such as `solver + 2*self`"
        case Weighted():
            return "thoughts such as `cot + 2*pot`"
        case Strategies(many):
            return ("a list of answers" if many else "an answer") + " such as `pot > cot`"
        case Member(weighted):
            return "a thought" + (" such as `pot` or `2*pot`" if weighted else "")
        case ColumnNames():
            return 'columns such as `{ question: "Body" }`'
        case Counts():
            return "numbers of problems such as `{ train: 7473, test: 1319 }`"
        case Options():
            return "options such as `{ difficulty: 0.5 }`"
        case Figures():
            return 'figures such as `{ source: "...", small.etd.gsm8k: 39.0 }`'
        case OneOf(calls):
            return listed(f"`{call.name}({'...' if call.arguments else ''})`" for call in calls)
        case _:
            return _EXPECTED[type.__class__]

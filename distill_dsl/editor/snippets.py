"""Texts with places to fill in, as editors write them: `${1:name}`, and `$0` where the cursor ends."""

from __future__ import annotations

import re
from collections.abc import Iterable

from distill_dsl.compiler.model import types
from distill_dsl.compiler.model.fields import PARAM_TYPES
from distill_dsl.editor.expects import fields_of


def plain(text: str) -> str:
    """A text in which no character is special."""
    return text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")


def stop(number: int, text: str = "") -> str:
    """A place to fill in."""
    return f"${{{number}:{plain(text)}}}" if text else f"${number}"


def choice(number: int, words: Iterable[str]) -> str:
    """A place to fill in with one of some words."""
    return f"${{{number}|{','.join(words)}|}}"


def block(keyword: str) -> str:
    """A block with the keys that it needs."""
    rows = [row for row in fields_of(keyword) if row.default is types.REQUIRED]
    width = max(len(row.key) for row in rows)
    lines = [f"  {row.key.ljust(width)} = {value(row.type, number)}" for number, row in enumerate(rows, start=2)]
    return "\n".join([f"{keyword} {stop(1, 'name')} {{", *lines, "}"])


def value(type: types.Type, number: int) -> str:
    """A place for a value, in the brackets that it needs."""
    match type:
        case types.Word(choices):
            return choice(number, choices)
        case types.Names(_, True) | types.Strategies(True) | types.Wholes() | types.Texts():
            return f"[{stop(number)}]"
    return stop(number)


STATEMENTS = {
    "param": f"param {stop(1, 'name')}: {choice(2, PARAM_TYPES)} = {stop(3)}",
    "import": f'import "{stop(1)}"',
    "mtd": "mtd 1",
}
"""Keyword -> body, for the statements that are no blocks."""


def call(row: types.Call) -> str:
    """A call with what it needs."""
    needed = [argument for argument in row.arguments if argument.default is types.REQUIRED]
    stops = [_argument(argument, number) for number, argument in enumerate(needed, start=1)]
    if row.members is not None or (not stops and (row.arguments or row.rest)):
        stops.append(stop(len(stops) + 1))
    return f"{row.name}({', '.join(stops)})"


def _argument(argument: types.Argument, number: int) -> str:
    quoted = isinstance(argument.type, types.Text | types.FilePath)
    place = f'"{stop(number)}"' if quoted else stop(number)
    return place if argument.positional else f"{argument.key}: {place}"


def is_filled(text: str) -> bool:
    """Whether a body has places to fill in."""
    return "$" in text


def flat(text: str) -> str:
    """A body as plain text, for editors that have no places to fill in."""
    text = re.sub(r"\$\{\d+\|([^,|]*)[^}]*\}", r"\1", text)
    text = re.sub(r"\$\{\d+:((?:[^}\\]|\\.)*)\}", r"\1", text)
    return re.sub(r"\\([\\$}])", r"\1", re.sub(r"(?<!\\)\$\d+", "", text))

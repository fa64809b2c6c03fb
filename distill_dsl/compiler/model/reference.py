"""The tables of the language reference (docs/language.md), written from the rows that the checker reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Any, Final

from distill_dsl.compiler.diagnostics import Code
from distill_dsl.compiler.language.tokens import UNITS
from distill_dsl.compiler.model.fields import FIELDS, PARAM, PARAM_TYPES
from distill_dsl.compiler.model.offered import STRATEGIES
from distill_dsl.compiler.model.parameters import EXAMPLES
from distill_dsl.compiler.model.types import REQUIRED, Bytes, Call, Field, OneOf, Seconds, Share, Text, Type
from distill_dsl.compiler.model.wording import expected
from distill_dsl.contract.form import Settings

EXTRA: Final = {
    "data": "Any other key names a split that joins splits of the source: `test = train + test`.",
    "experiment": "Beside these, `vary NAME = [values]` repeats the experiment for each value of a param.",
}


def reference() -> str:
    """Markdown: a table a block, a table of calls for the keys that take calls, and the codes."""
    parts = [part for keyword, rows in FIELDS.items() for part in _block(keyword, rows)]
    parts += ["### `param`", *_params(), "## Diagnostics", *_codes(), "## Grammar", *_grammar()]
    return "\n\n".join(parts) + "\n"


def _block(keyword: str, rows: Iterable[Field]) -> Iterator[str]:
    rows = list(rows)
    yield f"### `{keyword}`"
    lines = [(row.key, expected(row.type), shown(row.default, row.type), _meaning(row)) for row in rows]
    yield table(("key", "takes", "default", "meaning"), lines)
    if keyword in EXTRA:
        yield EXTRA[keyword]
    for row in rows:
        if isinstance(row.type, OneOf):
            yield table((f"`{row.key} =`", "argument", "takes", "default", "meaning"), _calls(row.type.calls))
    if keyword == "experiment":
        yield table(("an answer", "argument", "takes", "default", "meaning"), _calls(STRATEGIES))


def _params() -> Iterator[str]:
    yield "`param name: type = value`, and in braces behind it:"
    yield table(("key", "takes", "meaning"), [(row.key, expected(row.type), row.prose) for row in PARAM])
    types = [(f"`{name}`", f"`{EXAMPLES[name]}`", MEANT[name]) for name in PARAM_TYPES]
    yield table(("type", "such as", "stands where a key takes"), types)
    yield f"Units: {', '.join(f'`{unit}`' for unit in UNITS)}."


MEANT: Final = {
    "int": "a whole number, or a number",
    "float": "a number; in plain units also a share, a time or an amount",
    "str": "a text, a path or a word",
    "bool": "`true` or `false`",
    "share": "a share",
    "time": "a time",
    "size": "a size",
    "money": "an amount",
}
"""Type of a param -> the keys that it serves."""


def _grammar() -> Iterator[str]:
    """The rules of the grammar, without those for mistakes."""
    text = files("distill_dsl.compiler.language").joinpath("grammar.lark").read_text(encoding="utf-8")
    yield "The rules that the parser is made of, in the notation of [lark](https://lark-parser.readthedocs.io)."
    yield f"```lark\n{text.partition(READ_TO_NAME)[0].strip()}\n```"


READ_TO_NAME: Final = "// What is no part of the language"
"""Where the part of the grammar begins that reads mistakes."""


def _meaning(row: Field) -> str:
    return row.prose if row.bears else f"{row.prose} (re-runs nothing)"


def _calls(calls: Iterable[Call]) -> Iterator[tuple[str, ...]]:
    for call in calls:
        yield f"`{call.name}`", "", "", "", call.prose
        if call.members is not None:
            yield "", "any number", expected(call.members), "", "the members"
        for row in call.arguments:
            key = row.key if not row.positional else f"{row.key} (first, without name)"
            yield "", key, expected(row.type), shown(row.default, row.type), row.prose
        if call.rest is not None:
            yield "", f"a {call.rest.what}'s name", expected(call.rest.type), "", call.rest.prose


def _codes() -> Iterator[str]:
    yield table(("code", "means"), [(code.number, code.meaning) for code in Code])


def shown(default: Any, type: Type) -> str:
    """A default as it would stand in a spec."""
    match default:
        case None | Settings():
            return ""
        case bool():
            return f"`{str(default).lower()}`"
        case tuple():
            return f"`[{', '.join(map(str, default))}]`"
        case str() if default.startswith("("):
            return default
        case str() if isinstance(type, Text):
            return f'`"{default}"`'
    if default is REQUIRED:
        return "required"
    match type:
        case Share():
            return f"`{default * 100:g}%`"
        case Seconds():
            return f"`{default:g}s`"
        case Bytes():
            return f"`{default // 1024**2}MB`"
    return f"`{default}`"


def table(head: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    rows = [head, ("---",) * len(head), *lines]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)

"""Rows of the language's tables as short texts in Markdown, for hovers and completions."""

from __future__ import annotations

from typing import Final

from distill_dsl.compiler.language.tokens import BLOCKS
from distill_dsl.compiler.model import types
from distill_dsl.compiler.model.reference import EXTRA, shown
from distill_dsl.compiler.model.wording import expected

KEYWORDS: Final = {
    "data": "problems to learn from or to be tested on: a data set with its splits",
    "teacher": "who answers the problems that students learn from: a model, or recorded answers",
    "thought": "a format of thoughts: prose, a program, or equations",
    "mix": "a training set: problems, a teacher, and the thoughts to learn",
    "student": "a model that learns, and how it is trained",
    "experiment": "what is compared: each student learns from each mix, and solves each test",
    "param": "a value that several keys share; changed by `dvc exp run -S param.NAME=...`, swept by `vary`",
    "import": "the names of another file, or with `as c` its names as `c.name`",
    "mtd": "the edition of the language; stands first",
    "vary": "repeats the experiment for each of some values of a param",
    "as": "the name under which an imported file's names are reached",
    "true": "yes",
    "false": "no",
    "none": "nothing: as if the key were left out",
}

PARAM_TYPES: Final = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text in quotes",
    "bool": "`true` or `false`",
    "share": "a share such as `5%`",
    "time": "a time such as `5s`",
    "size": "a size such as `512MB`",
    "money": "an amount such as `25USD`",
}

UNITS: Final = {
    "s": "seconds",
    "ms": "thousandths of a second",
    "min": "minutes",
    "h": "hours",
    "KB": "1024 bytes",
    "MB": "1024 KB",
    "GB": "1024 MB",
    "%": "parts of a hundred: `5%` is 0.05",
    "USD": "US dollars",
    "tokens": "tokens of prompts and completions",
    "ktokens": "1,000 tokens",
    "Mtokens": "1,000,000 tokens",
}


def keyword(word: str) -> str:
    """What a keyword starts."""
    extra = f"\n\n{EXTRA[word]}" if word in EXTRA else ""
    return f"**{word}**{' block' if word in BLOCKS else ''}: {KEYWORDS[word]}{extra}"


def field(row: types.Field, keyword: str) -> str:
    """A key: what it takes, its default, what it means, and what a change of it runs again."""
    effect = "" if row.bears else "\n\nDescribes only: a change re-runs nothing."
    if row.bears and keyword != "param":
        effect = "\n\nBears on results: a change re-runs what depends on it."
    return f"**{row.key}** (key of {keyword}): {row.prose}\n\n{takes(row.type, row.default)}{effect}"


def takes(type: types.Type, default: object) -> str:
    """`Takes a number from 0; required.`"""
    text = shown(default, type)
    end = {"required": "; required", "": "; may be left out"}.get(text, f"; default {text}")
    return f"Takes {expected(type)}{end}."


def call(row: types.Call) -> str:
    """A call with all its arguments."""
    lines = [f"- `{argument.key}`: {argument.prose}. {_brief(argument)}" for argument in row.arguments]
    if row.members is not None:
        lines.insert(0, f"- any number of members, each {expected(row.members)}")
    if row.rest is not None:
        lines.append(f"- a {row.rest.what}'s name: {row.rest.prose}. Takes {expected(row.rest.type)}.")
    return "\n".join([f"**{row.name}**: {row.prose}", *([""] if lines else []), *lines])


def _brief(argument: types.Argument) -> str:
    first = " Stands first, without its name." if argument.positional else ""
    return takes(argument.type, argument.default) + first


def argument(row: types.Argument | types.Rest, call: types.Call) -> str:
    """One argument of a call."""
    if isinstance(row, types.Rest):
        return f"**a {row.what}** (argument of `{call.name}`): {row.prose}\n\nTakes {expected(row.type)}."
    return f"**{row.key}** (argument of `{call.name}`): {row.prose}\n\n{takes(row.type, row.default)}"


def signature(row: types.Call) -> tuple[str, list[str]]:
    """A call as one line, and the part of it that each argument is."""
    parts = [f"{row.members and 'thought'}, ..."] if row.members is not None else []
    parts += [argument.key if argument.positional else f"{argument.key}: ..." for argument in row.arguments]
    parts += [f"{row.rest.what}: ..."] if row.rest is not None else []
    return f"{row.name}({', '.join(parts)})", parts

"""Calls such as `hf("openai/gsm8k", config: "main")`: arguments bound to the rows of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from distill_dsl.compiler.diagnostics import Advice, Code, Help, did_you_mean, suggestion
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model.fields import USUAL_SPLITS
from distill_dsl.compiler.model.reading import WRONG, Reading, Wrong, named
from distill_dsl.compiler.model.types import (
    REQUIRED,
    Argument,
    Call,
    OneOf,
    Rest,
    Type,
)
from distill_dsl.compiler.model.wording import expected

Read = Callable[[Reading, Type, nodes.Value, str | None], Any]
"""The reader of any type, passed down because values nest."""

TABLES: Final = (".jsonl", ".json", ".csv", ".tsv", ".parquet")

EVERY: Final = "*"
"""The key of a path that serves every split or thought."""


def read_call(reading: Reading, type: OneOf, node: nodes.Value, at: str | None, read: Read) -> Any:
    """What one of the calls makes of its arguments."""
    row = chosen(reading, type.calls, node, expected(type))
    if isinstance(row, Wrong) or not isinstance(node, nodes.Call):
        return WRONG
    values = bound(reading, row, node, at, read)
    if isinstance(values, Wrong):
        return WRONG
    if row.settings is None:
        return next(iter(values.values()))
    return row.settings(**values)


def chosen(reading: Reading, calls: tuple[Call, ...], node: nodes.Value, wanted: str) -> Call | Wrong:
    """The row of the call that stands there."""
    if isinstance(node, nodes.Broken):
        return WRONG
    by_name = {call.name: call for call in calls}
    if isinstance(node, nodes.Call):
        if node.name.text in by_name:
            return by_name[node.name.text]
        help: Help = suggestion(node.name.text, by_name)
        return reading.report(Code.UNKNOWN_CALL, f"`{node.name.text}(...)` is no choice here", node.name.span, help)
    help = None
    if isinstance(node, nodes.Path) and node.text in by_name:
        row = by_name[node.text]
        whole = f"{node.text}()"
        help = f"write `{node.text}(...)`" if row.arguments or row.rest else Advice(f"write `{whole}`", whole)
    elif isinstance(node, nodes.Text):
        is_file = "file" in by_name and node.value.removesuffix(".gz").endswith(TABLES)
        whole = f'{"file" if is_file else calls[0].name}("{node.value}")'
        help = Advice(f"write `{whole}`", whole)
    return reading.report(Code.WRONG_TYPE, f"expected {wanted}", node.span, help)


def bound(reading: Reading, row: Call, node: nodes.Call, at: str | None, read: Read) -> dict[str, Any] | Wrong:
    """The call's settings by name; arguments that are not given are left to their defaults."""
    values: dict[str, Any] = {}
    seen: dict[str, nodes.Argument] = {}
    places: dict[str, nodes.Argument] = {}
    positional = [argument for argument in row.arguments if argument.positional]
    fine = True
    for given in node.arguments:
        if given.key is None and row.members is not None:
            continue
        target = _target(reading, row, given, positional)
        key = _key(given, target)
        if isinstance(target, Wrong) or _repeated(reading, given, key, seen):
            fine = False
            continue
        into = _into(target, key)
        fine = not _said_otherwise(reading, given, into, places) and fine
        fine = _keep(reading, values, into, given, target, _place(row, at, into), read) and fine
    return values if _complete(reading, row, node, seen) and fine else WRONG


def _target(reading: Reading, row: Call, given: nodes.Argument, positional: list[Argument]) -> Argument | Rest | Wrong:
    """The row that an argument belongs to."""
    if given.key is None:
        if positional:
            return positional.pop(0)
        named_ones = [argument.key for argument in row.arguments if not argument.positional]
        if row.rest is not None:
            named_ones.append("train" if row.rest.what == "split" else row.rest.what.upper())
        others = (
            f"the others are given by name: {', '.join(f'`{key}: ...`' for key in named_ones)}" if named_ones else None
        )
        return reading.report(Code.WRONG_ARGUMENT, f"`{row.name}` takes no such argument", given.span, others)
    key = given.key.text
    for argument in row.arguments:
        if argument.key == key:
            if argument in positional:
                positional.remove(argument)
            return argument
    keys = [argument.key for argument in row.arguments]
    slip = did_you_mean(key, keys) if key not in USUAL_SPLITS else None
    if row.rest is None or slip:
        help = suggestion(key, keys)
        return reading.report(Code.WRONG_ARGUMENT, f"`{row.name}` takes no `{key}`", given.key.span, help)
    if row.rest.what == "thought" and named(reading, "thought", given.key) is WRONG:
        return WRONG
    if "." in key:
        help = f"write `{key.replace('.', '_')}`"
        return reading.report(Code.SYNTAX, f"the name `{key}` holds a dot", given.key.span, help)
    return row.rest


def _key(given: nodes.Argument, target: Argument | Rest | Wrong) -> str:
    """What an argument is kept under: its own name, of a thought its key."""
    if given.key is None:
        return getattr(target, "key", "")  # only an `Argument` of the table has no key given
    return given.key.key if isinstance(target, Rest) and target.what == "thought" else given.key.text


def _repeated(reading: Reading, given: nodes.Argument, key: str, seen: dict[str, nodes.Argument]) -> bool:
    first = seen.setdefault(key, given)
    if first is given:
        return False
    labels = ((first.span, "first given here"),)
    reading.report(Code.WRONG_ARGUMENT, f"`{key}` is given twice", given.span, "keep one", labels=labels)
    return True


def _said_otherwise(reading: Reading, given: nodes.Argument, into: str, places: dict[str, nodes.Argument]) -> bool:
    """Whether two arguments of different names say the same: `key: env("A"), key_env: "A"`."""
    first = places.setdefault(into, given)
    if first is given:
        return False
    labels = ((first.span, "given here"),)
    reading.report(Code.WRONG_ARGUMENT, "another argument says this already", given.span, "keep one", labels=labels)
    return True


def _into(target: Argument | Rest, key: str) -> str:
    if isinstance(target, Rest):
        return f"{target.into}.{key}"
    return target.into or key


def _place(row: Call, at: str | None, into: str) -> str | None:
    """The dotted place of an argument in the block's settings."""
    return at if at is None or row.settings is None else f"{at}.{into}"


def _keep(
    reading: Reading,
    values: dict[str, Any],
    into: str,
    given: nodes.Argument,
    target: Argument | Rest,
    place: str | None,
    read: Read,
) -> bool:
    # The one path for all splits or thoughts can be left out, but `none` is no path of any of them.
    optional = isinstance(target, Argument) and target.default is None and "." not in into
    if optional and isinstance(given.value, nodes.Constant) and given.value.value is None:
        return True
    value = read(reading, target.type, given.value, place)
    mapping, _, key = into.partition(".")
    if key:
        values.setdefault(mapping, {})[key] = value
    else:
        values[into] = value
    return value is not WRONG


def _complete(reading: Reading, row: Call, node: nodes.Call, seen: dict[str, nodes.Argument]) -> bool:
    """Whether the call has all that it needs, and not two ways of saying the same."""
    missing = [argument for argument in row.arguments if argument.default is REQUIRED and argument.key not in seen]
    for argument in missing:
        summary = f"`{row.name}` needs {expected(argument.type)}: {argument.prose}"
        reading.report(Code.WRONG_ARGUMENT, summary, node.name.span)
    return not missing and (row.rest is None or _rest_given(reading, row, row.rest, node, seen))


def _rest_given(reading: Reading, row: Call, rest: Rest, node: nodes.Call, seen: dict[str, nodes.Argument]) -> bool:
    keys = {argument.key for argument in row.arguments}
    whole = next((argument.key for argument in row.arguments if (argument.into or "").endswith(f".{EVERY}")), None)
    other = next((argument.key for argument in row.arguments if argument.instead and argument.key in seen), None)
    single, several = whole in seen, any(key not in keys for key in seen)
    if other is not None and (single or several):
        help = f"give `{other}`, or files"
        reading.report(Code.WRONG_ARGUMENT, f"`{other}` takes the place of files", node.name.span, help)
        return False
    if other is not None:
        return True
    if single and several:
        help = f"give one path, or one a {rest.what}"
        reading.report(Code.WRONG_ARGUMENT, f"one path serves every {rest.what} already", node.name.span, help)
        return False
    if not single and not several and len(seen) == len(node.arguments):
        example = 'test: "test.jsonl"' if whole else "test: 200"
        help = f"such as `{row.name}({example})`" if rest.what == "split" else f'such as `{row.name}("file.jsonl")`'
        reading.report(Code.WRONG_ARGUMENT, f"`{row.name}` needs at least one {rest.what}", node.name.span, help)
        return False
    return not (single and several)

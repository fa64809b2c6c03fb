"""What stands under the cursor, explained: keys, names, calls, arguments, units, keywords."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.language.tokens import UNITS, Kind, Token
from distill_dsl.compiler.model import types
from distill_dsl.compiler.model.declare import Merged
from distill_dsl.compiler.model.parameters import spelt
from distill_dsl.compiler.model.scope import IMPORT, PARAM, Mention
from distill_dsl.compiler.source import Span
from distill_dsl.editor import prose
from distill_dsl.editor.cursor import Cursor, Where
from distill_dsl.editor.documents import View
from distill_dsl.editor.expects import COLUMNS, call_of, expectation, field_of, named_argument
from distill_dsl.editor.names import import_at, imported, name_at
from distill_dsl.editor.tree import cursor, text_of


@dataclass(frozen=True)
class Explanation:
    """A text in Markdown about the characters of a span."""

    text: str
    span: Span


def hover(view: View, offset: int) -> Explanation | None:
    """What is known of the word at an offset of the spec."""
    token = token_at(view, offset)
    if token is None:
        return None
    mention = name_at(view, offset)
    if mention is not None:
        text = about_name(view, mention)
        return None if text is None else Explanation(text, mention.span)
    statement = import_at(view, offset)
    if statement is not None:
        return Explanation(f"the file `{imported(view, statement).as_posix()}`", statement.path.span)
    text = _about_word(view, token, cursor(view, token.span.start + 1))
    return None if text is None else Explanation(text, token.span)


def token_at(view: View, offset: int) -> Token | None:
    """The word, number or text at an offset, or right before it."""
    near = [token for token in view.tokens if token.span.start <= offset <= token.span.end]
    return next((token for token in reversed(near) if token.text[:1].isalnum() or token.text[:1] in '"_-'), None)


def _about_word(view: View, token: Token, place: Cursor) -> str | None:
    word = token.text
    if token.kind is Kind.NUMBER:
        return _about_unit(word)
    if token.kind in (Kind.STRING, Kind.OPEN_STRING):
        return _about_value(place)
    if place.where is Where.STATEMENT or token.kind in KEYWORD_KINDS:
        return prose.keyword(word) if word in prose.KEYWORDS else None
    if place.where is Where.TYPE:
        return f"**{word}**: {prose.PARAM_TYPES[word]}" if word in prose.PARAM_TYPES else None
    if place.where is Where.KEY:
        row = field_of(place.keyword, word)
        return prose.field(row, place.keyword) if row is not None else _about_split_key(place, word)
    if place.where in (Where.ARGUMENT, Where.ENTRY) and (named := _about_named(view, token, place)):
        return named
    return _about_call(place, word) or _about_value(place)


KEYWORD_KINDS = frozenset({Kind.PARAM, Kind.IMPORT, Kind.AS, Kind.VARY, Kind.TRUE, Kind.FALSE, Kind.NONE})


def _about_unit(word: str) -> str | None:
    unit = word.lstrip("-+.0123456789eE")
    return f"**{unit}**: {prose.UNITS[unit]}" if unit in UNITS else None


def _about_split_key(place: Cursor, word: str) -> str | None:
    if place.keyword != "data":
        return None
    return f"**{word}**: a split that joins splits of the source"


def _about_named(view: View, token: Token, place: Cursor) -> str | None:
    """The name of an argument or column: what stands before a colon."""
    if not view.source.text[token.span.end :].lstrip().startswith(":"):
        return None
    if place.where is Where.ENTRY:
        return f"**{token.text}**: which column holds it" if token.text in COLUMNS else None
    call = expectation(place).call
    row = named_argument(call, token.text) if call is not None else None
    return prose.argument(row, call) if call is not None and row is not None else None


def _about_call(place: Cursor, word: str) -> str | None:
    call = call_of(expectation(place, place.param_type).type, word)
    return prose.call(call) if call is not None else None


def _about_value(place: Cursor) -> str | None:
    """A text or bare word: what the key or argument is that it is given to."""
    found = expectation(place, place.param_type)
    if found.argument is not None and found.call is not None:
        return prose.argument(found.argument, found.call)
    row = field_of(place.keyword, place.key)
    return prose.field(row, place.keyword) if row is not None and not isinstance(row.type, types.Figures) else None


# --- names --------------------------------------------------------------------------------------


def about_name(view: View, mention: Mention) -> str | None:
    """A param with its limits, an import, or a block with all that it has from others."""
    if mention.kind == PARAM:
        return _about_param(view, mention)
    if mention.kind == IMPORT:
        return _about_import(view, mention)
    merged = view.analysis.blocks.get(mention.kind, {}).get(mention.name)
    return _about_block(view, mention, merged) if merged is not None else None


def _about_import(view: View, mention: Mention) -> str:
    for spec in view.program.specs:
        for each in spec.statements:
            if isinstance(each, nodes.Import) and each.alias is not None and each.alias.key == mention.name:
                return f"```mtd\n{text_of(view, each.span)}\n```\nThe names of that file, as `{each.alias.text}.name`."
    return "an import"


def _about_param(view: View, mention: Mention) -> str:
    param = view.analysis.scope.params.get(mention.name)
    shown = view.shown(mention.kind, mention.name) or mention.name
    if param is None:
        return f"**{shown}**: a param with a mistake in it"
    lines = [f"```mtd\nparam {shown}: {param.type} = {spelt(param.type, param.value)}\n```"]
    limits = [
        f"at {word} {spelt(param.type, bound)}"
        for word, bound in (("least", param.least), ("most", param.most))
        if bound is not None
    ]
    if param.choices:
        limits.append(f"one of {', '.join(spelt(param.type, choice) for choice in param.choices)}")
    lines += [param.description] if param.description else []
    lines += [", ".join(limits)] if limits else []
    lines.append(f"Changed by `dvc exp run -S param.{mention.name}=...`.")
    return "\n\n".join(lines)


def _about_block(view: View, mention: Mention, merged: Merged) -> str:
    shown = view.shown(mention.kind, mention.name) or mention.name
    copied = f" = {merged.block.origin.text}" if merged.block.origin is not None else ""
    described = merged.items.get("description")
    lines = [f"```mtd\n{mention.kind} {shown}{copied} {{", *_items(view, merged), "}\n```"]
    if described is not None and isinstance(described.value, nodes.Text):
        return f"{described.value.value}\n\n" + "\n".join(lines)
    return "\n".join(lines)


def _items(view: View, merged: Merged) -> Iterator[str]:
    """The items of a block, those of its origins with where they come from."""
    given = {key: item for key, item in merged.items.items() if key != "description"}
    width = max(map(len, given), default=0)
    for key, item in given.items():
        value = " ".join(text_of(view, item.value.span).split())
        source = _from(merged, key)
        note = f"  # from {source}" if source else ""
        yield f"  {key.ljust(width)} = {value}{note}"
    yield from (f"  vary {name} = {text_of(view, item.value.span)}" for name, item in merged.vary.items())


def _from(merged: Merged, key: str) -> str:
    """The block that an item was copied from; nothing where it is the block's own."""
    here: Merged | None = merged
    while here is not None and all(not isinstance(i, nodes.Item) or i.key.text != key for i in here.block.items):
        here = here.origin
    return here.block.name.text if here is not None and here is not merged else ""


# --- calls being written ------------------------------------------------------------------------


@dataclass(frozen=True)
class Signature:
    """A call, its arguments, and which of them the cursor is at."""

    label: str
    documentation: str
    parts: tuple[tuple[str, str], ...]
    active: int | None


def signature(view: View, offset: int) -> Signature | None:
    """The call that is being written at an offset."""
    place = cursor(view, offset)
    opened = [number for number, step in enumerate(place.steps) if step.kind is Kind.LPAR]
    if not opened:
        return None
    steps = place.steps[: opened[-1] + 1]
    found = expectation(replace(place, steps=steps))
    if found.call is None:
        return None
    label, parts = prose.signature(found.call)
    about = [found.call.members and "the members", *(row.prose for row in found.call.arguments)]
    texts = [text for text in about if text] + ([found.call.rest.prose] if found.call.rest is not None else [])
    return Signature(
        label, found.call.prose, tuple(zip(parts, texts, strict=True)), _active(found.call, found.argument)
    )


def _active(call: types.Call, argument: types.Argument | types.Rest | None) -> int | None:
    first = 1 if call.members is not None else 0
    if isinstance(argument, types.Argument):
        return first + call.arguments.index(argument)
    if argument is not None:
        return first + len(call.arguments)
    return 0 if call.members is not None else None

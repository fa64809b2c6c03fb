"""What may be written at the cursor: from the language's tables, and from the names of the program."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.language.tokens import BLOCKS, KEYWORDS, Kind
from distill_dsl.compiler.model import types
from distill_dsl.compiler.model.fields import PARAM_TYPES, USUAL_SPLITS
from distill_dsl.compiler.model.reading import WRONG, Reading
from distill_dsl.compiler.model.reference import shown
from distill_dsl.compiler.model.scalars import read_scalar
from distill_dsl.compiler.model.scope import PARAM, Scope
from distill_dsl.compiler.model.wording import expected
from distill_dsl.editor import prose, snippets
from distill_dsl.editor.choices import Choice, Site, files_in_quotes, quoted, units
from distill_dsl.editor.cursor import Where
from distill_dsl.editor.documents import View
from distill_dsl.editor.expects import COLUMNS, calls_of, element, expectation, field_of, fields_of
from distill_dsl.editor.tree import cursor, given_entries, given_keys, splits_of, statement_at, statements

QUOTES: Final = frozenset({Kind.STRING, Kind.OPEN_STRING, Kind.QUOTED})


def completions(view: View, offset: int) -> list[Choice]:
    """What may be written at an offset of the spec, the likeliest first."""
    site = Site(view, offset, cursor(view, offset))
    word = site.cursor.word
    if word.kind in QUOTES:
        found = quoted(site)
    elif word.kind is Kind.NUMBER:
        found = units(site)
    elif word.kind is Kind.DASHED:
        found = iter(())
    else:
        found = PLACES[site.cursor.where](site)
        if word.qualifier:
            found = _below(found, word.qualifier)
    unique = {choice.label: choice for choice in found}
    return sorted(unique.values(), key=lambda choice: choice.rank)


DUE: Final = frozenset(
    {Where.ORIGIN, Where.VALUE, Where.ARGUMENT, Where.ENTRY, Where.VARIED, Where.TYPE, Where.PARAM_VALUE, Where.FILE}
)


def is_due(view: View, offset: int) -> bool:
    """Whether a value must follow at an offset of the spec, so that choices are welcome unasked."""
    return cursor(view, offset).where in DUE


def _below(found: Iterable[Choice], qualifier: tuple[str, ...]) -> Iterator[Choice]:
    """The choices that go on from what stands before the dot, without it."""
    before = ".".join(qualifier) + "."
    for choice in found:
        if choice.label.startswith(before) and choice.text.startswith(before):
            yield replace(choice, label=choice.label[len(before) :], text=choice.text[len(before) :])


# --- statements and keys ------------------------------------------------------------------------


def _statements(site: Site) -> Iterator[Choice]:
    others = [each for each in statements(site.view) if each.span.start < site.offset]
    for rank, keyword in enumerate(KEYWORDS):
        if keyword == "mtd" and others:
            continue
        body = snippets.block(keyword) if keyword in BLOCKS else snippets.STATEMENTS[keyword]
        yield site.choice(
            keyword,
            "keyword",
            body,
            snippet=snippets.is_filled(body),
            documentation=prose.keyword(keyword),
            rank=rank,
        )


def _origins(site: Site) -> Iterator[Choice]:
    keyword, own = site.cursor.keyword, site.cursor.key
    names = (name for name in site.view.names(keyword) if name != own)
    yield from (site.choice(name, "class", detail=f"{keyword} to copy") for name in names)


def _keys(site: Site) -> Iterator[Choice]:
    given = given_keys(site.view, site.offset)
    keyword = site.cursor.keyword
    for row in fields_of(keyword):
        if row.key not in given:
            needed = row.default is types.REQUIRED
            yield site.choice(
                row.key,
                "property",
                f"{row.key} = {snippets.value(row.type, 1)}",
                snippet=True,
                detail=expected(row.type) + (", required" if needed else ""),
                documentation=prose.field(row, keyword),
                rank=0 if needed else 3,
            )
    yield from _other_keys(site, given)


def _other_keys(site: Site, given: set[str]) -> Iterator[Choice]:
    """Keys that are in no table: swept params, and splits that join others."""
    if site.cursor.keyword == "experiment":
        body = f"vary {snippets.stop(1)} = [{snippets.stop(2)}]"
        yield site.choice("vary", "keyword", body, snippet=True, documentation=prose.keyword("vary"), rank=4)
    if site.cursor.keyword == "data":
        for split in USUAL_SPLITS:
            if split not in given:
                body = f"{split} = {snippets.stop(1)}"
                yield site.choice(split, "property", body, snippet=True, detail="joins splits of the source", rank=6)


def _varied(site: Site) -> Iterator[Choice]:
    yield from (_param(site, name, key) for name, key in site.view.names(PARAM).items())


def _types(site: Site) -> Iterator[Choice]:
    for rank, name in enumerate(PARAM_TYPES):
        yield site.choice(name, "type_parameter", detail=prose.PARAM_TYPES[name], rank=rank)


def _as(site: Site) -> Iterator[Choice]:
    yield site.choice("as", "keyword", f"as {snippets.stop(1)}", snippet=True, documentation=prose.keyword("as"))


# --- values -------------------------------------------------------------------------------------


def _values(site: Site) -> Iterator[Choice]:
    found = expectation(site.cursor, site.cursor.param_type)
    if found.splits:
        yield from (site.choice(split, "enum_member", detail="split of the source") for split in _own_splits(site))
    elif found.type is not None:
        yield from _of_type(site, found.type)


def _own_splits(site: Site) -> list[str]:
    block = statement_at(site.view, site.offset)
    own = splits_of(site.view, block.name.key) if isinstance(block, nodes.Block) else []
    return [split for split in dict.fromkeys([*own, "train", "test"]) if split != site.cursor.key]


def _of_type(site: Site, type: types.Type) -> Iterator[Choice]:
    """Values of a type. Where a list is due and none is open, each comes in brackets."""
    listed = not any(step.kind is Kind.LSQB for step in site.cursor.steps) and element(type) != type
    inner = element(type) if listed and element(type) is not None else type
    assert inner is not None
    for choice in _elements(site, inner):
        if not listed:
            yield choice
        elif choice.sort != "snippet":
            text = f"[{choice.text}]"
            yield replace(choice, label=text if not choice.snippet else f"[{choice.label}]", text=text)
    if listed:
        yield site.choice("[ ]", "snippet", f"[{snippets.stop(1)}]", snippet=True, detail=expected(type), rank=0)
    yield from _default(site, type)


def _elements(site: Site, type: types.Type) -> Iterator[Choice]:
    yield from (_called(site, row) for row in calls_of(type))
    match type:
        case types.Names(kind):
            yield from _names(site, kind)
        case types.Weighted(kind):
            yield from _names(site, kind)
        case types.Member() | types.Strategies():
            yield from _names(site, "thought")
        case types.Splits():
            yield from _splits(site)
        case types.Word(choices):
            yield from (site.choice(word, "enum_member", rank=1) for word in choices)
        case types.Flag():
            yield from (site.choice(word, "keyword", rank=1) for word in ("true", "false"))
        case types.Text(choices) if choices:
            yield from (site.choice(f'"{text}"', "value", rank=1) for text in choices)
        case types.Text() | types.FilePath():
            yield site.choice('""', "snippet", f'"{snippets.stop(1)}"', snippet=True, detail=expected(type), rank=1)
        case types.ColumnNames():
            yield site.choice("{ }", "snippet", f"{{ {snippets.stop(1)} }}", snippet=True, detail=expected(type))
        case types.Counts():
            body = f"{{ train: {snippets.stop(1)}, test: {snippets.stop(2)} }}"
            yield site.choice("{ train: ... }", "snippet", body, snippet=True, detail=expected(type))
        case types.Options():
            yield site.choice("{ }", "snippet", f"{{ {snippets.stop(1)} }}", snippet=True, detail=expected(type))
        case types.Figures():
            body = f'{{ source: "{snippets.stop(1)}", {snippets.stop(2)} }}'
            yield site.choice("{ source: ... }", "snippet", body, snippet=True, detail=expected(type))
    yield from _scalars(site, type)


def _scalars(site: Site, type: types.Type) -> Iterator[Choice]:
    """Params that fit."""
    if site.cursor.keyword == "param" or site.cursor.key.startswith("vary "):
        return
    for name, key in site.view.names(PARAM).items():
        if _fits(site.view.analysis.scope, type, key):
            yield _param(site, name, key)


def _default(site: Site, type: types.Type) -> Iterator[Choice]:
    """The default of a key, where it is no choice already."""
    row = field_of(site.cursor.keyword, site.cursor.key)
    if row is None or site.cursor.steps or isinstance(type, types.OneOf | types.Word | types.Flag):
        return
    default = shown(row.default, row.type).strip("`")
    if default and default != "required" and not default.startswith(("(", '"prompts/<')):
        yield site.choice(default, "value", detail="the default", rank=2)


def _fits(scope: Scope, type: types.Type, key: str) -> bool:
    """Whether a param may stand for a value of the type: asked of the checker itself, of a scope that forgets."""
    real = types.Real(above=0.0) if isinstance(type, types.Weighted) else type
    if not isinstance(real, SCALARS):
        return False
    name = scope.definitions[PARAM, key]
    trial = Reading(Scope(definitions=scope.definitions, homes=scope.homes, params=scope.params))
    return read_scalar(trial, real, nodes.Path((name,), name.span), None) is not WRONG


SCALARS: Final = (
    types.Whole
    | types.Real
    | types.Share
    | types.Seconds
    | types.Bytes
    | types.Dollars
    | types.Budget
    | types.Flag
    | types.Text
    | types.FilePath
    | types.Word
)


def _param(site: Site, name: str, key: str) -> Choice:
    param = site.view.analysis.scope.params.get(key)
    detail = f"param of type {param.type}" if param is not None else "param"
    return site.choice(name, "variable", detail=detail, documentation=param.description if param else "", rank=4)


def _called(site: Site, row: types.Call) -> Choice:
    body = snippets.call(row)
    return site.choice(
        row.name,
        "function",
        body,
        snippet=snippets.is_filled(body),
        detail=prose.signature(row)[0],
        documentation=prose.call(row),
        rank=2,
    )


def _names(site: Site, kind: str) -> Iterator[Choice]:
    for name, key in site.view.names(kind).items():
        block = site.view.analysis.scope.blocks[kind].get(key)
        about = next((item.value for item in block.items if _describes(item)), None) if block is not None else None
        text = about.value if isinstance(about, nodes.Text) else ""
        yield site.choice(name, "class", detail=kind, documentation=text, rank=1)


def _describes(item: nodes.Item | nodes.Vary) -> bool:
    return isinstance(item, nodes.Item) and item.key.text == "description"


def _splits(site: Site) -> Iterator[Choice]:
    for name, key in site.view.names("data").items():
        for split in splits_of(site.view, key, site.offset):
            yield site.choice(f"{name}.{split}", "enum_member", detail=f"split of {name}", rank=1)


# --- within calls and maps ------------------------------------------------------


def _arguments(site: Site) -> Iterator[Choice]:
    """Values for the next argument, and the names of those that are not given yet."""
    yield from _values(site)
    call = expectation(site.cursor).call
    if call is None:
        return
    given = given_entries(site.view, site.cursor)
    for row in call.arguments:
        if row.key not in given and not row.positional:
            text = f"{row.key}: {snippets.value(row.type, 1)}"
            detail, about = expected(row.type), prose.argument(row, call)
            yield site.choice(f"{row.key}:", "field", text, snippet=True, detail=detail, documentation=about, rank=3)
    for key in _rest_keys(site, call.rest):
        if key not in given and call.rest is not None:
            detail = call.rest.prose
            yield site.choice(f"{key}:", "field", f"{key}: {snippets.stop(1)}", snippet=True, detail=detail, rank=4)


def _rest_keys(site: Site, rest: types.Rest | None) -> list[str]:
    if rest is None:
        return []
    return list(site.view.names("thought")) if rest.what == "thought" else list(USUAL_SPLITS)


def _entries(site: Site) -> Iterator[Choice]:
    outer = expectation(replace(site.cursor, steps=site.cursor.steps[:-1])).type
    given = given_entries(site.view, site.cursor)
    if isinstance(outer, types.ColumnNames):
        yield from (_entry(site, key, "column of the source") for key in COLUMNS if key not in given)
    elif isinstance(outer, types.Counts):
        yield from (_entry(site, key, "problems of the split") for key in USUAL_SPLITS if key not in given)
    elif isinstance(outer, types.Figures):
        if "source" not in given:
            yield _entry(site, "source", "the paper and its table")
        yield from (_entry(site, cell, "a cell of the table") for cell in _cells(site) if cell not in given)


def _entry(site: Site, key: str, detail: str) -> Choice:
    value = f'"{snippets.stop(1)}"' if key in ("source", *COLUMNS) else snippets.stop(1)
    return site.choice(key, "field", f"{key}: {value}", snippet=True, detail=detail)


MOST_CELLS: Final = 2000


def _cells(site: Site) -> Iterator[str]:
    names = [list(site.view.names(kind)) for kind in ("student", "mix", "data")]
    cells = (f"{one}.{two}.{three}" for one in names[0] for two in names[1] for three in names[2])
    yield from (cell for cell, _ in zip(cells, range(MOST_CELLS), strict=False))


def _nothing(site: Site) -> Iterator[Choice]:
    return iter(())


PLACES: Final[dict[Where, Callable[[Site], Iterator[Choice]]]] = {
    Where.STATEMENT: _statements,
    Where.NAME: _nothing,
    Where.ORIGIN: _origins,
    Where.KEY: _keys,
    Where.VALUE: _values,
    Where.ARGUMENT: _arguments,
    Where.ENTRY: _entries,
    Where.VARIED: _varied,
    Where.TYPE: _types,
    Where.PARAM_VALUE: _values,
    Where.FILE: files_in_quotes,
    Where.AS: _as,
    Where.NOTHING: _nothing,
}
"""Every place, and what may be written there."""

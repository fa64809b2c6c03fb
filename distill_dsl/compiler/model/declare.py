"""Who is who: every name of a program, and each block with the items that it copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from distill_dsl.compiler.diagnostics import Code, error, suggestion
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model.aliases import home_of
from distill_dsl.compiler.model.entities import Value
from distill_dsl.compiler.model.load import Program
from distill_dsl.compiler.model.parameters import declared_param
from distill_dsl.compiler.model.scope import IMPORT, Scope, undefined, unknown_alias

LONGEST: Final = 40
"""Characters of a name: up to five of them make one file name, and file systems stop at 255."""


@dataclass(frozen=True)
class Merged:
    """A block with the items that it copies. `complete`: a key that is not here is truly missing."""

    block: nodes.Block
    items: Mapping[str, nodes.Item]
    vary: Mapping[str, nodes.Vary]
    complete: bool
    origin: Merged | None = None


def declared(program: Program, overrides: Mapping[str, Value]) -> Scope:
    """Every param and block by name; the first of two stays."""
    lost = frozenset(word for spec in program.specs for word in spec.lost)
    homes = {(alias.home, alias.text): home_of(alias.home, alias.text) for alias in program.aliases}
    nameless = frozenset(kind for spec in program.specs for kind in spec.nameless)
    unread = any(spec.unread for spec in program.specs)
    scope = Scope(homes=homes, lost=lost, nameless=nameless, unread=unread)
    _declared_aliases(scope, program)
    for statement in (statement for spec in program.specs for statement in spec.statements):
        if not isinstance(statement, nodes.Block | nodes.Param):
            continue
        kind, name = statement.keyword.text, statement.name
        first = scope.definitions.setdefault((kind, name.key), name)
        if first is not name:
            label = ((first.span, "first defined here"),)
            apart = name.home != first.home
            help = "rename one: in files, `a.b` of an import is called `a_b`" if apart else "rename one"
            scope.report(Code.DUPLICATE_NAME, f"there are two {kind}s `{name.key}`", name.span, help, labels=label)
            continue
        _no_alias(scope, name)
        if len(name.key) > LONGEST:
            help = f"use at most {LONGEST} characters: names become parts of file names"
            scope.report(Code.NAME_TOO_LONG, "this name is too long", name.span, help)
        if isinstance(statement, nodes.Param):
            scope.params[name.key] = declared_param(scope, statement, overrides)
        else:
            scope.blocks[kind][name.key] = statement
    _unknown_overrides(scope, overrides)
    return scope


def _declared_aliases(scope: Scope, program: Program) -> None:
    """Each alias of a file once. Two ways to one home (`a_b`, and `b` within `a`) would mix up names."""
    taken: dict[str, nodes.Name] = {}
    for alias in program.aliases:
        scope.definitions.setdefault((IMPORT, alias.key), alias)
        other = taken.setdefault(home_of(alias.home, alias.text), alias)
        if other.span != alias.span:
            label = ((other.span, "first given here"),)
            scope.report(
                Code.DUPLICATE_NAME, f"there are two imports `{alias.key}`", alias.span, "rename one", labels=label
            )
    for name in program.mentions:
        scope.mention(IMPORT, name)


def _no_alias(scope: Scope, name: nodes.Name) -> None:
    """`gsm8k.train` must not be a split and a name of an import `gsm8k` at once."""
    alias = scope.definitions.get((IMPORT, name.key))
    if alias is not None and alias.home == name.home:
        label = ((alias.span, "the import"),)
        summary = f"`{name.text}` is the name of an import already"
        scope.report(Code.DUPLICATE_NAME, summary, name.span, "rename one", labels=label)


def _unknown_overrides(scope: Scope, overrides: Mapping[str, Value]) -> None:
    for name in overrides:
        if name not in scope.params and not scope.forgives(name):
            help = suggestion(name, scope.params)
            scope.found.append(error(Code.UNDEFINED, f"there is no param `{name}` to change", None, help))


# --- copies -------------------------------------------------------------------------------------


def merged(scope: Scope, kind: str) -> dict[str, Merged]:
    """Each block of a kind with the items of the block that it copies, if any, in source order."""
    blocks = scope.blocks[kind]
    done: dict[str, Merged] = {}
    for name in blocks:
        chain, circle = _chain(blocks, name, done)
        if circle:
            _report_circle(scope, [blocks[link] for link in chain])
        for link in reversed(chain):
            origin = blocks[link].origin
            below = done.get(origin.key) if origin is not None else None
            done[link] = _merge(scope, blocks[link], below)
    return {name: done[name] for name in blocks}


def _chain(blocks: Mapping[str, nodes.Block], name: str, done: Mapping[str, Merged]) -> tuple[list[str], bool]:
    """The blocks to merge before (and with) a block, itself first; and whether they copy in a circle."""
    chain: list[str] = []
    met: set[str] = set()
    link: str | None = name
    while link is not None and link in blocks and link not in done:
        if link in met:
            return chain, True
        met.add(link)
        chain.append(link)
        origin = blocks[link].origin
        link = origin.key if origin is not None else None
    return chain, False


def _report_circle(scope: Scope, blocks: list[nodes.Block]) -> None:
    last = blocks[-1]
    start = next(at for at, block in enumerate(blocks) if last.origin and block.name.key == last.origin.key)
    first, *others = blocks[start:]
    labels = tuple((other.origin.span, "which copies this") for other in others if other.origin)
    summary = f"`{first.name.text}` copies itself" + (" through other blocks" if others else "")
    span = first.origin.span if first.origin else first.name.span
    scope.report(Code.COPY_CYCLE, summary, span, "give one of them its own items instead", labels=labels)


def _merge(scope: Scope, block: nodes.Block, origin: Merged | None) -> Merged:
    items: dict[str, nodes.Item] = {}
    vary: dict[str, nodes.Vary] = {}
    for item in block.items:
        if isinstance(item, nodes.Vary):
            name: nodes.Name | nodes.Path = item.name
            first: nodes.Name | nodes.Path = vary.setdefault(item.name.key, item).name
        else:
            name, first = item.key, items.setdefault(item.key.text, item).key
        if first is not name:
            label = ((first.span, "first given here"),)
            scope.report(Code.DUPLICATE_KEY, f"`{name.text}` is given twice", name.span, "keep one", labels=label)
    if block.origin is None:
        return Merged(block, items, vary, not block.damaged)
    if origin is None:
        _report_origin(scope, block, block.origin)
        return Merged(block, items, vary, complete=False)
    scope.mention(block.keyword.text, block.origin)
    # A description says what *this* block is, so that a copy does not take it over.
    copied = {key: item for key, item in origin.items.items() if key != "description"}
    complete = origin.complete and not block.damaged
    return Merged(block, copied | items, {**origin.vary, **vary}, complete, origin)


def _report_origin(scope: Scope, block: nodes.Block, origin: nodes.Path) -> None:
    if origin.key in scope.blocks[block.keyword.text]:
        return  # a circle, reported already
    first, *others = origin.parts
    if not unknown_alias(scope, origin.parts):
        whole = replace(first, text=origin.text, span=origin.span) if others else first
        undefined(scope, whole, block.keyword.text)

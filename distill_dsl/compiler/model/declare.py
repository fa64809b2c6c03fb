"""Who is who: every name of a program, and each block with the items that it copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from distill_dsl.compiler.diagnostics import Code, Diagnostic, Help, error, suggestion
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.language.tokens import BLOCKS
from distill_dsl.compiler.model.entities import Param, Value
from distill_dsl.compiler.model.fields import PARAM_TYPES
from distill_dsl.compiler.model.load import Program
from distill_dsl.compiler.model.units import in_plain_units
from distill_dsl.compiler.source import Span

LONGEST: Final = 40
"""Characters of a name: up to five of them make one file name, and file systems stop at 255."""

TYPES: Final[dict[str, type]] = {"int": int, "float": float, "str": str, "bool": bool}


@dataclass(frozen=True)
class Merged:
    """A block with the items that it copies. `complete`: a key that is not here is truly missing."""

    block: nodes.Block
    items: Mapping[str, nodes.Item]
    vary: Mapping[str, nodes.Vary]
    complete: bool
    origin: Merged | None = None


@dataclass(frozen=True)
class Mention:
    """A place that names a block or param; `kind` is a block's keyword, or `param`."""

    kind: str
    name: str
    span: Span


@dataclass
class Scope:
    """What values may refer to, and what has been found so far. A param of `None` is a broken one."""

    definitions: dict[tuple[str, str], nodes.Name] = field(default_factory=dict)
    """(kind, name) -> where it is defined."""
    mentions: dict[Mention, None] = field(default_factory=dict)
    """Every place that names something which is defined, in the order of reading."""
    params: dict[str, Param | None] = field(default_factory=dict)
    blocks: dict[str, dict[str, nodes.Block]] = field(default_factory=lambda: {kind: {} for kind in BLOCKS})
    lost: frozenset[str] = frozenset()
    unread: bool = False
    """Some file could not be read at all: any name may come from there."""
    found: list[Diagnostic] = field(default_factory=list)

    def mention(self, kind: str, name: str, span: Span) -> None:
        self.mentions[Mention(kind, name, span)] = None

    def report(self, code: Code, summary: str, span: Span, help: Help = None, **more: Any) -> None:
        self.found.append(error(code, summary, span, help, **more))

    def forgives(self, name: str) -> bool:
        """Whether an undefined name is the consequence of a mistake reported already."""
        return self.unread or name in self.lost


def declared(program: Program, overrides: Mapping[str, Value]) -> Scope:
    """Every param and block by name; the first of two stays."""
    lost = frozenset(word for spec in program.specs for word in spec.lost)
    scope = Scope(lost=lost, unread=any(spec.unread for spec in program.specs))
    for statement in (statement for spec in program.specs for statement in spec.statements):
        if not isinstance(statement, nodes.Block | nodes.Param):
            continue
        kind, name = statement.keyword.text, statement.name
        first = scope.definitions.setdefault((kind, name.text), name)
        if first is not name:
            label = ((first.span, "first defined here"),)
            scope.report(
                Code.DUPLICATE_NAME, f"there are two {kind}s `{name.text}`", name.span, "rename one", labels=label
            )
            continue
        if len(name.text) > LONGEST:
            help = f"use at most {LONGEST} characters: names become parts of file names"
            scope.report(Code.NAME_TOO_LONG, "this name is too long", name.span, help)
        if isinstance(statement, nodes.Param):
            scope.params[name.text] = _param(scope, statement, overrides)
        else:
            scope.blocks[kind][name.text] = statement
    _unknown_overrides(scope, overrides)
    return scope


def _param(scope: Scope, statement: nodes.Param, overrides: Mapping[str, Value]) -> Param | None:
    type = statement.type.text
    if type not in PARAM_TYPES:
        summary = f"there is no type `{type}`"
        scope.report(Code.WRONG_PARAM_TYPE, summary, statement.type.span, suggestion(type, PARAM_TYPES))
        return None
    value = _literal(statement.value)
    if isinstance(statement.value, nodes.Broken):
        return None
    fitting = None if value is None else fitted(type, value)
    if fitting is None:
        summary = f"`{statement.name.text}` is {article(type)} {type}, and this is not"
        help = f"write a value such as `{EXAMPLES[type]}`, or change the type"
        scope.report(Code.WRONG_PARAM_TYPE, summary, statement.value.span, help)
        return None
    name = statement.name.text
    if name in overrides:
        over = fitted(type, overrides[name])
        if over is None:
            summary = f"`{name}` is {article(type)} {type}, and cannot become {overrides[name]!r}"
            scope.report(Code.WRONG_PARAM_TYPE, summary, statement.name.span)
            return None
        fitting = over
    return Param(name=name, type=type, value=fitting, span=statement.name.span)


EXAMPLES: Final = {"int": "4", "float": "0.7", "str": '"text"', "bool": "true"}


def article(word: str) -> str:
    """`a` or `an`."""
    return "an" if word[:1] in "aeio" else "a"


def _literal(node: nodes.Value) -> Value | None:
    match node:
        case nodes.Text() | nodes.Number():
            return node.value
        case nodes.Constant():
            return node.value
        case nodes.Quantity():
            return in_plain_units(node)
    return None


def fitted(type: str, value: Value) -> Value | None:
    """The value as one of the param type, or `None`. A whole number is also a float."""
    if type == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    fits = isinstance(value, TYPES[type]) and (type == "bool") == isinstance(value, bool)
    return value if fits else None


def literal_of(type: str, node: nodes.Value) -> Value | None:
    """The value of a literal as one of the param type, or `None`."""
    value = _literal(node)
    return None if value is None else fitted(type, value)


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
            below = done.get(origin.text) if origin is not None else None
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
        link = origin.text if origin is not None else None
    return chain, False


def _report_circle(scope: Scope, blocks: list[nodes.Block]) -> None:
    last = blocks[-1]
    start = next(at for at, block in enumerate(blocks) if last.origin and block.name.text == last.origin.text)
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
            name, first = item.name, vary.setdefault(item.name.text, item).name
        else:
            name, first = item.key, items.setdefault(item.key.text, item).key
        if first is not name:
            label = ((first.span, "first given here"),)
            scope.report(Code.DUPLICATE_KEY, f"`{name.text}` is given twice", name.span, "keep one", labels=label)
    if block.origin is None:
        return Merged(block, items, vary, not block.damaged)
    if origin is None:
        _report_origin(scope, block, block.origin.parts[0])
        return Merged(block, items, vary, complete=False)
    scope.mention(block.keyword.text, block.origin.text, block.origin.span)
    # A description says what *this* block is, so that a copy does not take it over.
    copied = {key: item for key, item in origin.items.items() if key != "description"}
    complete = origin.complete and not block.damaged
    return Merged(block, copied | items, {**origin.vary, **vary}, complete, origin)


def _report_origin(scope: Scope, block: nodes.Block, origin: nodes.Name) -> None:
    if origin.text not in scope.blocks[block.keyword.text]:  # else: a circle, reported already
        undefined(scope, origin, block.keyword.text)


def undefined(scope: Scope, name: nodes.Name, kind: str) -> None:
    """Report a name that no block of the kind has, unless that follows from another mistake."""
    if scope.forgives(name.text):
        return
    for other, blocks in scope.blocks.items():
        if name.text in blocks:
            label = ((blocks[name.text].head, "defined here"),)
            summary = f"`{name.text}` is {article(other)} {other}, and {article(kind)} {kind} is expected here"
            scope.report(Code.WRONG_KIND, summary, name.span, suggestion(name.text, scope.blocks[kind]), labels=label)
            return
    if name.text in scope.params:
        summary = f"`{name.text}` is a param, and {article(kind)} {kind} is expected here"
        scope.report(Code.WRONG_KIND, summary, name.span, suggestion(name.text, scope.blocks[kind]))
        return
    help = suggestion(name.text, scope.blocks[kind])
    scope.report(Code.UNDEFINED, f"there is no {kind} `{name.text}`", name.span, help)

"""The shape of a spec: what it defines, what can be folded, and what each word is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.language.tokens import BLOCKS, CLOSING, OPENING, WORDS, Kind, Token
from distill_dsl.compiler.model.fields import PARAM_TYPES
from distill_dsl.compiler.model.scope import IMPORT, PARAM
from distill_dsl.compiler.source import Span
from distill_dsl.editor.documents import View
from distill_dsl.editor.tree import statements, text_of

# --- symbols ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Symbol:
    """A block or param: all of it, and its name alone."""

    name: str
    kind: str
    detail: str
    span: Span
    name_span: Span


def symbols(view: View) -> list[Symbol]:
    """What the spec itself defines, in its order."""
    found = []
    for each in statements(view):
        match each:
            case nodes.Block(keyword, name, origin):
                detail = f"{keyword.text}, copy of {origin.text}" if origin is not None else keyword.text
                found.append(Symbol(name.text, keyword.text, detail, each.span, name.span))
            case nodes.Param(_, name, type, value):
                detail = f"{type.text} = {text_of(view, value.span)}"
                found.append(Symbol(name.text, PARAM, detail, each.span, name.span))
            case nodes.Import(_, path, alias):
                place = alias or path
                detail = path.value if alias is not None else ""
                found.append(Symbol(alias.text if alias else path.value, IMPORT, detail, each.span, place.span))
    return [symbol for symbol in found if symbol.name]


# --- folding ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fold:
    """What can be folded: from a bracket to its partner, or a run of comments or imports."""

    span: Span
    sort: str = "region"


def folds(view: View) -> list[Fold]:
    """Brackets, comments and imports; whether they span lines is for the caller to see."""
    return [*_brackets(view), *_comments(view), *_imports(view)]


def _brackets(view: View) -> Iterator[Fold]:
    stack: list[Token] = []
    for token in view.tokens:
        if token.kind in OPENING:
            stack.append(token)
        elif token.kind in CLOSING and stack and OPENING[stack[-1].kind] is token.kind:
            yield Fold(Span(token.span.path, stack.pop().span.start, token.span.start))


def _imports(view: View) -> Iterator[Fold]:
    imports = [each.span for each in statements(view) if isinstance(each, nodes.Import)]
    if len(imports) > 1:
        yield Fold(Span(imports[0].path, imports[0].start, imports[-1].end), "imports")


def _comments(view: View) -> Iterator[Fold]:
    """Comments that stand in lines of their own, one below the other."""
    text = view.source.text
    run: list[Span] = []
    for span in comments(view):
        between = text[run[-1].end : span.start] if run else ""
        alone = not text[text.rfind("\n", 0, span.start) + 1 : span.start].strip()
        if run and (not alone or between.strip() or between.count("\n") > 1):
            yield from _run(run)
            run = []
        if alone:
            run.append(span)
    yield from _run(run)


def _run(spans: list[Span]) -> Iterator[Fold]:
    if len(spans) > 1:
        yield Fold(Span(spans[0].path, spans[0].start, spans[-1].end), "comment")


def comments(view: View) -> Iterator[Span]:
    """The comments of the spec: what stands between tokens and is no blank."""
    text, before = view.source.text, 0
    for start, end in [*((token.span.start, token.span.end) for token in view.tokens), (len(text), len(text))]:
        at = text.find("#", before, start)
        while at != -1:
            stop = text.find("\n", at, start)
            stop = start if stop == -1 else stop
            yield Span(view.source.path, at, at + len(text[at:stop].rstrip()))
            at = text.find("#", stop, start)
        before = end


# --- what each word is --------------------------------------------------------------------------

SORTS = (
    "keyword",
    "type",
    "class",
    "parameter",
    "namespace",
    "property",
    "function",
    "string",
    "number",
    "operator",
    "comment",
    "enumMember",
)
"""What a word can be, in the protocol's words."""


@dataclass(frozen=True)
class Painted:
    """A word and what it is; `defines`: here it gets its meaning."""

    span: Span
    sort: str
    defines: bool = False


def painted(view: View) -> list[Painted]:
    """What each word of the spec is, in order, none over another."""
    names = {each.span.start: each.kind for each in view.mentions if view.here(each.span)}
    defined = {span.start for span in view.definitions.values() if view.here(span)}
    found = [Painted(span, "comment") for span in comments(view)]
    for at, token in enumerate(view.tokens):
        found += _paint(view.tokens, at, token, names, defined)
    return sorted(found, key=lambda each: each.span.start)


def _paint(tokens: list[Token], at: int, token: Token, names: dict[int, str], defined: set[int]) -> Iterator[Painted]:
    sort = _sort(tokens, at, token)
    if token.kind is not Kind.WORD:
        if sort is not None:
            yield Painted(token.span, sort)
        return
    start = token.span.start
    for part in token.text.split("."):
        span = Span(token.span.path, start, start + len(part))
        named = NAMED.get(names.get(start, ""), "class" if start in names else "")
        if named or sort is not None:
            yield Painted(span, named or sort or "", start in defined)
        start += len(part) + 1


NAMED = {PARAM: "parameter", IMPORT: "namespace"}

FIXED = {
    Kind.STRING: "string",
    Kind.OPEN_STRING: "string",
    Kind.QUOTED: "string",
    Kind.NUMBER: "number",
    Kind.PLUS: "operator",
    Kind.STAR: "operator",
    Kind.MORE: "operator",
    **dict.fromkeys(WORDS, "keyword"),
}


def _sort(tokens: list[Token], at: int, token: Token) -> str | None:
    """What a token is by itself and by what follows it."""
    if token.kind is not Kind.WORD:
        return FIXED.get(token.kind)
    follows = tokens[at + 1].kind if at + 1 < len(tokens) else None
    before = tokens[at - 1].kind if at else None
    if token.starts_line and token.text in (*BLOCKS, "mtd") and follows in (Kind.WORD, Kind.NUMBER):
        return "keyword"
    if follows is Kind.LPAR:
        return "function"
    if before is Kind.COLON and token.text in PARAM_TYPES and at > 2 and tokens[at - 3].kind is Kind.PARAM:
        return "type"
    if follows in (Kind.EQUAL, Kind.COLON):
        return "property"
    return "enumMember"

"""Statements behind each other that one slip has spoilt: where a single token explains them, they are read anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from msgspec import structs

from distill_dsl.compiler.diagnostics import Diagnostic
from distill_dsl.compiler.language.chunks import Chunk, Part, heads
from distill_dsl.compiler.language.nodes import Block, Broken, Item, Param, Statement, Vary
from distill_dsl.compiler.language.single import LONGEST, Change, Search, described, statements
from distill_dsl.compiler.language.tokens import KEYWORDS, Kind, Token
from distill_dsl.compiler.source import Span

Reread = Callable[[Chunk], Part]


def settled(parts: Sequence[Part], slips: list[Diagnostic], read: Reread) -> list[Part]:
    """The parts of a file; those that one token explains are read as they were meant."""
    search = Search()
    whole: list[Part] = []
    for region in _regions(parts):
        whole += _settled(region, slips, read, search) or region
    return whole


def _regions(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Each statement alone; broken ones together, up to the next that surely starts one, and with the one before."""
    region: list[Part] = []
    for part in parts:
        broken = bool(part.found) or part.statement is None
        if region and (_heads(part.chunk.tokens) or not broken):
            yield region
            region = []
        region.append(part)
    if region:
        yield region


def _heads(tokens: Sequence[Token]) -> bool:
    """Whether a statement starts here, though its head may be broken: `mix m }`."""
    first, after = tokens[0], tokens[1].kind if len(tokens) > 1 else None
    return heads(tokens, 0) or (first.starts_line and first.text in KEYWORDS and after not in (Kind.EQUAL, Kind.COLON))


def _settled(region: list[Part], slips: list[Diagnostic], read: Reread, search: Search) -> list[Part] | None:
    tokens = [token for part in region for token in part.chunk.tokens]
    found = [each for part in region for each in part.found]
    before = [each for each in slips if _within(each, tokens)]
    if len(found) + len(before) < 2 or len(before) > 1 or not found or len(tokens) > LONGEST:
        return None
    change = search.change(tokens, before[0].span if before else None)
    if change is None:
        return None
    for each in before:  # what it hides would show once it is fixed
        slips[slips.index(each)] = replace(each, fix=each.fix and replace(each.fix, sure=False))
    said = [] if before else [described(tokens, change, found)]
    return _reread(tokens, change, said, read)


def _within(found: Diagnostic, tokens: Sequence[Token]) -> bool:
    span = found.span
    return span is not None and tokens[0].span.start <= span.end and span.start <= tokens[-1].span.end


def _reread(tokens: Sequence[Token], change: Change, said: list[Diagnostic], read: Reread) -> list[Part]:
    """The parts as they were meant, without what the change makes doubtful."""
    place = change.place(tokens)
    parts: list[Part] = []
    for each in statements(change.made(tokens)):
        part = read(Chunk(tuple(each)))
        touched = each[0].span.start <= place.end and place.start <= each[-1].span.end
        parts.append(_without(part, place) if touched else part)
    first = next((at for at, part in enumerate(parts) if part.statement is None or _damaged(part.statement)), 0)
    parts[first] = replace(parts[first], found=[*said, *parts[first].found])
    return parts


def _damaged(statement: Statement) -> bool:
    return isinstance(statement, Block | Param) and statement.damaged


def _without(part: Part, place: Span) -> Part:
    """A part that counts for nothing where it was changed."""
    statement = part.statement
    if not isinstance(statement, Block | Param) or _meets(statement.head, place):
        return replace(part, statement=None, found=())
    if isinstance(statement, Param):
        return replace(part, statement=None)
    items = tuple(_doubtful(item, place) for item in statement.items if not _meets(_key(item), place))
    return replace(part, statement=structs.replace(statement, items=items, damaged=True))


def _key(item: Item | Vary) -> Span:
    return item.key.span if isinstance(item, Item) else item.name.span


def _doubtful(item: Item | Vary, place: Span) -> Item | Vary:
    """An item of which only the key is known, if its value was changed."""
    return structs.replace(item, value=Broken(item.value.span)) if _meets(item.span, place) else item


def _meets(span: Span, place: Span) -> bool:
    """Whether a place lies in a span; an empty one also at its ends."""
    if place.start == place.end:
        return span.start <= place.start <= span.end
    return span.start < place.end and place.start < span.end

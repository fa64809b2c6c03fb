"""Going on after a mistake: a broken statement is read item by item."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from msgspec import structs

from distill_dsl.compiler.diagnostics import Advice, Code, Diagnostic, error
from distill_dsl.compiler.language.chunks import Chunk
from distill_dsl.compiler.language.mends import mended
from distill_dsl.compiler.language.mistakes import CONDITIONS, Refused, explained, written
from distill_dsl.compiler.language.nodes import Block, Broken, Item, Param, Statement, Vary
from distill_dsl.compiler.language.tokens import (
    CLOSING,
    CONTINUING,
    OPENING,
    Kind,
    Token,
    virtual,
)

Read = Callable[[str, Sequence[Token]], Statement | Item | Vary | Refused]
"""The parser: start rule and tokens in, node out."""

LONGEST: Final = 1000
"""Tokens of an item that is mended: each mend reads the item anew."""

MOST: Final = 50
"""Mistakes of one block that are looked for: more help nobody, and each costs a look at the rest."""


# --- items --------------------------------------------------------------------------------------


def recovered(chunk: Chunk, read: Read, refused: Refused) -> tuple[Statement | None, list[Diagnostic]]:
    """A refused statement, item by item: what can be read of it, and what is wrong with the rest."""
    tokens = chunk.tokens
    at = next((i for i, token in enumerate(tokens) if token.kind is Kind.LBRACE), None)
    spoiled = any(token.spoiled for token in tokens)
    colon = Kind.COLON in [token.kind for token in tokens[1:3]] and tokens[0].kind is not Kind.PARAM
    if at is None or at == 0 or tokens[0].kind is Kind.IMPORT or (colon and refused.index < 3):
        return None, [] if spoiled else [explained(tokens, refused)]
    copied = 2 if at == 3 and tokens[2].kind is Kind.EQUAL else at  # `thought cot = {`
    head = [*tokens[: at + 1], virtual(Kind.RBRACE, "}", tokens[at])]
    block = read("statement", head)
    found = [explained(head, block)] if isinstance(block, Refused) and not any(t.spoiled for t in head) else []
    if copied < at:
        block = read("statement", [*tokens[:copied], *head[at:]])
    closed = chunk.unclosed is None and tokens[-1].kind is Kind.RBRACE
    if not closed and not spoiled:
        place = chunk.unclosed or tokens[at]
        found.append(_not_closed(place, tokens[-1]))
    items, complete, more = _items(tokens[at + 1 : -1] if closed else tokens[at + 1 :], read)
    if isinstance(block, Param):
        only = tuple(item for item in items if isinstance(item, Item))
        more = [*more, *(_no_vary(item) for item in items if isinstance(item, Vary))]
        whole = replace(block.span, end=tokens[-1].span.end)
        return structs.replace(block, items=only, span=whole, damaged=not complete), [*found, *more]
    if not isinstance(block, Block):
        return None, [*found, *more]
    span = replace(block.span, end=tokens[-1].span.end)
    damaged = not complete or copied < at
    return structs.replace(block, items=items, span=span, damaged=damaged), [*found, *more]


def _no_vary(item: Vary) -> Diagnostic:
    return error(Code.UNKNOWN_KEY, "only an experiment varies params", item.keyword.span, "move it to an experiment")


def without_spoiled(block: Block, tokens: Sequence[Token]) -> Block:
    """The block; of items that hold a token which was reported, only the keys are known."""
    places = [token.span.start for token in tokens if token.spoiled]
    if not places:
        return block
    items = (
        _broken(item) if any(item.span.start <= place < item.span.end for place in places) else item
        for item in block.items
    )
    return structs.replace(block, items=tuple(item for item in items if item is not None))


def _not_closed(opening: Token, last: Token) -> Diagnostic:
    closing = {Kind.LBRACE: "}", Kind.LSQB: "]", Kind.LPAR: ")"}[opening.kind]
    end = replace(last.span, start=last.span.end)
    help = Advice(f"write `{closing}` where it ends", f"\n{closing}", span=end)
    return error(Code.MISSING_BRACE, f"this `{opening.text}` is not closed", opening.span, help)


def _items(body: Sequence[Token], read: Read) -> tuple[tuple[Item | Vary, ...], bool, list[Diagnostic]]:
    """The items of a body, whether all of them could be read, and what is wrong with the others."""
    items: list[Item | Vary] = []
    found: list[Diagnostic] = []
    complete = True
    at = 0
    slipped = False
    while at < len(body) and len(found) < MOST:
        if slipped and (length := _arguments(body, at)):
            complete, at = False, at + length
            continue
        if body[at].kind is Kind.COMMA:
            wrong, length = _comma(body, at)
            found.append(wrong)
            at += length
            continue
        if nested := _nested(body, at):
            found.append(_no_nesting(body[at]))
            complete, at = False, at + nested
            continue
        item, length, more = _item(body[at : _end(body, at)], read)
        found += more
        slipped = any(each.code not in PLAIN_SLIPS for each in more) or any(
            token.spoiled for token in body[at : at + 1]
        )
        if item is not None:
            items.append(item)
        complete = complete and item is not None
        if length == 0:
            complete = False
            length = _next(body, at + 1) - at
        at += length
    return tuple(items), complete and at >= len(body), found


PLAIN_SLIPS: Final = frozenset(
    code.number
    for code in (Code.COLON_FOR_EQUALS, Code.EQUALS_FOR_COLON, Code.MISSING_EQUALS, Code.SEPARATOR, Code.UNKNOWN_UNIT)
)
"""Mistakes after which the next item starts where it seems to."""


def _arguments(body: Sequence[Token], at: int) -> int:
    """How many tokens are what is left of a call or list whose brackets a mistake took away; 0 if none."""
    token = body[at]
    named = [each.kind for each in body[at : at + 2]] == [Kind.WORD, Kind.COLON]
    if token.starts_line or not (named or token.kind in (Kind.COMMA, Kind.RPAR, Kind.RSQB)):
        return 0
    if token.kind is Kind.COMMA and (at + 1 >= len(body) or body[at + 1].starts_line):
        return 0
    return _next(body, at + 1) - at


def _nested(body: Sequence[Token], at: int) -> int:
    """How many tokens a block within a block takes (`source { type = ... }`); 0 where there is none."""
    word, brace, equal = Kind.WORD, Kind.LBRACE, Kind.EQUAL
    if [token.kind for token in body[at : at + 4]] != [word, brace, word, equal]:
        return 0
    depth = 0
    for number, token in enumerate(body[at:], start=1):
        depth += (token.kind in OPENING) - (token.kind in CLOSING)
        if token.kind in CLOSING and depth <= 0:
            return number
    return 0


def _no_nesting(key: Token) -> Diagnostic:
    help = f"`{key.text}` takes a value: `{key.text} = ...`"
    return error(Code.SYNTAX, "there are no blocks within blocks", key.span, help)


def _comma(body: Sequence[Token], at: int) -> tuple[Diagnostic, int]:
    """A comma between items, or in a number such as `1,200`; and how many tokens are spent on it."""
    near = body[max(at - 1, 0) : at + 2]
    if [token.kind for token in near] == [Kind.NUMBER, Kind.COMMA, Kind.NUMBER] and _is_thousands(near):
        span = replace(near[0].span, end=near[2].span.end)
        meant = near[0].text + near[2].text
        help: str | Advice = Advice(f"write `{meant}`", meant, sure=True)
        return error(Code.BAD_NUMBER, "a number is written without separators", span, help), 2
    if at + 1 < len(body) and not body[at + 1].starts_line and not _starts(body, at + 1):
        end = _next(body, at + 1)
        found = error(
            Code.SEPARATOR, "values are not separated by commas alone", body[at].span, _in_brackets(body, at, end)
        )
        return found, end - at
    help = Advice("leave it out", "", sure=True)
    return error(Code.SEPARATOR, "items are not separated by commas", body[at].span, help), 1


def _in_brackets(body: Sequence[Token], at: int, end: int) -> str | Advice:
    """The help for `mixes = a, b`, with or without the `]` at its end."""
    usual = "a list is written in brackets: `[a, b]`; thoughts are joined by `+`"
    equal = next((n for n in range(at, 0, -1) if body[n].kind is Kind.EQUAL), None)
    if equal is None or end - equal > LONGEST:
        return usual
    values = list(body[equal + 1 : end])
    if values[-1].kind is Kind.COMMA:
        values.pop()
    inside = written(values[:-1] if values[-1].kind is Kind.RSQB else values)
    if inside is None or any(token.kind is Kind.STRAY for token in values):
        return usual
    span = replace(values[0].span, end=values[-1].span.end)
    return Advice(f"a list is written in brackets: `[{inside}]`; thoughts are joined by `+`", f"[{inside}]", span=span)


def _is_thousands(near: Sequence[Token]) -> bool:
    """Whether number, comma and number are one, such as `1,200`."""
    one, comma, other = near
    return one.span.end == comma.span.start and comma.span.end == other.span.start and len(other.text) == 3


def _item(tokens: Sequence[Token], read: Read) -> tuple[Item | Vary | None, int, list[Diagnostic]]:
    """One item, how many tokens it took (0: skip to the next start), and what is wrong with it."""
    spoiled = any(token.spoiled for token in tokens)
    node, mended_tokens, found = _mended_item(tokens, read, spoiled)
    extra = len(mended_tokens) - len(tokens)
    if not isinstance(node, Refused):
        return _broken(node) if spoiled else node, len(tokens), found
    follows = mended_tokens[node.index] if node.index < len(mended_tokens) else None
    whole = _beginning(mended_tokens, node.index, read)
    if whole is not None and follows is not None and follows.kind is Kind.COMMA:
        ends = node.index + 1 == len(mended_tokens)
        listed = not ends and not _starts(mended_tokens, node.index + 1)  # `mixes = a, b` and `limit = 1,200`
        return _broken(whole) if listed else whole, node.index - extra, found
    if whole is not None and follows is not None and follows.kind is Kind.WORD and follows.text not in CONDITIONS:
        return whole, node.index - extra, found  # what follows is an item of its own
    if not spoiled:
        found.append(explained(mended_tokens, node, item=True))
    return _broken(whole), len(tokens) if follows is None else 0, found


def _broken(item: Item | Vary | None) -> Item | Vary | None:
    """An item whose value was not read in full: that it is there counts, and nothing else."""
    return item if item is None else structs.replace(item, value=Broken(item.value.span))


def _mended_item(
    tokens: Sequence[Token], read: Read, spoiled: bool
) -> tuple[Item | Vary | Refused, Sequence[Token], list[Diagnostic]]:
    """Read an item; while it is refused for a slip that leaves no doubt, put that right and read again."""
    found: list[Diagnostic] = []
    while True:
        node = read("setting", tokens)
        assert isinstance(node, Item | Vary | Refused)
        mend = mended(tokens, node) if isinstance(node, Refused) and not spoiled and len(tokens) <= LONGEST else None
        if mend is None:
            return node, tokens, found
        tokens = mend[0]
        found.append(mend[1])


def _beginning(tokens: Sequence[Token], end: int, read: Read) -> Item | Vary | None:
    """The item that the tokens before a mistake make, if they make one."""
    node = read("setting", tokens[:end]) if end > 2 else None
    return node if isinstance(node, Item | Vary) else None


def _starts(body: Sequence[Token], at: int) -> bool:
    """Whether an item may start here: `key =`, `key:`, `"key":` in a line of its own, `vary`."""
    if at >= len(body):
        return False
    if body[at].kind is Kind.WORD or (body[at].kind is Kind.STRING and body[at].starts_line):
        return at + 1 < len(body) and body[at + 1].kind in (Kind.EQUAL, Kind.COLON)
    return body[at].kind is Kind.VARY


def _end(body: Sequence[Token], start: int) -> int:
    """Where the item that starts at `start` ends, going by brackets and by how lines begin."""
    depth = 0
    for at in range(start, len(body)):
        token = body[at]
        if at > start and _starts(body, at) and body[at - 1].kind is not Kind.VARY:
            if depth == 0:
                return at
            if token.starts_line and body[at - 1].kind not in CONTINUING and _assigns(body, at):
                return at  # in the middle of brackets: one of them is not closed
        depth += (token.kind in OPENING) - (token.kind in CLOSING)
        depth = max(depth, 0)
    return len(body)


def _assigns(body: Sequence[Token], at: int) -> bool:
    return at + 1 < len(body) and (body[at].kind is Kind.VARY or body[at + 1].kind is Kind.EQUAL)


def _next(body: Sequence[Token], start: int) -> int:
    """The first place from `start` on where an item surely starts."""
    for at in range(start, len(body)):
        inside = body[at - 1].kind in (Kind.COMMA, Kind.LPAR, Kind.VARY)
        if not inside and _starts(body, at) and _assigns(body, at):
            return at
    return len(body)

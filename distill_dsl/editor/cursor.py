"""Where in a spec the cursor stands, told from the tokens before it: the text around it is rarely whole."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from distill_dsl.compiler.language.chunks import split, with_opening_braces
from distill_dsl.compiler.language.tokens import BLOCKS, CLOSING, OPENING, WORDS, Kind, Token, touch
from distill_dsl.compiler.source import Span


class Where(Enum):
    """What may be written at a place."""

    STATEMENT = auto()
    NAME = auto()  # of a new block or param
    ORIGIN = auto()  # `mix b = |`
    KEY = auto()
    VALUE = auto()
    ARGUMENT = auto()  # `hf("x", |`: a value or the name of an argument
    ENTRY = auto()  # `{ |`: the key in a map
    VARIED = auto()  # `vary |`
    TYPE = auto()  # `param x: |`
    PARAM_VALUE = auto()
    FILE = auto()  # `import |`
    AS = auto()  # `import "x" |`
    NOTHING = auto()


@dataclass(frozen=True)
class Step:
    """A bracket that is open at the cursor. `given` are the keys before it, `number` its place without a key."""

    kind: Kind
    name: str = ""
    given: tuple[str, ...] = ()
    number: int = 0
    key: str = ""


@dataclass(frozen=True)
class Word:
    """What is being typed: `typed` stands before the cursor, `span` is what a choice replaces.

    `qualifier` holds the parts before the last dot; `kind` is that of the token, if there is one.
    """

    typed: str
    span: Span
    qualifier: tuple[str, ...] = ()
    kind: Kind | None = None


@dataclass(frozen=True)
class Cursor:
    """A place: in which statement, for which key (at an origin: for which new name), within which brackets."""

    where: Where
    word: Word
    keyword: str = ""
    key: str = ""
    steps: tuple[Step, ...] = ()
    param_type: str = ""
    """The type of the param that is being declared."""
    same_line: bool = False
    """A whole value stands before the cursor in its line: an operator may follow, too."""


_TYPED: Final = frozenset({Kind.WORD, Kind.NUMBER, Kind.STRING, Kind.OPEN_STRING, Kind.QUOTED, Kind.DASHED, *WORDS})
_JOINING: Final = frozenset({Kind.EQUAL, Kind.PLUS, Kind.STAR, Kind.MORE, Kind.COLON, Kind.COMMA, *OPENING})
"""After one of these, a value is due."""


def cursor_at(text: str, path: str, tokens: Sequence[Token], offset: int) -> Cursor:
    """Where the cursor stands at an offset."""
    before = list(tokens[: bisect_left(tokens, offset, key=lambda token: token.span.start)])
    if _in_comment(text, before[-1].span.end if before else 0, offset):
        return Cursor(Where.NOTHING, Word("", Span(path, offset, offset)))
    word = _word(before, path, offset)
    while before and before[-1].span.end > word.span.start:
        before.pop()
    if word.qualifier:
        _drop_qualifier(before)
    before = _statement(before)
    new_line = bool(before) and "\n" in text[before[-1].span.end : word.span.start]
    return replace(_place(before, new_line), word=word)


def _in_comment(text: str, last: int, offset: int) -> bool:
    """Whether a comment began behind the last token, in the cursor's line."""
    return last < offset and "#" in text[max(last, text.rfind("\n", 0, offset) + 1) : offset]


def _word(before: Sequence[Token], path: str, offset: int) -> Word:
    """The word under the cursor, and the part of it that is typed."""
    last = before[-1] if before else None
    if last is not None and last.kind in _TYPED and _reaches(last, offset):
        return _in_token(last, offset)
    empty = Span(path, offset, offset)
    if last is not None and last.text == "." and last.span.end == offset:  # `gsm8k.` is a word and a stray dot
        owner = before[-2] if len(before) > 1 else None
        if owner is not None and owner.kind is Kind.WORD and touch(owner, last):
            return Word("", empty, tuple(owner.text.split(".")))
    return Word("", empty)


def _reaches(token: Token, offset: int) -> bool:
    closed = token.kind in (Kind.STRING, Kind.QUOTED)
    return token.span.end > offset or (token.span.end == offset and not closed)


def _in_token(token: Token, offset: int) -> Word:
    typed = token.text[: offset - token.span.start]
    if token.kind is not Kind.WORD or "." not in token.text:
        return Word(typed, token.span, kind=token.kind)
    *qualifier, part = typed.split(".")
    start = offset - len(part)
    rest = token.text[offset - token.span.start :].split(".")[0]
    return Word(part, replace(token.span, start=start, end=offset + len(rest)), tuple(qualifier), token.kind)


def _drop_qualifier(before: list[Token]) -> None:
    """Take out the words and dots before the part that is being typed."""
    if before and before[-1].text == "." and before[-1].kind is Kind.STRAY:
        del before[-2:]


# --- statements ---------------------------------------------------------------------------------


def _statement(before: list[Token]) -> list[Token]:
    """The tokens of the statement that the cursor is in; none between statements."""
    starts = (at for at in range(len(before) - 1, -1, -1) if _surely_head(before, at))
    tokens, _ = with_opening_braces(before[next(starts, 0) :])
    chunks = split(tokens)
    return list(chunks[-1].tokens) if chunks else []


def _surely_head(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at]
    if not token.starts_line:
        return False
    if token.kind in (Kind.PARAM, Kind.IMPORT):
        return True
    follows = tokens[at + 1] if at + 1 < len(tokens) else None
    return token.text in BLOCKS and follows is not None and follows.kind is Kind.WORD and not follows.starts_line


def _place(tokens: list[Token], new_line: bool) -> Cursor:
    """The place behind the tokens of a statement. The word is filled in by the caller."""
    first = tokens[0] if tokens else None
    if first is None or (new_line and _whole(tokens)) or _closed(tokens):
        return _nowhere(Where.STATEMENT)
    if first.kind is Kind.IMPORT:
        return _nowhere({1: Where.FILE, 2: Where.AS, 3: Where.NAME}.get(len(tokens), Where.NOTHING))
    opening = next((at for at, token in enumerate(tokens) if token.kind is Kind.LBRACE), None)
    if first.kind is Kind.PARAM:
        return _in_param(tokens, opening, new_line)
    if first.text not in BLOCKS:
        return _nowhere(Where.NOTHING)
    if opening is not None:
        return _body(tokens[opening + 1 :], first.text, new_line)
    if len(tokens) == 3 and tokens[2].kind is Kind.EQUAL:
        return replace(_nowhere(Where.ORIGIN, first.text), key=tokens[1].text)
    return _nowhere(Where.NAME if len(tokens) == 1 else Where.NOTHING, first.text)


def _in_param(tokens: Sequence[Token], opening: int | None, new_line: bool) -> Cursor:
    type = tokens[3].text if len(tokens) > 3 else ""
    if opening is not None:
        return replace(_body(tokens[opening + 1 :], "param", new_line), param_type=type)
    places = {1: Where.NAME, 3: Where.TYPE, 5: Where.PARAM_VALUE}
    return replace(_nowhere(places.get(len(tokens), Where.NOTHING), "param"), param_type=type)


def _nowhere(where: Where, keyword: str = "") -> Cursor:
    return Cursor(where, Word("", Span("", 0, 0)), keyword)


def _closed(tokens: Sequence[Token]) -> bool:
    opened = sum(token.kind is Kind.LBRACE for token in tokens)
    return tokens[-1].kind is Kind.RBRACE and opened <= sum(token.kind is Kind.RBRACE for token in tokens)


def _whole(tokens: Sequence[Token]) -> bool:
    """Whether a statement without braces may end here."""
    if any(token.kind is Kind.LBRACE for token in tokens):
        return False
    first = tokens[0]
    if first.kind is Kind.PARAM:
        return len(tokens) >= 6
    return first.text not in BLOCKS and tokens[-1].kind not in _JOINING and len(tokens) > 1


# --- items --------------------------------------------------------------------------------------


def _body(tokens: Sequence[Token], keyword: str, new_line: bool) -> Cursor:
    """The place behind some tokens of a block's body."""
    start = _last_item(tokens)
    item = tokens[start:]
    if not item:
        return _nowhere(Where.KEY, keyword)
    if item[0].kind is Kind.VARY and len(item) == 1:
        return _nowhere(Where.VARIED, keyword)
    equal = next((at for at, token in enumerate(item[:3]) if token.kind in (Kind.EQUAL, Kind.COLON)), None)
    if equal is None:
        return _nowhere(Where.KEY if new_line else Where.NOTHING, keyword)
    key = f"vary {item[1].text}" if item[0].kind is Kind.VARY else item[0].text
    value = item[equal + 1 :]
    steps = _steps(value)
    word = Word("", Span("", 0, 0))
    if steps:
        return Cursor(_inside(steps[-1], value[-1]), word, keyword, key, steps)
    if not value or value[-1].kind in _JOINING:
        return Cursor(Where.VALUE, word, keyword, key)
    stray_key = len(value) > 1 and value[-1].kind is Kind.WORD and value[-2].kind not in _JOINING
    if stray_key and not new_line:
        return Cursor(Where.NOTHING, word, keyword, key)
    return Cursor(Where.KEY, word, keyword, key, same_line=not new_line)


def _last_item(tokens: Sequence[Token]) -> int:
    """Where the item starts that the tokens end in."""
    start, depth = 0, 0
    for at, token in enumerate(tokens):
        follows = tokens[at + 1].kind if at + 1 < len(tokens) else None
        if token.kind is Kind.VARY or (token.kind in _TYPED and follows is Kind.EQUAL):
            varied = at > 0 and tokens[at - 1].kind is Kind.VARY
            if not varied and (depth == 0 or token.starts_line):
                start, depth = at, 0
        depth = max(0, depth + (token.kind in OPENING) - (token.kind in CLOSING))
    return start


def _steps(value: Sequence[Token]) -> tuple[Step, ...]:
    """The brackets that are open behind the tokens of a value."""
    steps: list[Step] = []
    for at, token in enumerate(value):
        if token.kind in OPENING:
            before = value[at - 1] if at else None
            called = token.kind is Kind.LPAR and before is not None and before.kind is Kind.WORD
            steps.append(Step(token.kind, before.text if called and before is not None else ""))
        elif token.kind in CLOSING:
            _close(steps, token.kind)
        elif steps:
            steps[-1] = _moved(steps[-1], value[at - 1], token)
    return tuple(steps)


def _close(steps: list[Step], kind: Kind) -> None:
    kinds = [OPENING[step.kind] for step in steps]
    if kind in kinds:
        del steps[len(kinds) - 1 - kinds[::-1].index(kind) :]


def _moved(step: Step, before: Token, token: Token) -> Step:
    """The step behind one more token."""
    if token.kind is Kind.COMMA:
        return replace(step, key="", number=step.number + (not step.key))
    if token.kind is Kind.COLON and before.kind is Kind.WORD and not step.key:
        return replace(step, key=before.text, given=(*step.given, before.text))
    return step


def _inside(step: Step, last: Token) -> Where:
    if last.kind in (Kind.COMMA, *OPENING):
        return {Kind.LPAR: Where.ARGUMENT, Kind.LBRACE: Where.ENTRY}.get(step.kind, Where.VALUE)
    return Where.VALUE if last.kind in _JOINING else Where.NOTHING

"""The words and marks of a text, before they have any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from distill_dsl.compiler.source import Span

BLOCKS: Final = ("data", "teacher", "thought", "mix", "student", "experiment")
"""The keywords of blocks."""
KEYWORDS: Final = (*BLOCKS, "param", "import", "mtd")
"""Every word that starts a statement."""


UNITS: Final = ("s", "ms", "min", "h", "KB", "MB", "GB", "%", "USD", "tokens", "ktokens", "Mtokens")
"""What may stand right after a number."""
UNIT_SLIPS: Final = {
    "s": ("sec", "secs", "second", "seconds"),
    "ms": ("msec", "millisecond", "milliseconds"),
    "min": ("mins", "minute", "minutes"),
    "h": ("hr", "hrs", "hour", "hours"),
    "KB": ("kib",),
    "MB": ("mib",),
    "GB": ("gib",),
    "%": ("percent", "pct"),
    "USD": ("dollar", "dollars"),
    "tokens": ("token", "tok", "toks"),
    "ktokens": ("ktoken", "ktok"),
    "Mtokens": ("mtoken", "mtok"),
}
"""How else people write them; any unit also in other letter case."""


SHORT_SIZES: Final = {"M": "MB", "G": "GB", "K": "KB", "$": "USD"}


def meant_unit(text: str) -> str | None:
    """The unit that a text is, or most likely stands for."""
    if text in UNITS:
        return text
    if text in SHORT_SIZES:
        return SHORT_SIZES[text]
    low = text.lower()
    return next((unit for unit in UNITS if low == unit.lower() or low in UNIT_SLIPS[unit]), None)


class Kind(StrEnum):
    """Names of the grammar's terminals."""

    WORD = "WORD"
    NUMBER = "NUMBER"
    STRING = "STRING"
    PARAM = "PARAM"
    IMPORT = "IMPORT"
    AS = "AS"
    VARY = "VARY"
    TRUE = "TRUE"
    FALSE = "FALSE"
    NONE = "NONE"
    EQUAL = "EQUAL"
    COLON = "COLON"
    COMMA = "COMMA"
    PLUS = "PLUS"
    STAR = "STAR"
    MORE = "MORETHAN"
    LBRACE = "LBRACE"
    RBRACE = "RBRACE"
    LSQB = "LSQB"
    RSQB = "RSQB"
    LPAR = "LPAR"
    RPAR = "RPAR"
    DASHED = "DASHED"
    QUOTED = "QUOTED"
    OPEN_STRING = "OPEN_STRING"
    SLASHES = "SLASHES"
    STRAY = "STRAY"


@dataclass(frozen=True)
class Token:
    """One terminal with its text and place."""

    kind: Kind
    text: str
    span: Span
    starts_line: bool
    spoiled: bool = False
    """Reported already, and not mended: what follows from it is not reported again."""


OPENING: Final = {Kind.LBRACE: Kind.RBRACE, Kind.LSQB: Kind.RSQB, Kind.LPAR: Kind.RPAR}
CLOSING: Final = frozenset(OPENING.values())
WORDS: Final = frozenset({Kind.PARAM, Kind.IMPORT, Kind.AS, Kind.VARY, Kind.TRUE, Kind.FALSE, Kind.NONE})
"""Reserved words, which are no names."""
VALUE_STARTS: Final = frozenset(
    {Kind.WORD, Kind.NUMBER, Kind.STRING, Kind.TRUE, Kind.FALSE, Kind.NONE, Kind.LSQB, Kind.LBRACE}
)
CONTINUING: Final = frozenset(
    {Kind.EQUAL, Kind.COLON, Kind.COMMA, Kind.PLUS, Kind.STAR, Kind.MORE, Kind.LSQB, Kind.LPAR, Kind.LBRACE}
)
"""After one of these, a value goes on in the next line."""

SHOWN: Final[dict[Kind, str]] = {
    Kind.WORD: "a name",
    Kind.NUMBER: "a number",
    Kind.STRING: "a text",
    Kind.EQUAL: "`=`",
    Kind.COLON: "`:`",
    Kind.COMMA: "`,`",
    Kind.PLUS: "`+`",
    Kind.STAR: "`*`",
    Kind.MORE: "`>`",
    Kind.LBRACE: "`{`",
    Kind.RBRACE: "`}`",
    Kind.LSQB: "`[`",
    Kind.RSQB: "`]`",
    Kind.LPAR: "`(`",
    Kind.RPAR: "`)`",
}


def opened(tokens: Sequence[Token]) -> Token | None:
    """The innermost bracket that is open at the end of the tokens."""
    stack: list[Token] = []
    for token in tokens:
        if token.kind in OPENING:
            stack.append(token)
        elif stack and token.kind is OPENING[stack[-1].kind]:
            stack.pop()
    return stack[-1] if stack else None


def enclosing(tokens: Sequence[Token]) -> Kind | None:
    """The kind of the innermost bracket that is open at the end of the tokens."""
    opening = opened(tokens)
    return opening.kind if opening is not None else None


def touch(one: Token, other: Token | None) -> bool:
    """Whether nothing stands between a token and the next."""
    return other is not None and one.span.end == other.span.start


def virtual(kind: Kind, text: str, after: Token) -> Token:
    """A token that should have stood after another one."""
    end = after.span.end
    return Token(kind, text, Span(after.span.path, end, end), False)

"""Slips in the letters of a text: quotes, comments, numbers and characters of other languages.

Where it is plain what was meant, that is put in their place, so that the rest can be read. Each slip
is a function of the kinds of tokens that it starts with; the first one that knows a place is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Final

from distill_dsl.compiler.diagnostics import Diagnostic
from distill_dsl.compiler.language.tokens import BLOCKS, CLOSING, OPENING, Kind, Token, touch
from distill_dsl.compiler.source import Source, Span


@dataclass
class Text:
    """A text, its tokens, and what of them is read already."""

    source: Source
    tokens: Sequence[Token]
    kept: list[Token] = field(default_factory=list)
    found: list[Diagnostic] = field(default_factory=list)
    quiet: bool = False
    """A slip of this line is reported, and another one would most likely be its consequence."""
    renamed: set[str] = field(default_factory=set)
    """Names that are reported already where they stood first."""
    listing: bool = False
    """The lines above are a list as YAML writes it, and reported."""
    doubled: bool = False
    """The block is opened by two braces."""
    brackets: list[Kind] = field(default_factory=list)
    """What is open, as far as it matters here: `[`, `(` and `{`."""
    rest: Sequence[Token] = ()
    """Tokens that were hidden in a swallowed one."""

    @cached_property
    def aliases(self) -> frozenset[str]:
        """The words behind `as`."""
        pairs = zip(self.tokens, self.tokens[1:], strict=False)
        return frozenset(after.text for word, after in pairs if word.kind is Kind.AS)

    @cached_property
    def defined(self) -> frozenset[str]:
        """The names of blocks and imports."""
        pairs = zip(self.tokens, self.tokens[1:], strict=False)
        return self.aliases | {after.text for word, after in pairs if word.text in BLOCKS and word.starts_line}

    def near(self, at: int) -> Token | None:
        """The token at a place, if there is one."""
        return self.tokens[at] if 0 <= at < len(self.tokens) else None

    def span(self, start: int, end: int) -> Span:
        return Span(self.source.path, start, end)

    def written(self, start: int, end: int) -> str:
        """The characters of a place."""
        return self.source.text[start:end]

    def line_end(self, start: int) -> int:
        """The offset where the line of an offset ends."""
        end = self.source.text.find("\n", start)
        return len(self.source.text) if end < 0 else end

    def before(self) -> Kind | None:
        """The kind of the token before the one that is looked at."""
        return self.kept[-1].kind if self.kept else None

    def report(self, found: Diagnostic) -> None:
        self.found.append(found)

    def swallow(self, at: int, end: int) -> int:
        """How many tokens start before an offset. What stands in the last of them beyond it is read anew."""
        count = 0
        while (token := self.near(at + count)) is not None and token.span.start < end:
            count += 1
        last = self.tokens[at + count - 1]
        if last.span.end > end:
            self.rest = _shifted(lexed_part(self.source.path, self.written(end, last.span.end)), end)
        return count


@dataclass(frozen=True)
class Taken:
    """A slip took so many tokens, and stands for these."""

    count: int
    tokens: Sequence[Token] = ()


Slip = Callable[[Text, int, Token], Taken | None]
"""Looks at the token at a place; `None` where it is none of its kind."""

_BEFORE_VALUE: Final = frozenset(
    {Kind.EQUAL, Kind.COLON, Kind.COMMA, Kind.LPAR, Kind.LSQB, Kind.PLUS, Kind.MORE, Kind.STAR}
)


def expects_value(text: Text) -> bool:
    """Whether a value stands next, going by the token before it."""
    return text.before() in _BEFORE_VALUE


MOST: Final = 1000
"""Mistakes of a file that are looked for; what holds more is no spec, and nobody reads on."""


def repaired(source: Source, tokens: Sequence[Token]) -> tuple[list[Token], list[Diagnostic]]:
    """The tokens with slips put right where their meaning is plain, and up to `MOST` that were found."""
    if not _suspect(tokens):
        return list(tokens), []
    text = Text(source, tokens)
    slips = _slips()
    at = 0
    while at < len(tokens) and len(text.found) < MOST:
        token = tokens[at]
        text.quiet = text.quiet and not token.starts_line
        text.listing = text.listing and (token.text == "-" or not token.starts_line)
        taken = next((done for slip in slips.get(token.kind, ()) if (done := slip(text, at, token))), None)
        if taken is None:
            _keep(text, token)
            at += 1
            continue
        for each in [*_as_first(token, taken.tokens), *text.rest]:
            _keep(text, each)
        text.rest = ()
        at += taken.count
    return text.kept, text.found


_PLAIN: Final = frozenset(Kind) - {Kind.DASHED, Kind.QUOTED, Kind.OPEN_STRING, Kind.SLASHES, Kind.STRAY}


def _suspect(tokens: Sequence[Token]) -> bool:
    """Whether any token, or any two that touch, cannot stand in a spec without mistakes."""
    before: Token | None = None
    brackets: list[Kind] = []
    for token in tokens:
        kind = token.kind
        if kind in OPENING:
            brackets.append(OPENING[kind])
        elif kind in CLOSING and (not brackets or brackets.pop() is not kind):
            return True
        if kind not in _PLAIN or (kind is Kind.WORD and "." in token.text and _suspect_name(token.text)):
            return True
        if kind is Kind.NUMBER and (token.text[-1] in "kK" or "_" in token.text or token.text[1:2] in tuple("xXbBoO")):
            return True
        if before is not None and before.span.end == token.span.start:
            pair = (before.kind, kind)
            if pair in _ODD_PAIRS or (Kind.STRING in pair and {*pair} <= {Kind.STRING, Kind.WORD}):
                return True
        if kind in _SIGNS and (token.starts_line or (before is not None and before.kind in _BEFORE_VALUES)):
            return True
        before = token
    return False


def _suspect_name(name: str) -> bool:
    return name.partition(".")[0] in ELSEWHERE or name.endswith(ENDINGS)


ELSEWHERE: Final = frozenset(
    {"env", "ENV", "os", "process", "var", "local", "param", "params", "self", "config", "args"}
)
"""Where other languages keep variables: `env.KEY`, `var.name`."""
ENDINGS: Final = (".jsonl", ".json", ".csv", ".tsv", ".parquet", ".gz", ".mtd", ".jinja2", ".txt")
_ODD_PAIRS: Final = frozenset({(Kind.COMMA, Kind.NUMBER), (Kind.LBRACE, Kind.LBRACE)})
_SIGNS: Final = frozenset({Kind.EQUAL, Kind.MORE, Kind.STAR, Kind.PLUS})
_BEFORE_VALUES: Final = frozenset({Kind.EQUAL, Kind.COLON, Kind.COMMA, Kind.LSQB, Kind.LPAR, Kind.LBRACE})


def _as_first(token: Token, tokens: Sequence[Token]) -> Sequence[Token]:
    """What stands in the place of a token also starts the line that it started."""
    if not tokens or tokens[0].starts_line == token.starts_line:
        return tokens
    return [replace(tokens[0], starts_line=token.starts_line), *tokens[1:]]


def _keep(text: Text, token: Token) -> None:
    text.kept.append(token)
    if token.kind in OPENING:
        text.brackets.append(token.kind)
    elif token.kind in CLOSING and text.brackets:
        text.brackets.pop()


@cache
def _slips() -> Mapping[Kind, Sequence[Slip]]:
    """Which slips start with a kind of token. The tables are loaded with the first text that needs them."""
    from distill_dsl.compiler.language.slips_of_signs import SIGNS
    from distill_dsl.compiler.language.slips_of_texts import TEXTS

    return {kind: (*TEXTS.get(kind, ()), *SIGNS.get(kind, ())) for kind in Kind if kind in TEXTS or kind in SIGNS}


# --- making tokens ------------------------------------------------------------------------------


def lexed_part(path: str, part: str) -> list[Token]:
    """The tokens of a part of a text, counted from its start."""
    # Imported here because the lexer's module knows this one's caller.
    from distill_dsl.compiler.language.automaton import lexed

    tokens = lexed(Source(path, part))
    return [replace(token, starts_line=token.starts_line and number > 0) for number, token in enumerate(tokens)]


def _shifted(tokens: Sequence[Token], by: int) -> list[Token]:
    return [replace(token, span=Span(token.span.path, token.span.start + by, token.span.end + by)) for token in tokens]


def fused(first: Token, last: Token, kind: Kind, text: str, spoiled: bool = False) -> Token:
    """One token in the place of several."""
    return Token(kind, text, replace(first.span, end=last.span.end), first.starts_line, spoiled)


def run(text: Text, at: int, kinds: frozenset[Kind], signs: str) -> int:
    """How many tokens from a place on touch each other, are of some kinds, or are some stray signs."""
    count = 1
    while count < LONGEST_RUN and (token := text.near(at + count)) is not None:
        fits = token.kind in kinds or (token.kind is Kind.STRAY and token.text in signs)
        if not fits or not touch(text.tokens[at + count - 1], token):
            break
        count += 1
    return count


LONGEST_RUN: Final = 60
"""Tokens of one name or path."""

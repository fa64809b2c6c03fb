"""One token that explains all that is wrong with some statements.

Whoever drops, doubles or mistypes one bracket or sign changes how everything behind it reads. Where several
mistakes were found in statements that follow each other, a single token is looked for that makes them right:
one to leave out, to put in, or to write otherwise. If there is one, it is the only mistake that is reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from distill_dsl.compiler.diagnostics import Advice, Code, Diagnostic, error
from distill_dsl.compiler.language.automaton import END, advanced, table
from distill_dsl.compiler.language.mistakes import expected, shown
from distill_dsl.compiler.language.tokens import KEYWORDS, Kind, Token, virtual
from distill_dsl.compiler.source import Span

LONGEST: Final = 400
"""Tokens of statements that are looked through."""
FARTHEST: Final = 120
"""Tokens between the one to change and the place where reading stopped."""
STEPS: Final = 30_000
"""Tokens that are read in one search at most."""

_TEXTS: Final = {
    Kind.EQUAL: "=", Kind.COLON: ":", Kind.COMMA: ",", Kind.PLUS: "+", Kind.LBRACE: "{", Kind.RBRACE: "}",
    Kind.LSQB: "[", Kind.RSQB: "]", Kind.LPAR: "(", Kind.RPAR: ")", Kind.WORD: "_", Kind.NUMBER: "1",
    Kind.STRING: '""',
}  # fmt: skip
"""The tokens that may be put in, those first that leave least open."""


@dataclass(frozen=True)
class Change:
    """Leave out the token at a place (no kind), write another one for it, or put one in before it."""

    at: int
    kind: Kind | None
    spent: int
    """How many tokens it takes away: one or none."""

    def made(self, tokens: Sequence[Token]) -> list[Token]:
        """The tokens as they were meant."""
        new = [] if self.kind is None else [self.token(tokens, self.kind)]
        return [*tokens[: self.at], *new, *tokens[self.at + self.spent :]]

    def token(self, tokens: Sequence[Token], kind: Kind) -> Token:
        """What it puts in."""
        text = _TEXTS[kind]
        if self.spent:
            return replace(tokens[self.at], kind=kind, text=text, spoiled=True)
        return replace(virtual(kind, text, tokens[max(self.at - 1, 0)]), spoiled=True)

    def place(self, tokens: Sequence[Token]) -> Span:
        """Where it is: an empty place between two tokens, or that of the token it takes away."""
        if self.spent:
            return tokens[self.at].span
        before = tokens[max(self.at - 1, 0)].span
        return replace(before, start=before.end)


# --- reading without a tree ---------------------------------------------------------------------

States = tuple[int, ...]


def _fed(states: States, symbol: str) -> States | None:
    """The states once a token of a kind is taken; `None` where it may not stand."""
    made = table()
    after = advanced(made, states, symbol, made.ends["statement"])
    return None if after is None else tuple(after)


def _start() -> States:
    return (table().starts["statement"],)


def _taken(states: States, token: Token) -> States | None:
    """Take a token; it may also be the first one of the next statement."""
    after = _fed(states, token.kind.value)
    if after is not None or not _complete(states):
        return after
    heads = token.spoiled or token.kind is not Kind.WORD or token.text in KEYWORDS
    return _fed(_start(), token.kind.value) if heads else None


def _complete(states: States) -> bool:
    return _fed(states, END) is not None


def statements(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens of each statement, of a text that reads without mistakes."""
    parts: list[list[Token]] = []
    states: States | None = None
    for token in tokens:
        after = _fed(states, token.kind.value) if states is not None else None
        if after is None:
            parts.append([])
            after = _fed(_start(), token.kind.value)
        states = after
        parts[-1].append(token)
    return parts


# --- the search ---------------------------------------------------------------------------------


@dataclass
class Search:
    """The search in a file, and how much of it may still be read."""

    left: int = 10 * STEPS
    """Tokens that may still be read: a text of nothing but mistakes has to end, too."""

    def change(self, tokens: Sequence[Token], near: Span | None = None) -> Change | None:
        """The change that makes some statements right.

        With `near`, only that place is changed: a slip that was reported there.
        """
        known = self._read(tokens)
        stop = len(known) - 1
        if stop == len(tokens) and _complete(known[-1]):
            return None
        least = max(self.left - STEPS, 0)
        for at in range(stop, max(stop - FARTHEST, -1), -1):
            if near is not None and not _near(tokens, at, near):
                continue
            for change in _changes(tokens, at, known[at]):
                if self.left <= least:
                    return None
                if self._reads(tokens, change, known[at]):
                    return change
        return None

    def _read(self, tokens: Sequence[Token]) -> list[States]:
        """The states before each token, up to the one that may not stand where it does."""
        known = [_start()]
        for token in tokens:
            after = _taken(known[-1], token)
            if after is None:
                break
            known.append(after)
        self.left -= len(known)
        return known

    def _reads(self, tokens: Sequence[Token], change: Change, states: States) -> bool:
        """Whether all that follows can be read after a change."""
        for token in _rest(tokens, change):
            self.left -= 1
            after = _taken(states, token)
            if after is None:
                return False
            states = after
        return _complete(states)


def _rest(tokens: Sequence[Token], change: Change) -> Iterator[Token]:
    if change.kind is not None:
        yield change.token(tokens, change.kind)
    for at in range(change.at + change.spent, len(tokens)):
        yield tokens[at]


def _near(tokens: Sequence[Token], at: int, near: Span) -> bool:
    start = tokens[at - 1].span.end if at else 0
    end = tokens[at].span.end if at < len(tokens) else near.end
    return start <= near.end and near.start <= end


def _changes(tokens: Sequence[Token], at: int, states: States) -> Iterator[Change]:
    """What may be done at a place: most likely a token is wrong there, less likely too much, or missing."""
    wanted = [kind for kind in _TEXTS if _taken(states, Token(kind, "", _NOWHERE, False, True)) is not None]
    if at < len(tokens):
        yield from (Change(at, kind, 1) for kind in wanted if kind is not tokens[at].kind)
        yield Change(at, None, 1)
    yield from (Change(at, kind, 0) for kind in wanted)


_NOWHERE: Final = Span("", 0, 0)


# --- what is said -------------------------------------------------------------------------------


def described(tokens: Sequence[Token], change: Change, found: Sequence[Diagnostic]) -> Diagnostic:
    """The one mistake: as it was reported already, if it was; else what the change says."""
    for each in found:
        if _says(each, change, change.place(tokens)):
            return each
    if not change.spent:
        assert change.kind is not None
        return _missing(tokens, change, change.kind)
    token = tokens[change.at]
    if change.kind is None:
        summary = f"{shown(token)} is too much here"
        return error(Code.SYNTAX, summary, token.span, Advice("leave it out", ""))
    words = expected(frozenset({change.kind.value}))
    help = Advice(f"write {words}", _TEXTS[change.kind]) if _is_sign(change) else None
    return error(Code.SYNTAX, f"expected {words}, found {shown(token)}", token.span, help)


def _says(found: Diagnostic, change: Change, place: Span) -> bool:
    """Whether a diagnostic is about the very token, and would do no other thing to it."""
    span, fix = found.span, found.fix
    if span is None or not (span.start < max(place.end, place.start + 1) and place.start <= span.end):
        return False
    if fix is not None:
        return fix.span == place and fix.text.strip() == _TEXTS.get(change.kind or Kind.STRAY, "")
    of_braces = found.code in (Code.MISSING_BRACE.number, Code.STRAY_BRACE.number)
    return not of_braces and not (change.spent and _is_sign(change))


def _is_sign(change: Change) -> bool:
    return change.kind not in (Kind.WORD, Kind.NUMBER, Kind.STRING, None)


def _missing(tokens: Sequence[Token], change: Change, kind: Kind) -> Diagnostic:
    before = tokens[max(change.at - 1, 0)]
    words = expected(frozenset({kind.value}))
    help = Advice(f"write {words}", _TEXTS[kind], span=change.place(tokens)) if _is_sign(change) else None
    return error(Code.SYNTAX, f"{words} is missing after {shown(before)}", before.span, help)

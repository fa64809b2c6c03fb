"""Where the statements of a file start and end, even in a text with missing braces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from distill_dsl.compiler.diagnostics import Advice, Code, Diagnostic, error
from distill_dsl.compiler.language.nodes import Statement
from distill_dsl.compiler.language.tokens import BLOCKS, CLOSING, CONTINUING, OPENING, Kind, Token, virtual

DEEPEST: Final = 24
"""Brackets within brackets. The language needs four; beyond this a text is no spec."""


@dataclass(frozen=True)
class Chunk:
    """The tokens of one statement. `unclosed` is its bracket that nothing closed."""

    tokens: tuple[Token, ...]
    unclosed: Token | None = None
    too_deep: Token | None = None


@dataclass(frozen=True)
class Part:
    """What a chunk is read as, and what is wrong with it."""

    chunk: Chunk
    statement: Statement | None = None
    found: Sequence[Diagnostic] = ()

    @property
    def lost(self) -> frozenset[str]:
        """The words that may have been the name of a statement that could not be read."""
        if self.statement is not None:
            return frozenset()
        words = (token for token in self.chunk.tokens[:4] if token.kind in (Kind.WORD, Kind.STRING))
        return frozenset(token.text.strip('"') for token in words)

    @property
    def nameless(self) -> str:
        """The kind of a statement whose name is gone, so that any name of the kind may be its own."""
        keyword, *others = self.chunk.tokens[:2]
        if self.statement is not None or keyword.text not in (*BLOCKS, "param"):
            return ""
        named = others and others[0].kind in (Kind.WORD, Kind.STRING) and not others[0].spoiled
        return "" if named else keyword.text


def with_opening_braces(tokens: Sequence[Token]) -> tuple[list[Token], list[Diagnostic]]:
    """Put in the `{` of a block whose head is followed by `key =` at once."""
    kept: list[Token] = []
    found: list[Diagnostic] = []
    wanted = -1
    for at, token in enumerate(tokens):
        if at == wanted:
            kept.append(virtual(Kind.LBRACE, "{", kept[-1]))
            last = kept[-2].span
            help = Advice("write `{` after it", " {", sure=True, span=replace(last, start=last.end))
            found.append(error(Code.MISSING_BRACE, "the `{` of this block is missing", last, help))
        if token.starts_line and token.text in BLOCKS and not (kept and kept[-1].kind is Kind.EQUAL):
            wanted = _missing_brace(tokens, at)
        kept.append(token)
    return kept, found


def _missing_brace(tokens: Sequence[Token], at: int) -> int:
    kinds = [token.kind for token in tokens[at : at + 6]]
    word, equal = Kind.WORD, Kind.EQUAL
    if kinds[:4] == [word, word, word, equal] and kinds[4:] != [word, Kind.LBRACE]:
        return at + 2
    if kinds == [word, word, equal, word, word, equal] and not tokens[at + 1].starts_line:
        return at + 4
    return -1


def split(tokens: Sequence[Token]) -> list[Chunk]:
    """The statements of a file, each with its own tokens."""
    return list(chunks(tokens))


def chunks(tokens: Sequence[Token]) -> Iterator[Chunk]:
    """The statements of a file, one after the other: of a file that is none, nobody asks for all."""
    current: list[Token] = []
    stack: list[Token] = []
    deep: Token | None = None

    for at, token in enumerate(tokens):
        if heads(tokens, at) if stack else _separate(current, token) and not _goes_on(current, tokens, at):
            if current:
                yield Chunk(tuple(current), stack[0] if stack else None, deep)
            current.clear()
            stack.clear()
            deep = None
        current.append(token)
        if token.kind in OPENING:
            stack.append(token)
            deep = deep or (token if len(stack) > DEEPEST else None)
        elif token.kind in CLOSING:
            _unwind(stack, token)
    if current:
        yield Chunk(tuple(current), stack[0] if stack else None, deep)


def _separate(current: Sequence[Token], token: Token) -> bool:
    """Whether a token outside of all brackets starts a new statement."""
    if not current:
        return False
    if current[-1].kind is Kind.RBRACE or token.kind is Kind.RBRACE:
        return True
    return (
        token.starts_line and len(current) > 1 and current[-1].kind not in CONTINUING and token.kind is not Kind.LBRACE
    )


def _goes_on(current: Sequence[Token], tokens: Sequence[Token], at: int) -> bool:
    """Whether a line belongs to what YAML or TOML would have above it (`mix m:`, `[mix]`), which explains it."""
    kinds = [token.kind for token in tokens[at : at + 2]]
    if current[0].kind is Kind.LSQB:
        return kinds in ([Kind.WORD, Kind.EQUAL], [Kind.STRING, Kind.EQUAL])
    if current[0].text.removesuffix("s") not in BLOCKS or Kind.COLON not in [token.kind for token in current[1:3]]:
        return current[0].kind is Kind.IMPORT and not tokens[at].starts_line
    return kinds in ([Kind.WORD, Kind.COLON], [Kind.STRING, Kind.COLON]) or tokens[at].kind is Kind.STRAY


def heads(tokens: Sequence[Token], at: int) -> bool:
    """Whether a token inside brackets is surely the head of a statement: then a brace is missing."""
    token = tokens[at]
    if not token.starts_line or at + 2 >= len(tokens):
        return False
    kinds = [token.kind for token in tokens[at : at + 5]]
    word, equal, brace = Kind.WORD, Kind.EQUAL, Kind.LBRACE
    if kinds[:2] == [Kind.IMPORT, Kind.STRING] or kinds[:3] == [Kind.PARAM, word, Kind.COLON]:
        return True
    if tokens[at + 1].starts_line or kinds[:2] != [word, word]:
        return False
    return kinds[2] is brace or kinds[2:5] == [equal, word, brace]


def _unwind(stack: list[Token], token: Token) -> None:
    """Close the innermost bracket of the token's kind; a `}` also ends what is open inside of it."""
    kinds = [OPENING[opening.kind] for opening in stack]
    if kinds and kinds[-1] is token.kind:
        stack.pop()
    elif token.kind is Kind.RBRACE and Kind.RBRACE in kinds:
        last = len(kinds) - 1 - kinds[::-1].index(Kind.RBRACE)
        del stack[last:]

"""Slips that leave no doubt: what was meant is put in their place, so that the rest can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from distill_dsl.compiler.diagnostics import Code, Diagnostic, error
from distill_dsl.compiler.language.mistakes import Refused, shown
from distill_dsl.compiler.language.tokens import (
    CLOSING,
    OPENING,
    VALUE_STARTS,
    Kind,
    Token,
    enclosing,
    touch,
    virtual,
)
from distill_dsl.compiler.source import Span

Mend = tuple[list[Token], Diagnostic]


def mended(tokens: Sequence[Token], refused: Refused) -> Mend | None:
    """An item as it was meant, if the slip is one of those that leave no doubt."""
    at = refused.index
    if at >= len(tokens) or at == 0:
        return None
    before, token = tokens[at - 1], tokens[at]
    for mend in MENDS:
        done = mend(tokens, at, refused.expected)
        if done is not None:
            return done
    if token.kind is Kind.COLON and at == 1:
        found = error(
            Code.COLON_FOR_EQUALS, f"`{before.text}` is set with `=`", token.span, f"write `{before.text} = ...`"
        )
        return [*tokens[:at], replace(token, kind=Kind.EQUAL), *tokens[at + 1 :]], found
    if token.kind is Kind.EQUAL and before.kind is Kind.WORD and enclosing(tokens[:at]) in (Kind.LPAR, Kind.LBRACE):
        found = error(
            Code.EQUALS_FOR_COLON, f"inside brackets, `{before.text}` is given with `:`", token.span, "write `:`"
        )
        return [*tokens[:at], replace(token, kind=Kind.COLON), *tokens[at + 1 :]], found
    if at == 1 and token.kind in VALUE_STARTS and before.kind is Kind.WORD:
        found = error(
            Code.MISSING_EQUALS, f"`=` is missing after `{before.text}`", before.span, f"write `{before.text} = ...`"
        )
        return [*tokens[:at], virtual(Kind.EQUAL, "=", before), *tokens[at:]], found
    assigned = at + 1 < len(tokens) and tokens[at + 1].kind is Kind.EQUAL  # then a bracket is missing, no comma
    if token.kind in VALUE_STARTS and Kind.COMMA in refused.expected and enclosing(tokens[:at]) and not assigned:
        end = Span(token.span.path, before.span.end, max(before.span.end, token.span.start))
        found = error(
            Code.SEPARATOR, f"a comma is missing before {shown(token)}", token.span, "write `,` between the two"
        )
        return [*tokens[:at], replace(virtual(Kind.COMMA, ",", before), span=end), *tokens[at:]], found
    return None


def _two_signs(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mend | None:
    """`key == value` and `key := value`."""
    signs = tokens[1:3]
    if at > 2 or [sign.kind for sign in signs] not in ([Kind.EQUAL, Kind.EQUAL], [Kind.COLON, Kind.EQUAL]):
        return None
    span = replace(signs[0].span, end=signs[1].span.end)
    found = error(Code.SYNTAX, f"`{tokens[0].text}` is set with one `=`", span, f"write `{tokens[0].text} = ...`")
    return [tokens[0], *tokens[2:]], found


def _call_brackets(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mend | None:
    """`file["a.jsonl"]` and `file{...}`."""
    token, before = tokens[at], tokens[at - 1]
    if at < 3 or Kind.LPAR not in expected or token.kind not in (Kind.LSQB, Kind.LBRACE) or not touch(before, token):
        return None
    found = error(
        Code.SYNTAX, "the arguments of a call stand in parentheses", token.span, f"write `{before.text}(...)`"
    )
    end = _closing(tokens, at)
    return (_rebracketed(tokens, at, end, Kind.LPAR), found) if end else None


def _list_brackets(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mend | None:
    """`(a, b)` and `{a, b}`."""
    token, start = tokens[at], at
    if token.kind in (Kind.COMMA, Kind.RBRACE) and tokens[at - 2].kind is Kind.LBRACE and at >= 4:
        start = at - 2
    elif token.kind is not Kind.LPAR or tokens[at - 1].kind is not Kind.EQUAL:
        return None
    end = _closing(tokens, start)
    if not end or (start == at and not any(each.kind is Kind.COMMA for each in tokens[at:end])):
        return None
    found = error(Code.SYNTAX, "a list stands in square brackets", tokens[start].span, "write `[...]`")
    return _rebracketed(tokens, start, end, Kind.LSQB), found


def _spelt_operator(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mend | None:
    """`pot or cot` and `cot and pot`."""
    token = tokens[at]
    signs = {"or": (Kind.MORE, ">", "a fallback is written"), "and": (Kind.PLUS, "+", "thoughts are joined")}
    if at < 3 or token.text not in signs or [each.kind for each in tokens[at - 1 : at + 2]] != [Kind.WORD] * 3:
        return None
    kind, sign, what = signs[token.text]
    found = error(Code.SYNTAX, f"{what} with `{sign}`", token.span, f"write `{sign}` for `{token.text}`")
    return [*tokens[:at], replace(token, kind=kind, text=sign), *tokens[at + 1 :]], found


def _three_quotes(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mend | None:
    """A text between three quotes on each side, which reads as three texts."""
    near = tokens[at - 1 : at + 2]
    if [each.kind for each in near] != [Kind.STRING] * 3 or (near[0].text, near[2].text) != ('""', '""'):
        return None
    if not touch(near[0], near[1]) or not touch(near[1], near[2]):
        return None
    span = replace(near[0].span, end=near[2].span.end)
    found = error(Code.QUOTES, 'a text starts and ends with one `"`', span, f"write `{near[1].text}`")
    return [*tokens[: at - 1], near[1], *tokens[at + 2 :]], found


MENDS: Final = (_three_quotes, _two_signs, _call_brackets, _list_brackets, _spelt_operator)


def _closing(tokens: Sequence[Token], start: int) -> int | None:
    """Where the bracket that opens at `start` is closed."""
    stack: list[Kind] = []
    for at in range(start, len(tokens)):
        kind = tokens[at].kind
        if kind in OPENING:
            stack.append(OPENING[kind])
        elif kind in CLOSING and stack.pop() is not kind:
            return None
        if not stack:
            return at
    return None


def _rebracketed(tokens: Sequence[Token], start: int, end: int, kind: Kind) -> list[Token]:
    mended = list(tokens)
    mended[start], mended[end] = replace(tokens[start], kind=kind), replace(tokens[end], kind=OPENING[kind])
    return mended

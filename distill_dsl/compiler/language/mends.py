"""Slips of an item that leave no doubt: what was meant is put in their place, so that the rest can be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from distill_dsl.compiler.diagnostics import Advice, Code, Diagnostic, error
from distill_dsl.compiler.language.mistakes import Refused, fallback, shown, written
from distill_dsl.compiler.language.tokens import (
    CLOSING,
    OPENING,
    VALUE_STARTS,
    Kind,
    Token,
    enclosing,
    meant_unit,
    opened,
    touch,
    virtual,
)
from distill_dsl.compiler.source import Span

Mended = tuple[list[Token], Diagnostic]
Mend = Callable[[Sequence[Token], int, frozenset[str]], Mended | None]
"""Looks at the tokens of an item, at the place that was refused, and at what would have been taken."""

_SIGN: Final = {Kind.LPAR: "(", Kind.RPAR: ")", Kind.LSQB: "[", Kind.RSQB: "]", Kind.LBRACE: "{", Kind.RBRACE: "}"}


def mended(tokens: Sequence[Token], refused: Refused) -> Mended | None:
    """An item as it was meant, if the slip is one of those that leave no doubt."""
    at = refused.index
    if at >= len(tokens):
        return None
    for mend in MENDS if at > 0 else (_quoted_key,):
        done = mend(tokens, at, refused.expected)
        if done is not None:
            return done
    return None


def _changed(tokens: Sequence[Token], start: int, end: int, *others: Token) -> list[Token]:
    return [*tokens[:start], *others, *tokens[end:]]


# --- keys ---------------------------------------------------------------------------------------


def _quoted_key(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`"batch": 32` and `"batch" = 32`."""
    key = tokens[0]
    name = key.text[1:-1]
    if key.kind is not Kind.STRING or not name.isidentifier() or not name.isascii() or len(tokens) < 3:
        return None
    if tokens[1].kind not in (Kind.EQUAL, Kind.COLON):
        return None
    span = replace(key.span, end=tokens[1].span.end)
    help = Advice(f"write `{name} = ...`", f"{name} =", sure=True, span=span)
    found = error(Code.QUOTES, "a key stands without quotes", key.span, help)
    equal = replace(tokens[1], kind=Kind.EQUAL)
    return _changed(tokens, 0, 2, replace(key, kind=Kind.WORD, text=name), equal), found


def _two_signs(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`key == value`, `key := value`, `key => value` and `key += value`."""
    signs = [sign.kind for sign in tokens[1:3]]
    odd = ([Kind.EQUAL, Kind.EQUAL], [Kind.COLON, Kind.EQUAL], [Kind.EQUAL, Kind.MORE], [Kind.PLUS, Kind.EQUAL])
    if at > 2 or signs not in odd:
        return None
    span = replace(tokens[1].span, end=tokens[2].span.end)
    help = Advice(f"write `{tokens[0].text} = ...`", "=", sure=signs[0] is not Kind.PLUS)
    found = error(Code.SYNTAX, f"`{tokens[0].text}` is set with one `=`", span, help)
    return _changed(tokens, 1, 3, replace(tokens[1], kind=Kind.EQUAL)), found


def _colon(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`key: value` and `vary name: [...]`."""
    token, before = tokens[at], tokens[at - 1]
    if token.kind is not Kind.COLON or at != (2 if tokens[0].kind is Kind.VARY else 1):
        return None
    text = "=" if before.span.end < token.span.start else " ="
    help = Advice(f"write `{before.text} = ...`", text, sure=True)
    found = error(Code.COLON_FOR_EQUALS, f"`{before.text}` is set with `=`", token.span, help)
    return _changed(tokens, at, at + 1, replace(token, kind=Kind.EQUAL)), found


def _equals(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`f(key = value)` and `{ key = value }`."""
    token, before = tokens[at], tokens[at - 1]
    if token.kind is not Kind.EQUAL or before.kind is not Kind.WORD or at < 3 or token.starts_line:
        return None
    if tokens[at - 2].kind not in (Kind.LPAR, Kind.LBRACE, Kind.COMMA):
        return None
    if enclosing(tokens[:at]) not in (Kind.LPAR, Kind.LBRACE):
        return None
    place = replace(token.span, start=before.span.end)
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    text = ": " if touch(token, after) else ":"
    summary = f"inside brackets, `{before.text}` is given with `:`"
    found = error(Code.EQUALS_FOR_COLON, summary, token.span, Advice("write `:`", text, sure=True, span=place))
    return _changed(tokens, at, at + 1, replace(token, kind=Kind.COLON)), found


def _no_equals(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`key value`."""
    token, before = tokens[at], tokens[at - 1]
    if before.kind is not Kind.WORD or token.kind not in VALUE_STARTS:
        return None
    if at != (2 if tokens[0].kind is Kind.VARY else 1):
        return None
    end = Span(token.span.path, before.span.end, before.span.end)
    help = Advice(f"write `{before.text} = ...`", " =", sure=not token.starts_line, span=end)
    found = error(Code.MISSING_EQUALS, f"`=` is missing after `{before.text}`", before.span, help)
    return _changed(tokens, at, at, virtual(Kind.EQUAL, "=", before)), found


# --- brackets -----------------------------------------------------------------------------------


def _wrong_closer(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`[a, b)`."""
    token, opening = tokens[at], opened(tokens[:at])
    if opening is None or token.kind not in CLOSING or OPENING[opening.kind] is token.kind:
        return None
    meant = OPENING[opening.kind]
    help = Advice(f"write `{_SIGN[meant]}`", _SIGN[meant], sure=True)
    summary = f"`{opening.text}` is closed by `{_SIGN[meant]}`"
    found = error(Code.MISSING_BRACE, summary, token.span, help, ((opening.span, "opened here"),))
    return _changed(tokens, at, at + 1, replace(token, kind=meant)), found


def _call_brackets(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`file["a.jsonl"]` and `file{...}`."""
    token, before = tokens[at], tokens[at - 1]
    if at < 3 or Kind.LPAR not in expected or token.kind not in (Kind.LSQB, Kind.LBRACE) or not touch(before, token):
        return None
    end = _closing(tokens, at)
    if not end:
        return None
    inside = written(tokens[at + 1 : end])
    span = replace(token.span, end=tokens[end].span.end)
    help: str | Advice = f"write `{before.text}(...)`"
    if inside is not None:
        help = Advice(f"write `{before.text}(...)`", f"({inside})", sure=True, span=span)
    found = error(Code.SYNTAX, "the arguments of a call stand in parentheses", token.span, help)
    return _rebracketed(tokens, at, end, Kind.LPAR), found


def _call_without_brackets(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`base = scratch "t5"`, with or without the closing one."""
    token, before = tokens[at], tokens[at - 1]
    if token.kind is not Kind.STRING or before.kind is not Kind.WORD or at < 3 or Kind.LPAR not in expected:
        return None
    closed = at + 1 < len(tokens) and tokens[at + 1].kind is Kind.RPAR
    meant = f"{before.text}({token.text})"
    span = replace(before.span, end=tokens[at + closed].span.end)
    help = Advice(f"write `{meant}`", meant, sure=True, span=span)
    found = error(Code.SYNTAX, "the arguments of a call stand in parentheses", token.span, help)
    pair = virtual(Kind.LPAR, "(", before), virtual(Kind.RPAR, ")", token)
    return _changed(tokens, at, at + 1 + closed, pair[0], token, pair[1]), found


def _list_brackets(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`(a, b)` and `{a, b}`."""
    token, start = tokens[at], at
    if token.kind in (Kind.COMMA, Kind.RBRACE) and tokens[at - 2].kind is Kind.LBRACE and at >= 4:
        start = at - 2
    elif token.kind is not Kind.LPAR or tokens[at - 1].kind is not Kind.EQUAL:
        return None
    end = _closing(tokens, start)
    if not end or (start == at and not any(each.kind is Kind.COMMA for each in tokens[at:end])):
        return None
    inside = written(tokens[start + 1 : end])
    span = replace(tokens[start].span, end=tokens[end].span.end)
    help = "write `[...]`" if inside is None else Advice(f"write `[{inside}]`", f"[{inside}]", sure=True, span=span)
    found = error(Code.SYNTAX, "a list stands in square brackets", tokens[start].span, help)
    return _rebracketed(tokens, start, end, Kind.LSQB), found


def _grouped(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`(cot + 2*pot)` and `2*(pot)`, where leaving out the parentheses changes nothing."""
    token, end = tokens[at], _closing(tokens, at)
    if token.kind is not Kind.LPAR or not end or tokens[at - 1].kind is Kind.WORD:
        return None
    inside = tokens[at + 1 : end]
    factor = tokens[at - 1].kind is Kind.STAR or (end + 1 < len(tokens) and tokens[end + 1].kind is Kind.STAR)
    if not inside or any(each.kind in (Kind.MORE, Kind.COMMA) for each in inside):
        return None
    text = written(inside)
    if text is None or (factor and any(each.kind is Kind.PLUS for each in inside)):
        return None
    span = replace(token.span, end=tokens[end].span.end)
    help = Advice(f"write `{text}`: `*` binds before `+`, and `+` before `>`", text, sure=True, span=span)
    found = error(Code.SYNTAX, "parentheses group nothing", token.span, help)
    return _changed(tokens, at, end + 1, *inside), found


# --- commas and operators -----------------------------------------------------------------------


def _no_comma(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`[a b]`."""
    token, before = tokens[at], tokens[at - 1]
    assigned = at + 1 < len(tokens) and tokens[at + 1].kind is Kind.EQUAL  # then a bracket is missing, no comma
    in_brackets = enclosing(tokens[:at]) is not None and Kind.COMMA in expected
    if token.kind not in VALUE_STARTS or not in_brackets or assigned:
        return None
    end = Span(token.span.path, before.span.end, max(before.span.end, token.span.start))
    place = Span(token.span.path, before.span.end, before.span.end)
    help = Advice("write `,` between the two", ", " if touch(before, token) else ",", sure=True, span=place)
    found = error(Code.SEPARATOR, f"a comma is missing before {shown(token)}", token.span, help)
    return _changed(tokens, at, at, replace(virtual(Kind.COMMA, ",", before), span=end)), found


def _no_colon(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`f(train: 100, test 20)`: other arguments are given by name too, or the value could be no name."""
    token, before = tokens[at], tokens[at - 1]
    opening = opened(tokens[:at])
    if opening is None or opening.kind is not Kind.LPAR or before.kind is not Kind.WORD or Kind.COLON not in expected:
        return None
    follows = tokens[at + 1].kind if at + 1 < len(tokens) else None
    named = any(each.kind is Kind.COLON for each in tokens[tokens.index(opening) :])
    starts = at > 1 and tokens[at - 2].kind in (Kind.COMMA, Kind.LPAR)
    if token.kind not in VALUE_STARTS or not (named and starts) or follows not in (Kind.COMMA, Kind.RPAR):
        return None
    place = Span(token.span.path, before.span.end, before.span.end)
    help = Advice(f"write `{before.text}: ...`", ":", sure=not touch(before, token), span=place)
    found = error(Code.EQUALS_FOR_COLON, f"`:` is missing after `{before.text}`", before.span, help)
    return _changed(tokens, at, at, virtual(Kind.COLON, ":", before)), found


def _idle_comma(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`[, a]` and `[a,, b]`."""
    token, before = tokens[at], tokens[at - 1]
    if token.kind is not Kind.COMMA or before.kind not in (Kind.COMMA, Kind.LSQB, Kind.LPAR):
        return None
    help = Advice("leave it out", "", sure=True)
    return _changed(tokens, at, at + 1), error(Code.SEPARATOR, "there is nothing before this comma", token.span, help)


def _idle_operator(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`+ cot`, `cot + + pot`, `[> pot]`; and `pot >> cot`, `pot >= cot`, `pot => cot`."""
    token, before = tokens[at], tokens[at - 1]
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    pair = (before.kind, token.kind)
    if pair in ((Kind.MORE, Kind.MORE), (Kind.MORE, Kind.EQUAL)) and touch(before, token):
        found = fallback(replace(before.span, end=token.span.end))
        return _changed(tokens, at, at + 1), found
    if token.kind is Kind.EQUAL and after is not None and after.kind is Kind.MORE and touch(token, after) and at > 2:
        return _changed(tokens, at, at + 1), fallback(replace(token.span, end=after.span.end))
    values = (Kind.EQUAL, Kind.PLUS, Kind.MORE, Kind.COMMA, Kind.LSQB, Kind.LPAR, Kind.COLON)
    if token.kind not in (Kind.PLUS, Kind.MORE) or before.kind not in values or Kind.WORD not in expected:
        return None
    help = Advice("leave it out", "", sure=True)
    return _changed(tokens, at, at + 1), error(
        Code.SYNTAX, f"nothing stands before this `{token.text}`", token.span, help
    )


def _no_operator(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`cot 2*pot`."""
    token, before = tokens[at], tokens[at - 1]
    follows = tokens[at + 1].kind if at + 1 < len(tokens) else None
    if before.kind is not Kind.WORD or token.kind is not Kind.NUMBER or follows is not Kind.STAR or at < 3:
        return None
    place = Span(token.span.path, before.span.end, before.span.end)
    help = Advice("join the two by `+`", " +", sure=True, span=place)
    found = error(Code.SYNTAX, f"`+` is missing before {shown(token)}", token.span, help)
    return _changed(tokens, at, at, virtual(Kind.PLUS, "+", before)), found


def _spelt_operator(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`pot or cot`, `cot and pot`, `2 x pot`."""
    token = tokens[at]
    signs = {"or": (Kind.MORE, ">", "a fallback is written"), "and": (Kind.PLUS, "+", "thoughts are joined")}
    near = [each.kind for each in tokens[at - 1 : at + 2]]
    if at >= 3 and token.text in ("x", "X") and near == [Kind.NUMBER, Kind.WORD, Kind.WORD]:
        kind, sign, what = Kind.STAR, "*", "a weight is written"
    elif at >= 3 and token.text in signs and near == [Kind.WORD] * 3:
        kind, sign, what = signs[token.text]
    else:
        return None
    help = Advice(f"write `{sign}` for `{token.text}`", sign, sure=True)
    found = error(Code.SYNTAX, f"{what} with `{sign}`", token.span, help)
    return _changed(tokens, at, at + 1, replace(token, kind=kind, text=sign)), found


# --- numbers and texts --------------------------------------------------------------------------


def _parted_number(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`1 024`."""
    token, before = tokens[at], tokens[at - 1]
    if before.kind is not Kind.NUMBER or token.kind is not Kind.NUMBER or token.starts_line:
        return None
    if len(token.text) != 3 or not (token.text + before.text).isdigit() or len(before.text) > 3:
        return None
    if enclosing(tokens[:at]) is not None:
        return None  # a comma is missing
    meant = before.text + token.text
    span = replace(before.span, end=token.span.end)
    help = Advice(f"write `{meant}`", meant, sure=True)
    found = error(Code.BAD_NUMBER, "a number is written without separators", span, help)
    return _changed(tokens, at - 1, at + 1, replace(before, text=meant, span=span)), found


def _unit_apart(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`5 s`, `512 mb`."""
    token, before = tokens[at], tokens[at - 1]
    unit = meant_unit(token.text)
    follows = tokens[at + 1].kind if at + 1 < len(tokens) else None
    if unit is None or before.kind is not Kind.NUMBER or token.starts_line or follows in (Kind.EQUAL, Kind.COLON):
        return None
    if not before.text[-1].isdigit():
        return None
    if unit.endswith("tokens") and tokens[at - 3].text != "budget":
        return None  # in `max_tokens = 512 tokens` it is a word too much
    meant = f"{before.text}{unit}"
    span = replace(before.span, end=token.span.end)
    help = Advice(f"write `{meant}`", meant, sure=True, span=span)
    found = error(Code.UNKNOWN_UNIT, "a unit stands right after its number", token.span, help)
    return _changed(tokens, at - 1, at + 1, replace(before, text=meant, span=span)), found


def _idle_word(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`max_tokens = 512 tokens`."""
    token, before = tokens[at], tokens[at - 1]
    last = at + 1 == len(tokens) or tokens[at + 1].starts_line
    if token.kind is not Kind.WORD or before.kind is not Kind.NUMBER or token.starts_line or not last:
        return None
    if at < 3 or enclosing(tokens[:at]) is not None:
        return None
    place = Span(token.span.path, before.span.end, token.span.end)
    help = Advice(f"leave it out: `{before.text}` is enough", "", span=place)
    found = error(Code.SYNTAX, f"no word stands after a number: `{token.text}`", token.span, help)
    return _changed(tokens, at, at + 1), found


def _joined_texts(tokens: Sequence[Token], at: int, expected: frozenset[str]) -> Mended | None:
    """`f("a" "b")`, which C and Python read as one text."""
    token, before = tokens[at], tokens[at - 1]
    if token.kind is not Kind.STRING or before.kind is not Kind.STRING or enclosing(tokens[:at]) is not Kind.LPAR:
        return None
    meant = before.text[:-1] + token.text[1:]
    span = replace(before.span, end=token.span.end)
    found = error(Code.QUOTES, "texts are not joined", span, Advice(f"write `{meant}`", meant))
    return _changed(tokens, at - 1, at + 1, replace(before, text=meant, span=span)), found


MENDS: Final[tuple[Mend, ...]] = (
    _two_signs,
    _colon,
    _wrong_closer,
    _call_brackets,
    _no_colon,
    _call_without_brackets,
    _list_brackets,
    _grouped,
    _spelt_operator,
    _idle_operator,
    _idle_comma,
    _no_operator,
    _parted_number,
    _unit_apart,
    _idle_word,
    _joined_texts,
    _equals,
    _no_equals,
    _no_comma,
)


def _closing(tokens: Sequence[Token], start: int) -> int | None:
    """Where the bracket that opens at `start` is closed."""
    stack: list[Kind] = []
    for at in range(start, len(tokens)):
        kind = tokens[at].kind
        if kind in OPENING:
            stack.append(OPENING[kind])
        elif kind in CLOSING and (not stack or stack.pop() is not kind):
            return None
        if not stack:
            return at
    return None


def _rebracketed(tokens: Sequence[Token], start: int, end: int, kind: Kind) -> list[Token]:
    mended = list(tokens)
    mended[start], mended[end] = replace(tokens[start], kind=kind), replace(tokens[end], kind=OPENING[kind])
    return mended

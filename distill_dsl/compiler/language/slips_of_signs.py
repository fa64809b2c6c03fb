"""Slips of signs: operators, braces and single characters of elsewhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from distill_dsl.compiler.diagnostics import Advice, Code, Diagnostic, Help, error
from distill_dsl.compiler.language.slips import Slip, Taken, Text, expects_value, fused
from distill_dsl.compiler.language.slips_of_names import NAMES, shown_char, write
from distill_dsl.compiler.language.slips_of_numbers import NUMBERS
from distill_dsl.compiler.language.tokens import Kind, Token, touch

# --- operators ----------------------------------------------------------------------------------

_FALLBACK: Final = "a fallback is written with `>`"
_JOINED: Final = "thoughts are joined by `+`"
OPERATORS: Final[Mapping[str, tuple[Kind, str, str]]] = {
    "||": (Kind.MORE, ">", _FALLBACK),
    "??": (Kind.MORE, ">", _FALLBACK),
    "|>": (Kind.MORE, ">", _FALLBACK),
    "|": (Kind.MORE, ">", _FALLBACK),
    "→": (Kind.MORE, ">", _FALLBACK),
    "⇒": (Kind.MORE, ">", _FALLBACK),
    "≻": (Kind.MORE, ">", _FALLBACK),
    "->": (Kind.MORE, ">", _FALLBACK),
    "~>": (Kind.MORE, ">", _FALLBACK),
    "&&": (Kind.PLUS, "+", _JOINED),
    "&": (Kind.PLUS, "+", _JOINED),
    "∪": (Kind.PLUS, "+", _JOINED),
    "×": (Kind.STAR, "*", "a weight is written with `*`"),
    "·": (Kind.STAR, "*", "a weight is written with `*`"),
    "∙": (Kind.STAR, "*", "a weight is written with `*`"),
    "•": (Kind.STAR, "*", "a weight is written with `*`"),
    "⋅": (Kind.STAR, "*", "a weight is written with `*`"),
}
"""Operators of elsewhere: what they are here."""

_OPERANDS: Final = frozenset({Kind.WORD, Kind.NUMBER, Kind.RPAR})


def _operator(text: Text, at: int, token: Token) -> Taken | None:
    """`pot || cot`, `cot & pot`, `2×pot`."""
    start = token.span.start
    if not text.brackets:
        return None
    for length in (2, 1):
        sign = text.written(start, start + length)
        after = text.near(at + length)
        if sign not in OPERATORS or after is None or after.kind not in _OPERANDS or text.before() not in _OPERANDS:
            continue
        kind, meant, summary = OPERATORS[sign]
        if sign == "->" and text.before() is Kind.WORD and _sets_key(text, token):
            continue
        span = text.span(start, start + length)
        sure = sign not in "|&"
        text.report(error(Code.SYNTAX, summary, span, Advice(f"write `{meant}` for `{sign}`", meant, sure)))
        return Taken(length, [Token(kind, meant, span, token.starts_line)])
    return None


def _sets_key(text: Text, token: Token) -> bool:
    """Whether the word before is a key that is to be set, and no value."""
    return len(text.kept) > 1 and text.kept[-2].kind not in (
        Kind.MORE, Kind.COMMA, Kind.LSQB, Kind.EQUAL, Kind.LPAR, Kind.PLUS, Kind.STAR,
    )  # fmt: skip


def _arrow_for_equals(text: Text, at: int, token: Token) -> Taken | None:
    """`batch -> 32` and `batch <- 32`."""
    start = token.span.start
    sign = text.written(start, start + 2)
    if sign not in ("->", "<-") or text.before() is not Kind.WORD or text.brackets[-1:] != [Kind.LBRACE]:
        return None
    span = text.span(start, start + 2)
    key = text.kept[-1].text
    help = Advice(f"write `{key} = ...`", "=", sure=True)
    text.report(error(Code.SYNTAX, f"`{key}` is set with `=`", span, help))
    return Taken(2, [Token(Kind.EQUAL, "=", span, False)])


# --- braces -------------------------------------------------------------------------------------


def _twice(text: Text, at: int, token: Token) -> Taken | None:
    """`thought cot {{ ... }}`."""
    after = text.near(at + 1)
    if text.brackets or after is None or after.kind is not Kind.LBRACE or not touch(token, after):
        return None
    text.doubled = True
    help = "write one `{`, and one `}` at the end"
    text.report(error(Code.SYNTAX, "a block stands in one pair of braces", after.span, help))
    return Taken(2, [token])


def _once_more(text: Text, at: int, token: Token) -> Taken | None:
    """The second of the braces at the end of what started with two."""
    after = text.near(at + 1)
    if not text.doubled or text.brackets != [Kind.LBRACE] or after is None or after.kind is not Kind.RBRACE:
        return None
    text.doubled = False
    return Taken(2, [token])


def _wrong_brace(text: Text, at: int, token: Token) -> Taken | None:
    """`tests = [a.test}` with more items below: the brace stands for the bracket."""
    open_ = text.brackets[-1] if text.brackets else None
    key, equal = text.near(at + 1), text.near(at + 2)
    if open_ not in (Kind.LSQB, Kind.LPAR) or Kind.LBRACE not in text.brackets or key is None or equal is None:
        return None
    if token.starts_line or not key.starts_line or key.kind is not Kind.WORD or equal.kind is not Kind.EQUAL:
        return None
    kind, meant, opening = (Kind.RSQB, "]", "[") if open_ is Kind.LSQB else (Kind.RPAR, ")", "(")
    text.report(error(Code.MISSING_BRACE, f"`{opening}` is closed by `{meant}`", token.span, write(meant)))
    return Taken(1, [replace(token, kind=kind, text=meant)])


# --- single signs -------------------------------------------------------------------------------


def _semicolon(text: Text, at: int, token: Token) -> Taken | None:
    if token.text != ";":
        return None
    if text.brackets[-1:] in ([Kind.LSQB], [Kind.LPAR]):
        found = error(Code.SEPARATOR, "elements are separated by commas", token.span, write(","))
        text.report(found)
        return Taken(1, [replace(token, kind=Kind.COMMA, text=",")])
    before = text.near(at - 1)
    joins = before is not None and touch(before, token) and touch(token, text.near(at + 1))
    help = Advice("leave it out", " " if joins else "", sure=True)
    text.report(error(Code.SEPARATOR, "the language has no `;`", token.span, help))
    return Taken(1)


def _spread(text: Text, at: int, token: Token) -> Taken | None:
    """`<<: *both` and `...both` in a block, which is what a copy is for."""
    start = token.span.start
    match = _SPREAD.match(text.source.text, start, start + 100)
    if match is None or text.brackets[-1:] != [Kind.LBRACE] or expects_value(text):
        return None
    span = text.span(start, match.end())
    help = f"copy the whole block: `mix name = {match[1]} {{ ... }}` takes over its items"
    text.report(error(Code.SYNTAX, "no items are merged into a block", span, help))
    return Taken(text.swallow(at, match.end()))


_SPREAD: Final = re.compile(r"(?:<<\s*[:=]\s*\*?|\.\.\.|\*\*)([A-Za-z_]\w*),?")


def _placeholder(text: Text, at: int, token: Token) -> Taken | None:
    """`...`, `<batch>` and `?`, where something is to be filled in."""
    match = _PLACEHOLDER.match(text.source.text, token.span.start, token.span.start + 60)
    if match is None or not expects_value(text):
        return None
    span = text.span(match.start(), match.end())
    count = text.swallow(at, match.end())
    text.report(error(Code.STRAY_CHARACTER, "something is still to be filled in here", span, "write the value"))
    return Taken(count, [Token(Kind.STRAY, "_", span, False, spoiled=True)])


_PLACEHOLDER: Final = re.compile(r"\.\.\.(?!\w)|…|\?+(?=\s|$)|<[A-Za-z_][\w -]*>")


def _normal(text: Text, at: int, token: Token) -> Taken | None:
    """A sign in full width, or another one that stands for a sign of the keyboard."""
    if unicodedata.normalize("NFKC", token.text).isdigit() and token.text.isdecimal():
        return _digits(text, at, token)
    meant = _SIGNS.get(token.text) or unicodedata.normalize("NFKC", token.text)
    if meant == token.text or len(meant) != 1 or not meant.isascii() or meant not in _KINDS:
        return None
    name = unicodedata.name(token.text, "this sign").lower()
    text.report(error(Code.STRAY_CHARACTER, f"`{token.text}` ({name}) is not `{meant}`", token.span, write(meant)))
    return Taken(1, [replace(token, kind=_KINDS[meant], text=meant)])


def _digits(text: Text, at: int, token: Token) -> Taken:
    """Digits of other scripts, or in full width."""
    count = 1
    while (
        (each := text.near(at + count)) is not None
        and each.text.isdecimal()
        and touch(text.tokens[at + count - 1], each)
    ):
        count += 1
    last = text.tokens[at + count - 1]
    meant = "".join(str(unicodedata.decimal(char)) for char in text.written(token.span.start, last.span.end))
    span = text.span(token.span.start, last.span.end)
    text.report(error(Code.BAD_NUMBER, "a number is written with the digits 0 to 9", span, write(meant)))
    return Taken(count, [fused(token, last, Kind.NUMBER, meant)])


_SIGNS: Final = {"，": ",", "、": ",", "：": ":", "＝": "=", "［": "[", "］": "]", "｛": "{", "｝": "}", "∗": "*"}
_KINDS: Final = {
    "=": Kind.EQUAL, ":": Kind.COLON, ",": Kind.COMMA, "+": Kind.PLUS, "*": Kind.STAR, ">": Kind.MORE,
    "{": Kind.LBRACE, "}": Kind.RBRACE, "[": Kind.LSQB, "]": Kind.RSQB, "(": Kind.LPAR, ")": Kind.RPAR,
}  # fmt: skip


def _stray(text: Text, at: int, token: Token) -> Taken:
    """Any other character that the language does not use: one of them a line is enough."""
    dash = token.text == "-" and token.starts_line
    if not text.quiet and not (dash and text.listing):
        text.report(_meaningless(text, at, token))
    text.quiet, text.listing = True, dash
    return Taken(_same(text, at, token), [replace(token, spoiled=True)])


def _same(text: Text, at: int, token: Token) -> int:
    """How many tokens to pass over: of a row of one character, all but the last, which may belong to what follows."""
    count = 1
    while (each := text.near(at + count)) is not None and each.text == token.text and not each.starts_line:
        count += 1
    return max(count - 1, 1)


def _meaningless(text: Text, at: int, token: Token) -> Diagnostic:
    if token.text in "'“”‘’":
        help = Advice('start and end it with `"`', '"')
        return error(Code.QUOTES, "a text stands in straight double quotes", token.span, help)
    summary = f"{shown_char(token.text)} means nothing here"
    return error(Code.STRAY_CHARACTER, summary, token.span, _instead(text, at, token))


def _instead(text: Text, at: int, token: Token) -> Help:
    before, after = text.near(at - 1), text.near(at + 1)
    if not token.text.isprintable():
        return Advice("leave it out", "", sure=True)
    match token.text:
        case "-" | "–" | "—" if token.starts_line:
            return "a list is written in brackets: `[a, b]`"
        case "-":
            return "names hold no `-`, and nothing is subtracted"
        case "–" | "—" | "−":
            return Advice("write `-` for a minus; there are no ranges, and nothing is subtracted", "-")
        case "<":
            return "only `>` is an operator: the first is tried first"
        case "|":
            return "a fallback is written with `>`, and thoughts are joined by `+`"
        case "&":
            return "thoughts are joined by `+`; a block is copied by `mix b = a { ... }`"
        case "$" | "%":
            return 'a param is written by its name alone, and a value of the environment `env("NAME")`'
        case "/":
            return "a path, or a name with `/` in it, stands in double quotes"
        case "\\":
            return Advice("leave it out: a value may go on in the next line as it is", "", sure=True)
        case "." if after is not None and after.text == "." and touch(token, after):
            return "there are no ranges: write a list such as `[1, 2, 3]`"
        case "." if before is not None and before.kind is Kind.NUMBER:
            return "a number has one dot at most, and a digit behind it"
        case "@":
            return "there are no decorators: what a block is, stands between its braces"
        case "?" | "!":
            return "there are no conditions, and no optional types"
        case "^":
            return "a power of ten is written `5e-4`"
    return "names hold the letters a to z, digits and `_`" if token.text.isalpha() else Advice("leave it out", "")


_INTERPOLATION, _REFERENCE, _LETTERS = NAMES[Kind.STRAY]

SIGNS: Final[Mapping[Kind, Sequence[Slip]]] = {
    **NUMBERS,
    **NAMES,
    Kind.LBRACE: (*NAMES[Kind.LBRACE], _twice),
    Kind.RBRACE: (_once_more, _wrong_brace),
    Kind.STAR: (*NAMES[Kind.STAR], _spread),
    Kind.STRAY: (
        *NUMBERS[Kind.STRAY], _spread, _semicolon, _INTERPOLATION, _placeholder, _arrow_for_equals, _operator,
        _REFERENCE, _LETTERS, _normal, _stray,
    ),
}  # fmt: skip

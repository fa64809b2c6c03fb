"""Slips of numbers: separators, other notations, units apart and signs of currencies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from distill_dsl.compiler.diagnostics import Advice, Code, error
from distill_dsl.compiler.language.slips import Slip, Taken, Text, expects_value, fused
from distill_dsl.compiler.language.tokens import Kind, Token, touch


def _number(text: Text, first: Token, last: Token, count: int, meant: str, code: Code, summary: str) -> Taken:
    """Report a number that is written otherwise, and read it as it was meant."""
    span = text.span(first.span.start, last.span.end)
    text.report(error(code, summary, span, Advice(f"write `{meant}`", meant, sure=True)))
    text.quiet = True
    return Taken(count, [fused(first, last, Kind.NUMBER, meant)])


def _notation(text: Text, at: int, token: Token) -> Taken | None:
    """`1_024`, `0x20`, `32k`."""
    plain = token.text.replace("_", "")
    if re.fullmatch(r"-?\d+(_\d+)+", token.text):
        return _number(text, token, token, 1, plain, Code.BAD_NUMBER, "a number is written without separators")
    if re.fullmatch(r"0([xX][0-9a-fA-F]{1,12}|[bB][01]{1,40}|[oO][0-7]{1,16})", plain):
        summary = "numbers are written in decimals"
        return _number(text, token, token, 1, str(int(plain, 0)), Code.BAD_NUMBER, summary)
    if re.fullmatch(r"\d{1,6}[kK]", token.text):
        meant = f"{token.text[:-1]}000"
        return _number(text, token, token, 1, meant, Code.BAD_NUMBER, "a number is written in full")
    return None


def _thousands(text: Text, at: int, token: Token) -> Taken | None:
    """`vocabulary: 32,000` and `temperature = 0,7`, where a comma cannot part two values."""
    comma, other = text.near(at + 1), text.near(at + 2)
    if comma is None or other is None or comma.kind is not Kind.COMMA or other.kind is not Kind.NUMBER:
        return None
    if not (touch(token, comma) and touch(comma, other)) or not token.text.isdigit() or not other.text.isdigit():
        return None
    in_call = text.before() is Kind.COLON and text.brackets[-1:] == [Kind.LPAR]
    if not in_call and not (text.before() is Kind.EQUAL and text.brackets[-1:] == [Kind.LBRACE]):
        return None
    if len(other.text) == 3 and token.text != "0":
        meant = token.text + other.text
        return _number(text, token, other, 3, meant, Code.BAD_NUMBER, "a number is written without separators")
    meant = f"{token.text}.{other.text}"
    return _number(text, token, other, 3, meant, Code.BAD_NUMBER, "decimals follow a dot")


def _followed(text: Text, at: int, token: Token) -> Taken | None:
    """`5 %`, `25$`, `1.`, `1/2`: a number and the sign behind it."""
    sign = text.near(at + 1)
    if sign is None or sign.kind is not Kind.STRAY or sign.starts_line:
        return None
    other = text.near(at + 2)
    if sign.text == "%" and not (other is not None and touch(sign, other) and other.kind is Kind.LBRACE):
        summary = "a unit stands right after its number"
        return _number(text, token, sign, 2, f"{token.text}%", Code.UNKNOWN_UNIT, summary)
    if sign.text in "$€£¥" and touch(token, sign):
        return _number(text, token, sign, 2, f"{token.text}USD", Code.UNKNOWN_UNIT, _DOLLARS)
    if sign.text == "." and touch(token, sign) and not (other is not None and touch(sign, other)):
        return _number(text, token, sign, 2, token.text, Code.BAD_NUMBER, "a digit follows the dot of a number")
    if sign.text == "/" and other is not None and other.kind is Kind.NUMBER and _ratio(token, other):
        summary = "nothing is divided in a spec"
        return _number(text, token, other, 3, _ratio(token, other), Code.BAD_NUMBER, summary)
    return None


_DOLLARS: Final = "an amount is written with `USD` behind it"


def _ratio(one: Token, other: Token) -> str:
    """The quotient of two whole numbers where it has few decimals; else nothing."""
    if not (one.text.isdigit() and other.text.isdigit()) or len(one.text + other.text) > 12 or not int(other.text):
        return ""
    quotient = int(one.text) / int(other.text)
    return f"{quotient:g}" if round(quotient, 6) == quotient and "e" not in f"{quotient:g}" else ""


def _led(text: Text, at: int, token: Token) -> Taken | None:
    """`.5`, `$25`, `- 0.7`, `−0.7`, `≈3`: a sign and the number behind it."""
    number = text.near(at + 1)
    if number is None or number.kind is not Kind.NUMBER or not expects_value(text):
        return None
    close = touch(token, number)
    if token.text == "." and close and number.text[0] != "-":
        return _number(text, token, number, 2, f"0.{number.text}", Code.BAD_NUMBER, "a number starts with a digit")
    if token.text in "$€£¥" and number.text.replace(".", "").isdigit():
        return _number(text, token, number, 2, f"{number.text}USD", Code.UNKNOWN_UNIT, _DOLLARS)
    if token.text in "-−–" and number.text[0] != "-":
        summary = "a minus is written `-`, right before its number"
        return _number(text, token, number, 2, f"-{number.text}", Code.BAD_NUMBER, summary)
    return None


def _plus(text: Text, at: int, token: Token) -> Taken | None:
    """`+0.7`."""
    number = text.near(at + 1)
    if number is None or number.kind is not Kind.NUMBER or not touch(token, number):
        return None
    if text.before() not in (Kind.EQUAL, Kind.COLON, Kind.COMMA, Kind.LSQB, Kind.LPAR):
        return None
    return _number(text, token, number, 2, number.text, Code.BAD_NUMBER, "a number has no `+` before it")


NUMBERS: Final[Mapping[Kind, Sequence[Slip]]] = {
    Kind.NUMBER: (_notation, _thousands, _followed),
    Kind.PLUS: (_plus,),
    Kind.STRAY: (_led,),
}

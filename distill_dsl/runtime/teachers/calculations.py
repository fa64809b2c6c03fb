"""Arithmetic as people write it in worked solutions: `$1,200 x 40%`, `2(3+4)`, `60 min / 2 = 30 min`."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

NUMBER: Final = r"[$€£]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)%?"
SIGN: Final = r"\*\*|//|[-+*/()^×÷−–]|x(?![A-Za-z])"
SIGNS: Final = {"x": "*", "×": "*", "÷": "/", "−": "-", "–": "-", "^": "**"}
TOKEN: Final = re.compile(
    rf"(?P<number>{NUMBER})|(?P<unit>(?!x(?![A-Za-z]))/?[A-Za-z][\w'’/-]*)|(?P<sign>{SIGN})|(?P<equals>=)|(?P<other>\S)"
)
WORDS_OF_A_UNIT: Final = 4
"""Most words between a number and the sign after it: `8 blue nails / 20 total nails`."""


@dataclass(frozen=True)
class Calculation:
    """A calculation found in a text: its tokens, the value it states, where it ends."""

    tokens: tuple[str, ...]
    stated: str
    end: int


def value_of(text: str) -> Fraction | None:
    """The number that a text states: `$1,200.50`, `-3`, `40%` (as 40), `1/2`."""
    plain = re.sub(r"[\s$€£,%]", "", text).replace("−", "-")
    try:
        return Fraction(plain)
    except (ValueError, ZeroDivisionError):
        return None


def figure(value: Fraction) -> str:
    """The number as Python and the contract write it; fractions without an end as `a/b`."""
    if value.denominator == 1:
        return str(value.numerator)
    decimal = f"{float(value):.10f}".rstrip("0")
    return decimal if Fraction(decimal) == value else str(value)


def split(text: str) -> tuple[str, ...] | None:
    """The tokens of a calculation without words; `None` where the text is none."""
    found = [(match.lastgroup, match[0]) for match in TOKEN.finditer(text)]
    if not found or any(kind not in ("number", "sign") for kind, _ in found):
        return None
    return tuple(token for _, token in found)


def formula(tokens: Sequence[str], operand: Callable[[str], str]) -> str | None:
    """The calculation in Python, each number written by `operand`; `None` where the signs make no sense."""
    parts: list[str] = []
    for token in tokens:
        part = SIGNS.get(token, token) if re.fullmatch(SIGN, token) else operand(token)
        # `2(3)` is a product in prose; Python wants its sign written.
        if parts and _ends(parts[-1]) and _begins(part):
            parts.append("*")
        parts.append(part)
    try:
        return ast.unparse(ast.parse(" ".join(parts), mode="eval"))
    except SyntaxError:
        return None


def plain_number(token: str) -> str:
    """The number itself, a percent sign dropped."""
    value = value_of(token)
    assert value is not None, "tokens of kind number state a number"
    return figure(value)


def percent_number(token: str) -> str:
    """The number itself, or `(40 / 100)` for a percentage."""
    return f"({plain_number(token)} / 100)" if token.endswith("%") else plain_number(token)


def holds(calculation: Calculation, operand: Callable[[str], str]) -> bool:
    """Whether the calculation gives the value it states, up to one unit of the last decimal stated."""
    written = formula(calculation.tokens, operand)
    stated = value_of(calculation.stated)
    if written is None or stated is None or "**" in written:
        return False
    try:
        exact = eval(re.sub(r"\d+(?:\.\d+)?", r"F('\g<0>')", written), {"__builtins__": {}, "F": Fraction})
    except ZeroDivisionError:
        return False
    decimals = len(calculation.stated.rstrip("%").partition(".")[2])
    return bool(abs(exact - stated) <= (Fraction(1, 10**decimals) if decimals else 0))


def calculations(text: str) -> Iterator[Calculation]:
    """Calculations written out in prose, units and all: `8 nails / 20 nails * 100% = 40%`."""
    run: list[str] = []
    words = 0
    equals = False
    for match in TOKEN.finditer(text):
        kind, token = match.lastgroup, match[0]
        if equals and kind == "number" and len(run) > 2:
            yield Calculation(tuple(run), token, match.end())
        if kind == "number":
            run = [*run, token] if run and not equals and not _ends_token(run[-1]) else [token]
        elif kind == "sign" and (token == "(" or run):
            run = [*run, token] if not equals else []
        elif kind == "unit" and words < WORDS_OF_A_UNIT and run and _ends_token(run[-1]) and not equals:
            words += 1
            continue
        elif kind != "equals" or not run or not _ends_token(run[-1]) or equals:
            run = []
        equals = kind == "equals" and bool(run)
        words = 0


def _ends_token(token: str) -> bool:
    return token == ")" or token[-1] in "0123456789%"


def _ends(part: str) -> bool:
    return part[-1] == ")" or part[-1].isalnum()


def _begins(part: str) -> bool:
    return part[0] == "(" or part[0].isalnum()

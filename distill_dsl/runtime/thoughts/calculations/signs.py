"""The signs, numbers and words of a line of prose, for finding the arithmetic in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

_FRACTIONS: Final = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5",
    "⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip
_SIGNS: Final = str.maketrans(
    {**dict.fromkeys("−‐‑‒–—﹣－", "-"), **dict.fromkeys("×∙·⋅✕✖", "*"), "÷": "/", "⁄": "/", "≅": "≈"}
    | {"²": "^2", "³": "^3"}
    | {**dict.fromkeys("\u00a0\u2007\u2009\u200a\u202f\u3000", " ")}
)
_LATEX: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\{,\}", ","),
        (r"\\[,!;:]", ""),
        (r"\\[dtc]?frac\s{0,9}\{([^{}]{1,99})\}\s{0,9}\{([^{}]{1,99})\}", r" ((\1)/(\2)) "),
        (r"\\(?:approx|simeq)(?![A-Za-z])", "≈"),
        (r"\\(?:times|cdot)(?![A-Za-z])", "*"),
        (r"\\div(?![A-Za-z])", "/"),
        (r"\\(?:text|mathrm|textbf)\s?\{([^{}]{0,99})\}", r" \1 "),
        (r"\\(?:left|right|quad|qquad|displaystyle)(?![A-Za-z])", " "),
        (r"\\([$%])", r"\1"),
        (r"\\[()\[\]]", "\n"),  # the ends of a formula
        (r"\\[A-Za-z]{1,20}", " ; "),  # what is not known ends a calculation
        (r"[{}]", " "),
    )
)
_TIMES: Final = r"(?<![A-Za-z])[xX](?=\s{0,3}[$(.0-9])"
_TOKEN: Final = re.compile(
    r"(?P<times>" + _TIMES + r")"
    r"|(?P<unknown>[0-9]{1,2}:[0-9]{2}"  # a clock
    r"|(?<![\w'’])[A-Za-z](?=\s?[-+*/^=≈)])|(?:(?<=[-+*/^=(])|(?<=[-+*/^=(]\s))[A-Za-z](?![\w'’])"  # x
    r"|(?<![A-Za-z0-9.])(?:[$£€]\s?)?[0-9]{1,20}(?:\.[0-9]{1,20})?(?!st|nd|rd|th|[A-Z][a-z]{2})(?P<glued>[A-Za-z_]{1,20})(?!\w)"
    r"|[A-Za-z]{1,20}_?[0-9]\w{0,20}|(?<![0-9.,])0[0-9]+)"  # x1; 007, the rest of something else
    r"|(?P<mixed>(?<![0-9./])[0-9]{1,6}(?: and | |-)[0-9]{1,4}/[0-9]{1,4}(?![0-9/]))"
    r"|(?P<number>(?:[$£€]\s?)?"
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]{1,30}(?:\.[0-9]{1,30})?|(?<![A-Za-z)])\.[0-9]{1,30})"
    r"(?:\s?(?P<percent>%|percent\b))?)"
    r"|(?P<equals>==?|≈)"
    r"|(?P<word>(?:(?<=\S)/(?=[A-Za-z]{2}))?[A-Za-z¢][\w'’-]*\.?(?![0-9]))"  # hours, /hour
    r"|(?P<sign>\*\*|[-+*/^()\[\]])"
    r"|(?P<end>\S)"
)
_SAME: Final = {"**": "^", "x": "*", "X": "*", "[": "(", "]": ")"}
MEASURES: Final = {
    word: one
    for one, words in {
        "s": "second seconds sec secs", "min": "minute minutes min mins", "h": "hour hours hr hrs", "d": "day days",
        "w": "week weeks", "mo": "month months", "y": "year years", "in": "inch inches", "ft": "foot feet ft",
        "yd": "yard yards", "mi": "mile miles", "mm": "mm", "cm": "cm centimeter centimeters", "m": "meter meters",
        "km": "km kilometer kilometers", "g": "gram grams", "kg": "kg kilogram kilograms", "oz": "ounce ounces oz",
        "lb": "pound pounds lb lbs", "ml": "ml milliliters", "l": "liter liters", "pt": "pint pints",
        "qt": "quart quarts", "gal": "gallon gallons", "c": "cent cents penny pennies", "$": "dollar dollars",
        "5c": "nickel nickels", "10c": "dime dimes", "25c": "quarter quarters",
    }.items()
    for word in words.split()
}  # fmt: skip
"""Words for units that are converted into each other."""


@dataclass(frozen=True)
class Token:
    """A number with its value, a sign, `=`, a word, or `;` for whatever ends a calculation."""

    kind: str
    text: str
    start: int
    end: int
    value: Fraction = Fraction(0)
    percent: bool = False
    tight: bool = False
    """Of a sign: whether what follows it follows without a space."""


def works_out(token: Token, more: str = "") -> bool:
    """Whether it is a sign between two numbers (or one of `more`)."""
    return token.kind == "sign" and token.text in ("+", "-", "*", "/", "^", *more)


def plain_signs(text: str) -> str:
    """The text with one way of writing each sign."""
    for sign, fraction in _FRACTIONS.items():
        text = text.replace(sign, f" {fraction}")
    text = text.translate(_SIGNS)
    if "\\" in text or "{" in text:
        for pattern, replacement in _LATEX:
            text = pattern.sub(replacement, text)
    return text.replace("$$", "\n")


def tokens_of(line: str) -> list[Token]:
    """The tokens of a line; what belongs to no calculation is a word or an end."""
    return _without_asides(list(_tokens(line)))


def _without_asides(tokens: list[Token]) -> list[Token]:
    """`4 (bottles of soda) + 79 (more bottles)` without its brackets: they hold words, and work nothing out."""
    kept: list[Token] = []
    opened: int | None = None
    for token in tokens:
        kept.append(token)
        if token.text == "(":
            opened = len(kept) - 1
        elif token.text == ")" and opened is not None:
            if any(t.kind == "word" for t in kept[opened:]) and not any(map(works_out, kept[opened:])) and opened:
                before = kept[opened - 1]
                if before.kind in ("number", "word") and before.end < kept[opened].start:
                    del kept[opened:]
            opened = None
    return kept


def _tokens(line: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(line):
        kind, text, place = match.lastgroup or "end", match[0], (match.start(), match.end())
        match kind:
            case "unknown" | "glued" if (match["glued"] or "").lower() in MEASURES:
                middle = match.start("glued")
                digits = line[place[0] : middle]
                yield Token("number", digits, place[0], middle, Fraction(re.sub(r"[^0-9.]", "", digits)))
                yield Token("word", match["glued"], middle, place[1])
            case "glued":
                yield Token("unknown", text, *place)
            case "mixed":
                yield from _mixed(text, *place)
            case "number" | "percent":
                digits = re.sub(r"[^0-9.]", "", text.removesuffix("percent"))
                yield Token("number", text, *place, Fraction(digits), percent=match["percent"] is not None)
            case "sign" | "times":
                yield Token("sign", _SAME.get(text, text), *place, tight=not line[place[1] : place[1] + 1].isspace())
            case _:
                yield Token(kind, text, *place)


def _mixed(text: str, start: int, end: int) -> Iterator[Token]:
    """`2 1/2` is one number; `2 3/2` and `6-1/2` are no mixed numbers, and are taken apart."""
    whole, over, under = map(int, re.findall(r"[0-9]+", text))
    if "-" not in text and 0 < over < under:
        yield Token("number", text, start, end, whole + Fraction(over, under))
        return
    for part in re.finditer(r"[0-9]+|[-/]", text):
        place = (start + part.start(), start + part.end())
        if part[0].isdigit():
            yield Token("number", part[0], *place, Fraction(part[0]))
        else:
            yield Token("sign", part[0], *place, tight=True)

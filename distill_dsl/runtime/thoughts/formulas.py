"""Arithmetic within prose: where a calculation begins and ends, and what it comes to, exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

MAX_OPERANDS: Final = 60
"""Most tokens of one side of an equation: far more than anybody writes, and a bound for the recursion."""
MAX_POWER: Final = 64
MAX_BITS: Final = 2000
"""Largest number on the way, in bits; a power beyond it is not worked out."""
UNIT_WORDS: Final = 4
"""Most words between a number and the sign behind it: `8 blue nails / 20 total nails`."""

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
    r"|(?:[0-9]{1,20}\.?[0-9]{0,20})?(?<![A-Za-z'’])(?!a(?<![0-9]a)|I)[A-Za-z](?![\w'’])"  # x, 2x
    r"|[A-Za-z]{1,20}_?[0-9]\w{0,20}|(?<![0-9.,])0[0-9]+)"  # x1; 007, the rest of something else
    r"|(?P<mixed>(?<![0-9./])[0-9]{1,6}(?: and | |-)[0-9]{1,4}/[0-9]{1,4}(?![0-9/]))"
    r"|(?P<number>[$£€]?\s?"
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]{1,30}(?:\.[0-9]{1,30})?|(?<![A-Za-z])\.[0-9]{1,30})"
    r"\s?(?P<percent>%|percent\b)?)"
    r"|(?P<equals>==?|≈)"
    r"|(?P<word>(?:(?<=\S)/(?=[A-Za-z]{2}))?[A-Za-z¢][\w'’-]*\.?(?![0-9]))"  # hours, /hour
    r"|(?P<sign>\*\*|[-+*/^()\[\]])"
    r"|(?P<end>\S)"
)
_SAME: Final = {"**": "^", "x": "*", "X": "*", "[": "(", "]": ")"}
_ABOUT: Final = frozenset({"about", "approximately", "around", "roughly", "nearly", "approx", "approx."})
_SCALES: Final = frozenset({"hundred", "thousand", "million", "billion", "dozen", "dozens", "k", "pairs", "pair"})
_MEASURES: Final = {
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


@dataclass(frozen=True)
class Formula:
    """One side of an equation: numbers and signs alone, and the words that stood between."""

    tokens: tuple[Token, ...]
    words: tuple[str, ...] = ()
    cut: bool = False
    """Whether a sign stood behind it, and then something that could not be read."""

    @property
    def operations(self) -> frozenset[str]:
        """The signs that work something out: not the minus of a negative number."""
        pairs = zip(self.tokens, self.tokens[1:], strict=False)
        return frozenset(token.text for before, token in pairs if _works(token) and not _works(before, "("))

    @property
    def measures(self) -> frozenset[str]:
        """The units in it that others are converted into, money among them."""
        signs = {token.text[0] for token in self.tokens if token.text[0] in "$£€"}
        return frozenset(signs | {_MEASURES[word] for word in self.words if word in _MEASURES})

    @property
    def percent(self) -> bool:
        """Whether a percentage is in it."""
        return any(token.percent for token in self.tokens)

    @property
    def decimals(self) -> int | None:
        """Most decimals of any of its numbers; `None` where all are whole."""
        return max((len(t.text.rstrip(" %").partition(".")[2]) for t in self.tokens if "." in t.text), default=None)

    @property
    def first(self) -> Formula:
        """Its first number alone (with its sign)."""
        for place, token in enumerate(self.tokens):
            if token.kind == "number":
                return Formula(self.tokens[: place + 1] if place == 1 and self.tokens[0].text in "+-" else (token,))
        return self


def _works(token: Token, more: str = "") -> bool:
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
    return list(_tokens(line))


def _tokens(line: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(line):
        kind, text, place = match.lastgroup or "end", match[0], (match.start(), match.end())
        match kind:
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


class _Run:
    """A calculation as it is read from the left."""

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.words: list[str] = []
        self.idle = 0
        """Words since the last token."""
        self.depth = 0
        self.lost = False
        """Whether something before it belongs to it and cannot be read."""

    @property
    def complete(self) -> bool:
        return bool(self.tokens) and not self.lost and self.depth == 0 and self.after_operand

    @property
    def after_operand(self) -> bool:
        return bool(self.tokens) and (self.tokens[-1].kind == "number" or self.tokens[-1].text == ")")

    def take(self, token: Token) -> bool:
        """Take the token in, if it goes on with the calculation."""
        if len(self.tokens) >= MAX_OPERANDS:
            return False
        match token.kind:
            case "number":
                if self.after_operand:
                    return False
            case "word":
                return self._word(token)
            case "sign" if token.text == "(":
                if self.after_operand:
                    if token.start != self.tokens[-1].end:
                        return False
                    self.tokens.append(Token("sign", "*", token.start, token.start))
                self.depth += 1
            case "sign" if token.text == ")":
                if not self.after_operand or not self.depth:
                    return False
                self.depth -= 1
            case "sign":
                # "- 5 + 3" goes on with something before it; "-5 + 3" need not
                signed = token.text == "-" and (token.tight or bool(self.tokens))
                apart = signed and self.idle > 1  # "would cost -2.5 * 15"
                if apart or not (self.after_operand or signed):
                    return False
            case _:
                return False
        self.tokens.append(token)
        self.idle = 0
        return True

    def _word(self, token: Token) -> bool:
        share = self.after_operand and not self.idle and (self.tokens[-1].percent or self._fraction())
        if share and token.text == "of":
            self.tokens.append(Token("sign", "*", token.start, token.end))
            return True
        self.idle += 1
        self.words.append(token.text.lstrip("/").lower().rstrip("."))
        return self.after_operand and self.idle <= UNIT_WORDS and not token.text.endswith(".")

    def _fraction(self) -> bool:
        return len(self.tokens) > 2 and self.tokens[-2].text == "/" and self.tokens[-3].value < self.tokens[-1].value


def tail(tokens: Sequence[Token]) -> Formula | None:
    """The calculation that ends where the tokens end: the left side of an `=`."""
    run = _Run()
    for token in tokens:
        if run.take(token):
            continue
        fresh = _Run()
        if token.kind == "unknown":
            fresh.lost = True
        elif token.kind == "word":
            # An unknown within a calculation, or prose between two of them.
            fresh.lost = run.lost or bool(run.tokens and not run.after_operand)
        elif token.kind == "sign":
            # `total - 5 + 3`: the sign goes on with something that is no number.
            fresh.lost = token.text != "(" and not (token.text == ")" and not run.lost)
            if token.text == "(":
                fresh.take(token)
        elif token.kind == "number":
            fresh.lost = run.lost and not run.after_operand
            fresh.take(token)
        run = fresh
    return Formula(tuple(run.tokens), tuple(run.words)) if run.complete else None


def head(tokens: Sequence[Token]) -> Formula | None:
    """The calculation that begins where the tokens begin: the right side of an `=`."""
    run, best = _Run(), None
    tokens = tokens[1:] if tokens and tokens[0].text.lower() in _ABOUT else tokens
    for token in tokens:
        if not run.take(token):
            if token.kind == "unknown":
                return None
            break
        if run.complete:
            best = Formula(tuple(run.tokens), tuple(run.words))
    cut = best is not None and len(run.tokens) > len(best.tokens)
    return best if best is None else replace(best, cut=cut)


def scaled(formula: Formula) -> bool:
    """Whether a word in it stands for a number: `2 million`."""
    return not _SCALES.isdisjoint(formula.words)


def value_of(formula: Formula, *, percent_as_share: bool = True) -> Fraction | None:
    """What it comes to; `None` where it divides by zero or outgrows its bounds."""
    reader = _Reader(formula.tokens, percent_as_share)
    value = reader.sum()
    return value if reader.place == len(formula.tokens) else None


class _Reader:
    """Sums of products of powers, by recursive descent; `None` spreads from whatever has no value."""

    def __init__(self, tokens: Sequence[Token], percent_as_share: bool) -> None:
        self.tokens = tokens
        self.share = percent_as_share
        self.place = 0

    def _next(self, signs: str) -> str | None:
        if self.place < len(self.tokens) and self.tokens[self.place].text in tuple(signs):
            self.place += 1
            return self.tokens[self.place - 1].text
        return None

    def sum(self) -> Fraction | None:
        value = self._product()
        while sign := self._next("+-"):
            other = self._product()
            value = None if value is None or other is None else value + other if sign == "+" else value - other
        return value

    def _product(self) -> Fraction | None:
        value = self._signed()
        while sign := self._next("*/"):
            loose = not self.tokens[self.place - 1].tight
            other = self._signed()
            if sign == "/" and loose and self._tight_fraction() and self._next("/"):
                under = self._signed()  # `20 / 1/4` is 20 by a quarter
                other = other / under if other is not None and under else None
            if value is None or other is None or (sign == "/" and not other):
                value = None
            else:
                value = value * other if sign == "*" else value / other
        return value

    def _tight_fraction(self) -> bool:
        here = self.tokens[self.place - 1 : self.place + 2]
        tight = len(here) == 3 and here[1].text == "/" and here[0].end == here[1].start and here[1].tight
        return tight and here[0].kind == here[2].kind == "number"

    def _signed(self) -> Fraction | None:
        negative = False
        while sign := self._next("+-"):
            negative ^= sign == "-"
        value = self._power()
        return -value if negative and value is not None else value

    def _power(self) -> Fraction | None:
        base = self._atom()
        if not self._next("^"):
            return base
        exponent = self._signed()
        if base is None or exponent is None or exponent.denominator != 1 or abs(exponent) > MAX_POWER:
            return None
        bits = max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(exponent)
        return None if bits > MAX_BITS or (exponent < 0 and not base) else base ** int(exponent)

    def _atom(self) -> Fraction | None:
        if self._next("("):
            value = self.sum()
            return value if self._next(")") else None
        if self.place < len(self.tokens) and self.tokens[self.place].kind == "number":
            token = self.tokens[self.place]
            self.place += 1
            return token.value / 100 if token.percent and self.share else token.value
        return None

"""Arithmetic within prose: where a calculation begins and ends, and what it comes to, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from distill_dsl.runtime.thoughts.calculations.signs import MEASURES, Token, works_out

MAX_OPERANDS: Final = 60
"""Most tokens of one side of an equation: far more than anybody writes, and a bound for the recursion."""
MAX_POWER: Final = 64
MAX_BITS: Final = 2000
"""Largest number on the way, in bits; a power beyond it is not worked out."""
UNIT_WORDS: Final = 4
"""Most words between a number and the sign behind it: `8 blue nails / 20 total nails`."""

_ABOUT: Final = frozenset({"about", "approximately", "around", "roughly", "nearly", "approx", "approx."})
_SCALES: Final = frozenset({"hundred", "thousand", "million", "billion", "dozen", "dozens", "k", "pairs", "pair"})


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
        return frozenset(token.text for before, token in pairs if works_out(token) and not works_out(before, "("))

    @property
    def measures(self) -> frozenset[str]:
        """The units in it that others are converted into, money among them."""
        signs = {token.text[0] for token in self.tokens if token.text[0] in "$£€"}
        return frozenset(signs | {MEASURES[word] for word in self.words if word in MEASURES})

    @property
    def percent(self) -> bool:
        """Whether a percentage is in it."""
        return any(token.percent for token in self.tokens)

    @property
    def decimals(self) -> int | None:
        """Most decimals of any of its numbers; `None` where all are whole."""
        return max((len(t.text.rstrip(" %").partition(".")[2]) for t in self.tokens if "." in t.text), default=None)

    @property
    def slack(self) -> Fraction:
        """How far off, relatively, a product may be if its numbers with two decimals or more are rounded ones."""
        parts = [(len(t.text.strip(" %").partition(".")[2]), t.value) for t in self.tokens if t.kind == "number"]
        return sum(
            (Fraction(1, 2 * 10**places) / value for places, value in parts if places > 1 and value), Fraction(0)
        )

    @property
    def first(self) -> Formula:
        """Its first number alone (with its sign)."""
        for place, token in enumerate(self.tokens):
            if token.kind == "number":
                return Formula(self.tokens[: place + 1] if place == 1 and self.tokens[0].text in "+-" else (token,))
        return self


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

    def formula(self) -> Formula | None:
        """All of it, or what stands in the bracket that is still open: `5 apples (3 + 2`."""
        depth = 0
        for place in range(len(self.tokens) - 1, -1, -1):
            depth += {"(": 1, ")": -1}.get(self.tokens[place].text, 0)
            if depth > 0:
                inside = tuple(self.tokens[place + 1 :])
                return Formula(inside, tuple(self.words)) if inside and self.after_operand else None
        return Formula(tuple(self.tokens), tuple(self.words)) if self.complete else None

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
            fresh.lost = token.text != "(" and (token.text != ")" or run.lost)
            if token.text == "(":
                fresh.take(token)
        elif token.kind == "number":
            fresh.lost = run.lost and not run.after_operand
            fresh.take(token)
        run = fresh
    return run.formula()


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

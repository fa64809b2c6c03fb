"""Values of unknowns and their canonical text."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

from distill_dsl.runtime.thoughts.equations.limits import too_large
from distill_dsl.runtime.thoughts.equations.polynomials import Rational

SHOWN_DIGITS: Final = 12
"""Significant digits of a value that has no short exact text."""
LONGEST_EXACT: Final = 30
"""Digits up to which a fraction is written out."""
LONGEST_WHOLE: Final = 400
"""Digits of a whole number, as in `numerals`: rounding one would make another whole number of it."""
MOST_DECIMALS: Final = 20
"""Decimals up to which a fraction is written as a decimal, as in `numerals`."""


@dataclass(frozen=True)
class Value:
    """A real number: exact where rational, else to 30 digits as text."""

    exact: Rational | None
    approximate: str = ""

    @property
    def number(self) -> Rational:
        """The exact number, or the rational one nearest to it at the working precision."""
        return Fraction(self.approximate) if self.exact is None else self.exact


def text_of(value: Value) -> str:
    """Canonical text: a whole number, a plain decimal that ends, a reduced fraction, else 12 digits."""
    if value.exact is None:
        return plain_decimal(Decimal(value.approximate))
    top, bottom = value.exact.numerator, value.exact.denominator
    if bottom == 1:
        if top.bit_length() > LONGEST_WHOLE * 3.32:
            raise too_large(f"a whole number of more than {LONGEST_WHOLE} digits")
        return str(top)
    places = decimal_places(bottom)
    if places is not None and places <= MOST_DECIMALS and top.bit_length() <= 4 * LONGEST_EXACT:
        digits = str(abs(top) * 10**places // bottom).rjust(places + 1, "0")
        return f"{'-' if top < 0 else ''}{digits[:-places]}.{digits[-places:]}"
    if is_short(value):
        return f"{top}/{bottom}"
    return plain_decimal(Context(prec=2 * SHOWN_DIGITS).divide(Decimal(top), Decimal(bottom)))


def is_short(value: Value) -> bool:
    """Whether a fraction can be written out."""
    return value.exact is not None and max(abs(value.exact.numerator), value.exact.denominator) < 10**LONGEST_EXACT


def is_rounded(value: Value) -> bool:
    """Whether the text is not the exact value."""
    if value.exact is None:
        return True
    return value.exact.denominator > 1 and not is_short(value) and Fraction(text_of(value)) != value.exact


def decimal_places(bottom: int) -> int | None:
    """How many decimals a fraction with this denominator has, if they end."""
    twos = (bottom & -bottom).bit_length() - 1
    rest, fives = bottom >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None


def plain_decimal(number: Decimal) -> str:
    """A number to 12 significant digits, without an exponent or trailing zeros."""
    if number and abs(number.adjusted()) > LONGEST_WHOLE:
        raise too_large(f"a number of more than {LONGEST_WHOLE} digits")
    text = format(Context(prec=SHOWN_DIGITS).create_decimal(number), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text

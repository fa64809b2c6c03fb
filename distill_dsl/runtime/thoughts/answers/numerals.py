"""Numbers as people, models and LaTeX write them, read exactly.

Everything here is linear in the text and bounded before any arithmetic is done: the texts come
from language models, and `1e999999999` is one line of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

MAX_DIGITS: Final = 400
"""Most digits of a numerator or denominator: the largest float has 309; more is a runaway program."""
MAX_EXPONENT: Final = 400
"""Largest power of ten in scientific notation, for the same reason; checked before the power is taken."""
_SIMPLE: Final = re.compile(r" ?(-?(?:0|[1-9][0-9]{0,14}))(?:\.([0-9]{1,15}))?\.?")
MAX_DECIMALS: Final = 20
"""Longest decimal that is shown as one: floats need 17 significant digits; longer ones become fractions."""

_MINUSES: Final = "\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d"
_SPACES: Final = "\u00a0\u2007\u2009\u200a\u202f\u3000"
_FULLWIDTH: Final = {0xFF10 + digit: str(digit) for digit in range(10)}
_SIGNS: Final = str.maketrans(
    {
        **dict.fromkeys(_MINUSES, "-"),
        **dict.fromkeys(_SPACES, " "),
        **dict.fromkeys("≈≅∴⇒→", "="),
        **dict.fromkeys("×∙·⋅", "*"),
        **dict.fromkeys("£€¥₹", "$"),
        "÷": "/",
        "⁄": "/",
        "`": " ",
    }
    | {chr(code): digit for code, digit in _FULLWIDTH.items()}
)
_VULGAR: Final = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5",
    "⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip

# Applied in order; each pattern looks at a bounded stretch, so a hostile text costs no more than a long one.
_LATEX: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\{,\}", ","),  # 1{,}234
        (r"\\[,!;:]", ""),  # thin spaces, also within numbers
        (r"\\[dtc]?frac\s{0,9}\{([^{}]{1,99})\}\s{0,9}\{([^{}]{1,99})\}", r" \1/\2 "),
        (r"\\[dtc]?frac\s{0,9}([0-9])\s{0,9}([0-9])", r" \1/\2 "),
        (r"\\(?:approx|simeq|implies|Rightarrow|therefore)(?![A-Za-z])", "="),
        (r"\\(?:times|cdot)(?![A-Za-z])", "*"),
        (r"\\sqrt(?![A-Za-z])", "√"),
        (r"\\pi(?![A-Za-z])", "π"),
        (r"\\div(?![A-Za-z])", "/"),
        (r"\\[a-zA-Z]{1,20}", " "),  # \boxed, \text, \left and the like: their content stays
        (r"\\[^A-Za-z0-9]", " "),  # \( \[ \$ \%
        (r"[{}]|\*\*(?=\S)|\*\*", " "),  # braces left over, Markdown's bold
    )
)
_GROUP_SPACE: Final = re.compile(r"(?<=[0-9])[\u2009\u202f](?=[0-9]{3}(?![0-9]))")
_RAISED: Final = re.compile(r"(?<=[0-9])[\u207b\u2070\u00b9\u00b2\u00b3\u2074-\u2079]{1,4}")
_LOWERED: Final = str.maketrans("\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "-0123456789")
_SIGNED_MONEY: Final = re.compile(r"-\s{0,3}\$\s{0,3}")
_MONEY_SIGNED: Final = re.compile(r"\$\s{0,3}-(?=[0-9.])")
_CURRENCY_CODE: Final = re.compile(r"\b(?:USD|EUR|GBP|INR|US|Rs\.?)\s{0,3}(?=[$0-9])")

# Not glued to a word (x2, B12) and not the rest of another number. Commas must part groups of three,
# or, where no list could be meant, of two and a last of three, as in India.
_NUMBER: Final = re.compile(
    r"(?<![A-Za-z0-9_])(?P<digits>(?=[0-9,]{1,20},0)[0-9]{1,2}(?:,[0-9]{2}){1,9},[0-9]{3}(?![0-9,])"  # 1,00,000
    r"|[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]*)?|[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
    r"(?:[eE](?P<e>[-+]?[0-9]+)(?![A-Za-z0-9_]))?"
    r"(?:\s{0,3}[xX*]\s{0,3}10\s{0,3}\^\s{0,3}(?P<ten>[-+]?[0-9]+))?"
)
_FRACTION: Final = re.compile(
    r"\s{0,3}/\s{0,3}([0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+(?:\.[0-9]+)?)(?!\s{0,3}/\s{0,3}[0-9])"
)
_MIXED: Final = re.compile(r"(?:\s{1,3}|\s{1,3}and\s{1,3}|-)([0-9]{1,9})\s{0,3}/\s{0,3}([0-9]{1,9})(?![0-9])")
_POWER: Final = re.compile(r"\s{0,3}\^\s{0,3}([-+]?[0-9]{1,3})(?![0-9.])")
IRRATIONAL: Final = re.compile("[√π]")
_SIGN: Final = re.compile(r"([-+])(\s*)$")


@dataclass(frozen=True)
class Numeral:
    """A number found in a text; `start` is where its digits begin, `end` is past its last sign."""

    value: Fraction
    start: int
    end: int


def simple(text: str) -> str | None:
    """The canonical text of a plain number, `-12.50` or ` 7.`; most answers are one, and this takes a microsecond."""
    match = _SIMPLE.fullmatch(text)
    if match is None:
        return None
    whole, decimals = match.groups()
    decimals = (decimals or "").rstrip("0")
    number = f"{whole}.{decimals}" if decimals else str(whole)
    return "0" if number == "-0" else number


def flatten(text: str) -> str:
    """The text with one way of writing each sign: LaTeX, currency, dashes and odd spaces made plain."""
    for sign, fraction in _VULGAR.items():
        text = text.replace(sign, f" {fraction} ")
    text = _GROUP_SPACE.sub("", text)  # 1 234 with a narrow space
    text = _RAISED.sub(lambda raised: "^" + raised[0].translate(_LOWERED), text)  # 10\u00b3, but not 5 m\u00b2
    text = text.translate(_SIGNS)
    for pattern, replacement in _LATEX:
        text = pattern.sub(replacement, text)
    text = _CURRENCY_CODE.sub(" ", text)
    text = _SIGNED_MONEY.sub("-", text)
    text = _MONEY_SIGNED.sub("-", text)
    return text.replace("$", " ")


def numerals(flat: str) -> Iterator[Numeral]:
    """Every number of a flattened text, from the left. Clock times and ratios (`5:30`) are none."""
    place = 0
    while match := _NUMBER.search(flat, place):
        place = match.end()
        if _is_clock(flat, match):
            continue
        value = _magnitude(match)
        if value is None:
            continue
        value, place = _with_fraction(flat, match, value)
        if value is not None:
            yield Numeral(value if _sign(flat, match.start()) > 0 else -value, match.start(), place)


def first_number(text: str) -> Fraction | None:
    """The number that an answer states: the first one, after the last equals sign that has any.

    Neither of `2√3` nor of `3π` is 2 or 3 the number.
    """
    for part in reversed(flatten(text).split("=")):
        if IRRATIONAL.search(part):
            return None
        for numeral in numerals(part):
            return numeral.value
    return None


def plain(value: Fraction) -> str | None:
    """Canonical text of a number; `None` if it has more than `MAX_DIGITS` digits.

    An integer (`-3`), a decimal that ends within `MAX_DECIMALS` places (`0.25`), or a reduced
    fraction (`1/3`). Equal numbers have equal texts.
    """
    limit = 10**MAX_DIGITS
    if abs(value.numerator) >= limit or value.denominator >= limit:
        return None
    if value.denominator == 1:
        return str(value.numerator)
    scaled = value * 10**MAX_DECIMALS
    if scaled.denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    digits = str(abs(scaled.numerator)).rjust(MAX_DECIMALS + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-MAX_DECIMALS]}.{digits[-MAX_DECIMALS:].rstrip('0')}"


def _is_clock(flat: str, match: re.Match[str]) -> bool:
    before, after = flat[max(0, match.start() - 2) : match.start()], flat[match.end() : match.end() + 2]
    return bool(re.search(r"[0-9]:$", before) or re.match(r":[0-9]", after))


def _magnitude(match: re.Match[str]) -> Fraction | None:
    digits = match["digits"].replace(",", "")
    exponent = 0
    for group in (match["e"], match["ten"]):
        if group and len(group) > len(str(MAX_EXPONENT)) + 1:
            return None
        exponent += int(group or 0)
    if len(digits) > 2 * MAX_DIGITS or abs(exponent) > MAX_EXPONENT:
        return None
    whole, _, decimals = digits.partition(".")
    return Fraction(int(whole + decimals or 0)) * Fraction(10) ** (exponent - len(decimals))


def _with_fraction(flat: str, match: re.Match[str], value: Fraction) -> tuple[Fraction | None, int]:
    """`3/4`, `2 1/2` and `2^10`: the value with what follows the first number, and where that ends."""
    if value.denominator == 1 and (mixed := _MIXED.match(flat, match.end())):
        over, under = int(mixed[1]), int(mixed[2])
        if 0 < over < under:
            return value + Fraction(over, under), mixed.end()
    if power := _POWER.match(flat, match.end()):
        exponent = int(power[1])
        if abs(exponent) * len(match["digits"]) > MAX_DIGITS or (exponent < 0 and not value):
            return None, power.end()
        return value**exponent, power.end()
    if fraction := _FRACTION.match(flat, match.end()):
        digits = fraction[1].replace(",", "")
        if len(digits) > 2 * MAX_DIGITS or not Fraction(digits):
            return None, fraction.end()
        return value / Fraction(digits), fraction.end()
    return value, match.end()


def _sign(flat: str, start: int) -> int:
    """-1 if a minus before `start` belongs to the number, not to a difference, a range or a dash."""
    before = flat[max(0, start - 16) : start]
    sign = _SIGN.search(before)
    if not sign or sign[1] == "+":
        return 1
    head = before[: sign.start()]
    tight = head.rstrip()
    if sign[2]:  # "- 5" is a sign only where nothing could be subtracted from
        return -1 if not tight or tight[-1] in "=(:[,<>" else 1
    return 1 if head[-1:].isalnum() or tight[-1:].isdigit() or tight[-1:] in (")", "]", "%") else -1

"""What an answer can be: a number, a date, a time, a ratio, several of them, or words; and its canonical text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import gcd, lcm
from typing import Final

from distill_dsl.runtime.thoughts.answers.dates import Clock, times
from distill_dsl.runtime.thoughts.answers.numerals import plain

MAX_ANSWER: Final = 2000
"""Longest text that is read as an answer, in characters. Anything longer is prose, or a program's runaway output."""
MAX_ELEMENTS: Final = 100
"""Most elements of a list: comparing without order costs their square, and no problem asks for more."""
MAX_NESTING: Final = 3
"""A list of lists of lists holds any table; deeper ones are a program's runaway output."""


class AnswerType(StrEnum):
    """What an answer is; its canonical text says so by its form."""

    INTEGER = "integer"
    """`5`, `-3`"""
    DECIMAL = "decimal"
    """`0.5`: ends within 20 places"""
    RATIONAL = "rational"
    """`1/3`: in lowest terms, where no decimal ends"""
    DATE = "date"
    """`2020-01-31`"""
    TIME = "time"
    """`14:30`, `14:30:15`; `3:30` where the half of the day is not said"""
    RATIO = "ratio"
    """`3:4`, `1:2:3`: as stated, not reduced"""
    LIST = "list"
    """`[1, 2]`: the order counts"""
    SET = "set"
    """`{1, 2}`: the order does not count"""
    TEXT = "text"
    """Words. `Yes`, `No`, `True` and `False`; `B` of a choice; `May 4`; any short phrase"""


@dataclass(frozen=True)
class Ratio:
    """`3:4`, with two or more parts, all above zero."""

    parts: tuple[int, ...]

    def __str__(self) -> str:
        return ":".join(map(str, self.parts))

    @property
    def lowest(self) -> tuple[int, ...]:
        """In lowest terms."""
        common = gcd(*self.parts)
        return tuple(part // common for part in self.parts)


@dataclass(frozen=True)
class Series:
    """Two or more values; a single one is that value itself."""

    elements: tuple[Value, ...]
    ordered: bool = True


Value = Fraction | date | Clock | Ratio | Series | str

_COLONS: Final = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,9})?(?::[0-9]{1,20}(?:\.[0-9]{1,9})?){1,9}")


def shown(value: Value) -> str | None:
    """Canonical text of a value; `None` of a number beyond the limits of `numerals`."""
    match value:
        case Fraction():
            return plain(value)
        case date():
            return value.isoformat()
        case Series(elements, ordered):
            texts = [shown(element) for element in elements]
            if any(text is None for text in texts):
                return None
            inside = ", ".join(text for text in texts if text is not None)
            return f"[{inside}]" if ordered else f"{{{inside}}}"
        case _:
            return str(value)


def type_of_value(value: Value) -> AnswerType:
    """The type of a value."""
    match value:
        case Fraction():
            if value.denominator == 1:
                return AnswerType.INTEGER
            return AnswerType.RATIONAL if "/" in (plain(value) or "/") else AnswerType.DECIMAL
        case date():
            return AnswerType.DATE
        case Clock():
            return AnswerType.TIME
        case Ratio():
            return AnswerType.RATIO
        case Series():
            return AnswerType.LIST if value.ordered else AnswerType.SET
        case _:
            return AnswerType.TEXT


def colons(text: str) -> Clock | Ratio | None:
    """What `a:b` is, by its form alone: a time of day if it can be one (`7:30`, `14:05`), else a ratio.

    A ratio whose parts look like hours and minutes (`5:12`) is read as a time, on both sides of a
    comparison; nothing in the text can tell them apart.
    """
    if not _COLONS.fullmatch(text):
        return None
    for clock, start, end in times(text):
        if (start, end) == (0, len(text)):
            return clock
    parts = [Fraction(part) for part in text.split(":")]
    if not all(parts):
        return None
    scale = lcm(*(part.denominator for part in parts))
    return Ratio(tuple(int(part * scale) for part in parts))


def as_ratio(value: Clock | Ratio) -> Ratio | None:
    """A time as the ratio that its text may also be; `None` if it can only be a time."""
    if isinstance(value, Ratio):
        return value
    parts = (value.hour, value.minute, value.second) if value.second else (value.hour, value.minute)
    padded = (value.hour < 10 and not value.either) or any(part < 10 for part in parts[1:])
    return None if padded else Ratio(parts)


def series(elements: list[Value], *, ordered: bool) -> Value | None:
    """The elements as one value; of a set, each once and in a fixed order."""
    texts = {text: element for element in elements if (text := shown(element)) is not None}
    if not elements or len(elements) > MAX_ELEMENTS:
        return None
    if not ordered:
        elements = [texts[text] for text in sorted(texts, key=lambda text: _rank(texts[text], text))]
    return elements[0] if len(elements) == 1 else Series(tuple(elements), ordered)


def _rank(value: Value, text: str) -> tuple[int, Fraction, str]:
    """Numbers by size, then everything else by its text."""
    return (0, value, "") if isinstance(value, Fraction) else (1, Fraction(0), text)

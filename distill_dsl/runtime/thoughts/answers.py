"""Answers as canonical text, and when two of them are the same."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Final

from distill_dsl.runtime.thoughts.numerals import first_number, plain

MAX_ANSWER: Final = 2000
"""Longest text that is read as an answer. Anything longer is prose, or a program's runaway output;
`text.read` reads prose."""
VOTE_DECIMALS: Final = 3
"""Answers that agree to so many decimals count as one in a vote (the tolerance of PAL and XoT)."""


def canonical(text: str) -> str | None:
    """The number that an answer states, as an integer, plain decimal or reduced fraction.

    `$1,234.50` is `1234.5`, `3/6` is `0.5`, `2/6` is `1/3`, `x = 5 hours` is `5`, `50%` is `50`.
    Currency, percent signs, units and words are dropped; cents stay cents. Without a number, with
    infinity, or with one beyond the limits of `numerals`, there is no answer: `None`.
    """
    value = _value(text)
    return None if value is None else plain(value)


def same(answer: str, gold: str, tolerance: float) -> bool:
    """Whether two answers agree: numbers within `tolerance` (inclusive, compared exactly), else as text."""
    one, other = _value(answer), _value(gold)
    if one is not None and other is not None:
        return abs(one - other) <= Fraction(repr(tolerance))
    return one is other and _worded(answer) == _worded(gold)


def vote_key(answer: str) -> str:
    """Equal for answers that a vote counts as one."""
    value = _value(answer)
    if value is None:
        return _worded(answer)
    return plain(round(value, VOTE_DECIMALS)) or _worded(answer)


@lru_cache(maxsize=65536)
def _value(text: str) -> Fraction | None:
    return None if len(text) > MAX_ANSWER else first_number(text)


def _worded(text: str) -> str:
    """Text without case, punctuation at its ends and runs of spaces."""
    return re.sub(r"\s+", " ", text).strip(" .,;:!?\"'()*").casefold()

"""Answers as canonical text that says its own type, and when two of them are the same.

How answers of each type are compared is stated once, in docs/language.md ("When an answer is right").

    numerals   numbers, read exactly      dates   dates and times of day
    typed      the types and their canonical text
    stated     what a short text states as its answer
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Final

from distill_dsl.contract.vocabulary import TOLERANCE
from distill_dsl.runtime.thoughts.answers.dates import Clock, same_time
from distill_dsl.runtime.thoughts.answers.numerals import MAX_EXPONENT, first_number, plain, simple
from distill_dsl.runtime.thoughts.answers.stated import EDGES, read_value, says_nothing
from distill_dsl.runtime.thoughts.answers.typed import (
    MAX_ANSWER,
    AnswerType,
    Ratio,
    Series,
    Value,
    as_ratio,
    shown,
    type_of_value,
)

__all__ = ["AnswerType", "canonical", "from_parts", "read_answer", "same", "type_of", "valid", "vote_key"]

VOTE_DECIMALS: Final = 3
"""Answers that agree to so many decimals count as one in a vote (the tolerance of PAL and XoT)."""

_INTEGER: Final = re.compile(r"-?[1-9][0-9]{0,399}|0")
_NUMBER_TYPES: Final = (AnswerType.INTEGER, AnswerType.DECIMAL, AnswerType.RATIONAL)
_FORMS: Final = {
    AnswerType.INTEGER: re.compile(r"[-+]?[0-9]{1,400}"),
    AnswerType.DECIMAL: re.compile(r"[-+]?[0-9]{1,400}(?:\.[0-9]{0,400})?(?:[eE](?P<e>[-+]?[0-9]{1,3}))?"),
    AnswerType.RATIONAL: re.compile(r"[-+]?[0-9]{1,400}/[0-9]{1,400}"),
    AnswerType.DATE: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    AnswerType.TIME: re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"),
    AnswerType.RATIO: re.compile(r"[0-9]{1,20}(?::[0-9]{1,20}){1,9}"),
    AnswerType.LIST: re.compile(r"\[[^\n\r]{1,1998}\]"),
    AnswerType.SET: re.compile(r"\{[^\n\r]{1,1998}\}"),
    AnswerType.TEXT: re.compile(r"(?s:.{1,2000})"),
}
"""What a process that ran foreign code may call an answer of each type; anything else is refused unread."""
_TRUTH: Final = {"true": "yes", "false": "no"}
_ARTICLES: Final = re.compile(r"^(?:(?:the|an?) )+")


def canonical(text: str) -> str | None:
    """The number that an answer states, as an integer, plain decimal or reduced fraction.

    `$1,234.50` is `1234.5`, `3/6` is `0.5`, `2/6` is `1/3`, `x = 5 hours` is `5`, `50%` is `50`.
    Currency, percent signs, units and words are dropped; cents stay cents. Without a number, with
    infinity, or with one beyond the limits of `numerals`, there is no answer: `None`.
    """
    if (number := simple(text)) is not None:
        return number
    value = None if len(text) > MAX_ANSWER else first_number(text)
    return None if value is None else plain(value)


def read_answer(text: str) -> str | None:
    """The answer that a short text states, of whatever type, as canonical text (see `AnswerType`).

    `3:30 p.m.` is `15:30`, `(B) 5 apples` is `B`, `1 and 2` is `[1, 2]`, `Jan 31st, 2020` is
    `2020-01-31`. What `canonical` reads as a number among other words is a number here too.
    """
    if (number := simple(text)) is not None:
        return number
    value = _value(text)
    return None if value is None else shown(value)


def type_of(answer: str) -> AnswerType:
    """The type that a canonical text says."""
    if simple(answer) == answer:
        return AnswerType.DECIMAL if "." in answer else AnswerType.INTEGER
    value = _value(answer)
    return AnswerType.TEXT if value is None else type_of_value(value)


def valid(type: AnswerType, text: str) -> bool:
    """Whether a text is the canonical form of an answer of this type."""
    return len(text) <= MAX_ANSWER and read_answer(text) == text and type_of(text) is type


def from_parts(type: str, text: str) -> str | None:
    """Canonical text of an answer that an untrusted process states as a type and a text; `None` if it is none.

    Numbers may be as Python writes them (`1e+22`, `5.0`, `4/2`), lists of any elements in brackets;
    the canonical text may be of a narrower type: `5.0` is the integer 5, the text `12` a number.
    """
    form = _FORMS.get(AnswerType(type)) if type in AnswerType.__members__.values() else None
    match = form.fullmatch(text) if form is not None and len(text) <= MAX_ANSWER else None
    if match is None:
        return None
    if type not in _NUMBER_TYPES:
        return _narrowed(AnswerType(type), text)
    if abs(int(match.groupdict().get("e") or 0)) > MAX_EXPONENT or re.search(r"/0+$", text):
        return None
    return plain(Fraction(text))


def same(answer: str, gold: str, tolerance: float = TOLERANCE) -> bool:
    """Whether an answer is the gold one; every comparison is exact.

    A whole gold number is met within `tolerance`; a fractional one within `tolerance` times its size
    where that is above 1. Both ends are inclusive. Words are compared without case and articles.
    """
    one, other = _value(answer), _value(gold)
    if one is None or other is None:
        return one is other and _words(answer) == _words(gold) and not says_nothing(answer)
    return _same(one, other, Fraction(repr(tolerance)))


def vote_key(answer: str) -> str:
    """Equal for answers that a vote counts as one."""
    value = _value(answer)
    return _words(answer) if value is None else _key(value)


@lru_cache(maxsize=65536)
def _value(text: str) -> Value | None:
    return Fraction(int(text)) if _INTEGER.fullmatch(text) else read_value(text)


def _narrowed(type: AnswerType, text: str) -> str | None:
    value = _value(text)
    if value is None:
        return None
    found = type_of_value(value)
    single = type in (AnswerType.LIST, AnswerType.SET) and not set(",;") & set(text)  # `[5]` is 5
    either = type is AnswerType.RATIO and found is AnswerType.TIME  # `5:12`
    return shown(value) if single or either or type in (AnswerType.TEXT, found) else None


def _same(one: Value, gold: Value, tolerance: Fraction) -> bool:
    match one, gold:
        case Fraction(), Fraction():
            return _close(one, gold, tolerance)
        case Clock(), Clock():
            return same_time(one, gold)
        case Clock() | Ratio(), Clock() | Ratio():
            first, second = as_ratio(one), as_ratio(gold)
            return first is not None and second is not None and first.lowest == second.lowest
        case Series(), Series():
            return _same_elements(one, gold, tolerance)
        case str(), str():
            return _words(one) == _words(gold)
    return isinstance(one, date) and one == gold


def _close(answer: Fraction, gold: Fraction, tolerance: Fraction) -> bool:
    size = Fraction(1) if gold.denominator == 1 else max(Fraction(1), abs(gold))
    return abs(answer - gold) <= tolerance * size


def _same_elements(one: Series, gold: Series, tolerance: Fraction) -> bool:
    """Element by element; where either side has no order, some pairing of all elements must agree."""
    if len(one.elements) != len(gold.elements):
        return False
    fits = [[_same(a, b, tolerance) for b in gold.elements] for a in one.elements]
    if one.ordered and gold.ordered:
        return all(fits[place][place] for place in range(len(fits)))
    partner: dict[int, int] = {}
    return all(_paired(place, fits, partner, set()) for place in range(len(fits)))


def _paired(place: int, fits: Sequence[Sequence[bool]], partner: dict[int, int], tried: set[int]) -> bool:
    """Find `place` a gold element of its own, moving earlier ones on if need be (Kuhn's matching)."""
    for candidate, able in enumerate(fits[place]):
        if able and candidate not in tried:
            tried.add(candidate)
            if candidate not in partner or _paired(partner[candidate], fits, partner, tried):
                partner[candidate] = place
                return True
    return False


def _key(value: Value) -> str:
    match value:
        case Fraction():
            return plain(round(value, VOTE_DECIMALS)) or plain(value) or str(value)
        case Ratio():
            return ":".join(map(str, value.lowest))
        case Series(elements, ordered):
            keys = [_key(element) for element in elements]
            return f"[{', '.join(keys)}]" if ordered else f"{{{', '.join(sorted(keys))}}}"
        case str():
            return _words(value)
        case _:
            return str(value)


def _words(text: str) -> str:
    """Text without case, articles at its start, punctuation at its ends and runs of spaces."""
    words, before = re.sub(r"\s+", " ", text).casefold(), ""
    while words != before:  # each round is shorter
        words, before = _ARTICLES.sub("", words.strip(EDGES)), words
    return _TRUTH.get(words, words)

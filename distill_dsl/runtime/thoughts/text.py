"""The answer of a thought in prose (chain-of-thought), and of a line that a program printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from distill_dsl.runtime.thoughts.answers import canonical, read_answer
from distill_dsl.runtime.thoughts.answers.numerals import flatten, numerals, plain
from distill_dsl.runtime.thoughts.calculations.checks import checked
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.extract import without_further_questions
from distill_dsl.runtime.thoughts.judging import AnswerGroup, group_of

MAX_TEXT: Final = 20_000
"""Longest thought that is read, in characters: far above what 512 tokens hold. Of a longer one the
end is read, where the answer stands."""
MAX_CLAIM: Final = 300
"""An answer's sentence is short; what stands further behind the mark is another sentence."""
LAST_NUMBER: Final = "last number"
"""The note of an answer that nothing announces: it is the last of several numbers, or stands among words."""

_MARK: Final = re.compile(
    r"\banswers?\b(?:\s{0,3}\([^()\n]{0,40}\))?[\s*_]{0,4}"
    r"(?:(?:is|was|are|equals?)\b[\s*_]{0,4}:?|:|=)"
    r"|####"
    r"|\\(?:boxed|fbox)\s{0,3}(?=\{)",
    re.IGNORECASE,
)
_SENTENCE_END: Final = re.compile(
    r"(?<!\bMrs)(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\b(?:Jan|Feb|Mar|Apr|Aug|Sep|Oct|Nov|Dec))[.!?](?=\s|$)|\n\s*(?=\S)"
)
_SURE_WORDS: Final = re.compile(r"[A-J]|Yes|No|True|False|[A-Z][a-z]{2,8} [0-9]{1,2}")
"""Texts that `answers.read_answer` gives for a choice, a truth or a day; every other one is a free phrase."""


def read(completion: str) -> Execution:
    """The answer that a thought in prose states, and which of its calculations hold.

    The last of `The answer is ...`, `#### ...` and `\\boxed{...}` with an answer in it counts, a free
    phrase only where no mark has anything surer; without any mark, the last number of the text, with
    the note `LAST_NUMBER`. A mark without an answer is no answer. What a model invents after its
    answer (a further `Question:`) is cut off first.
    """
    text = without_further_questions(completion[-MAX_TEXT:]).strip()
    claims = list(_claims(text))
    found = _marked(text, claims) if claims else _unmarked(text)
    return replace(found, steps=checked(text))


def read_printed(line: str) -> Execution:
    """The answer in a line that a program printed: behind a mark, the whole line, or its last number.

    Where only numbers count, that is always the last number: `Total: 3 + 4 = 7`.
    """
    claims = list(_claims(line))
    if claims:
        return _marked(line, claims)
    last, whole = _unmarked(line), read_answer(line)
    if whole is None or group_of(whole) is AnswerGroup.NUMBER:
        return last
    otherwise = {} if last.answer is None else {str(AnswerGroup.NUMBER): last.answer}
    return Execution(answer=whole, text=line, otherwise=otherwise, stated=_stated(line, whole))


def read_stated(text: str) -> Execution:
    """The answer in a text that a program gives as its answer: `ans = "3:30 p.m."`."""
    return _marked(text, [text])


def _marked(text: str, claims: Sequence[str]) -> Execution:
    """The answer of the last claim that has one. For each group of types, the last claim with such a reading."""
    readings: dict[str, str] = {}
    sure = phrase = None
    for claim in claims:
        if (answer := read_answer(claim)) is not None:
            group = group_of(answer)
            readings[group] = answer
            free = group is AnswerGroup.TEXT and not _SURE_WORDS.fullmatch(answer)
            sure, phrase = (sure, answer) if free else (answer, phrase)
        if (number := canonical(claim)) is not None:
            readings[AnswerGroup.NUMBER] = number
    answer = sure or phrase or readings.get(AnswerGroup.NUMBER)
    if answer is None:
        detail = f"no answer in {claims[-1].strip()[:80]!r}"
        return Execution(failure="no-answer", detail=detail, text=text, stated=claims[-1].strip() or None)
    group = group_of(answer)
    otherwise = {str(other): reading for other, reading in readings.items() if other != group}
    answer = readings[group] if group is AnswerGroup.NUMBER else answer
    return Execution(answer=answer, text=text, otherwise=otherwise, stated=_stated(claims[-1], answer))


def _stated(claim: str, answer: str) -> str | None:
    """What a thought calls its answer, where that is not just the answer."""
    stated = claim.strip()
    return None if stated == answer else stated


def _unmarked(text: str) -> Execution:
    flat = flatten(text)
    found = list(numerals(flat))
    answer = plain(found[-1].value) if found else None
    if answer is None:
        return Execution(failure="no-answer", detail="no number in the text", text=text)
    alone = len(found) == 1 and not any(sign.isalpha() for sign in flat)
    return Execution(answer=answer, text=text, notes=() if alone else (LAST_NUMBER,))


def _claims(text: str) -> Iterator[str]:
    """What follows each mark of an answer, up to the end of its sentence."""
    for match in _MARK.finditer(text):
        rest = text[match.end() : match.end() + MAX_CLAIM].lstrip()
        if rest.startswith("{"):
            yield _braced(rest)
            continue
        end = _SENTENCE_END.search(rest)
        yield rest[: end.start()] if end else rest


def _braced(text: str) -> str:
    """The content of the brace that `text` begins with, inner braces included."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return text[1:place]
    return text[1:]

"""The answer of a thought in prose (chain-of-thought), and of a line that a program printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import Final

from distill_dsl.runtime.thoughts.answers import canonical, read_answer
from distill_dsl.runtime.thoughts.answers.numerals import flatten, numerals, plain
from distill_dsl.runtime.thoughts.calculations.checks import checked
from distill_dsl.runtime.thoughts.conclusion import SENTENCE_END, concluded
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.extract import without_further_questions
from distill_dsl.runtime.thoughts.judging import AnswerGroup, group_of
from distill_dsl.runtime.thoughts.turns import said

MAX_TEXT: Final = 20_000
"""Longest thought that is read, in characters: far above what 512 tokens hold. Of a longer one the
end is read, where the answer stands."""
MAX_CLAIM: Final = 300
"""An answer's sentence is short; what stands further behind the mark is another sentence."""
LAST_NUMBER: Final = "last number"
"""The note of an answer that nothing announces: it is one of several numbers, or stands among words."""

_MARK: Final = re.compile(
    r"\banswers?\b(?:\s{0,3}\([^()\n]{0,40}\))?[\s*_]{0,4}"
    r"(?:(?:is|was|are|equals?)\b[\s*_]{0,4}:?|:|=)"
    r"|####"
    r"|<answer>"
    r"|^[ \t]{0,9}(?:#{1,6}[ \t]{0,3}|\*\*)[* \t]{0,4}(?:the[ ])?(?:final[ ])?answer[* \t]{0,4}$"  # a heading
    r"|\\(?:boxed|fbox)\s{0,3}(?=\{)",
    re.IGNORECASE | re.MULTILINE,
)
_TAG_END: Final = re.compile("</answer>", re.IGNORECASE)
_LABEL: Final = re.compile(r"[#*\s]{0,9}(?:answer|solution|response|assistant)[* ]{0,4}:[*\s]{0,9}", re.IGNORECASE)
_CLAUSE: Final = re.compile(r"[^\W\d_]+(?:[\W\d]+[^\W\d_]+){2}")
"""Three words: more than a result, which would begin with its number."""
_SURE_WORDS: Final = re.compile(r"[A-J]|Yes|No|True|False|[A-Z][a-z]{2,8} [0-9]{1,2}")
"""Texts that `answers.read_answer` gives for a choice, a truth or a day; every other one is a free phrase."""


def read(completion: str) -> Execution:
    """The answer that a thought in prose states, and which of its calculations hold.

    The last of `The answer is ...`, `#### ...` and `\\boxed{...}` with an answer in it counts, a free
    phrase only where no mark has anything surer; without any mark, the number that it comes to (see
    `conclusion`), with the note `LAST_NUMBER`. A mark without an answer is no answer. Thinking and
    what a model invents after its answer (a further `Question:`) are cut off first.
    """
    text = _unlabelled(without_further_questions(said(completion)[-MAX_TEXT:]).strip())
    claims = list(_claims(text))
    found = _marked(text, claims) if claims else _unmarked(text, concluded)
    return replace(found, steps=checked(text))


def _unlabelled(text: str) -> str:
    """The text without an `Answer:` that stands before a whole thought, not before its result."""
    label = _LABEL.match(text)
    if label is None:
        return text
    thought = text[label.end() :]
    end = SENTENCE_END.search(thought)
    whole = end is not None and _CLAUSE.match(thought[: end.start()]) and any(map(str.isdigit, thought[end.end() :]))
    return thought if whole else text


def read_printed(line: str) -> Execution:
    """The answer in a line that a program printed: behind a mark, the whole line, or its last number.

    Where only numbers count, that is always the last number: `Total: 3 + 4 = 7`.
    """
    claims = list(_claims(line))
    if claims:
        return _marked(line, claims)
    last, whole = _unmarked(line, _last), read_answer(line)
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


def _unmarked(text: str, choose: Callable[[str], Fraction | None]) -> Execution:
    value = choose(text)
    answer = None if value is None else plain(value)
    if answer is None:
        return Execution(failure="no-answer", detail="no number in the text", text=text)
    flat = flatten(text)
    alone = len(list(islice(numerals(flat), 2))) == 1 and not any(sign.isalpha() for sign in flat)
    return Execution(answer=answer, text=text, notes=() if alone else (LAST_NUMBER,))


def _last(text: str) -> Fraction | None:
    return next((numeral.value for numeral in reversed(list(numerals(flatten(text))))), None)


def _claims(text: str) -> Iterator[str]:
    """What follows each mark of an answer, up to the end of its sentence."""
    for match in _MARK.finditer(text):
        rest = text[match.end() : match.end() + MAX_CLAIM].lstrip()
        if rest.startswith("{"):
            yield _braced(rest)
            continue
        end = _TAG_END.search(rest) if match[0].lower() == "<answer>" else SENTENCE_END.search(rest)
        yield rest[: end.start()] if end else rest


def _braced(text: str) -> str:
    """The content of the brace that `text` begins with, inner braces included."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return text[1:place]
    return text[1:]

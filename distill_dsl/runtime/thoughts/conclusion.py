"""The number that a thought in prose comes to, where nothing announces its answer.

`Therefore, Janet ran 72 miles in her 9 days of training.` The last number of the text is often not
it. It is looked for in the last sentence that has a number, check of the result left aside: what was
calculated before and is said again there is the result, else the first number of a conclusion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice, pairwise
from typing import Final

from distill_dsl.runtime.thoughts.answers.numerals import flatten, numerals

SENTENCE_END: Final = re.compile(
    r"(?<!\bMrs)(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\b(?:Jan|Feb|Mar|Apr|Aug|Sep|Oct|Nov|Dec))[.!?](?=\s|$)|\n\s*(?=\S)"
)
_CONCLUDES: Final = re.compile(
    r"\W{0,9}(?:and |but )?(?:therefore|thus|so|hence|in total|altogether|finally|in conclusion|overall"
    r"|(?:this|that|which) means|as a result|in summary|to summarize)\b",
    re.IGNORECASE,
)
_STEP: Final = re.compile(r"\b(?:so|thus|therefore|hence)\b", re.IGNORECASE)
_CHECKS: Final = re.compile(
    r"\W{0,9}(?:to|we can|you can|we|you|let's|let us)(?: also)? (?:double[- ]?)?(?:check|verify|confirm)\b",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(r"\b(?:if|since|when|because|after|given|as)\b[^,]{0,200},", re.IGNORECASE)
"""What a sentence presupposes: `if Steven has 17 peaches, Jake has 10`."""
_ASIDE: Final = re.compile(r"\([^()]{0,200}\)")
_EQUALS: Final = re.compile(r"(?<![<>=!])=(?!=)|\bequals\b")
MAX_END: Final = 4000
"""Characters at the end of a thought in which its result is looked for."""
_NEAR: Final = 40
"""Characters behind an equals sign in which its result stands."""


def concluded(text: str) -> Fraction | None:
    """The number that the thought comes to; `None` where it has no number."""
    sentences = list(_until_check(_sentences(flatten(text[-MAX_END:]))))
    results = [value for sentence in sentences for value in _results(sentence)]
    for sentence in reversed(sentences):
        if next(_numbers(sentence), None) is not None:
            return _stated(_last_step(sentence), results)
    return None


def _sentences(text: str) -> list[str]:
    bounds = [0, *(end.end() for end in SENTENCE_END.finditer(text)), len(text)]
    return [text[start:end] for start, end in pairwise(bounds)]


def _until_check(sentences: Sequence[str]) -> Iterator[str]:
    numbered = False
    for sentence in sentences:
        if numbered and _CHECKS.match(sentence):
            return
        numbered = numbered or any(map(str.isdigit, sentence))
        yield sentence


def _results(sentence: str) -> Iterator[Fraction]:
    """What the sentence says that calculations come to: the first number behind each equals sign."""
    for equals in _EQUALS.finditer(sentence):
        yield from islice(_numbers(sentence[equals.end() : equals.end() + _NEAR]), 1)


def _last_step(sentence: str) -> str:
    """`2 + 3 = 5, so he has 5 pens`: what the sentence itself concludes."""
    for step in reversed(list(_STEP.finditer(sentence))):
        if next(_numbers(sentence[step.end() :]), None) is not None:
            return sentence[step.start() :]
    return sentence


def _stated(sentence: str, results: Sequence[Fraction]) -> Fraction:
    """The result in a sentence with a number: behind its own equals sign, or calculated before, the latest of them."""
    if "=" in sentence and (behind := list(_numbers(sentence.rpartition("=")[2]))):
        return behind[0]
    whole = list(_numbers(sentence))
    main = _CLAUSE.sub(" ", sentence)
    numbers = list(_numbers(_ASIDE.sub(" ", main))) or list(_numbers(main)) or whole
    known = set(numbers)
    again = next((value for value in reversed(results) if value in known), None)
    if again is not None:
        return again
    return numbers[0] if _CONCLUDES.match(sentence) else numbers[-1]


def _numbers(text: str) -> Iterator[Fraction]:
    return (numeral.value for numeral in numerals(text))

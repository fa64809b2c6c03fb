"""The answer of a thought in prose (chain-of-thought)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from distill_dsl.runtime.thoughts.answers import canonical
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.extract import without_further_questions
from distill_dsl.runtime.thoughts.numerals import flatten, numerals, plain

MAX_TEXT: Final = 20_000
"""Longest thought that is read, in characters: far above what 512 tokens hold. Of a longer one the
end is read, where the answer stands."""
MAX_CLAIM: Final = 300
"""An answer's sentence is short; what stands further behind the mark is another sentence."""

_MARK: Final = re.compile(
    r"\banswers?\b(?:\s{0,3}\([^()\n]{0,40}\))?[\s*_]{0,4}"
    r"(?:(?:is|was|are|equals?)\b[\s*_]{0,4}:?|:|=)"
    r"|####"
    r"|\\(?:boxed|fbox)\s{0,3}(?=\{)",
    re.IGNORECASE,
)
_SENTENCE_END: Final = re.compile(r"[.!?](?=\s|$)|\n\s*(?=\S)")


def read(completion: str) -> Execution:
    """The answer that a thought in prose states.

    The last of `The answer is ...`, `#### ...` and `\\boxed{...}` with a number in it counts; without
    any such mark, the last number of the text. A mark without a number is no answer. What a model
    invents after its answer (a further `Question:`) is cut off first.
    """
    text = without_further_questions(completion[-MAX_TEXT:]).strip()
    claims = list(_claims(text))
    stated = [answer for claim in claims if (answer := canonical(claim)) is not None]
    answer = stated[-1] if stated else None if claims else _last_number(text)
    if answer is not None:
        return Execution(answer=answer, text=text)
    said = f"no number in {claims[-1].strip()[:80]!r}" if claims else "no number in the text"
    return Execution(failure="no-answer", detail=said, text=text)


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


def _last_number(text: str) -> str | None:
    found = list(numerals(flatten(text)))
    return plain(found[-1].value) if found else None

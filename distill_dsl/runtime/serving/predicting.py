"""Questions in, rows out, within bounds: strangers may ask anything, in any number.

A row tells why it has no answer; only a request that is wrong as a whole, or that cannot be served now,
is refused.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from distill_dsl.contract.records import Judged
from distill_dsl.runtime.solving.asking import Answer, Pupil, Watch, ask_all

COLUMNS: Final = ("answer", "format", "confidence", "why", "thoughts")

AT_ONCE: Final = 256
"""Questions that are asked together. Programs are executed by fresh processes each time, which takes a second
or two, and what is not done when time is up is lost: so neither few nor all."""

CHARACTERS_AT_ONCE: Final = 64_000
"""Of the questions that are asked together, beyond the first: 256 as long as those of GSM8K."""

CHARACTERS_A_TOKEN: Final = 16
"""No question is looked at beyond so many characters for each token that the student reads: four are usual in
prose, and to make tokens of what nobody reads takes time and memory."""

TOKENS_KEPT: Final = 2
"""Times the tokens that the student reads are kept of a question: so it is cut where it is cut in the pipeline,
however its tokens join where it ends now."""

NO_QUESTION: Final = "there is no question"
TOO_LATE: Final = "there was no time left for this question: ask fewer at once"
CUT: Final = "the question is too long, its end was not read; "


class Refused(Exception):
    """A request that is wrong as a whole."""


class OutOfTime(Exception):
    """A request has had its time."""


@dataclass(frozen=True)
class Bounds:
    """What one request may take; `None` is without bound."""

    questions: int | None = None
    seconds: float | None = None


def rows(pupil: Pupil, asked: Sequence[object], bounds: Bounds) -> list[dict[str, Any]]:
    """A row of `COLUMNS` for each question, in order. What is no text is `Refused`, none at all is answered by none."""
    if bounds.questions is not None and len(asked) > bounds.questions:
        raise Refused(f"{len(asked)} questions at once; at most {bounds.questions}")
    questions = [_question(place, one, pupil.longest) for place, one in enumerate(asked)]
    distinct = [text for text in dict.fromkeys(questions) if text]
    found = _answers(pupil, distinct, bounds)
    return [
        _row(found, text, cut=len(text) < len(str(one).strip())) for text, one in zip(questions, asked, strict=True)
    ]


def _question(place: int, one: object, longest: int) -> str:
    """The text of a question, of which no more is kept than so many tokens can be."""
    if one is None:
        return ""
    if not isinstance(one, str):
        raise Refused(f"question {place} is no text but a {type(one).__name__}")
    text = one.strip()[: CHARACTERS_A_TOKEN * longest]
    # JSON can write halves of a character, which no tokenizer reads.
    return text.encode("utf-8", "replace").decode("utf-8")


def _answers(pupil: Pupil, questions: Sequence[str], bounds: Bounds) -> dict[str, Answer]:
    """What came of each question for which there was time."""
    watch = _Clock(bounds.seconds)
    found: dict[str, Answer] = {}
    try:
        for some in _together(questions):
            found |= zip(some, ask_all(pupil, [_shortened(pupil, one, watch) for one in some], watch), strict=True)
    except OutOfTime:
        return found
    return found


def _shortened(pupil: Pupil, question: str, watch: Watch) -> str:
    """The question without the most of what the student does not read."""
    watch()
    codec, kept = pupil.student.codec, TOKENS_KEPT * pupil.longest
    # No token is of no character, so that short questions need not be looked at.
    if len(question) <= kept:
        return question
    ids = codec.tokenizer(question, add_special_tokens=False)["input_ids"]
    return question if len(ids) <= kept else codec.text(ids[:kept])


def _together(questions: Sequence[str]) -> Iterator[list[str]]:
    """The questions in order, in parts that are asked together."""
    part: list[str] = []
    size = 0
    for question in questions:
        if part and (len(part) == AT_ONCE or size + len(question) > CHARACTERS_AT_ONCE):
            yield part
            part, size = [], 0
        part.append(question)
        size += len(question)
    if part:
        yield part


class _Clock:
    """Called now and then while thoughts are written and executed; raises when time is up."""

    def __init__(self, seconds: float | None) -> None:
        self.end = None if seconds is None else time.monotonic() + seconds

    def __call__(self) -> None:
        if self.end is not None and time.monotonic() > self.end:
            raise OutOfTime


def _row(found: dict[str, Answer], question: str, *, cut: bool) -> dict[str, Any]:
    if question not in found:
        return _silent(TOO_LATE if question else NO_QUESTION)
    answer = found[question]
    [chosen] = answer.chosen
    return {
        "answer": chosen.choice.answer,
        "format": chosen.choice.thought,
        "confidence": chosen.choice.sure,
        "why": f"{CUT if cut or answer.cut else ''}{chosen.why}",
        "thoughts": [_thought(row) for row in answer.rows],
    }


def _silent(why: str) -> dict[str, Any]:
    return {"answer": None, "format": None, "confidence": None, "why": why, "thoughts": []}


def _thought(row: Judged) -> dict[str, Any]:
    """One thought; `verdict` is `answered`, or what became of it, as in the scores."""
    return {
        "format": row.thought,
        "sample": row.sample,
        "text": row.text,
        "answer": row.answer,
        "verdict": row.verdict,
        "detail": row.detail,
        "tokens": row.tokens,
        "logprob": row.logprob,
        "confidence": row.confidence,
    }

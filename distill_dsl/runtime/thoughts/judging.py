"""Verdicts: what kinds of answers a data set asks for, and whether an execution gives the gold one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import Final

from distill_dsl.contract.vocabulary import Outcome
from distill_dsl.runtime.thoughts.answers import AnswerType, same, type_of
from distill_dsl.runtime.thoughts.execution import Execution


class AnswerGroup(StrEnum):
    """Types of answers that stand for each other: whoever asks for one number asks for any."""

    NUMBER = "number"
    DATE = "date"
    CLOCK = "clock"
    """A time of day or a ratio: the text `7:10` may be either."""
    LIST = "list"
    TEXT = "text"


_GROUPS: Final = {
    AnswerType.INTEGER: AnswerGroup.NUMBER,
    AnswerType.DECIMAL: AnswerGroup.NUMBER,
    AnswerType.RATIONAL: AnswerGroup.NUMBER,
    AnswerType.DATE: AnswerGroup.DATE,
    AnswerType.TIME: AnswerGroup.CLOCK,
    AnswerType.RATIO: AnswerGroup.CLOCK,
    AnswerType.LIST: AnswerGroup.LIST,
    AnswerType.SET: AnswerGroup.LIST,
    AnswerType.TEXT: AnswerGroup.TEXT,
}


def group_of(answer: str) -> AnswerGroup:
    """The group of a canonical answer."""
    return _GROUPS[type_of(answer)]


def kinds_of(golds: Iterable[str]) -> frozenset[AnswerGroup]:
    """The groups of answers that a data set asks for.

    A property of the data set, never of one problem: were the type of a problem's own gold known to
    whatever reads its answer, reading would be given a hint.
    """
    return frozenset(map(group_of, golds))


def restricted(execution: Execution, kinds: frozenset[AnswerGroup]) -> Execution:
    """The execution with an answer of one of `kinds`: its own, else another reading of the same text.

    Where there is none, it is a failure `no-answer`: words are no answer where numbers are asked for.
    """
    if execution.answer is None or (own := group_of(execution.answer)) in kinds:
        return execution
    for group in AnswerGroup:
        if group in kinds and group in execution.otherwise:
            return replace(execution, answer=execution.otherwise[group])
    detail = f"{execution.answer[:80]!r} is a {own}; asked for: {', '.join(sorted(kinds))}"
    return replace(execution, answer=None, failure=str(Outcome.NO_ANSWER), detail=detail)


def judge(execution: Execution, gold: str, tolerance: float) -> str:
    """The verdict on an execution: `correct`, `wrong`, or its failure."""
    if execution.answer is None:
        assert execution.failure is not None
        return execution.failure
    return (Outcome.CORRECT if same(execution.answer, gold, tolerance) else Outcome.WRONG).value

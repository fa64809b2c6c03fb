"""What counts as an answer, by what a data set asks for."""

from __future__ import annotations

import pytest

from distill_dsl.runtime.thoughts.answers import AnswerType
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.judging import _GROUPS, AnswerGroup, judge, kinds_of, restricted

MANY = {"number": "5", "text": "B", "clock": "3:4"}


def test_every_type_has_its_group() -> None:
    assert set(_GROUPS) == set(AnswerType)
    assert set(_GROUPS.values()) == set(AnswerGroup)


@pytest.mark.parametrize(
    ("golds", "kinds"),
    [
        (["5", "-0.5", "1/3"], {"number"}),
        (["5", "Tuesday"], {"number", "text"}),
        (["3:4", "13:30"], {"clock"}),
        (["[1, 2]", "{1, 2}"], {"list"}),
        (["2020-01-31"], {"date"}),
        (["a gold answer in so many words that it can only be compared with itself and read as nothing"], {"text"}),
        ([], set()),
    ],
)
def test_kinds_of(golds: list[str], kinds: set[str]) -> None:
    assert kinds_of(golds) == kinds
    assert kinds_of(reversed(golds)) == kinds


@pytest.mark.parametrize(
    ("kinds", "answer"),
    [
        ({"list"}, "[1, 2]"),
        ({"list", "number"}, "[1, 2]"),
        ({"number"}, "5"),
        ({"clock", "text"}, "3:4"),
        ({"date"}, None),
    ],
)
def test_another_reading_of_the_same_text_stands_in(kinds: set[str], answer: str | None) -> None:
    execution = Execution(answer="[1, 2]", otherwise=MANY, text="t", notes=("n",), solution={"x": "1"})
    found = restricted(execution, frozenset(map(AnswerGroup, kinds)))
    assert found.answer == answer
    assert (found.text, found.notes, found.solution) == ("t", ("n",), {"x": "1"})
    assert found.failure == (None if answer else "no-answer")
    assert found.detail == ("" if answer else "'[1, 2]' is a list; asked for: date")


def test_a_failure_stays_what_it_is() -> None:
    execution = Execution(failure="timeout", detail="processor time", otherwise=MANY)
    assert restricted(execution, frozenset({AnswerGroup.NUMBER})) is execution
    assert judge(execution, "5", 0.001) == "timeout"


def test_verdicts() -> None:
    assert judge(Execution(answer="5"), "5.0005", 0.001) == "correct"
    assert judge(Execution(answer="5"), "6", 0.001) == "wrong"

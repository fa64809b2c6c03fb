"""Answers out of prose, and out of lines that programs print."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_answers import cases

from distill_dsl.runtime.thoughts.answers import canonical, read_answer
from distill_dsl.runtime.thoughts.judging import AnswerGroup, restricted
from distill_dsl.runtime.thoughts.text import read, read_printed, read_stated

NUMBERS = frozenset({AnswerGroup.NUMBER})
MARKS = ("The answer is ", "#### ", "\\boxed{", "Question: ", "\n", "}", "$", "1,234", " 5", ".", "=", "A:", "x", "(B)")


@pytest.mark.parametrize(("text", "expected"), cases("prose.json"))
def test_read_where_numbers_are_asked_for(text: str, expected: str | None) -> None:
    execution = restricted(read(text), NUMBERS)
    assert execution.answer == expected
    assert execution.failure == (None if expected else "no-answer")


@pytest.mark.parametrize(("text", "expected", "notes"), cases("prose_typed.json"))
def test_read(text: str, expected: str | None, notes: list[str]) -> None:
    execution = read(text)
    assert (execution.answer, list(execution.notes)) == (expected, notes)
    assert execution.failure == (None if expected else "no-answer")
    assert bool(execution.detail) == (expected is None)


@given(st.lists(st.sampled_from(MARKS)).map("".join) | st.text())
def test_read_never_raises_and_answers_are_canonical(text: str) -> None:
    for execution in (read(text), read_printed(text), read_stated(text)):
        answers = [execution.answer, *execution.otherwise.values()]
        assert all(answer is None or read_answer(answer) == answer for answer in answers)
        number = restricted(execution, NUMBERS).answer
        assert number is None or canonical(number) == number


@pytest.mark.parametrize(
    "part",
    ["\\boxed{", "the answer is ", "1,", "{{", "-", "a ", "1 ", "\n", "####", "Q:", "Q:\n", "1/", "1:", "(", "1=",
     "=1+", "1 x ", "of 5% ", "\\frac{", "<<", "Jan 1 ", "1 and ", "answer is [1, ", "1^9", "½", "1 1/2 "],
)  # fmt: skip
def test_reading_is_linear(part: str) -> None:
    start = time.process_time()
    read(part * (200_000 // len(part)))
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("line", "answer", "number", "notes"),
    [
        ("18", "18", "18", []),
        ("The total is 5 eggs.", "5", "5", ["last number"]),
        ("3 + 4 = 7", "7", "7", ["last number"]),
        ("The answer is 6 of 12", "6", "6", []),
        ("Tuesday", "Tuesday", None, []),
        ("3:45 PM", "15:45", None, []),
        ("[3, 5]", "[3, 5]", "5", []),
        ("x = [3, 5]", "[3, 5]", "5", []),
        ("(B)", "B", None, []),
        ("True", "True", None, []),
        ("nan", None, None, []),
    ],
)
def test_a_printed_line(line: str, answer: str | None, number: str | None, notes: list[str]) -> None:
    execution = read_printed(line)
    assert (execution.answer, list(execution.notes)) == (answer, notes)
    assert restricted(execution, NUMBERS).answer == number


def test_a_stated_text_has_other_readings() -> None:
    execution = read_stated("5 apples and 3 pears")
    assert (execution.answer, execution.otherwise) == ("[5, 3]", {"number": "5"})
    assert restricted(execution, NUMBERS).answer == "5"
    assert read_stated("").failure == read_stated("None").failure == "no-answer"


def test_words_are_no_answer_where_numbers_are_asked_for() -> None:
    execution = restricted(read("The answer is Tuesday."), NUMBERS)
    assert execution.failure == "no-answer"
    assert execution.detail == "'Tuesday' is a text; asked for: number"


def test_the_check_of_a_thought_stays_with_it() -> None:
    execution = restricted(read("2 + 3 = 6. The answer is (A)."), NUMBERS)
    assert execution.steps is not None
    assert execution.steps.first_wrong == "2 + 3 = 6, but it is 5"

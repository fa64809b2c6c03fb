"""Answers out of prose."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_answers import cases

from distill_dsl.runtime.thoughts.answers import canonical
from distill_dsl.runtime.thoughts.text import read

MARKS = ("The answer is ", "#### ", "\\boxed{", "Question: ", "\n", "}", "$", "1,234", " 5", ".", "=", "A:", "x")


@pytest.mark.parametrize(("text", "expected"), cases("prose.json"))
def test_read(text: str, expected: str | None) -> None:
    execution = read(text)
    assert execution.answer == expected
    assert execution.failure == (None if expected else "no-answer")


@given(st.lists(st.sampled_from(MARKS)).map("".join))
def test_read_never_raises_and_answers_are_canonical(text: str) -> None:
    answer = read(text).answer
    assert answer is None or canonical(answer) == answer


@pytest.mark.parametrize(
    "part", ["\\boxed{", "the answer is ", "1,", "{{", "-", "a ", "1 ", "\n", "####", "Q:", "Q:\n", "1/"]
)
def test_reading_is_linear(part: str) -> None:
    start = time.monotonic()
    read(part * (200_000 // len(part)))
    assert time.monotonic() - start < 2

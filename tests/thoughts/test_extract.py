"""Programs and equations out of raw completions."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_answers import cases

from distill_dsl.runtime.thoughts import extract

LINES = (
    "ans = 1",
    "    a = 2",
    "def solution():",
    "    return a",
    "So it is 5.",
    "```python",
    "```",
    "Q: more?",
    "# Question: x",
    "",
    "x = (",
    "<think>",
    "</think>",
    "<answer>",
    "1. ans = 1",
    "<|im_end|>",
)


@pytest.mark.parametrize(("name", "completion", "expected"), cases("programs.json"))
def test_program(name: str, completion: str, expected: str) -> None:
    assert extract.program(completion) == expected, name


@given(st.lists(st.sampled_from(LINES)).map("\n".join))
@example("Q: more?\nans = 1\nSo it is 5.\nans = 1")
def test_a_program_is_its_own_program(completion: str) -> None:
    once = extract.program(completion)
    assert extract.program(once) == once


@given(st.text())
def test_extraction_never_raises(text: str) -> None:
    extract.program(text)
    extract.equations(text)


@pytest.mark.parametrize(
    "part",
    [
        "(",
        "-",
        "[",
        "not ",
        "x=",
        "a.",
        "lambda:",
        "if a:\n",
        "x = (\n",
        "```\n",
        "Q:\n",
        "A b c\n",
        "f(",
        "{1:",
        "<think>",
        "</think>",
        "<|im_start|>user\n",
        "<answer>",
        "- a = 1\n",
        "`a = 1`",
        "A question that is asked in prose?\n",
    ],
)
def test_extraction_is_bounded(part: str) -> None:
    start = time.monotonic()
    extract.program(part * (extract.MAX_PROGRAM // len(part)))
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        ("x = 5\nans = x", "x = 5\nans = x"),
        ("```\nx = 5\nans = x\n```\nSo it is 5.", "x = 5\nans = x"),
        ("[[eq x = 5]]\n[[answer x]]", "[[eq x = 5]]\n[[answer x]]"),
        ("x = 5\nans = x\n\nQuestion: more?\nx = 6", "x = 5\nans = x\n"),
        ("<think>x = 9\nans = x</think>\nx = 5\nans = x", "x = 5\nans = x"),
        ("x = 9\nans = x\n</think>\nx = 5\nans = x", "x = 5\nans = x"),
        ("<think>x = 9\nans = x", ""),
        ("x = 5\nans = x<|im_end|>", "x = 5\nans = x"),
        ("I add.\n<answer>\nx = 5\nans = x\n</answer>", "x = 5\nans = x"),
        ("x = 5\nans = x\n```\nSo it is 5.", "x = 5\nans = x"),
        ("x < 5\nx > 3\nans = x", "x < 5\nx > 3\nans = x"),
    ],
)
def test_equations(completion: str, expected: str) -> None:
    assert extract.equations(completion).strip() == expected.strip()

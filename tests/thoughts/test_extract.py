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


ASKED = "Ann has 2 pens and gets 3.\nHow many pens has she?"
SHOWN = "Question: Bo has 1 hat. How many?\nAnswer: The answer is 1.\n\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She has 5. The answer is 5.", "She has 5. The answer is 5."),
        (f"{SHOWN}Question: {ASKED}\nAnswer: She has 5.", "\nAnswer: She has 5."),
        (f"Answer each question.\n\n{SHOWN}Question: {ASKED}\nAnswer: She has 5.", "\nAnswer: She has 5."),
        (f"Answer the question.\n\n{ASKED}\n\nShe has 5.", "\n\nShe has 5."),
        (f"Question: {ASKED.replace(chr(10), ' ')}\nans = 5", "\nans = 5"),
        (f"She has 5.\n\nQuestion: {ASKED}\nAnswer: She has 7.", None),
        (f'def solution():\n    """\n    {ASKED}\n    """\n    return 5', None),
        (f"import math\n# Question: {ASKED.replace(chr(10), ' ')}\nans = 5", None),
        (f"{SHOWN}Question: {ASKED}\n", None),
    ],
)
def test_an_echo_of_the_prompt_ends_with_the_question(text: str, expected: str | None) -> None:
    assert extract.after_echo(text, ASKED) == (text if expected is None else expected)

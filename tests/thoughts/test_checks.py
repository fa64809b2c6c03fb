"""Calculations in prose, recomputed."""

from __future__ import annotations

import gzip
import json
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_answers import cases

from distill_dsl.contract.records import Steps
from distill_dsl.runtime.thoughts.calculations.checks import MAX_CALCULATIONS, checked
from distill_dsl.runtime.thoughts.judging import judge, kinds_of, restricted
from distill_dsl.runtime.thoughts.text import read

PIECES = (
    "1", "20", "3.5", "1/2", "$4", "50%", "+", "-", "*", "/", "^", "(", ")", " ", " ", " = ", "=", "≈", "x", "of",
    "apples", ".", "\n", "<<", ">>", "\\frac{1}{2}", "½", "¢", "0x",
)  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join))


@pytest.mark.parametrize(("text", "right", "wrong"), cases("checks.json"))
def test_checked(text: str, right: int, wrong: int) -> None:
    steps = checked(text)
    assert (steps.right, steps.wrong) == (right, wrong) if steps else (right, wrong) == (0, 0)


def test_the_first_wrong_calculation_is_shown_as_it_is_written() -> None:
    steps = checked("First 2 + 2 = 4.\nThen 3 apples × $4 = $11, and 5 + 5 = 11.")
    assert steps == Steps(right=1, wrong=2, first_wrong="3 apples * $4 = $11, but it is 12")


@given(TEXTS)
def test_nothing_raises(text: str) -> None:
    steps = checked(text)
    assert steps is None or steps.right + steps.wrong > 0
    assert steps is None or bool(steps.first_wrong) == bool(steps.wrong)


@given(st.integers(-999, 999), st.sampled_from("+-*"), st.integers(0, 999), st.integers(-3, 3))
def test_right_is_what_python_computes(one: int, sign: str, other: int, off: int) -> None:
    value: int = {"+": one + other, "-": one - other, "*": one * other}[sign]
    steps = checked(f"So {one} {sign} {other} = {value + off}.")
    hundredfold = value and Fraction(value + off, value) in (100, Fraction(1, 100))
    assert steps == (None if hundredfold else Steps(right=1)) if off == 0 or hundredfold else steps and steps.wrong == 1


@given(st.lists(st.integers(1, 99), min_size=2, max_size=9), st.lists(st.sampled_from("+-*/"), min_size=8, max_size=8))
def test_long_calculations_have_the_usual_precedence(numbers: list[int], signs: list[str]) -> None:
    written = " ".join(f"{number} {sign}" for number, sign in zip(numbers, signs, strict=False)).rstrip("+-*/ ")
    value = eval("".join(f"Fraction({t})" if t.isdigit() else t for t in written.split()), {"Fraction": Fraction})
    if value.denominator == 1:
        steps = checked(f"{written} = {value}")
        assert steps is None or steps == Steps(right=1)
        assert steps is not None or len(written.split()) == 1


@pytest.mark.parametrize(
    "part", ["1+", "1 ", "(", "((1)", "1=", "=", "1+1=", "x", "a ", "½", "<<", "<<1", "\\frac{", "1/", "1,",
     "1 1/2", "^9", "-", "9^9", "%"],
)  # fmt: skip
def test_checking_is_linear(part: str) -> None:
    start = time.process_time()
    checked(part * (200_000 // len(part)))
    checked(part * 3000 + "= 5")
    assert time.process_time() - start < 2


def test_no_more_is_counted_than_a_thought_can_need() -> None:
    assert checked("1 + 1 = 2\n" * 1000) == Steps(right=MAX_CALCULATIONS)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        # (thoughts, of them with calculations, of them with a wrong one) among right and among wrong answers
        ("XoT-gsm8k-test-cot", (1079, 1049, 1), (240, 224, 11)),
        ("EIT-gemini_L2-gsm8k-train-cot", (7073, 6909, 44), (360, 353, 16)),
        ("SAT-LM-gsmsys-train-cot", (236, 216, 1), (240, 149, 20)),
    ],
)
def test_wrong_calculations_tell_wrong_answers(
    benchmark_data: Path, name: str, right: tuple[int, int, int], wrong: tuple[int, int, int]
) -> None:
    with gzip.open(benchmark_data / "recorded" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    kinds = kinds_of(row["gold"] for row in rows)
    found: dict[bool, list[Steps | None]] = {True: [], False: []}
    for row in rows:
        execution = restricted(read(row["text"]), kinds)
        found[judge(execution, row["gold"], 0.001) == "correct"].append(execution.steps)
    assert counts(found[True]) == right
    assert counts(found[False]) == wrong


def counts(steps: list[Steps | None]) -> tuple[int, int, int]:
    return len(steps), sum(one is not None for one in steps), sum(one is not None and one.wrong > 0 for one in steps)

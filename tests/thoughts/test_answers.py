"""Canonical answers and their comparison."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.runtime.thoughts.answers import canonical, same, vote_key
from distill_dsl.runtime.thoughts.numerals import plain

CASES = Path(__file__).parent / "cases"

ANSWERISH = st.text(alphabet=r"0123456789.,-+−–$€%/ \{}=:eExX*^½³×()[]abcdfrtoz`" + "\n\u00a0\u0660")
TEXTS = st.one_of(st.text(), ANSWERISH)
NUMBERS = st.fractions().map(plain)


def cases(name: str) -> list[list[object]]:
    rows: list[list[object]] = json.loads((CASES / name).read_text(encoding="utf-8"))
    return rows


@pytest.mark.parametrize(("text", "expected"), cases("canonical.json"))
def test_canonical(text: str, expected: str | None) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize(("answer", "gold", "expected"), cases("same.json"))
def test_same(answer: str, gold: str, expected: bool) -> None:
    assert same(answer, gold, 0.001) is expected
    assert same(gold, answer, 0.001) is expected


def test_tolerance_is_inclusive_and_exact() -> None:
    assert same("0.1", "0.4", 0.3)
    assert not same("0.1", "0.40000000000000000001", 0.3)
    assert same("1/3", "2/6", 0.0)


@given(TEXTS)
def test_canonical_never_raises_and_is_idempotent(text: str) -> None:
    answer = canonical(text)
    if answer is not None:
        assert canonical(answer) == answer


@given(TEXTS, TEXTS)
def test_same_is_symmetric(one: str, other: str) -> None:
    assert same(one, other, 0.001) == same(other, one, 0.001)


@given(TEXTS)
def test_same_is_reflexive(text: str) -> None:
    assert same(text, text, 0.0)


@given(st.fractions())
def test_numbers_survive_their_canonical_text(value: Fraction) -> None:
    text = plain(value)
    assert text is not None
    assert canonical(text) == text
    assert same(text, f"{value.numerator}/{value.denominator}", 0.0)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_read_exactly(value: float) -> None:
    text = canonical(repr(value))
    assert text is not None
    assert float(Fraction(text)) == value


@given(NUMBERS, NUMBERS)
def test_answers_of_one_key_are_close(one: str, other: str) -> None:
    assert vote_key(one) == vote_key(vote_key(one))
    if vote_key(one) == vote_key(other):
        assert same(one, other, 0.001)


def test_vote_keys_join_what_is_equal() -> None:
    assert vote_key("1/3") == vote_key("0.3333333333333333") == "0.333"
    assert vote_key("5") == vote_key("4.9999999999") == "5"
    assert vote_key("Yes.") == vote_key("yes")


def test_long_texts_are_no_answers() -> None:
    assert canonical("1" * 2001) is None
    assert canonical("1" * 401) is None
    assert canonical("1" * 400) == "1" * 400
    assert canonical("{" * 2000) is None

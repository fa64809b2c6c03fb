"""Answers: what is read, what type it has, and when two of them are the same."""

from __future__ import annotations

import json
import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.contract.settings import ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.thoughts.answers import (
    AnswerType,
    canonical,
    from_parts,
    read_answer,
    same,
    type_of,
    valid,
    vote_key,
)
from distill_dsl.runtime.thoughts.answers.numerals import plain

CASES = Path(__file__).parent / "cases"

ANSWERISH = st.text(alphabet=r"0123456789.,-+−–$€%/ \{}=:;eExX*^½³×()[]abcdfrtoz'`" + "\n\u00a0\u0660")
PIECES = (
    "1", "2", "1,234", "0.5", "1/3", " ", " ", ", ", " and ", " or ", ";", ":", "[", "]", "{", "}", "(", ")",
    "x = ", "$", "%", "Jan", "31", "2020", "-", "/", "p.m.", "B", ".", "yes", "no", "the ", "A ", "\\boxed{",
    "\\text{", "\\frac{", "ratio ", " to ",
)  # fmt: skip
TEXTS = st.one_of(st.text(), ANSWERISH, st.lists(st.sampled_from(PIECES)).map("".join))
NUMBERS = st.fractions().map(plain)


def cases(name: str) -> list[list[object]]:
    rows: list[list[object]] = json.loads((CASES / name).read_text(encoding="utf-8"))
    return rows


@pytest.mark.parametrize(("text", "expected"), cases("canonical.json"))
def test_canonical(text: str, expected: str | None) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize(
    ("answer", "gold", "expected", "why"),
    cases("answers.json"),
    ids=[f"{n}" for n, _ in enumerate(cases("answers.json"))],
)
def test_same(answer: str, gold: str, expected: bool, why: str) -> None:
    assert same(answer, gold) is expected, why
    once = read_answer(answer) or answer, read_answer(gold) or gold
    assert same(*once) is expected, f"{why}, as canonical text"
    assert expected or vote_key(answer) != vote_key(gold) or read_answer(answer) is None


def test_the_table_is_long_and_has_no_row_twice() -> None:
    rows = cases("answers.json")
    assert len({(answer, gold) for answer, gold, *_ in rows}) == len(rows) >= 300


def test_tolerance_is_inclusive_and_exact() -> None:
    assert same("0.1", "0.4", 0.3)
    assert not same("0.1", "0.40000000000000000001", 0.3)
    assert same("1/3", "2/6", 0.0)
    assert ThoughtSettings(answer=AnswerKind.TEXT, cue="", prompt="").tolerance == 0.001


@pytest.mark.parametrize(
    ("text", "answer", "type"),
    [
        ("5", "5", "integer"),
        ("$1,234.50", "1234.5", "decimal"),
        ("2/6", "1/3", "rational"),
        ("0.0000000000000000000001", "1/10000000000000000000000", "rational"),
        ("Jan 31st, 2020", "2020-01-31", "date"),
        ("3:30 p.m.", "15:30", "time"),
        ("3:30", "3:30", "time"),
        ("10:05", "10:05", "time"),
        ("9:03:36 am", "09:03:36", "time"),
        ("3 : 4", "3:4", "ratio"),
        ("6:8", "6:8", "ratio"),
        ("24:36", "24:36", "ratio"),
        ("1 and 2", "[1, 2]", "list"),
        ("(1, 2/6)", "[1, 1/3]", "list"),
        ("{3, 1, 2, 2}", "{1, 2, 3}", "set"),
        ("{b, a, 10, 9}", "{9, 10, a, b}", "set"),
        ("[[1, 2], {4, 3}]", "[[1, 2], {3, 4}]", "list"),
        ("(B) 5 apples", "B", "text"),
        ("yes, he has", "Yes", "text"),
        ("true", "True", "text"),
        ("February 3rd", "February 3", "text"),
        ("x = Tuesday", "Tuesday", "text"),
        ("Mrs. Hilt.", "Mrs. Hilt", "text"),
    ],
)
def test_read_answer(text: str, answer: str, type: str) -> None:
    assert read_answer(text) == answer
    assert type_of(answer) == type
    assert valid(AnswerType(type), answer)
    assert not any(valid(other, answer) for other in AnswerType if other != type)


@pytest.mark.parametrize(
    "text", ["", " ", "nan", "-inf", "None", "[]", "{}", "?", "x" * 101, "w " * 13, "1" * 401, "é\x00"]
)
def test_what_is_no_answer(text: str) -> None:
    assert read_answer(text) is None


@pytest.mark.parametrize(
    ("type", "text", "answer"),
    [
        ("integer", "5", "5"),
        ("integer", "-005", "-5"),
        ("decimal", "1e+22", "10000000000000000000000"),
        ("decimal", "0.30000000000000004", "0.30000000000000004"),
        ("decimal", "5.0", "5"),
        ("rational", "4/6", "2/3"),
        ("rational", "4/2", "2"),
        ("date", "2020-01-31", "2020-01-31"),
        ("time", "14:30:00", "14:30"),
        ("ratio", "3:4", "3:4"),
        ("list", "[1, 2.50]", "[1, 2.5]"),
        ("list", "[5]", "5"),
        ("set", "{2, 1}", "{1, 2}"),
        ("text", "True", "True"),
        ("text", "$5", "5"),
        ("integer", "5.0", None),
        ("integer", "5 ", None),
        ("integer", "٥", None),
        ("integer", "1" * 401, None),
        ("integer", "1_000", None),
        ("decimal", "nan", None),
        ("decimal", "inf", None),
        ("decimal", "1e999", None),
        ("decimal", "1e401", None),
        ("rational", "1/0", None),
        ("rational", "1/00", None),
        ("date", "2020-02-30", None),
        ("date", "2020-01-31\n", None),
        ("time", "25:30", None),
        ("list", "[1, 2", None),
        ("list", "[" * 1000 + "]" * 1000, None),
        ("list", "{1, 2}", None),
        ("set", "[1, 2]", None),
        ("list", f"[{', '.join(['1'] * 101)}]", None),
        ("text", "", None),
        ("text", "5" * 2001, None),
        ("number", "5", None),
        ("", "5", None),
    ],
)
def test_parts_of_an_untrusted_reply(type: str, text: str, answer: str | None) -> None:
    assert from_parts(type, text) == answer


@given(st.sampled_from([*AnswerType, "", "x"]), TEXTS)
def test_parts_are_canonical_or_refused(type: str, text: str) -> None:
    answer = from_parts(type, text)
    assert answer is None or valid(type_of(answer), answer)


@given(TEXTS)
def test_canonical_never_raises_and_is_idempotent(text: str) -> None:
    answer = canonical(text)
    if answer is not None:
        assert canonical(answer) == answer == read_answer(answer)


@given(TEXTS)
def test_read_answer_never_raises_and_is_idempotent(text: str) -> None:
    answer = read_answer(text)
    if answer is not None:
        assert read_answer(answer) == answer
        assert valid(type_of(answer), answer)


@given(TEXTS)
def test_same_is_reflexive(text: str) -> None:
    if read_answer(text) is not None:
        assert same(text, text, 0.0)


@given(st.integers(), st.integers())
def test_same_is_symmetric_for_whole_numbers(one: int, other: int) -> None:
    assert same(str(one), str(other)) == same(str(other), str(one)) == (one == other)


@given(TEXTS, TEXTS)
def test_same_is_symmetric_without_tolerance(one: str, other: str) -> None:
    assert same(one, other, 0.0) == same(other, one, 0.0)


@given(NUMBERS, NUMBERS)
def test_a_whole_gold_number_is_met_absolutely_and_a_fractional_one_also_relatively(answer: str, gold: str) -> None:
    apart, size = abs(Fraction(answer) - Fraction(gold)), abs(Fraction(gold))
    if Fraction(gold).denominator == 1 or size < 1:
        size = Fraction(1)
    assert same(answer, gold) is (apart * 1000 <= size)


@given(st.fractions())
def test_numbers_survive_their_canonical_text(value: Fraction) -> None:
    text = plain(value)
    assert text is not None
    assert canonical(text) == text
    assert same(text, f"{value.numerator}/{value.denominator}", 0.0)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_read_exactly(value: float) -> None:
    text = from_parts("decimal", repr(value))
    assert text == canonical(repr(value))
    assert text is not None
    assert float(Fraction(text)) == value


@given(TEXTS, TEXTS)
def test_answers_of_one_key_are_the_same(one: str, other: str) -> None:
    if vote_key(one) == vote_key(other) and read_answer(one) is not None and read_answer(other) is not None:
        assert same(one, other)


@given(NUMBERS, NUMBERS)
def test_numbers_of_one_key_are_close(one: str, other: str) -> None:
    assert vote_key(one) == vote_key(vote_key(one))
    if vote_key(one) == vote_key(other):
        assert same(one, other)


def test_vote_keys_join_what_is_equal() -> None:
    assert vote_key("1/3") == vote_key("0.3333333333333333") == "0.333"
    assert vote_key("5") == vote_key("4.9999999999") == "5"
    assert vote_key("Yes.") == vote_key("yes") == vote_key("True")
    assert vote_key("6:8") == vote_key("3:4")
    assert vote_key("[1, 0.33333]") == vote_key("[1, 1/3]")
    assert vote_key("[1, 2]") != vote_key("{1, 2}")
    assert vote_key("{red, Blue}") == vote_key("{blue, Red}")


def test_long_texts_are_no_answers() -> None:
    assert canonical("1" * 2001) is None
    assert canonical("1" * 401) is None
    assert canonical("1" * 400) == "1" * 400
    assert canonical("{" * 2000) is None


@pytest.mark.parametrize(
    "part",
    [
        "[",
        "(",
        "{",
        "[1, ",
        "(1",
        "1, ",
        "1:",
        "1 and ",
        "Jan 1",
        "$",
        "**",
        "\\text{",
        "\\left",
        "a ",
        "A.",
        "1^9",
        "-",
        ";",
    ],
)
def test_hostile_texts_take_no_time(part: str) -> None:
    text = (part * 2000)[:2000]
    start = time.monotonic()
    for tried in (text, text[:1999] + "]", "x" + text[:1999]):
        read_answer(tried), type_of(tried), same(tried, "5"), vote_key(tried), from_parts("list", tried)
    assert time.monotonic() - start < 1


def test_a_pairing_of_long_sets_takes_no_time() -> None:
    one = f"{{{', '.join(str(n) for n in range(100))}}}"
    start = time.monotonic()
    assert same(one, one)
    assert same(one, one, 1000.0)
    assert time.monotonic() - start < 1

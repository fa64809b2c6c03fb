"""One slip is one diagnostic, and two independent ones are two."""

from __future__ import annotations

import pytest

from benchmarks.fuzz_language import cascades
from specs import SMALL, SPECS, changed, compiled

CALL = 'file(train: "train.jsonl", test: "test.jsonl")'

SLIPS = [
    # spec, summary, the text that the carets stand under
    (changed(CALL, CALL.replace(", test:", ") test:")), "expected `,`, found `)`", ")"),
    (changed(CALL, CALL.replace("train:", "train }")), "expected `:`, found `}`", "}"),
    (changed("[cot, pot > cot]", "[vote(cot, pot], cot]"), "`(` is closed by `)`", "]"),
    (changed("mix m {", "mix m }"), "expected `{`, found `}`", "}"),
    (changed("mix m {", "mix [ {"), "expected a name or a number, found `[`", "["),
    (changed("student s {", "student {"), "this student has no name", "student"),
    (changed("param paths:", "param :"), "a param has a name", "param"),
    (changed("teacher = t ", "teacher = t } "), "`}` is too much here", "}"),
    (changed("test:", "test"), "`:` is missing after `test`", "test"),
]


@pytest.mark.parametrize(("text", "summary", "under"), SLIPS, ids=[summary for _, summary, _ in SLIPS])
def test_one_slip_is_one_diagnostic(text: str, summary: str, under: str) -> None:
    _, found = compiled(text)
    assert [each.summary for each in found] == [summary]
    span = found[0].span
    assert span is not None
    assert text[span.start : span.end] == under


def test_slips_of_a_token_hardly_ever_give_more_than_two_diagnostics() -> None:
    looked, many = cascades((SPECS / "quickstart.mtd").read_text(encoding="utf-8"), every=23)
    assert looked > 150
    assert len(many) <= looked // 50


def _summaries(text: str) -> list[str]:
    return [each.summary for each in compiled(text)[1]]


def test_slips_of_two_blocks_are_two() -> None:
    text = changed("mix m {", "mix m }").replace("student s {", "student s ]")
    assert _summaries(text) == ["expected `{`, found `}`", "expected `{`, found `]`"]


def test_slips_of_one_block_are_all_told() -> None:
    text = changed("teacher = t", "teacher t").replace("cot + 2*pot", "cot + + 2*pot")
    assert _summaries(text) == ["`=` is missing after `teacher`", "nothing stands before this `+`"]


def test_what_is_wrong_beside_a_slip_is_told() -> None:
    text = changed("mix m {", "mix m }").replace("[cot, pot > cot]", "[cot, pto]").replace("teacher = t", "teacher = u")
    assert _summaries(text) == ["expected `{`, found `}`", "there is no teacher `u`", "there is no thought `pto`"]


def test_an_undefined_name_is_told_once_with_its_other_places() -> None:
    text = SMALL.replace("thought pot", "thought pod")
    _, found = compiled(text)
    assert [each.summary for each in found] == ["there is no thought `pot`"]
    assert [text[span.start : span.end] for span, _ in found[0].labels] == ["pot"]


def test_a_name_of_another_kind_is_still_undefined_beside_a_block_that_lost_its_own() -> None:
    text = changed("thought pot {", "thought {").replace("teacher = t", "teacher = u")
    assert _summaries(text) == ["this thought has no name", "there is no teacher `u`"]

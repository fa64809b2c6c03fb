"""Places, rendering and did-you-mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.compiler.diagnostics import (
    Code,
    Diagnostic,
    did_you_mean,
    distance,
    error,
    has_errors,
    ordered,
    render,
    report,
    suggestion,
    warning,
)
from distill_dsl.compiler.diagnostics.render import MOST
from distill_dsl.compiler.source import Source, Span

TEXT = Source("a.mtd", "one\n\ttwo = 中文 x\nthree")


def at(start: int, end: int) -> Span:
    return Span("a.mtd", start, end)


def shown(*diagnostics: Diagnostic, color: bool = False) -> str:
    return render(diagnostics, {"a.mtd": TEXT}, color)


def test_line_and_column_are_counted_from_one() -> None:
    assert [TEXT.place(offset) for offset in (0, 3, 4, 5, 16, len(TEXT.text))] == [
        (1, 1), (1, 4), (2, 1), (2, 2), (3, 1), (3, 6),
    ]  # fmt: skip
    assert [TEXT.line(number) for number in (1, 2, 3)] == ["one", "\ttwo = 中文 x", "three"]


def test_carets_stand_under_the_wrong_part() -> None:
    start = TEXT.text.index("x")
    text = shown(error(Code.SYNTAX, "no", at(start, start + 1), "help me", ((at(0, 3), "first"),)))
    assert text == (
        "error[MTD010]: no\n"
        " --> a.mtd:2:11\n"
        "  |\n"
        "1 | one\n"
        "  | --- first\n"
        "2 |     two = 中文 x\n"
        "  |                ^\n"
        "  = help: help me\n"
    )


def test_a_span_over_lines_is_shown_on_its_first_and_its_last() -> None:
    assert shown(error(Code.SYNTAX, "no", at(1, 12))).splitlines()[3:] == [
        "1 | one",
        "  |  ^^",
        "2 |     two = 中文 x",
        "  |     ^^^^^^^^",
    ]


def excerpt(text: str, wrong: str, *labels: tuple[str, str]) -> list[str]:
    """What is shown of a text between its place and its help."""
    places = [(text.index(part), part) for part in (wrong, *(part for part, _ in labels))]
    spans = [Span("b.mtd", start, start + len(part)) for start, part in places]
    more = tuple((span, label) for span, (_, label) in zip(spans[1:], labels, strict=True))
    found = error(Code.SYNTAX, "no", spans[0], None, more)
    return render([found], {"b.mtd": Source("b.mtd", text)}, False).splitlines()[3:]


def test_labels_of_one_line_share_its_excerpt() -> None:
    assert excerpt("aa = bb + cc", "cc", ("aa", "this"), ("bb", "that")) == [
        "1 | aa = bb + cc",
        "  | --   --   ^^",
        "  | |    |",
        "  | |    that",
        "  | this",
    ]
    assert excerpt("aa = bb", "aa", ("bb", "that")) == ["1 | aa = bb", "  | ^^   -- that"]


def test_marks_that_overlap_stand_below_each_other() -> None:
    assert excerpt("aa = bb", "bb", ("= bb", "that")) == ["1 | aa = bb", "  |      ^^", "  |    ---- that"]


def test_lines_between_are_left_out_but_for_a_single_one() -> None:
    assert excerpt("a\nb\nc", "a", ("c", "that")) == ["1 | a", "  | ^", "2 | b", "3 | c", "  | - that"]
    assert excerpt("a\nb\nb\nc", "a", ("c", "that")) == ["1 | a", "  | ^", "...", "4 | c", "  | - that"]


def test_the_report_ends_with_how_many_there_are() -> None:
    found = [error(Code.SYNTAX, f"{n}", at(n % 9, n % 9 + 1)) for n in range(200)] + [warning(Code.STALE, "old")]
    text = report(found, {"a.mtd": TEXT}, False)
    assert text.count("error[") == MOST - 1
    assert text.splitlines()[-1] == (
        "200 errors, 1 warning; 101 of them are not shown; for more about a mistake: mtd explain MTD061 (also MTD010)"
    )
    assert report([], {}, False) == ""


def test_the_end_of_the_text_has_a_place() -> None:
    end = len(TEXT.text)
    assert "3 | three\n  |      ^\n" in shown(error(Code.SYNTAX, "no", at(end, end)))


def test_color_changes_nothing_but_color() -> None:
    import re

    diagnostic = error(Code.SYNTAX, "no", at(1, 3), "help", ((at(4, 6), "label"),))
    colored = shown(diagnostic, color=True)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9]+m", "", colored) == shown(diagnostic)


def test_a_spec_cannot_steer_the_terminal() -> None:
    bad = Source("b.mtd", "a \x1b[31m b")
    text = render([error(Code.SYNTAX, "odd \x1b[0m", Span("b.mtd", 2, 3))], {"b.mtd": bad}, False)
    assert "\x1b" not in text


def test_long_lines_are_cut_around_the_carets() -> None:
    long = Source("l.mtd", "x" * 5000 + "!" + "y" * 5000)
    text = render([error(Code.SYNTAX, "no", Span("l.mtd", 5000, 5001))], {"l.mtd": long}, False)
    line, carets = text.splitlines()[3:5]
    assert len(line) < 150
    assert line[carets.index("^")] == "!"


def test_without_a_place_there_is_no_excerpt() -> None:
    assert shown(error(Code.SYNTAX, "no")) == "error[MTD010]: no\n"
    assert "nowhere.mtd" in shown(error(Code.SYNTAX, "no", Span("nowhere.mtd", 1, 2)))


def test_order_is_by_file_and_place_and_each_is_there_once() -> None:
    one, two, none = (
        error(Code.SYNTAX, "1", at(1, 2)),
        error(Code.SYNTAX, "2", Span("b.mtd", 0, 1)),
        error(Code.STALE, "3"),
    )
    assert ordered([two, one, none, one], ["a.mtd", "b.mtd"]) == [none, one, two]
    assert has_errors([one])
    assert not has_errors([])


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("techer", "teacher"), ("datas", "data"), ("tset", None), ("experimnet", "experiment"),
        ("rank", "ranked"), ("xyz", None), ("TEACHER", "teacher"), ("", None),
    ],
)  # fmt: skip
def test_did_you_mean(word: str, meant: str | None) -> None:
    assert did_you_mean(word, ["data", "teacher", "experiment", "ranked"]) == meant


def test_without_a_near_word_the_choices_are_listed() -> None:
    assert suggestion("zzz", ["a", "b"]) == "there is `a`, `b`"
    assert suggestion("zzz", []) is None


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_distance_is_a_distance(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= distance(one, other) <= max(len(one), len(other))


@given(st.text(), st.data())
def test_any_place_of_any_text_can_be_shown(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    source = Source("t", text)
    line, column = source.place(start)
    assert 1 <= line <= len(source.line_starts)
    assert source.line_starts[line - 1] + column - 1 == start
    assert render([error(Code.SYNTAX, "no", Span("t", start, end))], {"t": source}, False).count("^") >= 1

"""Quick fixes, and the edits of the layout."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from marked import SMALL, marked, view_of

from distill_dsl.compiler.diagnostics import edited
from distill_dsl.editor.fixes import changes, fix_all, fixes

WRONG = SMALL.replace("teacher = t ", "techer = tt ").replace("thoughts = cot }", "thoughts = cott }")


def test_a_fix_is_offered_where_the_mistake_is() -> None:
    view, offset = marked(SMALL.replace("answer = python", "answer = pyt|hn"))
    (fix,) = fixes(view.diagnostics, offset, offset)
    assert fix.title == "Change to `python`"
    assert edited(view.source.text, fix.edits) == SMALL


def test_a_fix_is_not_offered_elsewhere() -> None:
    view, _ = marked("|" + SMALL.replace("answer = python", "answer = pythn"))
    assert fixes(view.diagnostics, 0, 0) == []


def test_several_are_fixed_at_once() -> None:
    view = view_of(WRONG)
    offset = WRONG.index("techer")
    found = fixes(view.diagnostics, offset, offset)
    assert found[0].title == "Change to `teacher`"
    assert found[-1].title.startswith("Fix all ")
    once = edited(WRONG, found[-1].edits)
    again = fix_all(view_of(once).diagnostics)
    assert view_of(edited(once, again.edits) if again else once).diagnostics == ()


def test_only_what_is_sure_is_done_unasked() -> None:
    view = view_of(SMALL.replace("answer = python", "answer = pythn"))
    assert fix_all(view.diagnostics) is not None
    assert fix_all(view.diagnostics, sure=True) is None


def test_nothing_to_fix() -> None:
    assert fix_all(view_of(SMALL).diagnostics) is None


# --- layout -------------------------------------------------------------------------------------

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "d"]), max_size=12).map("".join)


@given(LINES, LINES)
def test_changes_make_one_text_of_the_other(old: str, new: str) -> None:
    edits = changes("x", old, new)
    assert edited(old, edits) == new
    assert bool(edits) == (old != new)


def test_lines_that_stay_are_left_alone() -> None:
    (edit,) = changes("x", "a\nb\nc\n", "a\nB\nc\n")
    assert (edit.span.start, edit.span.end, edit.text) == (2, 4, "B\n")


def test_a_text_that_changes_all_over_is_replaced_as_a_whole() -> None:
    old, new = "a\n" * 4000, "b\n" * 4000
    (edit,) = changes("x", old, new)
    assert edited(old, [edit]) == new

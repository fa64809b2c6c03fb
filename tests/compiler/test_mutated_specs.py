"""Any text and any changed spec is checked without an exception, and what is said of it lies in it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz_language import checked, harmed, mutants

ANY = st.text(st.characters(codec="utf-8"), max_size=200)
LIKE_SPECS = st.text(st.sampled_from("{}[]()=:,+*>\"'#\n\t ab1_.-/%$<|;é"), max_size=120)


@settings(max_examples=300, deadline=None)
@given(ANY | LIKE_SPECS)
def test_any_text_is_checked(text: str) -> None:
    checked(text)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_changed_specs_are_checked(seed: int) -> None:
    for text in mutants(2, seed):
        checked(text)


def test_sure_fixes_of_changed_specs_hardly_ever_harm() -> None:
    fixes, worse = 0, 0
    for text in mutants(150, 7):
        found = checked(text)
        fixes += sum(each.fix is not None and each.fix.sure for each in found)
        worse += len(harmed(text, found))
    assert fixes > 50
    assert worse <= fixes // 50

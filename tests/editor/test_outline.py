"""Symbols, folding and what each word is."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marked import SMALL, SPECS, view_of

from distill_dsl.editor.outline import SORTS, Fold, folds, painted, symbols


def test_symbols() -> None:
    found = symbols(view_of('import "x.mtd" as y\n' + SMALL))
    assert [(each.kind, each.name) for each in found][:4] == [
        ("import", "y"),
        ("param", "paths"),
        ("param", "rate"),
        ("data", "a"),
    ]
    assert next(each.detail for each in found if each.name == "n") == "mix, copy of m"
    assert next(each.detail for each in found if each.name == "paths") == "int = 4"


def test_names_lie_within_their_symbols() -> None:
    for each in symbols(view_of(SMALL)):
        assert each.span.start <= each.name_span.start < each.name_span.end <= each.span.end


def folded(text: str) -> list[tuple[str, str]]:
    view = view_of(text)
    return [(view.source.text[each.span.start : each.span.end], each.sort) for each in folds(view)]


def test_folds() -> None:
    assert ("{\n  answer = text\n", "region") in folded("thought x {\n  answer = text\n}")
    assert ("# a\n# b", "comment") in folded("# a\n# b\n\n# c\nmix x { } # d\n# e\n")
    assert ('import "a.mtd"\nimport "b.mtd"', "imports") in folded('import "a.mtd"\nimport "b.mtd"\n')


def test_comments_that_are_parted_do_not_fold() -> None:
    assert folded("# a\n\n# b\n") == []


def sorts(text: str) -> list[tuple[str, str]]:
    view = view_of(text)
    return [(view.source.text[each.span.start : each.span.end], each.sort) for each in painted(view)]


def test_words() -> None:
    assert sorts("mix m = n { thoughts = 2*cot } # x") == [
        ("mix", "keyword"),
        ("m", "class"),
        ("n", "enumMember"),
        ("thoughts", "property"),
        ("2", "number"),
        ("*", "operator"),
        ("cot", "enumMember"),
        ("# x", "comment"),
    ]


def test_names_are_told_by_what_they_name() -> None:
    found = sorts(SMALL)
    assert ("paths", "parameter") in found
    assert found.count(("cot", "class")) == 5
    assert ("train", "enumMember") in found
    assert ("file", "function") in found
    assert ("int", "type") in found


def test_definitions_are_marked() -> None:
    view = view_of(SMALL)
    text = view.source.text
    marked = [text[each.span.start : each.span.end] for each in painted(view) if each.defines]
    assert marked == ["paths", "rate", "a", "t", "cot", "pot", "m", "n", "s", "e"]


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*.mtd")), ids=lambda path: path.stem)
@settings(deadline=None)
@given(data=st.data())
def test_no_word_lies_over_another(spec: object, data: st.DataObject) -> None:
    text = spec.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    cut = text[: data.draw(st.integers(0, len(text)))]
    found = painted(view_of(cut))
    assert all(one.span.end <= other.span.start for one, other in pairwise(found))
    assert all(each.sort in SORTS and "\n" not in cut[each.span.start : each.span.end] for each in found)


def test_a_fold_is_a_region_unless_it_says_otherwise() -> None:
    assert Fold(view_of("").source and symbols(view_of(SMALL))[0].span).sort == "region"

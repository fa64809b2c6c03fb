"""YAML as ruamel writes it: the same bytes, whatever the document, and the document read back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from distill_dsl.compiler.emit import layout
from distill_dsl.compiler.emit.layout import yaml_text

WORDS = ["true", "No", "null", "on", "x", "mtd stage", "a: b", "b:", "s1 -", "it's", "1", "/x", ".inf", "- a", "#", "é"]
TEXTS = st.one_of(
    st.text(max_size=12),
    st.text("ab:/_.-+ #'\"{}[],&*!|>%@`=~?0e\n", max_size=12),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=40).map(" ".join),
)
SCALARS = st.one_of(TEXTS, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False))
CLEAR = st.one_of(st.from_regex(layout.CLEAR, fullmatch=True), st.sampled_from(WORDS))
KEYS = st.one_of(st.from_regex(r"[a-z][a-z_-]{0,8}", fullmatch=True), st.text(min_size=1, max_size=150))
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=4)


@given(DOCUMENTS, st.sampled_from([80, 260, 4096]))
@settings(max_examples=400)
@example({"a": 1e75, "b": [1e75], "c": 10**90}, 80)
@example({"cmd": "mtd stage report " + "--run mix=etd,student=small,seed=1 " * 300 + "x"}, 4096)
@example({"a": {"b": [{"c: d": {"e": "word " * 60 + "x"}}, "word " * 60 + "x"]}}, 260)
def test_any_document_is_written_as_ruamel_does(document: dict[str, Any], width: int) -> None:
    assert yaml_text(document, "", width=width) == layout._dumped(document, width)


@given(st.dictionaries(CLEAR, st.one_of(CLEAR, st.lists(CLEAR, min_size=1), st.integers(), st.booleans()), max_size=4))
@settings(max_examples=200)
def test_what_is_written_is_read_back(document: dict[str, Any]) -> None:
    assert YAML(typ="safe").load(yaml_text(document, "# head\n")) == document


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("mtd stage train --mix etd", "mtd stage train --mix etd"),
        ("execute and choose: small after etd", "'execute and choose: small after etd'"),
        ("mix.etd", "mix.etd"),
        ("a:b", "a:b"),
    ],
)
def test_plain_texts_need_no_ruamel(monkeypatch: pytest.MonkeyPatch, text: str, written: str) -> None:
    monkeypatch.delattr(layout, "_dumped")
    assert yaml_text({"key": text}, "") == f"key: {written}\n"

"""Nothing that can be asked, of any text and at any place, is a reason to fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marked import SMALL, SPECS, folder, view_of

from distill_dsl.editor.completion import completions
from distill_dsl.editor.cursor import Where
from distill_dsl.editor.documents import View
from distill_dsl.editor.hover import hover, signature
from distill_dsl.editor.names import defined, definition, highlights, name_at, references
from distill_dsl.editor.outline import folds, painted, symbols
from distill_dsl.editor.tree import cursor

IMPORTING = """\
import "x.mtd" as c
param size: size = 5MB { least = 1MB   choices = [1MB, 5MB] }
mix x = c.m { problems = c.a.train + c.a.test   dev = 5% }
experiment y { vary size = [1MB]
published = { source: "z", c.s.c.m.c.a: 3.5 } }"""

TEXTS = [path.read_text(encoding="utf-8") for path in sorted(SPECS.glob("*.mtd"))] + [SMALL, IMPORTING]

ODD = ["\N{GRINNING FACE}", "\t", "\x00", '"', "{", "}", "(", ")", "[", "]", ",", ".", "..", "=", ":", "#", "'", "\r\n"]


def ask_all(view: View, offset: int) -> None:
    """Everything that an editor asks about a place. What it answers lies in the text."""
    place = cursor(view, offset)
    assert place.where in Where
    for choice in completions(view, offset):
        assert choice.span.start <= offset <= choice.span.end, (choice, offset)
        assert choice.label and choice.text
    told = hover(view, offset)
    assert told is None or told.span.start <= offset <= told.span.end
    signature(view, offset)
    definition(view, offset)
    highlights(view, offset)
    mention = name_at(view, offset)
    if mention is not None:
        assert references([view], defined(view, mention))


def ask_of_whole(view: View) -> None:
    symbols(view)
    folds(view)
    painted(view)


@pytest.mark.parametrize("text", TEXTS)
def test_every_place_of_a_whole_spec(text: str) -> None:
    view = view_of(text)
    ask_of_whole(view)
    for offset in range(len(text) + 1):
        ask_all(view, offset)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_spec_that_is_cut_or_spoiled(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(TEXTS))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 30)))
        text = text[:start] + data.draw(st.sampled_from(["", *ODD])) + text[end:]
    cut = text[: data.draw(st.integers(0, len(text)))]
    for each in (text, cut):
        view = view_of(each)
        ask_of_whole(view)
        for offset in {len(each), *data.draw(st.lists(st.integers(0, len(each)), max_size=8))}:
            ask_all(view, offset)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.data())
def test_any_text(text: str, data: st.DataObject) -> None:
    view = view_of(text)
    ask_of_whole(view)
    ask_all(view, data.draw(st.integers(0, len(text))))


def test_a_spec_with_an_imported_one(tmp_path: Path) -> None:
    folder(tmp_path, x=SMALL)
    view = view_of(IMPORTING, tmp_path / "main.mtd")
    for offset in range(len(IMPORTING) + 1):
        ask_all(view, offset)

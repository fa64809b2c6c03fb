"""Offsets and the places that editors count in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.editor.places import Places

TEXT = 'a\tb\n"\N{GRINNING FACE}x"\r\nü\rend'


def test_units_of_16_bits_count_an_astral_character_twice() -> None:
    places = Places(TEXT)
    at = TEXT.index("x")
    assert places.place(at) == (1, 3)
    assert places.offset(1, 3) == at


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 5), ("utf-16", 3), ("utf-32", 2)])
def test_other_encodings(encoding: str, column: int) -> None:
    assert Places(TEXT, encoding).place(TEXT.index("x")) == (1, column)


def test_a_tab_is_one_column() -> None:
    assert Places(TEXT).place(TEXT.index("b")) == (0, 2)


def test_every_end_of_line_of_the_protocol_counts_and_no_other() -> None:
    assert Places("a\r\nb\rc\nd").starts == (0, 3, 5, 7)
    assert Places("a\u2028b\x0cc").starts == (0,)


def test_a_place_behind_the_end_is_the_end() -> None:
    places = Places("ab\ncd")
    assert places.offset(0, 99) == 2
    assert places.offset(9, 0) == 5
    assert places.offset(1, 99) == 5


def test_a_place_within_an_astral_character_is_behind_it() -> None:
    assert Places("\N{GRINNING FACE}x").offset(0, 1) == 1


@given(
    st.text(alphabet=st.characters(exclude_categories=[]), max_size=40),
    st.sampled_from(["utf-8", "utf-16", "utf-32"]),
)
def test_an_offset_is_found_again(text: str, encoding: str) -> None:
    places = Places(text, encoding)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] != "\r\n":  # in the middle of an end of line is no place
            assert places.offset(*places.place(offset)) == offset

"""The one layout of specs: what stays, what becomes uniform, and how it looks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_language import PIECES, plain
from texts import spec_texts

from distill_dsl.compiler.diagnostics.excerpt import columns
from distill_dsl.compiler.language import format, nodes, rows
from distill_dsl.compiler.language.automaton import lexed
from distill_dsl.compiler.language.format import formatted
from distill_dsl.compiler.language.parse import parse
from distill_dsl.compiler.language.rows import WIDTH
from distill_dsl.compiler.language.tokens import CLOSING, OPENING, Kind
from specs import SMALL, SPECS, source

SAMPLES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in (Path(__file__).parents[1] / "golden" / "format").glob("*.mtd")
    if not path.stem.endswith(".expected")
}
"""Specs as somebody may write them; beside each stands its layout."""

REAL = [path.read_text(encoding="utf-8") for path in sorted(SPECS.glob("*.mtd"))]


def laid_out(text: str) -> str:
    """The one layout of a text without mistakes."""
    done, found = formatted(source(text))
    assert done is not None, [diagnostic.summary for diagnostic in found]
    return done


# --- properties ---------------------------------------------------------------------------------


def comments(text: str) -> Iterator[tuple[str, int]]:
    """Every comment, and how many words stand before it: brackets and commas are no words."""
    end, words = 0, 0
    for token in [*lexed(source(text)), None]:
        gap = text[end : token.span.start] if token else text[end:]
        for line in gap.split("\n"):
            _, mark, note = line.partition("#")
            if mark:
                yield mark + note.rstrip(), words
        if token:
            end = token.span.end
            words += token.kind not in (*OPENING, *CLOSING, Kind.COMMA)


def words(text: str) -> list[str]:
    """The text's words as written, without commas at the end of brackets."""
    tokens = lexed(source(text))
    last = {number for number, after in enumerate(tokens[1:]) if after.kind in CLOSING}
    return [token.text for number, token in enumerate(tokens) if token.kind is not Kind.COMMA or number not in last]


def keeps_everything(text: str) -> None:
    """Meaning, words and comments stay, each comment between the same words; and once is enough."""
    assert parse(source(text))[1] == []
    done = laid_out(text)
    assert plain(parse(source(done))[0].statements) == plain(parse(source(text))[0].statements)
    assert words(done) == words(text)
    assert list(comments(done)) == list(comments(text))
    assert laid_out(done) == done
    assert_tidy(done)


def assert_tidy(text: str) -> None:
    """No blank at the end of a line, no two empty lines, none at either end."""
    lines = text.split("\n")
    code = [line for line in lines if '"' not in line and "#" not in line]
    assert all(line == line.rstrip() and "\t" not in line for line in code)
    assert "\n\n\n" not in text and not text.startswith("\n") and not text.endswith("\n\n")
    assert text.endswith("\n") or not text


def test_the_texts_hold_every_construct() -> None:
    seen: set[str] = set()

    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(spec_texts())
    def look(text: str) -> None:
        seen.update(re.findall(r"\b(?:[A-Z]\w+(?=\())", repr(parse(source(text))[0].statements)))

    look()
    every = {node.__name__ for union in (nodes.Value, nodes.Statement) for node in get_args(union)}
    assert seen >= every - {"Broken"} | {"Item", "Vary", "Entry", "Argument"}


JUST_FITS_BELOW = "mix a { a = b > { c: " + "d" * 101 + ", e: 1 } }"
"""What follows the operator fits exactly into the next line."""


@settings(max_examples=400, deadline=None)
@given(spec_texts())
@example(JUST_FITS_BELOW)
def test_meaning_and_comments_stay(text: str) -> None:
    keeps_everything(text)


@settings(max_examples=200, deadline=None)
@given(spec_texts(), st.integers(5, 60))
@example("mix a { a = f(0, pot(0) > cot(0, 0)) }", 16)
@example("mix a { a = [f(b, c) > a_rather_long_name( # d\n)] }", 26)
def test_narrow_lines_are_parted_where_they_can_be(text: str, width: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(format, "WIDTH", width)
        patch.setattr(rows, "WIDTH", width)
        keeps_everything(text)
        for line in laid_out(text).split("\n"):
            if columns(line) > width:
                assert not has_elements(line), line


def has_elements(line: str) -> bool:
    """Whether a line holds whole brackets with something in them, or several elements."""
    kinds = [token.kind for token in lexed(source(line))]
    closed = any(one not in OPENING and other in CLOSING for one, other in pairwise(kinds))
    code = line[: lexed(source(line))[-1].span.end] if kinds else ""
    return columns(code) > format.WIDTH and ((closed and kinds[0] not in CLOSING) or Kind.COMMA in kinds[:-1])


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.mtd")), ids=lambda path: path.stem)
def test_the_specs_of_the_repository_are_laid_out(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    keeps_everything(text)
    assert laid_out(text) == text, "run `mtd fmt`"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    survives(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40))
def test_any_order_of_words_is_survived(pieces: list[str]) -> None:
    survives(" ".join(pieces))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([SMALL, *REAL, *SAMPLES.values()]), st.data())
def test_spoilt_specs_are_survived(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 20)))
        text = text[:start] + data.draw(st.one_of(PIECES, st.just(""), st.text(max_size=3))) + text[end:]
    survives(text)


def survives(text: str) -> None:
    """A text with mistakes is left alone, and one without keeps everything."""
    done, found = formatted(source(text))
    assert found == parse(source(text))[1]
    assert (done is None) == bool(found)
    if done is not None:
        keeps_everything(text)


# --- how it looks -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_samples_are_laid_out(name: str, golden: Callable[[str, str], None]) -> None:
    keeps_everything(SAMPLES[name])
    golden(f"format/{name}.expected.mtd", laid_out(SAMPLES[name]))


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("", ""),
        ("\ufeff\r\n \n", ""),
        ("\ufeffmtd 1", "mtd 1\n"),
        ("mtd 1\r\n\r\n\r\n# a\r\n", "mtd 1\n\n# a\n"),
        ("\n\n# a   \n\n\n\n# b\n\n", "# a\n\n# b\n"),
        ("mix a{}mix b=a{ }", "mix a {}\nmix b = a {}\n"),
        ("mix a{x=1}#b", "mix a { x = 1 }  #b\n"),
        ("mix a {\n\n\nx = 1\n\n\n}", "mix a {\n  x = 1\n}\n"),
        ("mix a { x = 1\n y_y = 2 }", "mix a {\n  x   = 1\n  y_y = 2\n}\n"),
        ("mix a { x = f ( a , b : 1 , ) }", "mix a { x = f(a, b: 1) }\n"),
        ("mix a { x = {a:1,b:[]} y = {} }", "mix a { x = { a: 1, b: [] }   y = {} }\n"),
        ("mix a { x = a+2 * b>c }", "mix a { x = a + 2*b > c }\n"),
        ("mix a { x = [1,\n2] }", "mix a {\n  x = [1, 2]\n}\n"),
        ("mix a { x = [\n1, 2\n\n, 3] }", "mix a {\n  x = [\n    1, 2,\n    3,\n  ]\n}\n"),
        ("mix a {}\nmix b {\n x = 1 }\n# c\nmix c {}", "mix a {}\n\nmix b {\n  x = 1\n}\n\n# c\nmix c {}\n"),
    ],
)
def test_small_things(text: str, layout: str) -> None:
    assert laid_out(text) == layout


@pytest.mark.parametrize("lossy", ["", "mix a { x = 1 }\n", "# b\nmix a { x = }\n"])
def test_a_layout_that_lost_something_is_never_given_out(lossy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(format, "written", lambda rows: lossy)
    with pytest.raises(RuntimeError, match="nothing was changed"):
        laid_out("# b\nmix a { x = 1 }")


def test_the_example_of_the_page_is_laid_out() -> None:
    page = (SPECS.parent / "docs" / "language.md").read_text(encoding="utf-8")
    example = page.split("## Formatting")[1].split("```mtd\n")[1].split("```")[0]
    assert laid_out(example) == example


def test_a_text_with_mistakes_is_left_alone() -> None:
    done, found = formatted(source("mix a { x = }"))
    assert done is None
    assert [diagnostic.code for diagnostic in found] == ["MTD010"]


def test_lines_that_can_be_parted_are_not_too_long() -> None:
    for text in SAMPLES.values():
        for line in laid_out(text).splitlines():
            assert len(line) <= WIDTH or line.lstrip().startswith("description = ")

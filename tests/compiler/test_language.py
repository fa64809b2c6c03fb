"""The grammar: what a text means as a tree, and that no text at all ends in an exception."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_dsl.compiler.diagnostics import render
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.language.parse import lexed, parse
from distill_dsl.compiler.source import Span
from specs import SMALL, SPECS, compiled, model_in, source, value_of

ETD = (SPECS / "etd.mtd").read_text(encoding="utf-8")


def plain(node: Any) -> Any:
    """A node without its spans, as nested tuples."""
    if isinstance(node, tuple):
        return tuple(plain(inner) for inner in node)
    if isinstance(node, nodes.Path):
        return node.text
    if not isinstance(node, nodes.Node):
        return node
    return (
        type(node).__name__,
        *(plain(getattr(node, name)) for name in node.__struct_fields__ if name not in ("span", "home")),
    )


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("4", ("Number", 4)),
        ("-4", ("Number", -4)),
        ("1e-4", ("Number", 1e-4)),
        ("2.5E3", ("Number", 2500.0)),
        ("5s", ("Quantity", 5, "s")),
        ("0.5GB", ("Quantity", 0.5, "GB")),
        ("95%", ("Quantity", 95, "%")),
        ("25USD", ("Quantity", 25, "USD")),
        ("1e3ms", ("Quantity", 1000.0, "ms")),
        ("true", ("Constant", True)),
        ("none", ("Constant", None)),
        (r'"a \"b\" \\ \n"', ("Text", 'a "b" \\ \n')),
        ('"# no comment"', ("Text", "# no comment")),
        ("a", "a"),
        ("a.b.c", "a.b.c"),
        ("true_name", "true_name"),
        ("[]", ("List", ())),
        ("[a, 1,]", ("List", ("a", ("Number", 1)))),
        ("{ a.b: 1, c: x }", ("Map", (("Entry", "a.b", ("Number", 1)), ("Entry", "c", "x")))),
        ("f()", ("Call", ("Name", "f"), ())),
        ("f(a, b: 1)", ("Call", ("Name", "f"), (("Argument", None, "a"), ("Argument", ("Name", "b"), ("Number", 1))))),
        ("a + 2*b", ("Sum", ("a", ("Product", (("Number", 2), "b"))))),
        ("a > b + c*2 > d", ("Fallback", ("a", ("Sum", ("b", ("Product", ("c", ("Number", 2))))), "d"))),
    ],
)
def test_values(text: str, tree: Any) -> None:
    assert plain(value_of(text)) == tree


def test_a_value_goes_on_over_lines_and_comments() -> None:
    spread = "[ # first\n  a,\r\n\tb > # then\n c ]"
    assert plain(value_of(spread)) == plain(value_of("[a, b > c]"))


def test_items_stand_on_one_line_or_on_many() -> None:
    one = parse(source("mix m { a = 1 b = [2] c = x d = y }"))
    many = parse(source("mix m\n{\n a = 1\n b =\n[2]\n c = x\n d = y\n}"))
    assert one[1] == many[1] == []
    assert plain(one[0].statements) == plain(many[0].statements)


def test_every_part_of_a_block_has_its_own_place() -> None:
    text = "\nmix b = a { dev = 5% }"
    block = parse(source(text))[0].statements[0]
    assert isinstance(block, nodes.Block)
    assert block.origin is not None
    item = block.items[0]
    assert isinstance(item, nodes.Item)
    places = [block.keyword, block.name, block.origin, item.key, item.value, item, block]
    shown = [text[place.span.start : place.span.end] for place in places]
    assert shown == ["mix", "b", "a", "dev", "5%", "dev = 5%", text.strip()]
    assert text[block.head.start : block.head.end] == "mix b"


def test_parts_of_a_dotted_name_have_their_places() -> None:
    text = "mix m { key = gsm8k.train }"
    path = value_of("gsm8k.train")
    assert isinstance(path, nodes.Path)
    assert [text[part.span.start : part.span.end] for part in path.parts] == ["gsm8k", "train"]


def test_an_empty_file_is_a_spec() -> None:
    for text in ("", "\n\n", "# nothing", "mtd 1", "\ufeff"):
        assert parse(source(text))[1] == []


def test_the_specs_of_the_repository_are_read() -> None:
    for path in SPECS.glob("*.mtd"):
        assert parse(source(path.read_text(encoding="utf-8")))[1] == []


def test_mistakes_in_one_item_leave_the_others() -> None:
    text = "mix m { a = (1)  b = 2  c = [1, 2  d = 4  e = f(g = 1)  i: 5  j 6  k = }"
    spec, found = parse(source(text))
    block = spec.statements[0]
    assert isinstance(block, nodes.Block)
    assert [item.key.text for item in block.items if isinstance(item, nodes.Item)] == ["a", "b", "d", "e", "i", "j"]
    assert len(found) == 6
    assert block.damaged


def test_the_example_of_the_reference_is_a_spec(tmp_path: Path) -> None:
    page = (SPECS.parent / "docs" / "language.md").read_text(encoding="utf-8")
    (tmp_path / "main.mtd").write_text(page.split("```mtd\n")[1].split("```")[0], encoding="utf-8")
    (tmp_path / "common.mtd").write_text("")
    assert model_in(tmp_path / "main.mtd").experiments["main"].vary == (("paths", (1, 2, 4)),)


# --- any text -----------------------------------------------------------------------------------


def spans(node: Any) -> Iterator[Span]:
    """All places inside a node."""
    if isinstance(node, Span):
        yield node
    elif isinstance(node, tuple):
        for inner in node:
            yield from spans(inner)
    elif isinstance(node, nodes.Node):
        for name in node.__struct_fields__:
            yield from spans(getattr(node, name))


def survives(text: str) -> None:
    """The whole way to the model and to the terminal, with every place inside the text."""
    given = source(text)
    spec, _ = parse(given)
    for span in spans(spec.statements):
        assert 0 <= span.start <= span.end <= len(text)
    model, found = compiled(text)
    assert (model is None) == bool(found)
    for diagnostic in found:
        assert diagnostic.span is not None
        for span in (diagnostic.span, *(place for place, _ in diagnostic.labels)):
            assert 0 <= span.start <= span.end <= len(text)
    assert len(set(found)) == len(found)
    render(found, {"spec.mtd": given}, True)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    survives(text)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data: bytes) -> None:
    survives(data.decode("latin-1"))


MARKS = ["{", "}", "[", "]", "(", ")", "=", ":", ",", "+", "*", ">", '"', "'", "\n", "-", ";", "//", "#"]
WORDS = [
    "mix",
    "a",
    "b.c",
    "1",
    "5s",
    "9%",
    "param",
    "import",
    "vary",
    "true",
    "none",
    "data",
    "experiment",
    "vote",
    "thoughts",
    "answers",
    "mtd",
]
PIECES = st.sampled_from([*MARKS, *WORDS, '"x"'])


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=40))
def test_any_order_of_words_is_survived(words: list[str]) -> None:
    survives(" ".join(words))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([SMALL, ETD]), st.data())
def test_spoilt_specs_are_survived(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 20)))
        text = text[:start] + data.draw(st.one_of(PIECES, st.just(""), st.text(max_size=3))) + text[end:]
    survives(text)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(ETD)))
def test_cut_specs_are_survived(length: int) -> None:
    survives(ETD[:length])


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 200), st.data())
def test_words_swapped_with_words_of_the_spec_are_survived(seed: int, data: st.DataObject) -> None:
    tokens = lexed(source(SMALL))
    one, other = (data.draw(st.sampled_from(tokens)).span for _ in range(2))
    survives(SMALL[: one.start] + SMALL[other.start : other.end] + SMALL[one.end :])

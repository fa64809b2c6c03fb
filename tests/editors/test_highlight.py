"""Colours by Pygments: what the tree says a word is, its colour says as well."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from made_specs import made_specs
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import STANDARD_TYPES, Comment, Error, Keyword, Name, Number, String, Whitespace, _TokenType
from roles import HERE, SPECS, Role, roles

from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.language.parse import parse
from distill_dsl.compiler.language.tokens import BLOCKS, UNITS
from distill_dsl.compiler.source import Source
from distill_dsl.highlight import MtdLexer

COLOURS: Final[dict[Role, tuple[_TokenType, ...]]] = {
    Role.EDITION: (Keyword.Declaration,),
    Role.IMPORT: (Keyword.Namespace,),
    Role.ALIAS: (Name.Namespace,),
    Role.KEYWORD: (Keyword.Declaration,),
    Role.VARY: (Keyword,),
    Role.PARAM: (Name.Constant,),
    Role.TYPE: (Keyword.Type,),
    Role.BLOCK: (Name.Class,),
    Role.ORIGIN: (Name.Class,),
    Role.KEY: (Name.Attribute,),
    Role.ARGUMENT: (Name.Attribute,),
    Role.CALL: (Name.Function,),
    Role.NAME: (Name,),
    Role.TEXT: (String.Double, String.Escape),
    Role.NUMBER: (Number.Integer, Number.Float, Keyword.Type),
    Role.CONSTANT: (Keyword.Constant,),
}

FRAGMENTS: Final = [
    *BLOCKS,
    *UNITS,
    *'{}[]()=:,>+*#"\\\n.-5;é',
    " ",
    "param",
    "import",
    "vary",
    "as",
    "mtd",
    "//",
    "a",
    "'",
]

Colour = tuple[int, _TokenType, str]


def colours(text: str) -> list[Colour]:
    """Every token: offset, type and text."""
    return list(MtdLexer().get_tokens_unprocessed(text))


def told(text: str) -> str:
    """The tokens of a text, one a line."""
    shown = [(type, piece) for _, type, piece in colours(text) if type is not Whitespace]
    return "".join(f"{str(type).removeprefix('Token.')} {piece!r}\n" for type, piece in shown)


def agree(text: str, spec: nodes.Spec) -> None:
    """Assert that the colours of a text without mistakes are those of its tree."""
    tokens = colours(text)
    for role, span in roles(spec):
        types = {type for at, type, piece in tokens if at < span.end and at + len(piece) > span.start}
        assert types and types <= set(COLOURS[role]), (text, text[span.start : span.end], role, types)
    assert not [token for token in tokens if token[1] is Error]


def test_every_role_has_a_colour() -> None:
    assert set(COLOURS) == set(Role)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_have_the_colours_of_their_tree(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    spec, found = parse(Source("spec.mtd", text))
    assert found == []
    agree(text, spec)


def test_every_role_is_in_the_specs() -> None:
    specs = [parse(Source("spec.mtd", path.read_text(encoding="utf-8")))[0] for path in SPECS]
    assert {role for spec in specs for role, _ in roles(spec)} == set(Role)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made_specs())
@example("mix m { x =\n mix vary teacher = [1] }\n")
@example("param a: text =\n data\nmix m { }\n")
def test_made_specs_have_the_colours_of_their_tree(text: str) -> None:
    spec, found = parse(Source("spec.mtd", text))
    assume(not found)
    agree(text, spec)


@given(st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join)))
@example('"\\')
@example("\ufeff")
@example('x = "a\\\n"')
def test_no_character_is_lost_or_moved(text: str) -> None:
    at = 0
    for start, _, piece in colours(text):
        assert start == at and piece
        at += len(piece)
    assert "".join(piece for _, _, piece in colours(text)) == text


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join))
def test_an_error_is_one_to_the_compiler_too(text: str) -> None:
    assume(any(type is Error for _, type, _ in colours(text)))
    assert parse(Source("spec.mtd", text))[1]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (r'cue = "a\qb"', [r"\q"]),
        ('cue = "a', ['"a']),
        ("timeout = 5sec", ["sec"]),
        ("limit = 1_000", ["_000"]),
        ("data gsm-8k {", ["gsm-8k"]),
        ("cue = 'a'", ["'a'"]),
        ("cue = “a”", ["“a”"]),
        ("// a", ["// a"]),
        ("a = 1; b = 2", [";"]),
        ('cue = "\\n\\t\\\\\\""', []),
        ("a = 1e-4   b = 2.5min   c = -3%", []),
    ],
)
def test_errors(text: str, wrong: list[str]) -> None:
    assert [piece for _, type, piece in colours(text) if type is Error] == wrong


def test_each_line_of_the_mistakes_has_one() -> None:
    text = (HERE / "mistakes.mtd").read_text(encoding="utf-8")
    lines = {text.count("\n", 0, at) + 1 for at, type, _ in colours(text) if type is Error}
    assert lines == set(range(2, len(text.splitlines()) + 1))


@pytest.mark.parametrize("word", BLOCKS)
def test_a_block_in_the_making_has_its_colour(word: str) -> None:
    assert colours(f"{word} abc")[0][1] is Keyword.Declaration


def test_units_are_told_from_numbers() -> None:
    text = " ".join(f"5{unit}" for unit in UNITS)
    assert [piece for _, type, piece in colours(text) if type is Keyword.Type] == list(UNITS)


def test_comments_hold_anything() -> None:
    assert colours('# data x { "a')[0][1:] == (Comment.Single, '# data x { "a')


def test_listing_of_every_construct(golden: Callable[[str, str], None]) -> None:
    golden("editors/constructs.pygments.txt", told((HERE / "constructs.mtd").read_text(encoding="utf-8")))


def test_pygments_finds_the_lexer() -> None:
    assert isinstance(get_lexer_by_name("mtd"), MtdLexer)
    assert isinstance(get_lexer_for_filename("specs/etd.mtd"), MtdLexer)


def test_every_style_knows_the_colours() -> None:
    assert {type for types in COLOURS.values() for type in types} <= set(STANDARD_TYPES)


def test_the_command_line_does_not_load_it() -> None:
    code = "import sys, distill_dsl.cli, distill_dsl.compiler; print('distill_dsl.highlight' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"

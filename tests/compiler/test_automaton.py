"""The automaton reads as lark does, with a table that is kept and fresh."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark, Token, UnexpectedToken

from distill_dsl.compiler.language import automaton
from distill_dsl.compiler.language.automaton import GRAMMAR, TABLE, lexed, read, table
from distill_dsl.compiler.language.mistakes import Refused
from distill_dsl.compiler.language.tabulate import STARTS, larked, tabulated, written
from distill_dsl.compiler.language.tokens import Kind
from distill_dsl.compiler.source import Span
from specs import SPECS, source

LARK: Lark = larked(GRAMMAR.read_text(encoding="utf-8"))

WORDS = st.sampled_from(
    [kind.value for kind in Kind] + ["WORD"] * 12 + ["EQUAL", "NUMBER", "LSQB", "RSQB", "COMMA"] * 3
)
PIECES = st.sampled_from(
    'a mix gsm8k.train = { } [ ] ( ) , : + * > 4 5s 1e-4 95% "a" "a\\"b" param import as vary true false none x-y'
    " 'q' “q” // # \n \ufeff \\ ; $ \" é".split(" ")
)


def test_the_kept_table_is_that_of_the_grammar() -> None:
    fresh = tabulated(GRAMMAR.read_text(encoding="utf-8"))
    assert TABLE.read_bytes() == written(fresh), "run `python -m distill_dsl.compiler.language.tabulate`"


def test_after_a_change_of_the_grammar_the_table_is_made_anew(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = GRAMMAR.read_text(encoding="utf-8").replace('AS:     "as"', 'AS:     "called"')
    (tmp_path / "grammar.lark").write_text(changed, encoding="utf-8")
    monkeypatch.setattr(automaton, "GRAMMAR", tmp_path / "grammar.lark")
    assert table.__wrapped__().words["called"] == "AS"


def test_rules_that_the_automaton_cannot_read_are_refused() -> None:
    grammar = GRAMMAR.read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="empty"):
        tabulated(grammar.replace("edition: WORD NUMBER", "edition: WORD NUMBER -> other"))


# --- the same as lark ---------------------------------------------------------------------------


def by_lark(start: str, kinds: list[str]) -> Any:
    """Lark's tree with places, or where it refused and what it would have taken."""
    state = LARK.parse_interactive(start=start)
    last = Token("$END", "", 0, 1, 1, 1, 1, 0)
    for at, kind in enumerate(kinds):
        last = Token(kind, f"t{at}", 2 * at, 1, 1, 1, 1, 2 * at + 1)
        try:
            state.feed_token(last)
        except UnexpectedToken:
            return Refused(at, frozenset(state.accepts()))
    try:
        return plain(state.feed_eof(last))
    except UnexpectedToken:
        return Refused(len(kinds), frozenset(state.accepts()))


def plain(tree: Any) -> Any:
    if isinstance(tree, Token):
        return str(tree)
    return str(tree.data), tree.meta.start_pos, tree.meta.end_pos, [plain(child) for child in tree.children]


def by_automaton(start: str, kinds: list[str]) -> Any:
    tokens = [
        automaton.Token(Kind(kind), f"t{at}", Span("x.mtd", 2 * at, 2 * at + 1), False) for at, kind in enumerate(kinds)
    ]

    def make(rule: str, span: Span, parts: list[Any]) -> Any:
        return rule, span.start, span.end, [part.text if isinstance(part, automaton.Token) else part for part in parts]

    return read(start, tokens, make)


@given(st.sampled_from(STARTS), st.lists(WORDS, max_size=12))
@settings(max_examples=500)
def test_any_tokens_are_read_or_refused_as_lark_does(start: str, kinds: list[str]) -> None:
    assert by_automaton(start, kinds) == by_lark(start, kinds)


@given(st.data())
@settings(max_examples=300)
def test_tokens_of_a_spec_with_some_exchanged_are_read_as_lark_does(data: st.DataObject) -> None:
    statement = data.draw(st.sampled_from(STATEMENTS))
    kinds = [token.kind.value for token in lexed(source(statement))]
    for at in data.draw(st.lists(st.integers(0, len(kinds) - 1), max_size=2)):
        kinds[at : at + data.draw(st.integers(0, 2))] = data.draw(st.lists(WORDS, max_size=2))
    assert by_automaton("statement", kinds) == by_lark("statement", kinds)


STATEMENTS = [
    "mtd 1",
    'import "a.mtd" as c',
    "param paths: int = 4",
    'param size: str = "small" { choices = ["small", "base"]  most = 5s }',
    "mix etd = cotd { thoughts = cot + 2*pot * 3 + eot }",
    'data d { source = f("x", a: [1, 2,], b: { c.d: 1, e: none, })  test = train + test }',
    "experiment e { vary paths = [1, 2]  answers = [cot, pot > eot > cot, vote(pot, 2*eot, ties: cot,)] }",
    "mix m { }",
]


@pytest.mark.parametrize("text", STATEMENTS)
def test_these_statements_are_statements(text: str) -> None:
    assert not isinstance(by_automaton("statement", [token.kind.value for token in lexed(source(text))]), Refused)


def lark_tokens(text: str) -> list[tuple[str, str, int | None, int | None]]:
    return [(token.type, str(token), token.start_pos, token.end_pos) for token in LARK.lex(text)]


def own_tokens(text: str) -> list[tuple[str, str, int | None, int | None]]:
    return [(token.kind.value, token.text, token.span.start, token.span.end) for token in lexed(source(text))]


@given(st.text(max_size=60))
@settings(max_examples=300)
def test_any_text_has_the_tokens_that_lark_finds(text: str) -> None:
    assert own_tokens(text) == lark_tokens(text)


@given(st.lists(PIECES, max_size=20), st.sampled_from(["", " "]))
@settings(max_examples=500)
def test_texts_of_the_language_have_the_tokens_that_lark_finds(pieces: list[str], between: str) -> None:
    text = between.join(pieces)
    assert own_tokens(text) == lark_tokens(text)


def test_the_specs_have_the_tokens_that_lark_finds() -> None:
    for path in SPECS.glob("*.mtd"):
        text = path.read_text(encoding="utf-8")
        assert own_tokens(text) == lark_tokens(text)

"""What is told about the word under the cursor."""

from __future__ import annotations

from pathlib import Path

import pytest
from marked import SMALL, below, folder, marked

from distill_dsl.compiler.language.tokens import KEYWORDS, UNITS
from distill_dsl.compiler.model.fields import PARAM_TYPES
from distill_dsl.editor import prose
from distill_dsl.editor.hover import hover, signature


def told(text: str) -> str:
    found = hover(*marked(text))
    assert found is not None
    return found.text


def inside(part: str, text: str = SMALL) -> str:
    """A text with the cursor in a part that is written `ba|r`."""
    plain = part.replace("|", "")
    assert text.count(plain) >= 1
    return text.replace(plain, part, 1)


def test_every_word_of_the_language_is_explained() -> None:
    assert set(KEYWORDS) <= set(prose.KEYWORDS)
    assert set(prose.UNITS) == set(UNITS)
    assert set(prose.PARAM_TYPES) == set(PARAM_TYPES)


def test_a_key() -> None:
    text = told(inside("sam|ples = paths"))
    assert "completions a problem and format" in text
    assert "a whole number from 1" in text
    assert "default `1`" in text
    assert "Bears on results" in text


def test_a_key_that_only_describes() -> None:
    assert "re-runs nothing" in told('mix x { descr|iption = "y" }')


def test_a_param_with_its_limits() -> None:
    text = told(
        'param size: int = 4 { least = 1   most = 16   description = "thoughts" }\nteacher x { samples = si|ze }'
    )
    assert "param size: int = 4" in text
    assert "at least 1, at most 16" in text
    assert "thoughts" in text


def test_a_block_shows_what_it_copies_and_from_where() -> None:
    text = told(inside("mixes = [m, n|]"))
    assert "mix n = m {" in text
    assert "problems = a.train  # from m" in text
    assert "thoughts = cot\n" in text


def test_a_description_comes_first() -> None:
    assert told('thought x| { description = "Prose"   answer = text }').startswith("Prose\n")


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("fi|le(train", "local files"),
        ("file(tr|ain", "path of the split's file"),
        ('"tra|in.jsonl"', "path of the split's file"),
        ("open|ai(", "any server that speaks"),
        ('"t|5"', "encoder-decoder or causal"),
        ("answer = te|xt", "how the thought carries its answer"),
        ("teac|her t", "who answers the problems"),
        ("expe|riment e", "vary NAME"),
        ("par|am paths", "a value that several keys share"),
        ("paths: in|t", "a whole number"),
        ("= a.tr|ain", "splits to learn from"),
    ],
)
def test_words(part: str, words: str) -> None:
    assert words in told(inside(part))


def test_units_and_columns_and_arguments() -> None:
    assert "1024 KB" in told("thought x { memory = 51|2MB }")
    assert "which column" in told('data x { columns = { ques|tion: "q" } }')
    assert "the configuration" in told('data x { source = hf("y", con|fig: "z") }')
    assert "a tie" in told(below("experiment x { answers = [vote(cot, pot, ti|es: cot)] }"))


def test_names_of_an_import(tmp_path: Path) -> None:
    folder(tmp_path, common=SMALL)
    path = tmp_path / "main.mtd"
    head = 'import "common.mtd" as c\n'
    block = hover(*marked(head + "mix x = c.|m { }", path))
    assert block is not None and "mix c.m {" in block.text and "thoughts = cot + 2*pot" in block.text
    alias = hover(*marked(head + "mix x = |c.m { }", path))
    assert alias is not None and 'import "common.mtd" as c' in alias.text
    file = hover(*marked('import "com|mon.mtd" as c\n', path))
    assert file is not None and str(tmp_path / "common.mtd") in file.text


def test_nothing_is_told_of_signs_comments_and_unknown_words() -> None:
    for text in ("mix x |{ }", "# te|xt", "mix x { foo = b|ar }", "|"):
        assert hover(*marked(text)) is None, text


# --- signatures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "label", "active"),
    [
        ("data x { source = hf(|", "hf(name, config: ..., revision: ...)", 0),
        ('data x { source = hf("y", revision: |', "hf(name, config: ..., revision: ...)", 2),
        ("experiment x { answers = [vote(cot, |", "vote(thought, ..., ties: ..., samples: ..., by: ...)", 0),
        ("experiment x { answers = [vote(cot, ties: |", "vote(thought, ..., ties: ..., samples: ..., by: ...)", 1),
        ("data x { source = file(train: |", "file(path, split: ...)", 1),
        ("teacher x { model = solution(|", "solution()", None),
    ],
)
def test_signatures(text: str, label: str, active: int | None) -> None:
    found = signature(*marked(text))
    assert found is not None
    assert (found.label, found.active) == (label, active)


def test_no_signature_outside_of_calls() -> None:
    assert signature(*marked("data x { source = |")) is None
    assert signature(*marked('data x { source = hf("y") |')) is None

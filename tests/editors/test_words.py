"""The extension for VS Code knows the words of the language by heart: here they are compared with the compiler's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from distill_dsl.compiler.language.parse import parse
from distill_dsl.compiler.language.tokens import BLOCKS, KEYWORDS, UNITS, WORDS
from distill_dsl.compiler.model.fields import FIELDS
from distill_dsl.compiler.model.offered import CALLS
from distill_dsl.compiler.model.resolve import Program, analysed
from distill_dsl.compiler.model.types import Argument, Field, Word
from distill_dsl.compiler.source import Source
from distill_dsl.highlight import MtdLexer

ROOT: Final = Path(__file__).parents[2]
EXTENSION: Final = ROOT / "editors" / "vscode"
GRAMMAR: Final = json.loads((EXTENSION / "syntaxes" / "mtd.tmLanguage.json").read_text(encoding="utf-8"))["repository"]
SNIPPETS: Final = json.loads((EXTENSION / "snippets" / "mtd.json").read_text(encoding="utf-8"))
GROUP: Final = re.compile(r"\((?:\?:)?(\w+(?:\|\w+)+)\)")


def patterns(rule: Any) -> Iterator[str]:
    """Every pattern in a part of the grammar."""
    if isinstance(rule, dict):
        yield from (rule[key] for key in ("match", "begin") if key in rule)
        yield from (pattern for inner in rule.values() for pattern in patterns(inner))
    elif isinstance(rule, list):
        yield from (pattern for inner in rule for pattern in patterns(inner))


def choices(rule: str) -> list[set[str]]:
    """The words of every group of words in a rule, such as `(a|b)`."""
    found = [group for pattern in patterns(GRAMMAR[rule]) for group in GROUP.findall(pattern)]
    return [set(group.split("|")) for group in found]


def worded() -> Iterator[Field | Argument]:
    """Keys and arguments that take one of a few words."""
    rows = [row for table in FIELDS.values() for row in table]
    for row in (*rows, *(argument for call in CALLS for argument in call.arguments)):
        if isinstance(row.type, Word):
            yield row


def test_blocks() -> None:
    assert choices("block") == [set(BLOCKS)] * 3


def test_units() -> None:
    assert choices("number") == [{unit for unit in UNITS if unit != "%"}]
    assert any("(%|" in pattern for pattern in patterns(GRAMMAR["number"]))


def test_statements() -> None:
    rules = {"mtd": "edition", "import": "import", "param": "param"}
    assert set(KEYWORDS) == {*BLOCKS, *rules}
    for word, rule in rules.items():
        assert any(re.search(rf"\b{word}\b", pattern) for pattern in patterns(GRAMMAR[rule])), word


def test_reserved_words() -> None:
    constants = choices("constant")[0]
    assert {kind.value.lower() for kind in WORDS} == {*constants, "import", "as", "param", "vary"}


def test_words_that_keys_take() -> None:
    keys, words = choices("constant")[1:]
    rows = [row for row in worded() if isinstance(row, Field)]
    assert keys == {row.key for row in rows}
    assert words == {word for row in rows for word in row.type.choices}


def test_words_that_arguments_take() -> None:
    rows = [row for row in worded() if isinstance(row, Argument)]
    assert {row.key for row in rows} == {"precision", "engine", "write", "by", "digits"}
    assert choices("argument") == [{row.key for row in rows}, {word for row in rows for word in row.type.choices}]


def written(snippet: dict[str, Any]) -> str:
    """What a snippet leaves in the text when none of its places is changed."""
    text = "\n".join(snippet["body"])
    text = re.sub(r"\$\{\d+\|([^,|]*)[^}]*\}", r"\1", text)
    text = re.sub(r"\$\{\d+:([^}]*)\}", r"\1", text)
    return re.sub(r"\$\d+", "", text)


def codes(text: str) -> set[str]:
    """The codes of all that the compiler says of a text by itself."""
    spec, found = parse(Source("spec.mtd", text))
    return {diagnostic.code for diagnostic in (*found, *analysed(Program((spec,))).diagnostics)}


def test_the_whole_spec_of_the_snippets_has_no_mistake() -> None:
    assert codes(written(SNIPPETS["A whole spec"])) == set()


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_lacks_nothing_but_its_neighbours(name: str) -> None:
    assert codes(written(SNIPPETS[name])) <= {"MTD034"}


def test_snippets_leave_the_keywords_to_the_server() -> None:
    prefixes = [snippet["prefix"] for snippet in SNIPPETS.values()]
    assert len(prefixes) == len(set(prefixes))
    assert not set(prefixes) & set(KEYWORDS)


def test_the_extension_has_the_licence_of_the_project() -> None:
    assert (EXTENSION / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_extension_reads_the_files_of_the_lexer() -> None:
    (language,) = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))["contributes"]["languages"]
    assert [f"*{ending}" for ending in language["extensions"]] == MtdLexer.filenames
    assert language["id"] in MtdLexer.aliases

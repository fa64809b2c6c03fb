"""docs/language.md is what the tables say, and its example is a spec."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import UNSET
from msgspec.structs import FieldInfo, fields

from distill_dsl.compiler.diagnostics import Code
from distill_dsl.compiler.language.tokens import BLOCKS
from distill_dsl.compiler.model.fields import BASES, EXEMPLARS, FIELDS, SETTINGS, SOURCES, STRATEGIES, TEACHERS
from distill_dsl.compiler.model.reference import reference
from distill_dsl.compiler.model.types import REQUIRED, Call

PAGE = Path(__file__).parents[2] / "docs" / "language.md"
MARK = "do not edit below -->\n\n"


def test_the_page_holds_the_tables(request: pytest.FixtureRequest) -> None:
    head, mark, tables = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert mark, "docs/language.md lacks the line before its tables"
    if request.config.getoption("--golden"):
        PAGE.write_text(head + mark + reference(), encoding="utf-8")
        return
    assert tables == reference(), "rewrite docs/language.md with `pytest --golden`"


def test_every_block_has_a_table() -> None:
    assert tuple(FIELDS) == BLOCKS == tuple(SETTINGS)


def _default(field: FieldInfo) -> object:
    if field.default_factory is not UNSET and callable(field.default_factory):
        return field.default_factory()
    return field.default


@pytest.mark.parametrize("keyword", BLOCKS)
def test_defaults_are_those_of_the_contract(keyword: str) -> None:
    contract = {field.name: field for field in fields(SETTINGS[keyword])}
    rows = {row.into or row.key: row for row in FIELDS[keyword] if row.placed}
    assert set(rows) == set(contract) - {"joined"}
    for name, row in rows.items():
        if contract[name].required:
            assert row.default is REQUIRED or keyword == "thought"
        else:
            assert row.default == _default(contract[name]), name


@pytest.mark.parametrize("call", [*SOURCES, *TEACHERS, *EXEMPLARS, *BASES, *STRATEGIES], ids=lambda call: call.name)
def test_calls_are_those_of_the_contract(call: Call) -> None:
    assert call.settings is not None
    contract = {field.name: field for field in fields(call.settings)}
    for row in call.arguments:
        if row.into is not None:
            assert row.into.partition(".")[0] in contract
        elif contract[row.key].required:
            assert row.default is REQUIRED
        else:
            assert row.default == _default(contract[row.key]), row.key
    gathered = {call.rest.into} if call.rest else set()
    listed = {"members", "weights"} if call.members else set()
    assert {row.key for row in call.arguments if row.into is None} | gathered | listed >= set(contract)


def test_codes_are_unique() -> None:
    numbers = [code.number for code in Code]
    assert len(set(numbers)) == len(numbers) == len(list(Code))

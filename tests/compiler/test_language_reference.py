"""docs/language.md is what the tables say, and every example in it does what the page says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from msgspec import UNSET
from msgspec.structs import FieldInfo, fields

from distill_dsl.compiler import check_spec
from distill_dsl.compiler.diagnostics import Code, render
from distill_dsl.compiler.language.format import formatted
from distill_dsl.compiler.language.nodes import Block
from distill_dsl.compiler.language.parse import parse
from distill_dsl.compiler.language.tokens import BLOCKS
from distill_dsl.compiler.model.fields import FIELDS, SETTINGS
from distill_dsl.compiler.model.offered import CALLS
from distill_dsl.compiler.model.reference import reference
from distill_dsl.compiler.model.types import REQUIRED, Call
from distill_dsl.compiler.source import Source

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "language.md"
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
        if contract[name].required or name == "teachers":  # a file may leave weights out, a spec must name who teaches
            assert row.default is REQUIRED or keyword == "thought"
        else:
            assert row.default == _default(contract[name]), name


@pytest.mark.parametrize("call", [call for call in CALLS if call.settings], ids=lambda call: call.name)
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
    placed = {(row.into or row.key).partition(".")[0] for row in call.arguments}
    assert placed | gathered | listed >= set(contract)


def test_codes_are_unique() -> None:
    numbers = [code.number for code in Code]
    assert len(set(numbers)) == len(numbers) == len(list(Code))


# --- examples -----------------------------------------------------------------------------------

FENCED = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)

DEFINED = """\
data gsm8k { source = file(train: "train.jsonl", test: "test.jsonl") }
teacher chatgpt { model = openai("gpt-3.5-turbo") }
thought cot { answer = text }
thought pot { answer = python }
mix cotd { problems = gsm8k.train   teacher = chatgpt   thoughts = cot }
mix etd { problems = gsm8k.train   teacher = chatgpt   thoughts = cot + pot }
student small { base = scratch("t5") }
"""
"""What the examples of the page may name without defining it, a block a line."""


PROMPTS = ("prompts/text.jinja2", "prompts/python.jinja2", "prompts/equations.jinja2")


@dataclass(frozen=True)
class Example:
    """A spec of the page, the files beside it, and the message that follows it (`None`: it is right)."""

    fence: re.Match[str]
    files: dict[str, str]
    message: re.Match[str] | None

    @property
    def text(self) -> str:
        return self.fence[3]

    @property
    def line(self) -> int:
        return self.fence.string[: self.fence.start()].count("\n") + 1


def examples(page: str) -> list[Example]:
    """Every spec of a page: a block of its own kind, with `text` right behind it where it is wrong."""
    found: list[Example] = []
    files: dict[str, str] = {}
    fences = list(FENCED.finditer(page))
    for at, fence in enumerate(fences):
        if fence[1] != "mtd":
            continue
        if fence[2]:
            files[fence[2]] = fence[3]
        after = fences[at + 1] if at + 1 < len(fences) else None
        wrong = after is not None and after[1] == "text" and after.start() == fence.end() + 1
        found.append(Example(fence, dict(files), after if wrong else None))
    return found


def laid_out(example: Example) -> str:
    """An example as `mtd fmt` writes it; a wrong one may not be readable, and stays."""
    return formatted(Source("spec.mtd", example.text))[0] or example.text


def printed(example: Example, folder: Path) -> str:
    """What the compiler says of an example, in which the names of `DEFINED` stand for themselves."""
    spec, _ = parse(Source("spec.mtd", example.text))
    own = {(each.keyword.text, each.name.text) for each in spec.statements if isinstance(each, Block)}
    missing = [line for line in DEFINED.splitlines() if tuple(line.split()[:2]) not in own]
    for name, text in {**example.files, "defined.mtd": "\n".join(missing)}.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "spec.mtd").write_text(f'{example.text}import "defined.mtd"\n', encoding="utf-8")
    checked = check_spec(Path("spec.mtd"))
    own_places = [each for each in checked.diagnostics if each.span and each.span.start < len(example.text)]
    return render(own_places, checked.sources, color=False)


def test_examples_are_right_or_give_the_message_below_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    page = PAGE.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("train.jsonl", "test.jsonl", "problems.jsonl", "data/problems.jsonl", *PROMPTS):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    checked = [(example, printed(example, tmp_path).rstrip() + "\n") for example in examples(page)]
    assert sum(example.message is not None for example, _ in checked) >= 7
    if request.config.getoption("--golden"):
        for example, text in reversed(checked):
            if example.message is not None:
                page = page[: example.message.start(3)] + text + page[example.message.end(3) :]
            page = page[: example.fence.start(3)] + laid_out(example) + page[example.fence.end(3) :]
        PAGE.write_text(page, encoding="utf-8")
        return
    for example, text in checked:
        expected = example.message[3] if example.message is not None else "\n"
        assert text == expected, f"docs/language.md, line {example.line}"
        assert laid_out(example) == example.text, f"docs/language.md, line {example.line}"

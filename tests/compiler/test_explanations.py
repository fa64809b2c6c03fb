"""The pages of `mtd explain`: one for each code, with examples that give what they show.

`pytest --golden` writes what the examples give into the pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from expectations import found_in
from typer.testing import CliRunner

from distill_dsl.cli.commands import app
from distill_dsl.cli.explaining import listed
from distill_dsl.cli.inspecting import with_data
from distill_dsl.compiler import Compiled, check_spec, compile_spec
from distill_dsl.compiler.diagnostics import GROUPS, Code, Diagnostic, render
from distill_dsl.compiler.emit.write import stale, write
from distill_dsl.compiler.explanations import found, page
from distill_dsl.compiler.source import Source
from specs import SMALL

PAGES = Path(__file__).parents[2] / "distill_dsl" / "compiler" / "explanations"
OUTPUT = re.compile(r"```text\n(.*?)```\n", re.DOTALL)
FENCE = re.compile(r'```(?:mtd|jsonl)(?: title="([^"]+)")?\n(.*?)```\n', re.DOTALL)

Sources = Mapping[str, Source]


@dataclass(frozen=True)
class Page:
    """The examples of a page: files by name, and what is said of the wrong ones."""

    wrong: dict[str, str]
    output: str
    right: dict[str, str]


def read(code: Code) -> Page:
    text = page(code)
    before, _, after = text.partition("\n## Right\n")
    output = OUTPUT.search(before)
    return Page(_files(before), output[1] if output else "", _files(after))


def _files(text: str) -> dict[str, str]:
    return {match[1] or "spec.mtd": match[2] for match in FENCE.finditer(text)}


def _spec(folder: Path, text: str = SMALL) -> Path:
    (folder / "spec.mtd").write_text(text, encoding="utf-8")
    return Path("spec.mtd")


# --- what no text gives -------------------------------------------------------------------------


def _too_many_files(folder: Path) -> tuple[list[Diagnostic], Sources]:
    for number in range(10):
        lines = [f'import "{number + 1}.mtd" as {alias}\n' for alias in "ab"]
        (folder / f"{number}.mtd").write_text("".join(lines) if number < 9 else "# the last\n")
    done = found_in(Path("0.mtd"))
    return list(done.diagnostics), done.sources


def _written(folder: Path, change: Callable[[Path], object], text: str = SMALL) -> tuple[list[Diagnostic], Sources]:
    """Compile and write, change what is on disk, and write again."""
    first = compile_spec(_spec(folder)).emitted
    assert first is not None
    assert write(first, folder) == []
    change(folder)
    again = compile_spec(_spec(folder, text)).emitted
    assert again is not None
    return write(again, folder), {}


def _stale(folder: Path) -> tuple[list[Diagnostic], Sources]:
    first = compile_spec(_spec(folder)).emitted
    assert first is not None
    assert write(first, folder) == []
    again = compile_spec(_spec(folder, SMALL.replace("2*pot", "3*pot"))).emitted
    assert again is not None
    return stale(again, folder), {}


def _foreign(folder: Path) -> tuple[list[Diagnostic], Sources]:
    return _written(folder, lambda at: (at / "dvc.yaml").write_text("stages: {}\n"))


def _edited(folder: Path) -> tuple[list[Diagnostic], Sources]:
    def edit(at: Path) -> None:
        text = (at / "params.yaml").read_text(encoding="utf-8")
        (at / "params.yaml").write_text(text.replace("paths: 4", "paths: 8"), encoding="utf-8")

    return _written(folder, edit, SMALL.replace("paths: int = 4", "paths: int = 2"))


def _unwritable(folder: Path) -> tuple[list[Diagnostic], Sources]:
    first = compile_spec(_spec(folder)).emitted
    assert first is not None
    return write(first, Path("spec.mtd")), {}


def _not_yet(folder: Path) -> tuple[list[Diagnostic], Sources]:
    done = compile_spec(_spec(folder, read(Code.NOT_YET).wrong["spec.mtd"]))
    return list(done.diagnostics), done.sources


SCENARIOS = {
    Code.NOT_YET: _not_yet,
    Code.TOO_MANY_FILES: _too_many_files,
    Code.STALE: _stale,
    Code.FOREIGN_FILE: _foreign,
    Code.EDITED_PARAMS: _edited,
    Code.UNWRITABLE: _unwritable,
}
"""Mistakes that need more than a spec."""

ELSEWHERE = {Code.NO_REVISION}
"""The mistake of a git repository, which is made in the tests of `mtd diff`."""


# --- tests --------------------------------------------------------------------------------------


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {code.number for code in Code}
    for code in Code:
        assert page(code).startswith(f"# {code.number}: {code.meaning}\n\n")


@pytest.mark.parametrize("code", [code for code in Code if code not in ELSEWHERE], ids=lambda code: code.number)
def test_the_wrong_example_gives_what_the_page_shows(
    code: Code, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    diagnostics, sources = _wrong(code, tmp_path)
    assert code.number in {each.code for each in diagnostics}
    shown = render([each for each in diagnostics if each.code == code.number], sources, color=False)
    if request.config.getoption("--golden"):
        path = PAGES / f"{code.number}.md"
        path.write_text(OUTPUT.sub(lambda _: f"```text\n{shown}```\n", page(code)), encoding="utf-8")
    assert shown == read(code).output


def _wrong(code: Code, folder: Path) -> tuple[list[Diagnostic], Sources]:
    if code in SCENARIOS:
        return SCENARIOS[code](folder)
    example = read(code)
    assert example.wrong, "the page has no example"
    for name, text in example.wrong.items():
        (folder / name).write_text(text, encoding="utf-8")
    done = _looked_at(example.wrong)
    return list(done.diagnostics), done.sources


def _looked_at(files: Mapping[str, str]) -> Compiled:
    """What is found in the first file, and where the page has data, also in that."""
    spec = Path(next(iter(files)))
    return with_data(check_spec(spec)) if any(name.endswith(".jsonl") for name in files) else found_in(spec)


@pytest.mark.parametrize("code", [code for code in Code if read(code).wrong], ids=lambda code: code.number)
def test_the_right_example_is_without_the_mistake(code: Code, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    right = read(code).right
    for name, text in right.items():
        Path(name).write_text(text, encoding="utf-8")
    done = _looked_at(right)
    assert code.number not in {each.code for each in done.diagnostics}
    errors = [each for each in done.diagnostics if each.severity == "error"]
    assert [each.code for each in errors if each.code != Code.NO_EXPERIMENT.number] == []


@pytest.mark.parametrize("word", ["MTD012", "mtd012", "mtd12", "12", "012", "quotes", "QUOTES", "MTD-012"])
def test_a_code_is_found_however_it_is_written(word: str) -> None:
    assert found(word) is Code.QUOTES


def test_every_code_is_found_and_listed_in_one_group() -> None:
    lines = listed()
    for code in Code:
        assert found(code.number) is found(code.title) is code
        assert lines.count(code.number) == 1
        assert sum(int(code.number[3:]) in numbers for numbers in GROUPS.values()) == 1
    assert found("MTD999") is found("nonsense") is None


def test_the_command_prints_pages_and_names_a_near_code() -> None:
    run = CliRunner().invoke
    assert run(app, ["explain", "12"]).output.startswith("# MTD012")
    assert run(app, ["explain"]).output.startswith("files:\n  MTD001  unreadable-file")
    wrong = run(app, ["explain", "qoutes"])
    assert wrong.exit_code == 2
    assert "did you mean quotes?" in wrong.output

"""Specs with mistakes that people make: what is said of each, down to columns, helps and fixes.

A spec of one file holds what is expected as comments (see `expectations.py`); a folder holds a `main.mtd` and the
whole report in `expected.txt`. `pytest --golden` writes them anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from expectations import expected, found_in, without

from distill_dsl.compiler.diagnostics import Code, render, report

BAD = Path(__file__).parents[1] / "bad"
PACKAGE = Path(__file__).parents[2] / "distill_dsl" / "compiler"
FILES = sorted(BAD.glob("*.mtd"))
FOLDERS = sorted(path.parent for path in BAD.glob("*/main.mtd"))

ON_DISK = {Code.NOT_YET, Code.STALE, Code.UNWRITABLE, Code.FOREIGN_FILE, Code.EDITED_PARAMS}
"""Mistakes of the plan and the written files, which no spec has by itself; `test_explanations.py` makes them."""
OF_DATA = {code for code in Code if "MTD080" <= code.number < "MTD090"}
"""Mistakes of the data itself, found where it is read."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_said_of_a_bad_spec(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    text = path.read_bytes().decode()
    monkeypatch.chdir(tmp_path)
    Path(path.name).write_bytes(without(text).encode())
    done = found_in(Path(path.name))
    assert done.diagnostics, "this spec has no mistake"
    render(done.diagnostics, done.sources, color=True)
    written = expected(done.sources[path.name], done.diagnostics)
    if request.config.getoption("--golden"):
        path.write_bytes(written.encode())
    assert written == path.read_bytes().decode()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_what_is_said_of_bad_files_together(
    folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(folder)
    done = found_in(Path("main.mtd"))
    written = report(done.diagnostics, done.sources, color=False) + "\n"
    if request.config.getoption("--golden"):
        Path("expected.txt").write_text(written, encoding="utf-8")
    assert written == Path("expected.txt").read_text(encoding="utf-8")


def test_every_code_is_in_some_bad_spec() -> None:
    texts = [path.read_bytes().decode() for path in FILES]
    texts += [(folder / "expected.txt").read_text(encoding="utf-8") for folder in FOLDERS]
    whole = "\n".join(texts)
    said = {code for code in Code if f"error[{code.number}]" in whole or f"warning[{code.number}]" in whole}
    assert {code for code in Code if _is_reported(code)} - said - ON_DISK - OF_DATA == set()


def _is_reported(code: Code) -> bool:
    """Whether anything in the package reports the code."""
    return any(f"Code.{code.name}" in path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))

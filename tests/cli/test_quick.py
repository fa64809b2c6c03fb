"""The quick way of `mtd check` says what Typer's says, and is taken for that one form only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from distill_dsl import cli
from distill_dsl.cli import quick
from distill_dsl.cli.commands import app

SPECS = Path(__file__).parents[2] / "specs"
BAD = "mix m { thoughts = nothing  dev = 5parsecs }\n"


def ended(run: object, *arguments: object) -> int:
    assert callable(run)
    with pytest.raises(SystemExit) as stop:
        run(*arguments)
    assert isinstance(stop.value.code, int)
    return stop.value.code


@pytest.fixture
def spec(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(SPECS.parent)
    (tmp_path / "bad.mtd").write_text(BAD, encoding="utf-8")
    (tmp_path / "warned.mtd").write_text('param p: int = 1\nthought t { answer = text  cue = "x" }\n', encoding="utf-8")
    return {"good": "specs/quickstart.mtd", "folder": str(tmp_path)}.get(
        request.param, str(tmp_path / f"{request.param}.mtd")
    )


@pytest.mark.parametrize("spec", ["good", "bad", "warned", "missing", "folder"], indirect=True)
def test_both_ways_print_the_same_and_end_alike(
    spec: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["mtd", "check", spec])
    quickly = ended(cli.main), capfd.readouterr()
    by_typer = ended(app, ["check", spec]), capfd.readouterr()
    assert quickly == by_typer
    assert quickly[0] == (not spec.endswith(("quickstart.mtd", "warned.mtd")))
    assert "".join(quickly[1])


@pytest.mark.parametrize(
    "arguments",
    [[], ["check"], ["check", "--help"], ["check", "--no-such"], ["check", "a", "--x"], ["plan", "a"], ["-x"]],
)
def test_every_other_command_line_is_typers(arguments: list[str]) -> None:
    assert quick.served(arguments) is None


def test_a_check_imports_nothing_that_it_does_not_need() -> None:
    heavy = ["typer", "rich", "ruamel", "lark", "regex", "jinja2", "gzip", "tempfile", "distill_dsl.compiler.plan"]
    code = f"""
import sys
from distill_dsl.cli import quick
quick.served(["check", "specs/quickstart.mtd"])
print([name for name in {heavy} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=SPECS.parent)
    assert done.stdout == "specs/quickstart.mtd: no errors\n[]\n"

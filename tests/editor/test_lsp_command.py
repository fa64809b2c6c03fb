"""`mtd lsp` where it cannot start."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from distill_dsl.cli import editing
from distill_dsl.cli.commands import app


def test_without_pygls_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editing, "find_spec", lambda name: None)
    done = CliRunner().invoke(app, ["lsp"])
    assert done.exit_code == 1
    assert "pip install 'distill-dsl[lsp]'" in done.stderr
    assert done.stdout == ""


def test_two_ways_to_talk_are_one_too_many() -> None:
    done = CliRunner().invoke(app, ["lsp", "--stdio", "--tcp", "9999"])
    assert done.exit_code == 2
    assert "either --tcp or --stdio" in done.stderr

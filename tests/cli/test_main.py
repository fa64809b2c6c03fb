"""`mtd` as a process: its exit codes, and what a person reads who stops it."""

from __future__ import annotations

import sys

import pytest

from distill_dsl import cli
from distill_dsl.cli import quick


def test_who_interrupts_reads_that_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(spec: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(quick, "check_spec", interrupted)
    monkeypatch.setattr(sys, "argv", ["mtd", "check", "specs/any.mtd"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 130
    assert capsys.readouterr().err.startswith("interrupted; what is finished is kept")

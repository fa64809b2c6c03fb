"""Progress of long work: a bar on a terminal, a line now and then in a log, and nothing that gets lost."""

from __future__ import annotations

import pytest

from distill_dsl.runtime import progress
from distill_dsl.runtime.progress import steps_shown


def test_a_log_gets_a_line_now_and_then_and_each_note(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    with steps_shown("asking", 100, lines=True) as steps:
        for _ in range(100):
            now += 1.0
            steps.standing(f"{now:.0f} tokens")
            steps(1)
        steps.note("the server [asks] to wait")
    assert capsys.readouterr().err.splitlines() == [
        "asking: 60 of 100, 60 tokens",
        "asking: the server [asks] to wait",
    ]


def test_short_work_is_quiet_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    with steps_shown("training", 3) as steps:
        steps(3)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_rate_and_standing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "160")
    with steps_shown("asking", 10, lines=True) as steps:
        steps(5)
        steps.standing("12.3k tokens, $0.0123")
        steps.note("the server [asks] to wait")
    shown = capsys.readouterr().err
    assert "12.3k tokens, $0.0123" in shown and "5/10" in shown
    assert "asking: the server [asks] to wait" in shown

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from distill_dsl.contract.settings import ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.thoughts import ahead
from distill_dsl.runtime.thoughts.ahead import executed_ahead

FORMATS = {
    "cot": ThoughtSettings(answer=AnswerKind.TEXT, cue="c", prompt="none"),
    "pot": ThoughtSettings(answer=AnswerKind.PYTHON, cue="p", prompt="none"),
    "eot": ThoughtSettings(answer=AnswerKind.EQUATIONS, cue="e", prompt="none"),
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[AnswerKind, list[str]]]:
    """What is executed; nothing really is."""
    found: list[tuple[AnswerKind, list[str]]] = []

    def execute(format: ThoughtSettings, texts: dict[str, None], progress: Callable[[int], None]) -> None:
        found.append((format.answer, list(texts)))
        for _ in texts:
            progress(1)

    monkeypatch.setattr(ahead, "execute_thoughts", execute)
    return found


def test_small_lots_wait_for_each_other_and_for_the_end(calls: list[tuple[AnswerKind, list[str]]]) -> None:
    with executed_ahead(FORMATS) as work:
        work.add("pot", ["a", "b", "a"])
        work.add("eot", ["x"])
        work.add("pot", ["c"])
        time.sleep(0.05)
        assert calls == [], "a start of workers for two texts"
    assert calls == [(AnswerKind.PYTHON, ["a", "b", "c"]), (AnswerKind.EQUATIONS, ["x"])]
    assert work.executed == 4 and work.error is None


def test_a_large_lot_is_executed_while_the_block_runs(calls: list[tuple[AnswerKind, list[str]]]) -> None:
    with executed_ahead(FORMATS) as work:
        work.add("pot", [str(number) for number in range(ahead.TOGETHER)])
        until = time.monotonic() + 20
        while work.executed < ahead.TOGETHER:
            assert time.monotonic() < until
            time.sleep(0.01)
    assert len(calls) == 1


def test_prose_is_left_to_those_who_read_it(calls: list[tuple[AnswerKind, list[str]]]) -> None:
    with executed_ahead(FORMATS) as work:
        work.add("cot", ["The answer is 3."])
    assert calls == []


def test_a_failure_is_kept_and_the_rest_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    def broken(format: ThoughtSettings, *rest: object) -> None:
        begun.append(format.cue)
        raise OSError("no process could be started")

    monkeypatch.setattr(ahead, "execute_thoughts", broken)
    with executed_ahead(FORMATS) as work:
        work.add("pot", ["a"])
        work.add("eot", ["x"])
    assert str(work.error) == "no process could be started"
    assert begun == ["p"]


def test_an_interruption_stops_what_is_being_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def slow(format: ThoughtSettings, texts: dict[str, None], progress: Callable[[int], None]) -> None:
        for text in texts:
            time.sleep(0.02)
            done.append(text)
            progress(1)

    monkeypatch.setattr(ahead, "execute_thoughts", slow)
    with pytest.raises(KeyboardInterrupt), executed_ahead(FORMATS) as work:
        work.add("pot", [str(number) for number in range(ahead.TOGETHER)])
        work.add("eot", ["x"])
        while not done:
            time.sleep(0.005)
        raise KeyboardInterrupt
    assert len(done) < ahead.TOGETHER and "x" not in done
    assert work.error is None


def test_programs_are_really_executed_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with executed_ahead(FORMATS) as work:
        work.add("pot", ["ans = 3 + 4", "ans = 3 +"])
        work.add("eot", ["x = 3\nans = 2 * x"])
    assert work.error is None and work.executed == 3
    assert (tmp_path / ".mtd" / "executions.sqlite").is_file()

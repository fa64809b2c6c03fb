"""What was executed is not executed again: after an interruption, by a second run, for a second stage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.thoughts import kept
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.kept import resumed


class Counting:
    """Runs texts by turning them round, reading ahead as the supervisor does, and remembers which."""

    def __init__(self, ahead: int = 3) -> None:
        self.ran: list[str] = []
        self.ahead = ahead

    def __call__(self, texts: Iterator[str]) -> Iterator[Execution]:
        waiting: list[str] = []
        for text in texts:
            waiting.append(text)
            if len(waiting) > self.ahead:
                yield self.run(waiting.pop(0))
        yield from map(self.run, waiting)

    def run(self, text: str) -> Execution:
        self.ran.append(text)
        return Execution(failure="error:killed") if text == "killed" else Execution(answer=text[::-1], text=text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(st.text("abc", min_size=1, max_size=3), max_size=20), st.integers(0, 20), st.integers(0, 5))
def test_an_interrupted_run_goes_on(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], at: int, n: int
) -> None:
    path = tmp_path_factory.mktemp("kept") / "executions.sqlite"
    texts = list(dict.fromkeys(texts))
    first, second = Counting(n), Counting(n)
    interrupted = resumed(texts, first, "python", path)
    some = [execution for execution, _ in zip(interrupted, range(at), strict=False)]
    interrupted.close()
    assert list(resumed(texts, second, "python", path)) == [Execution(answer=t[::-1], text=t) for t in texts]
    assert [e.text for e in some] == texts[: len(some)]
    given_out = set(texts[:at])
    assert not given_out & set(second.ran)


def test_other_limits_other_executions(tmp_path: Path) -> None:
    run = Counting()
    for ways in ("python 5s", "python 9s", "python 5s"):
        list(resumed(["a", "b"], run, ways, tmp_path / "e.sqlite"))
    assert run.ran == ["a", "b", "a", "b"]


def test_other_code_other_executions_and_the_old_ones_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, path = Counting(), tmp_path / "e.sqlite"
    list(resumed(["a"], run, "python", path))
    monkeypatch.setattr(kept, "code_digest", lambda: "newer")
    list(resumed(["a"], run, "python", path))
    assert run.ran == ["a", "a"]
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT DISTINCT code FROM executions").fetchall() == [("newer",)]
    connection.close()


def test_what_may_be_the_machines_fault_is_tried_again(tmp_path: Path) -> None:
    run = Counting()
    for _ in range(2):
        list(resumed(["killed"], run, "python", tmp_path / "e.sqlite"))
    assert run.ran == ["killed", "killed"]


def test_a_file_that_cannot_be_used_is_a_failure_that_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "e.sqlite"
    path.write_text("no data base" * 100)
    with pytest.raises(Failure, match="known executions") as caught:
        list(resumed(["a"], Counting(), "python", path))
    assert "delete the file" in str(caught.value.help)

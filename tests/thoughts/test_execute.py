"""The seam of the area: raw completions in, verdicts out."""

from __future__ import annotations

import unittest.mock
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from distill_dsl.contract.vocabulary import AnswerKind, outcome_of
from distill_dsl.runtime.sandbox import supervisor
from distill_dsl.runtime.thoughts.execute import execute
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.judging import judge

COMPLETIONS = {
    AnswerKind.TEXT: ["2 + 3 = 5. The answer is 5.", "The answer is 6.", "I do not know."],
    AnswerKind.PYTHON: ["```python\nans = 2 + 3\n```", "ans = 6", "eggs = 5"],
    AnswerKind.PROGRAM_EQUATIONS: [
        "x = unknown()\nequation(x + 2, 7)\nans = x",
        "from sympy import *\nans = Integer(6)",
        "x = 5",
    ],
    AnswerKind.EQUATIONS: ["```\nx + 2 = 7\nans = x\n```", "ans = 6", "x = y\nans = x"],
}


@pytest.mark.parametrize("kind", AnswerKind)
def test_every_kind_is_executed_and_judged(kind: AnswerKind) -> None:
    counts: list[int] = []
    executions = list(execute(kind, COMPLETIONS[kind], timeout=10, memory=256 << 20, progress=counts.append))
    assert [e.answer for e in executions] == ["5", "6", None]
    right, wrong, failed = (judge(e, "5", 0.001) for e in executions)
    assert (right, wrong) == ("correct", "wrong")
    assert failed == executions[2].failure
    assert outcome_of(failed)
    assert sum(counts) == 3
    assert all(e.text in c for e, c in zip(executions, COMPLETIONS[kind], strict=True))


@pytest.mark.parametrize("kind", AnswerKind)
def test_nothing_comes_of_nothing(kind: AnswerKind) -> None:
    assert list(execute(kind, [], timeout=1, memory=1 << 28)) == []


def test_an_execution_is_an_answer_or_a_failure() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        Execution()
    with pytest.raises(ValueError, match="exactly one"):
        Execution(answer="5", failure="timeout")


def test_what_was_executed_is_kept(tmp_path: Path) -> None:
    texts, path = ["ans = 1", "ans = (", "while True: pass"], tmp_path / "executions.sqlite"
    first = list(execute(AnswerKind.PYTHON, texts, timeout=0.5, memory=1 << 28, kept=path))
    counts: list[int] = []
    with unittest.mock.patch.object(
        supervisor._Supervisor, "_start", side_effect=AssertionError("nothing is left to run")
    ):
        again = execute(AnswerKind.PYTHON, texts, timeout=0.5, memory=1 << 28, kept=path, progress=counts.append)
        assert list(again) == first
    assert sum(counts) == 3


def test_executions_come_before_the_texts_end() -> None:
    def texts() -> Iterator[str]:
        while True:
            yield "ans = 1"

    endless = execute(AnswerKind.PYTHON, texts(), timeout=1, memory=1 << 28)
    assert [next(endless).answer for _ in range(3)] == ["1"] * 3
    assert isinstance(endless, Generator)
    endless.close()

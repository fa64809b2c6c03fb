"""The seam of the area: raw completions in, verdicts out."""

from __future__ import annotations

import pytest

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.vocabulary import AnswerKind, outcome_of
from distill_dsl.runtime.thoughts.execute import execute, judge
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.pool import run_jobs

COMPLETIONS = {
    AnswerKind.TEXT: ["2 + 3 = 5. The answer is 5.", "The answer is 6.", "I do not know."],
    AnswerKind.PYTHON: ["```python\nans = 2 + 3\n```", "ans = 6", "eggs = 5"],
    AnswerKind.PROGRAM_EQUATIONS: [
        "from sympy import *\nx = symbols('x')\nans = solve(Eq(x, 5), x)",
        "from sympy import *\nans = Integer(6)",
        "x = 5",
    ],
    AnswerKind.EQUATIONS: ["```\nx + 2 = 7\nans = x\n```", "ans = 6", "x = y\nans = x"],
}


@pytest.mark.parametrize("kind", AnswerKind)
def test_every_kind_is_executed_and_judged(kind: AnswerKind) -> None:
    counts: list[int] = []
    executions = execute(kind, COMPLETIONS[kind], timeout=10, memory=256 << 20, progress=counts.append)
    assert [e.answer for e in executions] == ["5", "6", None]
    right, wrong, failed = (judge(e, "5", 0.001) for e in executions)
    assert (right, wrong) == ("correct", "wrong")
    assert failed == executions[2].failure
    assert outcome_of(failed)
    assert sum(counts) == 3
    assert all(e.text in c for e, c in zip(executions, COMPLETIONS[kind], strict=True))


@pytest.mark.parametrize("kind", AnswerKind)
def test_nothing_comes_of_nothing(kind: AnswerKind) -> None:
    assert execute(kind, [], timeout=1, memory=1 << 28) == []


def test_an_execution_is_an_answer_or_a_failure() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        Execution()
    with pytest.raises(ValueError, match="exactly one"):
        Execution(answer="5", failure="timeout")


def test_a_worker_that_hangs_is_killed_and_replaced() -> None:
    jobs = [{"text": text, "timeout": 60, "memory": 1 << 28} for text in ("ans = 5", "while True: pass") * 2]
    replies = run_jobs("distill_dsl.runtime.thoughts.worker", ["plain"], jobs, deadline=1.0, workers=1)
    assert [reply.get("failure", "fine") for reply in replies] == ["fine", "timeout"] * 2


def test_workers_that_do_not_start_are_a_failure_that_says_why() -> None:
    with pytest.raises(Failure, match="do not start") as caught:
        run_jobs("no_such_module", [], [{}], deadline=1.0)
    assert caught.value.where is not None
    assert "no_such_module" in caught.value.where

"""Executions beside the problems that they are for: the answer that counts, and the verdict on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from distill_dsl.contract.records import Problem
from distill_dsl.contract.vocabulary import Outcome
from distill_dsl.runtime.thoughts.checkers import Check, Checked, check_all
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.judging import judge, kinds_of, restricted

Pair = tuple[Execution, Problem]


def judge_each(pairs: Sequence[Pair], problems: Iterable[Problem], tolerance: float) -> list[tuple[Execution, str]]:
    """Each execution with the answer that counts for its problem, and its verdict, in order.

    An answer counts as one if the data set, of which `problems` are all, asks for its kind: words are
    none where all golds are numbers. Where a problem has a checker, what the thought states counts as it
    stands, and the checker judges it.
    """
    kinds = kinds_of(problem.answer for problem in problems if problem.checker is None)
    checked = _checked(pairs)
    found = []
    for execution, problem in pairs:
        if problem.checker is None:
            execution = restricted(execution, kinds)
            found.append((execution, judge(execution, problem.answer, tolerance)))
            continue
        execution = as_stated(execution)
        if execution.answer is None:
            found.append((execution, execution.failure or str(Outcome.NO_ANSWER)))
            continue
        gold = is_gold(execution.answer, problem.answer)
        finding = Checked(right=True) if gold else checked[problem.checker.name, problem.id, execution.answer]
        verdict = Outcome.CORRECT if finding.right else Outcome.WRONG
        found.append((replace(execution, detail=finding.detail or execution.detail), str(verdict)))
    return found


def as_stated(execution: Execution) -> Execution:
    """The execution with the answer word for word, also where it could not be read as one of a known type."""
    return execution if execution.stated is None else replace(execution, answer=execution.stated, failure=None)


def is_gold(answer: str, gold: str) -> bool:
    """Whether an answer is the gold one, but for the period of its sentence. To ask a checker takes milliseconds."""
    return answer != "" and answer in (gold, gold.removesuffix("."))


def _checked(pairs: Sequence[Pair]) -> dict[tuple[str, str, str], Checked]:
    """Checker, problem and answer -> what the checker finds; each answer is judged once a problem, gold not at all."""
    wanted: dict[str, dict[tuple[str, str, str], Check]] = {}
    for execution, problem in pairs:
        answer = as_stated(execution).answer
        if problem.checker is not None and answer is not None and not is_gold(answer, problem.answer):
            name = problem.checker.name
            check = Check(answer, problem.answer, problem.checker.data)
            wanted.setdefault(name, {})[name, problem.id, answer] = check
    return {
        key: finding
        for name, checks in wanted.items()
        for key, finding in zip(checks, check_all(name, list(checks.values())), strict=True)
    }

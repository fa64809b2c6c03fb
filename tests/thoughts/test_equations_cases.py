"""A table of systems, one a row: what is answered, what is refused and as what, and which rule is recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from distill_dsl.runtime.thoughts.answers import type_of
from distill_dsl.runtime.thoughts.equations import is_declarative, solve_exact, solve_system

CASES: Final[list[dict[str, Any]]] = json.loads((Path(__file__).parent / "cases" / "equations.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[repr(case["text"])[:60] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    execution = solve_system(case["text"])
    assert (execution.answer, execution.failure) == (case.get("answer"), case.get("failure")), execution.detail
    assert execution.notes == tuple(case.get("notes", ()))
    assert (execution.failure is None) or execution.detail


@pytest.mark.parametrize("case", CASES, ids=[repr(case["text"])[:60] for case in CASES])
def test_exact_means_come_to_the_same_or_to_nothing(case: dict[str, Any]) -> None:
    execution = solve_exact(case["text"])
    assert execution is None or execution == solve_system(case["text"])


def test_the_table_is_large_and_seldom_needs_sympy() -> None:
    assert len(CASES) == len({case["text"] for case in CASES}) >= 220
    assert sum(solve_exact(case["text"]) is None for case in CASES) <= 5


def test_answers_say_their_type_and_stand_in_the_solution() -> None:
    for case in CASES:
        execution = solve_system(case["text"])
        if execution.answer is not None:
            assert type_of(execution.answer).value in ("integer", "decimal", "rational", "list")
            assert execution.answer in execution.solution.values()


def test_the_solution_holds_all_that_has_a_value() -> None:
    found = solve_system("width * length = 24\nlength = width + 2\nz = y + 1\nans = 2*width")
    assert dict(found.solution) == {"length": "6", "width": "4", "ans": "8"}
    assert found.notes == ("the only one of 2 solutions without negative quantities",)
    updated = solve_system("x = 1/3\nx = x + 1\ny = x\nans = y")
    assert dict(updated.solution) == {"x": "4/3", "y": "4/3", "ans": "4/3"}
    assert list(updated.solution) == list(solve_system("x = 1/3\nx = x + 1\ny = x\nans = y").solution)


def test_what_solutions_disagree_on_is_in_none() -> None:
    assert dict(solve_system("x^2 = 4\nans = x^2").solution) == {"ans": "4"}


def test_failures_keep_what_was_found_and_name_what_is_missing() -> None:
    found = solve_system("a = 3\nb = 2 * a\nans = b + c - d")
    assert found.failure == "no-answer"
    assert found.detail == "not enough equations for `c`, `d`"
    assert dict(found.solution) == {"a": "3", "b": "6"}


def test_a_contradiction_names_the_equations_it_needs_and_no_others() -> None:
    lines = ["a = 1", "b = 2", "total = a + c", "c = 4", "d = b", "total = 6", "ans = d"]
    assert solve_system("\n".join(lines)).detail == (
        "these contradict one another: line 1: `a = 1`; line 3: `total = a + c`; line 4: `c = 4`; line 6: `total = 6`"
    )
    long = "x = " + " + ".join(["1"] * 60)
    assert f"`{long[:57]}...`" in solve_system(f"{long}\nx = 1\nans = x").detail


def test_programs_that_declare_unknowns() -> None:
    assert is_declarative("def solution():\n    x = Variable()\n    2 * x = 8\n    return x")
    assert is_declarative("x = Variable()  # the price\nresult = x")
    assert not is_declarative("def solution():\n    x = 4\n    return x")
    assert not is_declarative("# x = Variable()\nx = 4")

"""Equations of real models, against gold and against another checker's verdicts, row by row."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

from distill_dsl.runtime.thoughts.equations import solve_system
from distill_dsl.runtime.thoughts.execution import Execution

TOLERANCE = 1e-3


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a recorded file."""
    with gzip.open(folder / "recorded" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def right(execution: Execution, gold: str) -> bool:
    """Whether the answer is gold within the tolerance of the published checkers."""
    answer = execution.answer
    if answer is None or answer.startswith("["):  # a list is no number; gold is one
        return False
    return abs(Fraction(answer) - Fraction(gold)) <= TOLERANCE


def test_xot_accuracy_and_agreement(benchmark_data: Path) -> None:
    """The other checker answers 994 of 1,319 rows; all of those come out the same here, and some of the rest."""
    pairs = Counter[tuple[str, str]]()
    for row in rows(benchmark_data, "XoT-gsm8k-test-eot"):
        execution = solve_system(row["text"])
        theirs = row.get("source_pred")
        if theirs is not None and execution.answer is not None:
            assert abs(float(Fraction(execution.answer)) - theirs) <= 1e-6 * max(1.0, abs(theirs)), row["id"]
        ours = "right" if right(execution, row["gold"]) else "wrong" if execution.answer else "failed"
        pairs["right" if row["source_ok"] else "wrong" if theirs is not None else "failed", ours] += 1
    assert pairs["right", "right"] == 844 and pairs["wrong", "wrong"] == 150
    assert sum(count for (theirs, _), count in pairs.items() if theirs != "failed") == 844 + 150
    assert pairs["failed", "right"] >= 64
    assert pairs["failed", "wrong"] <= 37
    assert (844 + pairs["failed", "right"]) / 1319 >= 0.7005


def test_programs_that_state_unknowns(benchmark_data: Path) -> None:
    found = rows(benchmark_data, "SAT-LM-gsmsys-train-eot")
    executions = [solve_system(row["text"]) for row in found]
    assert sum(right(execution, row["gold"]) for execution, row in zip(executions, found, strict=True)) >= 335
    assert sum(execution.failure == "error:syntax" for execution in executions) <= 5


def test_symbolic_prose_is_read_as_a_system(benchmark_data: Path) -> None:
    """`∃x, where x = B ÷ G ... The answer is 145` counts where some unknown has the value stated."""
    found = rows(benchmark_data, "EIT-gpt4o_SYM3-svamp-train-eot")
    executions = [solve_system(row["text"]) for row in found]
    answered = [(one, row["gold"]) for one, row in zip(executions, found, strict=True) if one.answer is not None]
    assert sum(right(execution, gold) for execution, gold in answered) >= 635
    assert sum(not right(execution, gold) for execution, gold in answered) <= 8
    assert all("the answer as stated" in execution.notes[-1] for execution, _ in answered)

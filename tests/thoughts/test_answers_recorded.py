"""Gold answers of a real data set that are no single numbers: each is read as what its makers call it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from distill_dsl.runtime.thoughts.answers import read_answer, same, type_of


def test_answers_that_are_no_numbers(benchmark_data: Path) -> None:
    """The one time that is read as a number stands beside a date."""
    lines = (benchmark_data / "problems" / "asdiv" / "non_scalar.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    answers = [read_answer(row["raw_answer"]) for row in rows]
    types = Counter((row["why"], str(type_of(answer or ""))) for row, answer in zip(rows, answers, strict=True))
    assert types == {
        ("several answers", "list"): 90,
        ("word answer (yes/no/name)", "text"): 56,
        ("clock time or ratio", "ratio"): 32,
        ("clock time or ratio", "time"): 28,
        ("clock time or ratio", "integer"): 1,
        ("other text with digits", "integer"): 4,
        ("other text with digits", "text"): 1,
    }
    assert all(
        answer is not None and same(row["raw_answer"], answer) for row, answer in zip(rows, answers, strict=True)
    )

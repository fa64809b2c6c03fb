"""Thoughts that real models wrote: our accuracies beside those of an independent checker."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.thoughts.answers import same
from distill_dsl.runtime.thoughts.execute import execute
from distill_dsl.runtime.thoughts.judging import judge, kinds_of, restricted

Row = dict[str, Any]


def judged(data: Path, name: str, kind: AnswerKind) -> tuple[list[Row], list[str]]:
    path = data / "recorded" / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"needs {path}")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    kinds = kinds_of(row["gold"] for row in rows)
    found = list(execute(kind, [row["text"] for row in rows], timeout=5.0, memory=512 << 20))
    executions = [restricted(one, kinds) for one in found]
    return rows, [judge(execution, row["gold"], 0.001) for execution, row in zip(executions, rows, strict=True)]


def test_chain_of_thought(benchmark_data: Path) -> None:
    """The checker divides every answer by 100 whose text has a percent sign anywhere, and so misses 22.

    Three more state no answer, and the last number is not what they come to.
    """
    rows, verdicts = judged(benchmark_data, "XoT-gsm8k-test-cot", AnswerKind.TEXT)
    assert sum(row["source_ok"] for row in rows) == 1055  # 79.98 %
    assert verdicts.count("correct") == 1079  # 81.80 %
    more = [row for row, v in zip(rows, verdicts, strict=True) if v == "correct" and not row["source_ok"]]
    percent = [row for row in more if same(str(row["source_pred"] * 100), row["gold"], 0.001)]
    assert (len(more), len(percent)) == (25, 22)
    assert all("%" in row["text"] for row in percent)
    assert all("answer is" not in row["text"] for row in more if row not in percent)
    less = [row for row, v in zip(rows, verdicts, strict=True) if v != "correct" and row["source_ok"]]
    assert ["The answer is 11/12 cups" in row["text"] for row in less] == [True]  # read as 11, which is gold


def test_program_of_thought(benchmark_data: Path) -> None:
    rows, verdicts = judged(benchmark_data, "XoT-gsm8k-test-pot", AnswerKind.PYTHON)
    assert sum(row["source_ok"] for row in rows) == 1021  # 77.41 %
    assert verdicts.count("correct") == 1022  # 77.48 %
    assert Counter(v for v in verdicts if v not in ("correct", "wrong")) == {
        "error:name": 19,
        "error:syntax": 3,
        "no-answer": 1,
    }
    differing = [row["text"] for row, v in zip(rows, verdicts, strict=True) if row["source_ok"] != (v == "correct")]
    assert [text.rpartition("\n")[2] for text in differing] == [
        "ans = 25"
    ]  # below prose; the checker ran the prose too


@pytest.mark.parametrize(
    ("name", "kind", "right"),
    [
        ("PoT-fewshot-svamp-train-pot", AnswerKind.PYTHON, 600),
        ("SAT-LM-gsmsys-train-pot", AnswerKind.PYTHON, 209),
        ("SAT-LM-gsmsys-train-cot", AnswerKind.TEXT, 236),
        ("EIT-gemini_L2-gsm8k-train-cot", AnswerKind.TEXT, 7073),
        ("EIT-gpt4o_L3-svamp-train-cot", AnswerKind.TEXT, 688),
        ("zero_shot_cot-svamp-train-cot", AnswerKind.TEXT, 432),
        ("mentor-kd-asdiv-all-cot", AnswerKind.TEXT, 3515),
    ],
)
def test_other_recordings(benchmark_data: Path, name: str, kind: AnswerKind, right: int) -> None:
    rows, verdicts = judged(benchmark_data, name, kind)
    assert verdicts.count("correct") == right
    assert len(verdicts) == len(rows)

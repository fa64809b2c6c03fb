"""The verify stage: what becomes of a teacher's completions, and what the rows keep."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from distill_dsl.contract import files
from distill_dsl.contract.records import Completion, Problem, Steps, Thought
from distill_dsl.contract.settings import ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.stages import verify

GOLDS = ["5", "6", "7"]
TEXTS = ["2 + 3 = 5. The answer is 5.", "2 + 3 = 6. The answer is 6.", "The answer is unknown."]


def rows(texts: Sequence[str | None], golds: Sequence[str], answer: str = "text", **more: Any) -> list[Thought]:
    problems = {f"p{n}": Problem(id=f"p{n}", question="?", answer=gold) for n, gold in enumerate(golds)}
    completions = [Completion(problem=f"p{n}", thought="t", text=text, reason="lost") for n, text in enumerate(texts)]
    settings = ThoughtSettings(answer=AnswerKind(answer), cue="", prompt="", **more)
    return verify.verified(completions, problems, settings)


def test_the_rows_keep_what_bears_on_trust() -> None:
    found = rows([*TEXTS, None, "It is 5 or 8"], [*GOLDS, "5", "8"])
    assert [row.verdict for row in found] == ["correct", "correct", "no-answer", "missing", "correct"]
    assert [row.steps for row in found] == [
        Steps(right=1), Steps(wrong=1, first_wrong="2 + 3 = 6, but it is 5"), None, None, None,
    ]  # fmt: skip
    assert [row.notes for row in found] == [(), (), (), (), ("last number",)]
    assert found[2].detail == "'unknown' is a text; asked for: number"
    assert found[3].detail == "lost"


def test_a_system_keeps_its_solution() -> None:
    (row,) = rows(["x + y = 5\nx - y = 1\nans = x"], ["3"], "equations")
    assert row.verdict == "correct"
    assert {"x": "3", "y": "2"}.items() <= row.solution.items()


def test_right_answers_by_wrong_calculations_can_be_left_out() -> None:
    found = rows(TEXTS, GOLDS, steps="right")
    assert [row.verdict for row in found] == ["correct", "wrong-steps", "no-answer"]
    assert found[1].detail == "2 + 3 = 6, but it is 5"
    assert found[1].answer == "6"


def test_a_wrong_answer_is_wrong_whatever_its_calculations() -> None:
    assert rows(TEXTS[1:2], ["9"], steps="right")[0].verdict == "wrong"


@pytest.mark.parametrize(
    ("golds", "verdicts"),
    [
        (["B", "Yes", "13:30"], ["correct", "correct", "correct"]),
        (["5", "3", "1"], ["correct", "correct", "no-answer"]),
        (["B", "Yes", "3"], ["correct", "correct", "no-answer"]),
    ],
)
def test_what_counts_as_an_answer_is_a_matter_of_the_data_set(golds: list[str], verdicts: list[str]) -> None:
    texts = ["The answer is (B) 5 apples.", "The answer is yes, 3 of them.", "The answer is 1:30 p.m."]
    assert [row.verdict for row in rows(texts, golds)] == verdicts


def test_counts_and_rows_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text('thought:\n  cot: {answer: text, cue: "", prompt: none, steps: right}\n')
    problems = [Problem(id=f"p{n}", question="?", answer=gold) for n, gold in enumerate(GOLDS)]
    files.write_rows(files.problems_file("a", "train"), problems)
    completions = [Completion(problem=f"p{n}", thought="cot", text=text) for n, text in enumerate(TEXTS)]
    files.write_rows(files.completions_file("t-a-train-cot"), completions)
    verify.run(teacher="t", data="a", split="train", thought="cot")
    counts = json.loads(files.yield_file("t-a-train-cot").read_text())
    assert counts["verdicts"] == {"correct": 1, "no-answer": 1, "wrong-steps": 1}
    assert counts["steps"] == {"right": 1, "wrong": 1}
    lines = [json.loads(line) for line in files.thoughts_file("t-a-train-cot").read_text().splitlines()]
    assert [line.get("steps") for line in lines] == [
        {"right": 1}, {"wrong": 1, "first_wrong": "2 + 3 = 6, but it is 5"}, None,
    ]  # fmt: skip
    assert not any("notes" in line or "solution" in line for line in lines)
    assert verify.yields(rows(["x = 1"], ["1"], "equations"), 1).keys() == counts.keys() - {"steps"}

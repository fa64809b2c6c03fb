"""Completions that somebody already has, matched by id or by question."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import RecordedTeacher
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.tables import read_table
from distill_dsl.runtime.teachers.recorded import ask_recorded

PROBLEMS = (
    Problem(id="a", question="How many  hats has Ann?", answer="1"),
    Problem(id="b", question="How many caps has Bo?", answer="2"),
    Problem(id="c", question="How many scarves?", answer="3"),
)
ROWS = [
    {"id": "a", "kind": "pot", "text": "ans = 1"},
    {"id": "zz", "question": "how many caps has Bo", "kind": "pot", "text": "ans = 2"},
    {"id": "a", "kind": "pot", "text": "ans = 3 - 2"},
    {"id": "a", "kind": "cot", "text": "One."},
]


def write(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def asked(model: RecordedTeacher, samples: int = 1, thought: str = "pot") -> list[Completion]:
    return list(ask_recorded(model, samples, thought, AnswerKind.PYTHON, PROBLEMS, lambda done: None))


def test_rows_are_matched_by_id_or_question_and_told_apart_by_kind(tmp_path: Path) -> None:
    rows = asked(RecordedTeacher(files={"*": write(tmp_path / "all.jsonl", ROWS)}), samples=2)
    assert [(row.problem, row.sample, row.text) for row in rows] == [
        ("a", 0, "ans = 1"),
        ("a", 1, "ans = 3 - 2"),
        ("b", 0, "ans = 2"),
        ("c", 0, None),
    ]
    assert rows[-1].reason == "nothing is recorded for it"


def test_samples_are_the_first_in_file_order(tmp_path: Path) -> None:
    rows = asked(RecordedTeacher(files={"*": write(tmp_path / "all.jsonl", ROWS)}))
    assert [row.text for row in rows] == ["ans = 1", "ans = 2", None]


def test_a_file_for_one_thought_needs_no_kind(tmp_path: Path) -> None:
    path = tmp_path / "pot.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["task", "completion"])
        writer.writeheader()
        writer.writerow({"task": "c", "completion": "x = 1\nans = x"})
    rows = asked(RecordedTeacher(files={"pot": str(path)}, text="completion", problem="task"))
    assert [row.text for row in rows] == [None, None, "x = 1\nans = x"]


def test_kinds_may_be_named_by_how_they_answer(tmp_path: Path) -> None:
    rows = [{"id": "b", "kind": "python", "text": "ans = 2"}]
    found = asked(RecordedTeacher(files={"*": write(tmp_path / "all.jsonl", rows)}), thought="code")
    assert [row.text for row in found] == [None, "ans = 2", None]


def test_ids_may_be_numbers(tmp_path: Path) -> None:
    problems = [Problem(id="0", question="How many?", answer="1")]
    model = RecordedTeacher(files={"pot": write(tmp_path / "all.jsonl", [{"id": 0, "text": "ans = 1"}])})
    found = list(ask_recorded(model, 1, "pot", AnswerKind.PYTHON, problems, lambda done: None))
    assert [row.text for row in found] == ["ans = 1"]


def test_a_file_for_other_problems_names_both_sides(tmp_path: Path) -> None:
    rows = [{"id": "svamp-1", "kind": "pot", "text": "ans = 1"}]
    with pytest.raises(Failure, match="belongs to any problem") as caught:
        asked(RecordedTeacher(files={"*": write(tmp_path / "other.jsonl", rows)}))
    assert "`svamp-1`" in str(caught.value) and "`a`" in str(caught.value)


@pytest.mark.parametrize(
    ("files", "rows", "says"),
    [
        ({"cot": "other.jsonl"}, ROWS, "no file is named for the thought `pot`"),
        ({"pot": "all.jsonl"}, [{"id": "a", "answer": "1"}], "there is no column `text`; there are id, answer"),
        ({"pot": "all.jsonl"}, [{"id": "a", "text": None}], "column `text` is no text: null"),
        ({"pot": "absent.jsonl"}, ROWS, "does not exist"),
        (
            {"*": "all.jsonl"},
            [{"id": "a", "kind": "cot", "text": "One."}],
            "no row of all.jsonl is of the thought `pot`",
        ),
        ({"*": "all.jsonl"}, [{"id": "a", "text": "ans = 1"}], 'recorded(pot: "all.jsonl")'),
        ({"pot": "all.jsonl"}, [{"task": "a", "text": "ans = 1"}], "the columns task, text, and so neither `id`"),
        ({"pot": "all.jsonl"}, [{"id": 0, "text": "ans = 1"}], "ids such as `0`"),
    ],
)
def test_mistakes_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], rows: list[dict[str, Any]], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "all.jsonl", rows)
    with pytest.raises(Failure) as caught:
        asked(RecordedTeacher(files=files))
    assert says in str(caught.value)


def test_real_completions_with_several_samples(benchmark_data: Path) -> None:
    file = benchmark_data / "recorded" / "PoT-sc8-svamp-train-pot.jsonl.gz"
    svamp = benchmark_data / "problems" / "svamp" / "train.jsonl"
    problems = [Problem(id=r["id"], question=r["question"], answer=r["answer"]) for _, r in read_table(svamp)]
    model = RecordedTeacher(files={"pot": str(file)})
    rows = list(ask_recorded(model, 4, "pot", AnswerKind.PYTHON, problems, lambda done: None))
    assert len(rows) == 4 * 700 and all(row.text for row in rows)
    assert [row.problem for row in rows[::4]] == [problem.id for problem in problems]

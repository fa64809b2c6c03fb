"""What `mtd check --data` says of recordings, at the argument that names them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from distill_dsl.cli.inspecting import with_data
from distill_dsl.compiler import check_spec

SPEC = """\
data a { source = file(train: "train.jsonl", test: "test.jsonl") }
teacher t { model = recorded(MODEL) samples = 2 }
thought cot { answer = text }
mix m { problems = a.train   teacher = t   thoughts = cot }
student s { base = scratch("t5") }
experiment e {
  students = [s]
  mixes = [m]
  tests = [a.test]
  answers = [cot]
}
"""
TRAIN = [{"id": f"r{n}", "question": f"Ann has {n} pens and buys {n + 30} more. How many?", "answer": str(2 * n + 30)}
         for n in range(8)]  # fmt: skip
TEST = [{"id": "t", "question": "Bob sees 4 birds on 6 trees. How many birds?", "answer": "4"}]
ROWS = [{"id": row["id"], "question": row["question"], "text": "The answer is 5."} for row in TRAIN]


def write(path: str, rows: list[dict[str, Any]]) -> None:
    Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("train.jsonl", TRAIN)
    write("test.jsonl", TEST)


def said(model: str) -> list[tuple[str, str]]:
    """The summary of each diagnostic, and the text under its carets."""
    text = SPEC.replace("MODEL", model)
    Path("main.mtd").write_text(text, encoding="utf-8")
    found = with_data(check_spec(Path("main.mtd"))).diagnostics
    return [(each.summary, text[each.span.start : each.span.end]) for each in found if each.span is not None]


def test_ids_of_another_order_are_told() -> None:
    ids = [row["id"] for row in ROWS]
    write("cot.jsonl", [{**row, "id": other} for row, other in zip(ROWS, [ids[1], ids[0], *ids[2:]], strict=True)])
    summary = "2 of 8 recorded cot have the id of one problem and another question"
    assert said('cot: "cot.jsonl"') == [(summary, '"cot.jsonl"')]


def test_rows_without_ids_are_matched_by_question() -> None:
    write("cot.jsonl", [{"question": row["question"].upper(), "text": row["text"]} for row in ROWS])
    assert said('cot: "cot.jsonl"') == []


def test_lists_are_several_samples() -> None:
    write("cot.jsonl", [{"id": row["id"], "text": [row["text"]] * 3} for row in ROWS])
    assert said('cot: "cot.jsonl"') == [("of up to 3 recorded cot a problem, 2 are taken", '"cot.jsonl"')]


def test_a_data_set_in_a_folder_is_looked_at() -> None:
    datasets = pytest.importorskip("datasets")
    datasets.Dataset.from_list([*ROWS[:7], {**ROWS[7], "id": "x", "question": "Where?"}]).save_to_disk("set")
    assert said('dataset: "./set"') == [
        ("the recording has no cot for 1 of 8 problems of `a.train`", '"./set"'),
        ("1 of 8 recorded cot belong to no problem of `a.train`", '"./set"'),
    ]


def test_nothing_is_asked_of_the_hub() -> None:
    assert said('dataset: "org/no-such-data-set"') == []

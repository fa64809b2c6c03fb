"""Completions that somebody already has, matched by id or by question."""

from __future__ import annotations

import csv
import html
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import RecordedTeacher
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.tables import read_table
from distill_dsl.runtime.teachers.matching import How, Index, Match
from distill_dsl.runtime.teachers.recorded import Matching, ask_recorded, matching

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


def matched(model: RecordedTeacher) -> Matching:
    return matching(model, "pot", AnswerKind.PYTHON, PROBLEMS)


def test_what_did_not_match_is_told(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "question": "How many hats has Ann?", "text": "ans = 1"},
        {"id": "zz", "question": "how many caps has Bo", "text": "ans = 2"},
        {"id": "zz", "question": "How many gloves has Cid?", "text": "ans = 4"},
        {"question": "How old is Di?", "text": "ans = 5"},
    ]
    file = write(tmp_path / "all.jsonl", rows)
    found = matched(RecordedTeacher(files={"pot": file}))
    assert (found.rows, found.by_id, found.by_question, found.strangers) == (4, 1, 1, 2)
    assert (found.completions, found.covered, found.uncovered, found.disagreeing) == (2, 2, 1, 0)
    assert found.first_strangers == ("zz", f"{file}:4") and found.first_uncovered == ("c",)
    assert found.lines() == [
        "2 of 4 recorded pot belong to a problem: 1 by id, 1 by question",
        f"2 belong to none: zz, {file}:4",
        "1 of 3 problems have no recorded pot: c",
    ]


def test_what_fits_needs_no_words(tmp_path: Path) -> None:
    rows = [{"id": name, "text": "ans = 1"} for name in "abc"]
    found = matched(RecordedTeacher(files={"pot": write(tmp_path / "all.jsonl", rows)}))
    assert found.lines() == ["3 of 3 recorded pot belong to a problem: 3 by id, 0 by question"]


def test_ids_of_another_order_do_not_mislead(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "question": "How many caps has Bo?", "text": "ans = 2"},
        {"id": "b", "question": "How many hats does Ann have?", "text": "ans = 1"},
        {"id": "c", "question": "In which year did the war end?", "text": "ans = 1945"},
        {"id": "c", "question": "How many of the scarves are there?", "text": "ans = 3"},
    ]
    model = RecordedTeacher(files={"pot": write(tmp_path / "all.jsonl", rows)})
    assert [(row.problem, row.text) for row in asked(model)] == [("a", None), ("b", "ans = 2"), ("c", "ans = 3")]
    found = matched(model)
    assert (found.by_id, found.by_question, found.reworded) == (1, 1, 1)
    assert (found.disagreeing, found.first_disagreeing, found.strangers) == (3, ("a", "b", "c"), 2)
    assert "3 have the id of one problem and another question: a, b, c" in found.lines()


def test_a_row_may_hold_several_completions(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "a", "texts": ["ans = 1", "ans = 2", "ans = 3"]},
        {"id": "b", "texts": []},
        {"id": "a", "texts": "ans = 4"},
        {"id": "c", "texts": ["ans = 5"]},
    ]
    model = RecordedTeacher(files={"pot": write(tmp_path / "all.jsonl", rows)}, text="texts")
    assert [(row.problem, row.sample, row.text) for row in asked(model, samples=4)] == [
        ("a", 0, "ans = 1"),
        ("a", 1, "ans = 2"),
        ("a", 2, "ans = 3"),
        ("a", 3, "ans = 4"),
        ("b", 0, None),
        ("c", 0, "ans = 5"),
    ]
    assert matched(model).completions == 5


def test_columns_are_named_by_the_spec(tmp_path: Path) -> None:
    rows = [
        {"prompt": "How many caps has Bo?", "format": "pot", "out": "ans = 2"},
        {"prompt": "How many caps has Bo?", "format": "cot", "out": "Two."},
    ]
    file = write(tmp_path / "all.jsonl", rows)
    model = RecordedTeacher(files={"*": file}, text="out", question="prompt", kind_column="format")
    assert [row.text for row in asked(model)] == [None, "ans = 2", None]
    with pytest.raises(Failure, match="in a column `format`"):
        asked(model, thought="eot")


@pytest.mark.parametrize(
    "question",
    [
        "how  many\u00a0hats\nhas Ann",
        "How many hats has Ann ?",
        "Ноw mаny hаts hаs Аnn?",  # with letters of the Cyrillic alphabet
        "Ｈｏｗ many hats has Ann？",
        "How many &quot;hats&quot; has Ann?",
        "How many &amp;quot;hats&amp;quot; has Ann?",
        "How many “hats” has Ánn?",
        "How many hats\u200b has Ann...",
        "Question: How many hats has Ann?\nAnswer:",
        "**Q:** How many hats has Ann?",
    ],
)
def test_copies_of_a_question_are_that_question(tmp_path: Path, question: str) -> None:
    rows = [{"question": question, "text": "ans = 1"}]
    found = asked(RecordedTeacher(files={"pot": write(tmp_path / "all.jsonl", rows)}))
    assert [row.text for row in found] == ["ans = 1", None, None]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 3 - 4?", "What is 3 + 4?"),
        ("What is -4?", "What is 4?"),
        ("What is (3 + 4) * 5?", "What is 3 + (4 * 5)?"),
        ("What is 1.5 times 2?", "What is 15 times 2?"),
        ("How much are 10 5-cent coins?", "How much are 105 cent coins?"),
        ("Find the way:\n#.#\n..#", "Find the way:\n#..\n#.#"),
        ("Which is larger: 3 < 4?", "Which is larger: 3 > 4?"),
    ],
)
def test_signs_of_a_formula_or_picture_tell_questions_apart(one: str, other: str) -> None:
    index = Index([Problem(id="one", question=one, answer="1")])
    assert index.match("", other).problems == ()
    assert index.match("", one.upper()).problems == ("one",)


def test_a_question_that_stands_there_twice_gets_its_rows_twice(tmp_path: Path) -> None:
    problems = [Problem(id=name, question="How many?", answer="1") for name in ("x", "y")]
    model = RecordedTeacher(files={"pot": write(tmp_path / "all.jsonl", [{"question": "how many", "text": "ans = 1"}])})
    rows = list(ask_recorded(model, 1, "pot", AnswerKind.PYTHON, problems, lambda done: None))
    assert [row.text for row in rows] == ["ans = 1", "ans = 1"]


def test_questions_that_differ_in_marks_alone_are_not_mixed_up() -> None:
    index = Index([Problem(id=name, question=name, answer="1") for name in ("So, how many?", "So how many?")])
    assert index.match("", "so,  how many?").problems == ("So, how many?",)
    assert index.match("", "so how many?").problems == ("So how many?",)
    assert index.match("", "so; how many?").problems == ()


SPACES = st.sampled_from([" ", "  ", "\n", "\u00a0", " \u200b"])


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_each_problem_is_found_by_any_copy_of_its_question(data: st.DataObject) -> None:
    index = Index(PROBLEMS)
    problem = data.draw(st.sampled_from(PROBLEMS))
    words = [data.draw(st.sampled_from([word, word.upper(), html.escape(word)])) for word in problem.question.split()]
    copy = words[0] + "".join(data.draw(SPACES) + word for word in words[1:])
    assert index.match("", copy).problems == (problem.id,)


def dataset(rows: list[dict[str, Any]]) -> Any:
    return pytest.importorskip("datasets").Dataset.from_list(rows)


@pytest.mark.parametrize("form", ["saved", "saved with splits", "parquet", "jsonl"])
def test_a_local_data_set(tmp_path: Path, form: str) -> None:
    rows = [{"id": "a", "text": ["ans = 1", "ans = 2"]}, {"id": "c", "text": ["ans = 3"]}]
    folder = tmp_path / "set"
    match form:
        case "saved":
            dataset(rows).save_to_disk(str(folder))
        case "saved with splits":
            pytest.importorskip("datasets").DatasetDict(train=dataset(rows)).save_to_disk(str(folder))
        case "parquet":
            dataset(rows).to_parquet(str(folder / "train.parquet"))
        case "jsonl":
            folder.mkdir()
            write(folder / "train.jsonl", rows)
    found = asked(RecordedTeacher(dataset=str(folder)), samples=2)
    assert [(row.problem, row.text) for row in found] == [
        ("a", "ans = 1"),
        ("a", "ans = 2"),
        ("b", None),
        ("c", "ans = 3"),
    ]


def test_a_data_set_tells_thoughts_apart_where_it_has_the_column(tmp_path: Path) -> None:
    dataset([{"question": None, **row} for row in ROWS]).save_to_disk(str(tmp_path / "set"))
    model = RecordedTeacher(dataset=str(tmp_path / "set"))
    assert [row.text for row in asked(model)] == ["ans = 1", "ans = 2", None]
    assert [row.text for row in asked(model, thought="cot")] == ["One.", None, None]
    with pytest.raises(Failure, match="is of the thought `eot`"):
        asked(model, thought="eot")


def test_a_data_set_without_the_split_is_named(tmp_path: Path) -> None:
    pytest.importorskip("datasets").DatasetDict(train=dataset(ROWS)).save_to_disk(str(tmp_path / "set"))
    with pytest.raises(Failure, match="no split `test`; it has train"):
        asked(RecordedTeacher(dataset=str(tmp_path / "set"), split="test"))


RECORDED = (
    ("EIT-gemini_L2-gsm8k-train-cot", "gsm8k/train.jsonl.gz"),
    ("PoT-zeroshot-gsm8k-test-pot", "gsm8k/test.jsonl"),
    ("EIT-gpt4o_L3-svamp-train-cot", "svamp/train.jsonl"),
    ("mentor-kd-asdiv-all-cot", "asdiv/all.jsonl"),
)


@pytest.mark.parametrize(("recording", "table"), RECORDED)
def test_real_recordings_match_by_question_as_by_id(benchmark_data: Path, recording: str, table: str) -> None:
    """Each row of a real recording has the id of its problem: without it, the question leads to the same one.

    One question of GSM8K begins with a Cyrillic letter; ASDiv asks some questions twice.
    """
    problems = [
        Problem(id=row["id"], question=row["question"], answer=row["answer"])
        for _, row in read_table(benchmark_data / "problems" / table)
    ]
    index = Index(problems)
    rows = [row for _, row in read_table(benchmark_data / "recorded" / f"{recording}.jsonl.gz")]
    assert all(index.match(row["id"], row["question"]) == Match((row["id"],), How.ID) for row in rows)
    found = [index.match("", row["question"].replace("А Senior", "A Senior").upper()) for row in rows]
    assert all(row["id"] in match.problems for row, match in zip(rows, found, strict=True))
    twice = [match.problems for match in found if len(match.problems) > 1]
    assert bool(twice) == (table.startswith("asdiv"))


def test_real_completions_with_several_samples(benchmark_data: Path) -> None:
    file = benchmark_data / "recorded" / "PoT-sc8-svamp-train-pot.jsonl.gz"
    svamp = benchmark_data / "problems" / "svamp" / "train.jsonl"
    problems = [Problem(id=r["id"], question=r["question"], answer=r["answer"]) for _, r in read_table(svamp)]
    model = RecordedTeacher(files={"pot": str(file)})
    rows = list(ask_recorded(model, 4, "pot", AnswerKind.PYTHON, problems, lambda done: None))
    assert len(rows) == 4 * 700 and all(row.text for row in rows)
    assert [row.problem for row in rows[::4]] == [problem.id for problem in problems]

"""Tables that users bring, read as problems: every kind of file, every way to be broken."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import Columns, DataSettings, FileSource
from distill_dsl.runtime.sources.file import read_splits

ROWS = [
    {"id": "a", "question": "How many, in all?", "answer": "2+3 = <<2+3=5>>5\n#### 5"},
    {"id": "b", "question": 'He said "six".\nHow many?', "answer": "#### 1,006"},
]


def jsonl(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def csv_text(rows: list[dict[str, Any]], separator: str = ",") -> bytes:
    quoted = [[str(value).replace('"', '""') for value in row.values()] for row in (dict.fromkeys(ROWS[0], ""), *rows)]
    quoted[0] = list(ROWS[0])
    return "\n".join(separator.join(f'"{value}"' for value in row) for row in quoted).encode()


def read(path: Path, content: bytes, settings: DataSettings | None = None, **columns: str) -> list[Problem]:
    path.write_bytes(content)
    source = FileSource(splits={"test": str(path)})
    chosen = settings or DataSettings(source=source, answer_after="####", columns=Columns(**columns))
    return read_splits(source, ["test"], chosen).problems["test"]


def plain(path: Path, rows: list[dict[str, Any]], **columns: str) -> list[Problem]:
    source = FileSource(splits={"test": str(path)})
    return read(path, jsonl(rows), DataSettings(source=source, columns=Columns(**columns)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.jsonl", jsonl(ROWS)),
        ("rows.jsonl", b"\xef\xbb\xbf" + jsonl(ROWS)),
        ("rows.jsonl.gz", gzip.compress(jsonl(ROWS))),
        ("rows.json", json.dumps(ROWS, indent=1).encode()),
        ("rows.json.gz", gzip.compress(json.dumps(ROWS).encode())),
        ("rows.csv", csv_text(ROWS)),
        ("rows.csv.gz", gzip.compress(b"\xef\xbb\xbf" + csv_text(ROWS))),
        ("rows.tsv", csv_text(ROWS, "\t")),
    ],
)
def test_every_kind_of_text_gives_the_same_problems(tmp_path: Path, name: str, content: bytes) -> None:
    assert read(tmp_path / name, content) == [
        Problem(id="a", question="How many, in all?", answer="5", rationale="2+3 = <<2+3=5>>5"),
        Problem(id="b", question='He said "six".\nHow many?', answer="1,006"),
    ]


def test_parquet(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "rows.parquet")
    content = (tmp_path / "rows.parquet").read_bytes()
    assert [problem.answer for problem in read(tmp_path / "rows.parquet", content)] == ["5", "1,006"]
    with pytest.raises(Failure, match="cannot read"):
        read(tmp_path / "cut.parquet", content[:-20])


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        # SVAMP, ASDiv, MultiArith, GSM8K and generic names, as their publishers write them.
        (
            {"ID": "chal-1", "Body": "There are 3 hats.", "Question": "How many?", "Answer": 3.0, "Type": "x"},
            Problem(id="chal-1", question="There are 3 hats. How many?", answer="3"),
        ),
        (
            {"iIndex": 7, "sQuestion": "How many? ", "lSolutions": [40.0]},
            Problem(id="7", question="How many?", answer="40"),
        ),
        ({"input": "How many?", "target": 0.5}, Problem(id="test-0", question="How many?", answer="0.5")),
        (
            {"problem": "How many?", "solution": "By counting.", "gold": "$5"},
            Problem(id="test-0", question="How many?", answer="$5", rationale="By counting."),
        ),
        (
            {"body": "A hat.", "question": "How many?", "final_ans": "1"},
            Problem(id="test-0", question="A hat. How many?", answer="1"),
        ),
    ],
)
def test_known_columns_are_found(tmp_path: Path, row: dict[str, Any], problem: Problem) -> None:
    assert plain(tmp_path / "rows.jsonl", [row]) == [problem]


def test_named_columns_come_first(tmp_path: Path) -> None:
    row = {"id": 1, "key": "k9", "question": "No?", "text": "Yes?", "answer": "1", "value": "2", "why": "So."}
    found = plain(tmp_path / "rows.jsonl", [row], question="text", answer="value", rationale="why", id="key")
    assert found == [Problem(id="k9", question="Yes?", answer="2", rationale="So.")]


@pytest.mark.parametrize(
    ("name", "content", "says", "place"),
    [
        ("rows.jsonl", jsonl(ROWS)[:-9], "line 2 of", "rows.jsonl:2"),
        ("rows.jsonl", b"", "holds no rows", "rows.jsonl"),
        ("rows.jsonl", b"\n \n", "holds no rows", "rows.jsonl"),
        ("rows.jsonl", b"[1, 2]\n", "a row is no object", "rows.jsonl:1"),
        ("rows.jsonl.gz", gzip.compress(jsonl(ROWS))[:-12], "cannot read", "rows.jsonl.gz"),
        ("rows.jsonl.gz", b"no gzip at all", "cannot read", "rows.jsonl.gz"),
        ("rows.json", json.dumps(ROWS, indent=1).encode()[:-9], "is no JSON", "rows.json:"),
        ("rows.json", b'{"data": []}', "holds no list of rows", "rows.json"),
        ("rows.json", b"[]", "holds no rows", "rows.json"),
        ("rows.json", b"\xff\xfe", "cannot read", "rows.json"),
        ("rows.csv", csv_text(ROWS) + b'\n"c","cut', "is no CSV", "rows.csv:"),
        ("rows.csv", csv_text(ROWS) + b'\n"c","too short"', "has not the 3 columns", "rows.csv:"),
        ("rows.csv", b"id,question,answer\n", "holds no rows", "rows.csv"),
        ("rows.csv", b"id;question;answer\na;?;1\n", "separated by semicolons, not by commas", "rows.csv:1"),
        ("rows.tsv", b"id,question,answer\na,?,1\n", "separated by commas, not by tabs", "rows.tsv:1"),
        ("rows.csv", b"question,answer,answer\n?,1,2\n", "are called `answer`", "rows.csv:1"),
        ("rows.xlsx", b"PK", "is no kind of table", "rows.xlsx"),
        (
            "rows.jsonl",
            jsonl([{"id": "a", "quesiton": "?", "answer": "1"}]),
            "no column for `question`",
            "rows.jsonl:1",
        ),
        ("rows.jsonl", jsonl([{"id": "a", "question": "?"}]), "no column for `answer`", "rows.jsonl:1"),
        ("rows.jsonl", jsonl([ROWS[0], {**ROWS[1], "answer": "no mark"}]), "no `####`", "rows.jsonl:2"),
        ("rows.jsonl", jsonl([ROWS[0], {**ROWS[1], "answer": "So ####  "}]), "the answer is empty", "rows.jsonl:2"),
        ("rows.jsonl", jsonl([ROWS[0], {**ROWS[1], "question": "  "}]), "the question is empty", "rows.jsonl:2"),
        ("rows.jsonl", jsonl([ROWS[0], {**ROWS[1], "answer": None}]), "no `####`", "rows.jsonl:2"),
        ("rows.jsonl", jsonl([ROWS[0], {**ROWS[1], "answer": [1, 2]}]), "no text or number", "rows.jsonl:2"),
        ("rows.jsonl", jsonl([ROWS[0], ROWS[1], ROWS[0]]), "two rows have the id `a`", "rows.jsonl:3, first in"),
    ],
)
def test_what_is_broken_is_named_with_its_line(
    tmp_path: Path, name: str, content: bytes, says: str, place: str
) -> None:
    with pytest.raises(Failure) as caught:
        read(tmp_path / name, content)
    assert says in caught.value.summary
    assert place in (caught.value.where or "")


def test_a_column_that_is_named_but_absent(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="there is no column `text`; there are question, answer"):
        plain(tmp_path / "rows.jsonl", [{"question": "?", "answer": "1"}], question="text")


def test_the_help_on_marks_is_text_of_the_language(tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        read(tmp_path / "rows.jsonl", jsonl([{**ROWS[0], "answer": "1"}]))
    assert '`answer = after("####")`' in str(caught.value)


def test_absent_files_and_splits(tmp_path: Path) -> None:
    for name in ("absent.jsonl", "absent.csv", "absent.parquet"):
        source = FileSource(splits={"test": str(tmp_path / name)})
        with pytest.raises(Failure, match="does not exist"):
            read_splits(source, ["test"], DataSettings(source=source))
    with pytest.raises(Failure, match="no file is named for the split `dev`") as caught:
        read_splits(source, ["dev"], DataSettings(source=source))
    assert "the source has test" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("gsm8k/train.jsonl.gz", 7473),
        ("svamp/test.jsonl", 300),
        ("asdiv/all.jsonl", 2093),
        ("multiarith/test.jsonl", 180),
    ],
)
def test_benchmarks_are_read(benchmark_data: Path, name: str, count: int) -> None:
    source = FileSource(splits={"all": str(benchmark_data / "problems" / name)})
    assert len(read_splits(source, ["all"], DataSettings(source=source)).problems["all"]) == count

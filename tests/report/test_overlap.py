"""The report says what of the tests was trained on."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from distill_dsl.contract import files
from distill_dsl.contract.records import Example
from distill_dsl.runtime.reports.overlap import overlap_parts
from distill_dsl.runtime.reports.spreadsheets import overlap_csv
from tests.finished import finish, studied


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_was_trained_on_is_named_and_counted() -> None:
    runs = finish()
    assert "No problem of a test" in overlap_parts(studied(runs))[1]
    leaked = Example(problem="leaked", thought="cot", question="WHAT is 2, and 1", cue="c", text="It is 3.")
    path = files.mix_file("etd", "dev")
    files.write_rows(path, [*files.read_rows(path, Example), leaked])

    study = studied(runs)
    title, words, table = overlap_parts(study)
    assert title == "## Overlap" and "`without = ...`" in words
    assert [line.split("|")[1].strip() for line in table.splitlines()[2:]] == ["etd", "etd"]
    assert "`toy-test-2`: What is 2 and 1?" in table
    rows = {(row["mix"], row["test"]): row for row in csv.DictReader(io.StringIO(overlap_csv(study)))}
    assert {key: (row["same"], row["near"], row["ids"]) for key, row in rows.items()} == {
        ("cotd", "toy-test"): ("0", "0", ""),
        ("cotd", "far-test"): ("0", "0", ""),
        ("etd", "toy-test"): ("1", "0", "toy-test-2"),
        ("etd", "far-test"): ("1", "0", "far-test-2"),
    }
    assert int(rows["etd", "toy-test"]["learned"]) == int(rows["cotd", "toy-test"]["learned"]) + 1

"""What the report says of teachers: lines by teacher, split and format, what is not known, what is left out."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import pytest

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Example
from distill_dsl.contract.runs import Asked, Run
from distill_dsl.runtime.reports.markdown import report_markdown
from distill_dsl.runtime.reports.spreadsheets import yield_csv
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.teaching import terminal_yields, yield_parts
from distill_dsl.runtime.reports.wording import dollars
from distill_dsl.runtime.reports.yields import read_yields, shared
from distill_dsl.runtime.stages import report
from tests.finished import FORMATS, TESTS, all_asked, finish, finish_runs, studied, study_of

POT = files.yield_file("gold-toy-train-pot")


@pytest.fixture(autouse=True)
def project(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def change(cell: str, **values: object) -> None:
    path = files.yield_file(cell)
    files.write_json(path, files.read_json(path) | values)


def change_all(**values: object) -> None:
    for name in FORMATS["etd"]:
        change(f"gold-toy-train-{name}", **values)


def csv_rows(study: Study) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(yield_csv(study))))


def table_of(study: Study) -> tuple[list[str], list[dict[str, str]]]:
    """Heads and lines of the section's table."""
    head, _, *lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in yield_parts(study)[2].split("\n")
    ]
    return head, [dict(zip(head, line, strict=True)) for line in lines]


def test_a_line_holds_what_became_of_what_was_asked() -> None:
    rows = csv_rows(studied(finish((1, 2))))
    assert [(row["teacher"], row["data"], row["split"], row["thought"]) for row in rows] == [
        ("gold", "toy", "train", name) for name in ("cot", "pot", "eot")
    ]
    for row in rows:
        lost = sum(int(row[name]) for name in ("truncated", "filtered", "missing"))
        assert int(row["asked"]) == int(row["answered"]) + lost
        assert int(row["answered"]) >= int(row["executed"]) >= int(row["right"]) >= int(row["unique"])
    assert (rows[1]["truncated"], rows[1]["missing"], rows[1]["right"], rows[1]["unique"]) == ("4", "2", "650", "635")
    assert (rows[1]["tokens_input"], rows[1]["tokens_output"], rows[1]["cost"]) == ("400000", "90000", "0.114")
    assert float(rows[1]["cost_per_1000_right"]) == pytest.approx(114 / 650, abs=1e-6)


def test_what_is_not_known_is_never_nought() -> None:
    found = studied(finish())
    assert [csv_rows(found)[2][name] for name in ("tokens_input", "tokens_output", "cost", "cost_per_1000_right")] == (
        [""] * 4
    )
    _, lines = table_of(found)
    assert [lines[2][name] for name in ("tokens in", "tokens out", "cost", "per 1,000")] == ["-"] * 4
    assert lines[1]["cost"] == "$0.11"


def test_mixes_that_keep_other_numbers_give_a_range() -> None:
    """cotd keeps fewer than etd."""
    found = studied(finish())
    _, lines = table_of(found)
    assert [line["kept"] for line in lines] == ["665-685", "635", "585"]
    kept = [(row["kept"], row["kept_least"]) for row in csv_rows(found)]
    assert kept == [("685", "665"), ("635", "635"), ("585", "585")]


def test_columns_that_say_nothing_are_left_out_of_tables_but_not_of_the_file() -> None:
    runs = finish()
    unknown = {"tokens": {"input": None, "output": None}, "cost": None, "cost_per_1000_right": None}
    change_all(truncated=0, filtered=0, missing=0, **unknown)
    found = studied(runs)
    head, _ = table_of(found)
    assert head == [
        "teacher",
        "problems",
        "format",
        "asked",
        "answered",
        "executed",
        "right",
        "unique",
        "kept",
        "covered",
    ]
    assert list(csv_rows(found)[0])[-3:] == ["tokens_output", "cost", "cost_per_1000_right"]
    assert terminal_yields(found).head == head


def test_what_is_known_to_be_free_is_shown() -> None:
    runs = finish()
    change_all(cost=0.0, cost_per_1000_right=0.0)
    _, lines = table_of(studied(runs))
    assert {line["cost"] for line in lines} == {"$0.00"}


def test_a_withheld_completion_gives_all_lines_a_column() -> None:
    runs = finish()
    change("gold-toy-train-pot", filtered=3)
    _, lines = table_of(studied(runs))
    assert [line["withheld"] for line in lines] == ["0", "3", "0"]


def test_a_varied_teacher_has_a_line_for_each_value() -> None:
    found = studied(finish_runs(study_of((1, 2), (1, 2))))
    assert [(row["teacher"], row["vary.paths"], row["thought"]) for row in csv_rows(found)] == [
        ("gold", paths, name) for paths in ("1", "2") for name in ("cot", "pot", "eot")
    ]
    head, lines = table_of(found)
    assert head[:4] == ["teacher", "paths", "problems", "format"]
    assert [line["paths"] for line in lines] == ["1", "", "", "2", "", ""]


def test_what_is_varied_past_the_teacher_is_no_column_of_its_table() -> None:
    runs = [Run("etd", f"small-width_{width}", 1, (("width", str(width)),)) for width in (32, 64)]
    found = read_yields(finish_runs(runs), all_asked(runs))
    assert [one.varied for one in found] == [()] * 3
    head, _ = table_of(studied(runs))
    assert "width" not in head
    assert {row["vary.width"] for row in csv_rows(studied(runs))} == {""}


def test_runs_share_the_values_that_all_of_them_have() -> None:
    def run(**varied: str) -> Run:
        return Run("m", "s", 1, tuple(varied.items()))

    assert shared([]) == ()
    assert shared([run(paths="1", width="2")]) == (("paths", "1"), ("width", "2"))
    assert shared([run(paths="1", width="2"), run(paths="1", width="3")]) == (("paths", "1"),)
    assert shared([run(paths="1"), run()]) == ()


def test_nothing_asked_is_no_section_and_a_file_with_a_head() -> None:
    found = replace(studied(finish()), yields=())
    assert yield_parts(found) == []
    assert "teachers gave" not in report_markdown(found)
    assert yield_csv(found).count("\n") == 1


def test_the_terminal_says_what_teachers_gave(capsys: pytest.CaptureFixture[str]) -> None:
    report.show(studied(finish()))
    out = capsys.readouterr().out
    lines = [line for line in out.splitlines() if "toy.train" in line]
    assert [word in lines[1] for word in ("gold", "pot", "1000", "650", "490k", "$0.11", "$0.18")] == [True] * 7


def test_the_terminal_says_what_of_the_tests_was_trained_on(capsys: pytest.CaptureFixture[str]) -> None:
    runs = finish()
    report.show(studied(runs))
    assert "was trained on" not in capsys.readouterr().out
    path = files.mix_file("etd", "dev")
    leaked = [
        Example(problem=f"leaked{n}", thought="cot", question=f"What is {n} and 1?", cue="c", text="3") for n in (1, 2)
    ]
    files.write_rows(path, [*files.read_rows(path, Example), *leaked])
    report.show(studied(runs))
    lines = [line for line in capsys.readouterr().out.splitlines() if "was trained on" in line]
    assert len(lines) == len(TESTS)
    assert lines[0].startswith("etd was trained on 2 of the 4 problems of toy-test (2 word by word)")


@pytest.mark.parametrize(
    ("path", "content", "stage"),
    [
        (POT, '{"right": 5}', "verify"),
        (POT, "[]", "verify"),
        (files.mix_counts_file("etd"), '{"train": 5}', "mix"),
        (files.mix_counts_file("etd"), '{"kept": {"gold-toy-train-pot": "many"}}', "mix"),
    ],
)
def test_metrics_of_another_form_are_named(path: Any, content: str, stage: str) -> None:
    runs = finish()
    files.write_text(path, content)
    with pytest.raises(Failure, match=f"{path} does not hold what a {stage} stage measures"):
        studied(runs)


@pytest.mark.parametrize("path", [POT, files.mix_counts_file("etd")])
def test_missing_metrics_are_named(path: Any) -> None:
    runs = finish()
    path.unlink()
    with pytest.raises(Failure, match=f"{path} does not exist"):
        studied(runs)


def test_thoughts_that_no_mix_keeps_are_not_said_to_be_kept() -> None:
    runs = finish()
    files.write_json(files.yield_file("gold-far-train-cot"), files.read_json(POT))
    (one,) = read_yields(runs, [Asked("cot", "gold", "far", "train")])
    assert one.kept == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"), (0, "$0.00"), (0.0000123, "$0.000012"), (0.00123, "$0.00123"), (0.05, "$0.05"), (0.5, "$0.50"),
        (0.999, "$1.00"), (12, "$12.00"), (1234.567, "$1,234.57"),
    ],
)  # fmt: skip
def test_money_is_read_at_a_glance(value: float | None, text: str) -> None:
    assert dollars(value) == text

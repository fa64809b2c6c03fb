"""What runs cost: read, worked out and shown, and told to be unknown where it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from distill_dsl.contract import files, params
from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.reports.efficiency import read_costs, taken
from distill_dsl.runtime.reports.figures import certainty, cost
from distill_dsl.runtime.reports.markdown import report_markdown
from distill_dsl.runtime.reports.spreadsheets import efficiency_csv, table_csv
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.wording import against, percent, points, si
from distill_dsl.runtime.stages import report
from tests.finished import EXPERIMENT, VOTE, finish, studied

NEW = ("tokens", "aurc", "ece")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    params._read.cache_clear()


def study(seeds: tuple[int, ...] = (1,)) -> Study:
    runs = finish(seeds)
    return studied(runs)


def old_files() -> Study:
    """The same experiment as older versions of the stages wrote it."""
    runs = finish()
    for run in runs:
        path = files.training_file(run.trained)
        files.write_json(path, {"steps": 300, "examples": 1000, "parameters": 1_234_567, "seconds": 12.5})
        files.write_json(files.solving_file(run.solved(EXPERIMENT)), {"seconds": 3.5, "tokens": 900})
        path = files.scores_file(run.solved(EXPERIMENT))
        kept = {
            test: {
                key: found if key == "thoughts" else {name: found[name] for name in found if name not in NEW}
                for key, found in entries.items()
            }
            for test, entries in files.read_json(path).items()
        }
        files.write_json(path, kept)
    return studied(runs)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_each_run_has_a_row_with_all_that_was_measured() -> None:
    rows = rows_of(efficiency_csv(study((1, 2))))
    assert [(row["mix"], row["seed"]) for row in rows] == [("cotd", "1"), ("cotd", "2"), ("etd", "1"), ("etd", "2")]
    row = rows[-1]
    assert row["training_examples"] == "1000"
    assert row["training_peak_memory"] == "1500000000.0"
    assert (row["training_energy"], row["solving_energy"]) == ("", "")
    assert (row["solving_engine"], row["solving_latency_p95"]) == ("transformers", "0.4")
    assert row["strategy"] == VOTE
    # Seed 2: 148 and 108 of 200 right, after 1,000 examples.
    assert float(row["accuracy"]) == float(row["accuracy_per_1000_examples"]) == pytest.approx((148 + 108) / 400)


def test_tokens_become_seconds_by_the_measured_speed_of_the_group() -> None:
    row = next(row for row in rows_of(table_csv(study((1, 2)))) if row["strategy"] == VOTE)
    assert float(row["tokens"]) == 130
    assert float(row["seconds"]) == pytest.approx(130 / 2650, abs=1e-6)
    assert float(row["seconds_alone"]) == pytest.approx(130 / 95, abs=1e-6)


def test_files_of_older_versions_show_dashes() -> None:
    found = old_files()
    text = report_markdown(found)
    row = next(line for line in text.splitlines() if "| etd " in line and "1.23M" in line)
    assert [cell.strip() for cell in row.split("|")[3:]] == (
        ["-", "1.23M", "-", "1k", "-", "12.5", "-", "-", "-", "-", "-", "62", ""]
    )
    assert "## How sure" not in text
    assert {row["tokens"] for row in rows_of(table_csv(found))} == {""}
    drawn = cost.draw(found.results)
    assert [one.get_text() for one in drawn.texts] == ["The scores do not tell what strategies cost."]


def test_a_mean_with_an_unknown_part_is_unknown() -> None:
    runs = finish((1, 2))
    path = files.training_file("etd-small-s2")
    files.write_json(path, files.read_json(path) | {"peak_memory": None})
    found = studied(runs)
    row = next(line for line in report_markdown(found).splitlines() if "| etd " in line and "1.23M" in line)
    assert "1.5 GB" not in row


def test_a_metrics_file_of_another_kind_is_named() -> None:
    runs = finish()
    files.write_json(files.solving_file("table-etd-small-s1"), {"tokens_per_second": "fast"})
    with pytest.raises(
        Failure, match=r"predictions/table-etd-small-s1\.json does not hold what a solve stage measures"
    ):
        read_costs(EXPERIMENT, runs)
    files.training_file("etd-small-s1").unlink()
    with pytest.raises(Failure, match=r"training/etd-small-s1\.json does not exist"):
        report.run(experiment=EXPERIMENT, runs=list(map(str, runs)), thoughts=[], tests=[])


def test_no_speed_is_no_time() -> None:
    assert taken(40.0, 0.0) is None
    assert taken(None, 10.0) is None
    assert taken(40.0, 10.0) == 4


def test_nothing_costs_more_and_is_worse_on_the_frontier() -> None:
    results = study().results
    rows = [row for row in results.rows if row.group.mix == "etd" and row.test == "toy-test"]
    front = cost.frontier(rows)
    assert [row.strategy for row in front] == ["pot", "oracle-pot-eot-cot"]
    for row in rows:
        assert any((one.tokens or 0) <= (row.tokens or 0) and one.accuracy >= row.accuracy for one in front)


def test_only_strategies_that_say_how_sure_they_are_have_a_curve() -> None:
    found = study((1, 2))
    for draw in (certainty.draw_risk, certainty.draw_calibration):
        drawn = draw(found.results, found.choices)
        assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["vote(pot, eot, cot, ties: cot)"]
    group = found.results.groups[1]
    sure, right = certainty.pairs_of(found.results, found.choices, group, "toy-test", VOTE)
    assert len(sure) == len(right) == 2 * 200
    assert sum(right) == 144 + 148


def test_the_curve_ends_at_the_error_of_all_problems() -> None:
    found = study()
    axes = certainty.draw_risk(found.results, found.choices).axes[0]
    (line,) = axes.get_lines()
    assert (line.get_xdata()[-1], line.get_ydata()[-1]) == pytest.approx((100, 28))


SHOWN = {0: "0", 0.01234: "0.0123", 1: "1", 64: "64", 999.4: "999", 999.6: "1k", 1000: "1k", 1_234_567: "1.23M"}
EDGES = {None: "-", 999_960: "1M", 2.64e12: "2.64T", 5e20: "500000P", 1e-9: "0"}


@pytest.mark.parametrize(("value", "text"), (SHOWN | EDGES).items())
def test_quantities_have_three_digits(value: float | None, text: str) -> None:
    assert si(value) == text


def test_units_differences_and_chances() -> None:
    assert si(1.5e9, "B") == "1.5 GB"
    assert si(0.21, "s") == "0.21 s"
    assert (points(0.1234), points(-0.0004), points(-0.02)) == ("+12.3", "0.0", "-2.0")
    assert (percent(0.5), percent(None), percent(0.015, 1)) == ("50.00", "-", "1.5")
    assert (against(0.0004), against(0.03149)) == ("< 0.001", "= 0.031")


def test_a_strategy_that_is_silent_about_one_problem_has_no_curve() -> None:
    runs = finish()
    path = files.scored_file("table-etd-small-s1")
    text = path.read_text(encoding="utf-8")
    files.write_text(path, text.replace('"sure":0.9,', "", 1))
    found = studied(runs)
    assert [one.get_text() for one in certainty.draw_risk(found.results, found.choices).texts] == [certainty.NOTHING]

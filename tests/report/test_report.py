"""The report of a made-up experiment: what the tables say, and that the same scores give the same bytes."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from ruamel.yaml import YAML

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.settings import ExperimentSettings
from distill_dsl.runtime.reports.figure import draw
from distill_dsl.runtime.reports.results import Results, gather, over_tests
from distill_dsl.runtime.reports.tables import figure, main_lines, marked, report_markdown
from distill_dsl.runtime.stages import report
from tests.finished import EXPERIMENT, PARAMS, TESTS, finish

FOLDER = files.report_folder(EXPERIMENT)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def with_settings(**changes: Any) -> None:
    """Change the experiment's block in params.yaml, in a folder of its own since settings are read once."""
    experiment = PARAMS["experiment"]["table"] | changes  # type: ignore[index]
    YAML().dump(PARAMS | {"experiment": {"table": experiment}}, Path("params.yaml"))


def results_of(seeds: tuple[int, ...] = (1,), **changes: Any) -> Results:
    runs = finish(seeds)
    with_settings(**changes)
    return gather(EXPERIMENT, read_settings(ExperimentSettings, EXPERIMENT), runs)


def rows_of(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_file_is_written_and_is_the_same_again() -> None:
    runs = [str(run) for run in finish((1, 2))]
    report.run(experiment=EXPERIMENT, runs=runs)
    first = {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in files.REPORT_FILES}
    report.run(experiment=EXPERIMENT, runs=runs)
    assert first == {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in files.REPORT_FILES}
    assert (FOLDER / "accuracy.png").read_bytes().startswith(b"\x89PNG")
    assert b"Software" not in (FOLDER / "accuracy.png").read_bytes()


def test_one_seed_reads_with_its_interval(golden: Callable[[str, str], None]) -> None:
    golden("report/one_seed.md", report_markdown(results_of()))


def test_several_seeds_read_with_their_deviation(golden: Callable[[str, str], None]) -> None:
    published = {"source": "a paper, table 2", "cells": {"small.etd.toy": 70.0, "large.etd.toy": 80.5}}
    golden("report/three_seeds.md", report_markdown(results_of((1, 2, 3), published=published)))


def test_the_main_table_takes_the_last_real_strategy_a_mix_can_use() -> None:
    assert [labels for labels, _ in main_lines(results_of())] == [
        ("small", "cotd", "cot"),
        ("small", "etd", "vote(pot, eot, cot, ties: cot)"),
    ]


def test_a_headline_is_taken_where_a_mix_can_use_it() -> None:
    lines = main_lines(results_of(headline="cascade-pot-eot-cot"))
    assert [labels[2] for labels, _ in lines] == ["cot", "pot > eot > cot"]


def test_the_best_of_each_column_is_marked() -> None:
    (_, cotd), (_, etd) = main_lines(results_of())
    assert [figure.best for figure in cotd] == [False] * 3
    assert [figure.best for figure in etd] == [True] * 3


def test_there_is_no_best_where_all_are_equal() -> None:
    equal = ((figure(0.5, 0.4, 0.6, None),), (figure(0.5, 0.4, 0.6, None),))
    assert [found.best for _, (found,) in marked([((), line) for line in equal])] == [False, False]


def test_the_average_over_tests_deviates_by_seed() -> None:
    results = results_of((1, 2, 3))
    interval, spread = over_tests(results, results.of("small", "cotd", "cot"))
    assert interval.value == pytest.approx(68 / 200)
    assert spread == pytest.approx(4 / 200)


def test_the_long_table_has_a_row_for_each_test_and_strategy() -> None:
    report.run(experiment=EXPERIMENT, runs=[str(run) for run in finish((1, 2, 3))])
    rows = rows_of("table.csv")
    assert len(rows) == (1 + 5) * len(TESTS)
    first = rows[0]
    assert (first["student"], first["mix"], first["seeds"], first["test"]) == ("small", "cotd", "3", "toy-test")
    assert (first["accuracy"], first["deviation"], first["right"], first["problems"]) == ("0.44", "0.02", "88.0", "200")
    assert float(first["low"]) < 0.44 < float(first["high"])


def test_the_plot_file_has_a_row_for_each_run() -> None:
    report.run(experiment=EXPERIMENT, runs=[str(run) for run in finish((1, 2))])
    rows = rows_of("accuracy.csv")
    assert len(rows) == 2 * (1 + 5) * len(TESTS)
    assert rows[0]["label"] == "toy-test · small · cotd · seed 1 · cot"
    assert len({row["label"] for row in rows}) == len(rows)


def test_verdicts_in_the_format_file_add_up_to_the_thoughts_written() -> None:
    report.run(experiment=EXPERIMENT, runs=[str(run) for run in finish((1, 2))])
    rows = rows_of("thoughts.csv")
    assert len(rows) == (1 + 3) * len(TESTS)
    for row in rows:
        assert (
            int(row["written"]) == 400 == sum(int(count) for name, count in row.items() if name.startswith("verdict_"))
        )


def test_the_terminal_shows_the_table_and_two_commands(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    report.run(experiment=EXPERIMENT, runs=[str(run) for run in finish()])
    shown = capsys.readouterr().out
    assert "vote(pot, eot, cot, ties: cot)" in shown
    assert "72.00" in shown
    assert f"mlflow ui --backend-store-uri sqlite:///{project}/mlflow.db" in shown
    assert "dvc exp run -S student.small.learning_rate=0.001" in shown
    assert shown.count("(Wilson)") == 1


def test_the_legend_is_no_wider_than_the_figure() -> None:
    results = results_of()
    one = dataclasses.replace(results, rows=tuple(row for row in results.rows if row.test == TESTS[0]))
    drawn = draw(one)
    renderer = FigureCanvasAgg(drawn).get_renderer()
    drawn.draw(renderer)
    box = drawn.legends[0].get_window_extent(renderer)
    assert box.x0 >= 0 and box.x1 <= drawn.bbox.width
    assert box.y1 <= drawn.bbox.height
    assert all(axes.get_window_extent(renderer).height > 250 for axes in drawn.axes)


def test_missing_scores_are_named() -> None:
    runs = finish()
    files.scores_file(runs[0].solved(EXPERIMENT)).unlink()
    with pytest.raises(Failure, match=r"artifacts/scores/table-cotd-small-s1\.json does not exist"):
        report.run(experiment=EXPERIMENT, runs=[str(run) for run in runs])
    assert not (FOLDER / "table.csv").exists()


@pytest.mark.parametrize(
    "content", ['{"toy-test": {}}', '{"toy-test": {"cot": {"accuracy": 1}, "thoughts": {}}}', "[]"]
)
def test_damaged_scores_are_named(content: str) -> None:
    runs = finish()
    files.write_text(files.scores_file(runs[0].solved(EXPERIMENT)), content)
    with pytest.raises(Failure, match="does not hold scores"):
        report.run(experiment=EXPERIMENT, runs=[str(run) for run in runs])


def test_seeds_scored_differently_are_not_averaged() -> None:
    runs = finish((1, 2))
    path = files.scores_file(runs[1].solved(EXPERIMENT))
    files.write_json(path, {"toy-test": files.read_json(path)["toy-test"]})
    with pytest.raises(Failure, match="seeds of small after cotd were scored on different tests"):
        report.run(experiment=EXPERIMENT, runs=[str(run) for run in runs])


def test_a_run_that_is_none_is_named() -> None:
    with pytest.raises(Failure, match="`etd-small-s1` names no run"):
        finish()
        report.run(experiment=EXPERIMENT, runs=["etd-small-s1"])

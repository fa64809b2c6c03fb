"""The report of a made-up experiment: what the tables say, and that the same scores give the same bytes."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from distill_dsl.contract import files, params
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.runs import Run
from distill_dsl.runtime.reports import contents, spreadsheets
from distill_dsl.runtime.reports.markdown import report_markdown
from distill_dsl.runtime.reports.results import over_tests
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.tables import Entry, figure, label, main_lines, marked
from distill_dsl.runtime.stages import report
from tests.finished import EXPERIMENT, PARAMS, TESTS, VOTE, all_asked, finish, finish_runs, studied, study_of

FOLDER = files.report_folder(EXPERIMENT)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def with_settings(**changes: Any) -> None:
    """Change the experiment's block in params.yaml, which is read once a process."""
    experiment = PARAMS["experiment"]["table"] | changes  # type: ignore[index]
    YAML().dump(PARAMS | {"experiment": {"table": experiment}}, Path("params.yaml"))
    params._read.cache_clear()


def study(runs: Sequence[Run], **changes: Any) -> Study:
    with_settings(**changes)
    return studied(runs)


def reported(runs: Sequence[Run]) -> None:
    thoughts = list(map(str, all_asked(runs)))
    report.run(experiment=EXPERIMENT, runs=list(map(str, runs)), thoughts=thoughts, tests=list(TESTS))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_file_is_written_and_is_the_same_again() -> None:
    runs = finish((1, 2))
    reported(runs)
    first = {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in files.REPORT_FILES}
    reported(runs)
    assert first == {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in files.REPORT_FILES}
    for name in files.REPORT_FIGURES:
        assert (FOLDER / name).read_bytes().startswith(b"\x89PNG")
        assert b"Software" not in (FOLDER / name).read_bytes()


def test_one_seed_reads_with_its_interval(golden: Callable[[str, str], None]) -> None:
    golden("report/one_seed.md", report_markdown(study(finish())))


def test_several_seeds_read_with_their_deviation(golden: Callable[[str, str], None]) -> None:
    published = {"source": "a paper, table 2", "cells": {"small.etd.toy": 70.0, "large.etd.toy": 80.5}}
    golden("report/three_seeds.md", report_markdown(study(finish((1, 2, 3)), published=published)))


def test_what_is_varied_has_a_column_and_a_law(golden: Callable[[str, str], None]) -> None:
    golden("report/varied.md", report_markdown(study(finish_runs(study_of((1, 2, 4, 8, 16), (1, 2))))))


def shown(study: Study, entries: Sequence[Entry]) -> list[tuple[str, ...]]:
    return [(*label(study.results, one.group), study.results.titles[one.strategy]) for one in entries]


def test_the_main_table_takes_the_last_real_strategy_a_mix_can_use() -> None:
    found = study(finish())
    assert shown(found, main_lines(found.results)) == [
        ("small", "cotd", "cot"),
        ("small", "etd", "vote(pot, eot, cot, ties: cot)"),
    ]


def test_a_headline_is_taken_where_a_mix_can_use_it() -> None:
    found = study(finish(), headline="cascade-pot-eot-cot")
    assert [who[-1] for who in shown(found, main_lines(found.results))] == ["cot", "pot > eot > cot"]


def test_a_headline_that_is_no_answer_is_refused() -> None:
    with pytest.raises(Failure, match="the headline of experiment table is none of its answers: vote") as found:
        study(finish(), headline="vote")
    assert found.value.help is not None and "cascade-pot-eot-cot, vote-pot-eot-cot-ties_cot" in found.value.help


def test_the_best_of_each_column_is_marked() -> None:
    cotd, etd = main_lines(study(finish()).results)
    assert [figure.best for figure in cotd.figures] == [False] * 3
    assert [figure.best for figure in etd.figures] == [True] * 3


def test_there_is_no_best_where_all_are_equal() -> None:
    group = study(finish()).results.groups[0]
    equal = [Entry(group, key, (figure(0.5, 0.4, 0.6, None),)) for key in ("cot", "pot")]
    assert [one.figures[0].best for one in marked(equal)] == [False, False]


def test_the_average_over_tests_deviates_by_seed() -> None:
    results = study(finish((1, 2, 3))).results
    interval, spread = over_tests(results, results.of(results.groups[0], "cot"))
    assert interval.value == pytest.approx(68 / 200)
    assert spread == pytest.approx(4 / 200)


def test_the_long_table_has_a_row_for_each_test_and_strategy() -> None:
    rows = rows_of(spreadsheets.table_csv(study(finish((1, 2, 3)))))
    assert len(rows) == (1 + 5) * len(TESTS)
    first = rows[0]
    assert (first["student"], first["mix"], first["seeds"], first["test"]) == ("small", "cotd", "3", "toy-test")
    assert (first["accuracy"], first["deviation"], first["right"], first["problems"]) == ("0.44", "0.02", "88.0", "200")
    assert float(first["low"]) < 0.44 < float(first["high"])


def test_the_plot_file_has_a_row_for_each_run() -> None:
    rows = rows_of(spreadsheets.accuracy_csv(study(finish((1, 2)))))
    assert len(rows) == 2 * (1 + 5) * len(TESTS)
    assert rows[0]["label"] == "toy-test · small · cotd · seed 1 · cot"
    assert len({row["label"] for row in rows}) == len(rows)


def test_varied_params_have_columns_of_their_own_in_every_file() -> None:
    found = study(finish_runs(study_of((1, 2), (1,))))
    for table in contents.TABLES.values():
        text = table(found)
        assert "etd-paths_" not in text.replace("table-etd-paths_", ""), text
    assert [row["vary.paths"] for row in rows_of(spreadsheets.efficiency_csv(found))] == ["1", "2"]
    labels = [row["label"] for row in rows_of(spreadsheets.accuracy_csv(found))]
    assert labels[0] == "toy-test · small · etd, paths 1 · cot" and len(set(labels)) == len(labels)


def test_verdicts_in_the_format_file_add_up_to_the_thoughts_written() -> None:
    rows = rows_of(spreadsheets.thoughts_csv(study(finish((1, 2)))))
    assert len(rows) == (1 + 3) * len(TESTS)
    for row in rows:
        assert (
            int(row["written"]) == 400 == sum(int(count) for name, count in row.items() if name.startswith("verdict_"))
        )


def test_the_terminal_shows_the_table_and_three_commands(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    report.show(study(finish()))
    out = capsys.readouterr().out
    assert "vote(pot, eot, cot, ties: cot)" in out
    assert "72.00" in out
    assert "1.23M" in out and "12.5 s" in out
    assert f"mlflow ui --backend-store-uri sqlite:///{project}/mlflow.db" in out
    assert "mtd report table --open" in out
    assert "dvc exp run -S student.small.learning_rate=0.001" in out
    assert out.count("(Wilson)") == 1


def test_what_a_mix_holds_out_is_no_test() -> None:
    found = study(finish())
    assert found.results.tests == list(TESTS)
    assert all(set(tests) == set(TESTS) for tests in found.choices.values())


def test_missing_scores_are_named() -> None:
    runs = finish()
    files.scores_file(runs[0].solved(EXPERIMENT)).unlink()
    with pytest.raises(Failure, match=r"artifacts/scores/table-cotd-small-s1\.json does not exist"):
        reported(runs)
    assert not (FOLDER / "table.csv").exists()


@pytest.mark.parametrize(
    "content", ['{"toy-test": {}}', '{"toy-test": {"cot": {"accuracy": 1}, "thoughts": {}}}', "[]"]
)
def test_damaged_scores_are_named(content: str) -> None:
    runs = finish()
    files.write_text(files.scores_file(runs[0].solved(EXPERIMENT)), content)
    with pytest.raises(Failure, match="does not hold scores"):
        reported(runs)


def test_choices_must_add_up_to_the_scores() -> None:
    runs = finish()
    path = files.scores_file(runs[1].solved(EXPERIMENT))
    document = files.read_json(path)
    document["far-test"][VOTE]["right"] += 1
    files.write_json(path, document)
    with pytest.raises(Failure, match=r"table-etd-small-s1\.jsonl does not add up to the scores beside it"):
        study(runs)


def test_groups_on_different_tests_are_no_table() -> None:
    runs = finish()
    path = files.scores_file(runs[1].solved(EXPERIMENT))
    files.write_json(path, {"toy-test": files.read_json(path)["toy-test"]})
    with pytest.raises(Failure, match="small after etd was scored on other tests"):
        study(runs)


def test_seeds_scored_differently_are_not_averaged() -> None:
    runs = finish((1, 2))
    path = files.scores_file(runs[1].solved(EXPERIMENT))
    files.write_json(path, {"toy-test": files.read_json(path)["toy-test"]})
    with pytest.raises(Failure, match="small after cotd has seeds that were scored on different tests"):
        reported(runs)


def test_a_run_that_is_none_is_named() -> None:
    with pytest.raises(Failure, match="`etd-small-s1` names no run"):
        finish()
        report.run(experiment=EXPERIMENT, runs=["etd-small-s1"], thoughts=[], tests=[])

"""Which formats solve what, how sure strategies are, and the few numbers for DVC: by the files they come from."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from distill_dsl.contract import files, params
from distill_dsl.contract.records import Choice, Judged, Scored
from distill_dsl.runtime.reports.findings import solving_parts
from distill_dsl.runtime.reports.formats import Combination, FormatSets, group_sets
from distill_dsl.runtime.reports.headlines import summary
from distill_dsl.runtime.reports.spreadsheets import calibration_csv, formats_csv, risk_coverage_csv
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.sureness import Pairs, few_points, pairs_of, stated_bins
from distill_dsl.runtime.stages import report
from distill_dsl.runtime.strategies.reliability import risk_coverage
from tests.finished import EXPERIMENT, PROBLEMS, TESTS, VOTE, all_asked, finish, finish_runs, studied, study_of


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    params._read.cache_clear()


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def sets_of(rows: list[Scored]) -> FormatSets:
    """What becomes of one run's rows on the first test."""
    runs = finish()
    study = studied(runs)
    files.write_rows(files.scored_file(runs[1].solved(EXPERIMENT)), rows)
    group = study.results.groups[1]
    return next(iter(group_sets(study.results, group, ("cot", "pot", "eot"))))


def row(right: str, verdict: str, samples: int = 1, test: str = TESTS[0]) -> Scored:
    """A problem whose formats in `right` are right, in `a|b` those of the first sample and those of the second."""
    by_sample = right.split("|")
    thoughts = [
        Judged(
            thought=name, sample=sample, text="2", tokens=1, logprob=-0.1,
            verdict="correct" if name in by_sample[sample].split() else "error:name",
        )
        for name in ("cot", "pot", "eot")
        for sample in range(samples)
    ]  # fmt: skip
    choices = {VOTE: Choice(verdict=verdict)}
    return Scored(test=test, problem="p", question="?", gold="2", thoughts=tuple(thoughts), choices=choices)


def test_problems_are_counted_by_the_formats_that_solve_them() -> None:
    found = sets_of(
        [row("pot eot", "correct"), row("pot", "wrong"), row("pot", "correct"), row("", "no-answer"), row("", "wrong")]
    )
    assert found.combinations == (
        Combination(("pot", "eot"), 0.2, 0.2),
        Combination(("pot",), 0.4, 0.2),
        Combination((), 0.4, 0.0),
    )
    assert (found.share("eot", "pot"), found.share("cot"), found.share()) == (0.2, 0.0, 0.4)
    assert found.missed == pytest.approx(0.2)


def test_samples_stand_side_by_side() -> None:
    found = sets_of([row("cot|pot eot", "correct", samples=2), row("|cot", "wrong", samples=2)])
    assert found.combinations == (
        Combination(("pot", "eot"), 0.25, 0.25),
        Combination(("cot",), 0.5, 0.25),
        Combination((), 0.25, 0.0),
    )


def test_what_a_mix_holds_out_is_not_counted() -> None:
    assert sets_of([row("cot", "correct"), row("", "wrong", test="dev")]).combinations == (
        Combination(("cot",), 1.0, 1.0),
    )


def test_only_mixes_of_several_formats_have_sets() -> None:
    study = studied(finish((1, 2)))
    assert {one.group.mix for one in study.formats} == {"etd"}
    assert [one.test for one in study.formats] == list(TESTS)
    for one in study.formats:
        assert sum(each.share for each in one.combinations) == pytest.approx(1)
        assert all(0 <= each.taken <= each.share for each in one.combinations)
    rows = rows_of(formats_csv(study))
    assert sum(float(one["problems"]) for one in rows) == pytest.approx(PROBLEMS * len(TESTS), abs=1e-4)
    assert rows[0]["formats"] == "cot pot eot"
    assert "missed" in solving_parts(study)[1]


def test_nothing_is_said_of_sets_where_every_mix_has_one_format() -> None:
    study = studied([run for run in finish() if run.mix == "cotd"])
    assert solving_parts(study) == []
    assert len(formats_csv(study).splitlines()) == 1


# --- how sure -----------------------------------------------------------------------------------


def pairs(study: Study) -> Pairs:
    return pairs_of(study.results, study.choices, study.results.groups[1], TESTS[0], VOTE)


def test_bins_hold_every_answer_of_every_seed() -> None:
    study = studied(finish((1, 2)))
    rows = [one for one in rows_of(calibration_csv(study)) if one["test"] == TESTS[0]]
    assert {(one["mix"], one["group"], one["answer_by"]) for one in rows} == {
        ("etd", "etd", study.results.titles[VOTE])
    }
    assert sum(int(one["answers"]) for one in rows) == 2 * PROBLEMS
    for one in rows:
        assert float(one["low"]) <= float(one["sure"]) <= float(one["high"])
    right = sum(float(one["right"]) * int(one["answers"]) for one in rows)
    assert right == pytest.approx(sum(pairs(study).right), abs=1e-3)


def test_what_is_not_answered_states_nothing() -> None:
    assert [one.count for one in stated_bins(Pairs([0.0, 0.4, 1.0], [False, True, True]))] == [1, 1]


def test_a_curve_ends_with_all_problems_answered() -> None:
    study = studied(finish((1, 2)))
    rows = [one for one in rows_of(risk_coverage_csv(study)) if one["test"] == TESTS[0]]
    assert float(rows[-1]["coverage"]) == 1
    assert float(rows[-1]["risk"]) == pytest.approx(1 - sum(pairs(study).right) / (2 * PROBLEMS), abs=1e-6)


@pytest.mark.parametrize("count", [1, 49, 50, 51, 99, 1319])
def test_of_many_points_fifty_are_left_that_were_measured(count: int) -> None:
    many = Pairs([place / count for place in range(count)], [place % 3 > 0 for place in range(count)])
    every = risk_coverage(*many)
    found = few_points(many)
    assert len(found) <= 50 and set(found) <= set(every)
    assert found[-1] == every[-1]
    assert [one.coverage for one in found] == sorted({one.coverage for one in found})
    assert count > 50 or found == every


def test_files_of_what_nobody_tells_have_their_head_alone() -> None:
    study = studied([run for run in finish() if run.mix == "cotd"])
    assert len(calibration_csv(study).splitlines()) == len(risk_coverage_csv(study).splitlines()) == 1


def test_what_is_varied_tells_lines_apart() -> None:
    study = studied(finish_runs(study_of((1, 2), (1,))))
    for table in (calibration_csv, risk_coverage_csv, formats_csv):
        found = {(one["mix"], one["vary.paths"], one["group"]) for one in rows_of(table(study))}
        assert found == {("etd", "1", "etd, paths 1"), ("etd", "2", "etd, paths 2")}


# --- for DVC ------------------------------------------------------------------------------------


def test_the_summary_has_the_main_table_and_what_teachers_gave() -> None:
    runs = finish((1, 2))
    report.run(
        experiment=EXPERIMENT, runs=list(map(str, runs)), thoughts=list(map(str, all_asked(runs))), tests=list(TESTS)
    )
    assert files.read_json(files.summary_file(EXPERIMENT)) == {
        "accuracy": {"small": {"cotd": 0.33, "etd": 0.63}},
        "yield": {"gold": {"cot": 0.7, "pot": 0.65, "eot": 0.6}},
    }


def test_the_summary_keeps_variants_apart_and_leaves_out_teachers_that_nobody_asked() -> None:
    found = summary(studied(finish_runs(study_of((1, 2), (1,)))))
    assert list(found["accuracy"]["small"]) == ["etd-paths_1", "etd-paths_2"]
    assert list(found["yield"]) == ["gold-paths_1", "gold-paths_2"]

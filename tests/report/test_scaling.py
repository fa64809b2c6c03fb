"""Scaling studies: which lines there are, what is said of them, and how they are drawn."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from distill_dsl.contract import files, params
from distill_dsl.contract.runs import Run, parse_run
from distill_dsl.runtime.reports.figures import scaling as figure
from distill_dsl.runtime.reports.findings import scaling_parts
from distill_dsl.runtime.reports.powerlaw import Errors, Law, fit
from distill_dsl.runtime.reports.scaling import EXAMPLES, PARAMETERS, Line, Status, status_of, taper_of
from distill_dsl.runtime.reports.spreadsheets import scaling_csv
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.reports.taper import ceiling, last_gain, sentence, tapering
from tests.finished import PARAMS, VOTE, finish, finish_runs, studied, study_of, write_run


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    params._read.cache_clear()


def study(runs: Sequence[Run]) -> Study:
    return studied(runs)


def lines(paths: Sequence[object], seeds: Sequence[int] = (1,)) -> list[Line]:
    return list(study(finish_runs(study_of(paths, seeds))).lines)


def law(values: Sequence[float], xs: Sequence[float] = (1, 2, 4, 8), deviation: float = 0.01) -> Law:
    return fit(np.array(xs, float), np.array(values), Errors(np.eye(len(values)) * deviation**2, np.inf))


# --- which lines there are ----------------------------------------------------------------------


def test_a_line_goes_along_the_param_and_along_what_it_comes_to() -> None:
    found = lines((1, 2, 4, 8))
    assert {(one.along, one.measured) for one in found} == {("paths", False), (EXAMPLES, True)}
    assert {one.strategy for one in found if one.measured} == {VOTE}
    assert len({one.strategy for one in found if not one.measured}) == 5
    by_examples = next(one for one in found if one.measured)
    assert [x for x, _ in by_examples.points] == [250, 500, 1000, 2000]
    assert by_examples.name == "small, etd"


def test_values_are_in_the_order_of_numbers() -> None:
    found = lines((16, 2, 4, 1))
    assert [x for x, _ in found[0].points] == [1, 2, 4, 16]
    assert [row.accuracy for _, row in found[0].points] == sorted(row.accuracy for _, row in found[0].points)


@pytest.mark.parametrize("paths", [(4,), ("few", "many"), ("nan", 1), (4, "4.0")])
def test_there_is_no_line_along_one_value_or_along_words(paths: tuple[object, ...]) -> None:
    runs = [Run(f"etd-paths_{i}", "small", 1, (("paths", str(value)),)) for i, value in enumerate(paths)]
    mixes = {run.mix: PARAMS["mix"]["etd"] for run in runs}  # type: ignore[index]
    finish()
    for run in runs:
        write_run(Run(run.mix, run.student, run.seed))
    YAML().dump(PARAMS | {"mix": mixes}, Path("params.yaml"))
    assert [one for one in study(runs).lines if not one.measured] == []


def test_nothing_varied_is_no_section_and_a_figure_that_says_so() -> None:
    found = study(finish())
    assert scaling_parts(found) == []
    drawn = figure.draw(found.results, found.lines)
    assert [one.get_text() for one in drawn.texts] == ["Nothing is varied over numbers here."]
    assert scaling_csv(found).count("\n") == 1


def test_two_varied_params_make_a_line_for_each_value_of_the_other() -> None:
    runs = [
        Run(f"etd-paths_{paths}", f"small-width_{width}", 1, (("paths", str(paths)), ("width", str(width))))
        for paths in (1, 2, 4)
        for width in (32, 64)
    ]
    finish_runs(runs)
    for run in runs:
        path = files.training_file(run.trained)
        files.write_json(path, files.read_json(path) | {"parameters": 1000 * int(dict(run.varied)["width"])})
    found = [one for one in study(runs).lines if one.headline and one.test == "toy-test"]
    assert {(one.along, one.name, len(one.points)) for one in found} == {
        ("paths", "small, etd, width 32", 3),
        ("paths", "small, etd, width 64", 3),
        (EXAMPLES, "small, etd, width 32", 3),
        (EXAMPLES, "small, etd, width 64", 3),
        *(("width", f"small, etd, paths {paths}", 2) for paths in (1, 2, 4)),
        *((PARAMETERS, f"small, etd, paths {paths}", 2) for paths in (1, 2, 4)),
    }
    assert all(one.status is (Status.FEW if len(one.points) == 2 else one.status) for one in found)


def test_students_of_several_sizes_are_a_line_along_parameters() -> None:
    runs = [Run("etd", student, 1) for student in ("small", "base", "large")]
    finish_runs(runs)
    for size, run in enumerate(runs):
        path = files.training_file(run.trained)
        files.write_json(path, files.read_json(path) | {"parameters": 1000 * 2**size})
    found = study(runs).lines
    assert {(one.along, one.name, len(one.points)) for one in found} == {(PARAMETERS, "etd", 3)}
    path = files.training_file(runs[2].trained)
    files.write_json(path, files.read_json(path) | {"parameters": 1000})
    assert study(runs).lines == ()


def test_a_run_may_carry_what_is_varied() -> None:
    run = study_of((2,), (1,))[0]
    assert parse_run(str(run)) == run


# --- what is said of them -----------------------------------------------------------------------


def test_a_study_tells_gain_taper_and_ceiling() -> None:
    found = study(finish_runs(study_of((1, 2, 4, 8, 16), (1, 2))))
    text = "\n".join(scaling_parts(found))
    assert re.search(
        r"- small, etd, far-test: doubling paths from 8 to 16 gains \d\.\d \(\d\.\d to \d\.\d\) points; ", text
    )
    assert "### training examples" in text
    row = next(csv.DictReader(io.StringIO(scaling_csv(found))))
    assert (row["along"], row["x"], row["student"], row["mix"], row["seeds"]) == ("paths", "1.0", "small", "etd", "2")
    assert float(row["ceiling_low"]) <= float(row["ceiling"]) <= float(row["ceiling_high"]) <= 1


def test_two_values_are_a_table_and_no_law() -> None:
    one = lines((2, 4))[0]
    assert (one.law, one.status) == (None, Status.FEW)
    assert sentence(one).endswith("points measured from paths 2 to 4; a law needs three values.")


def test_values_that_have_no_logarithm_have_no_law() -> None:
    runs = [Run(f"etd-weight_{i}", "small", 1, (("weight", str(i)),)) for i in (0, 1, 2)]
    one = study(finish_runs(runs)).lines[0]
    assert (one.law, one.status) == (None, Status.NO_LOG)
    assert "values that are not above 0" in sentence(one)


def test_equal_accuracies_are_no_gain() -> None:
    runs = [Run(f"etd-weight_{i}", "small", 1, (("weight", str(i)),)) for i in (1, 2, 3)]
    one = study(finish_runs(runs)).lines[0]
    assert one.status in (Status.FLAT, Status.UNSURE)
    assert sentence(one).startswith(("no rise from weight 1 to 3", "no gain that can be told from chance"))


@pytest.mark.parametrize(
    ("values", "misfit", "status"),
    [
        ((0.8, 0.7, 0.6, 0.5), None, Status.FLAT),
        ((0.50, 0.505, 0.498, 0.51), 0.5, Status.UNSURE),
        ((0.5, 0.7, 0.78, 0.8), 0.5, Status.FITTED),
        ((0.5, 0.7, 0.5, 0.9), 0.001, Status.MISFIT),
    ],
)
def test_a_law_is_worth_what_its_points_say(values: tuple[float, ...], misfit: float | None, status: Status) -> None:
    assert status_of(law(values), misfit) is status


def test_points_that_no_law_fits_are_said_to() -> None:
    runs = study_of((1, 2, 4, 8), (1,))
    finish_runs(runs)
    # The second value has the accuracies of the last, and the last those of the first.
    for name in ("table-etd-paths_2-small-s1", "table-etd-paths_8-small-s1"):
        other = "table-etd-paths_8-small-s1" if "_2" in name else "table-etd-paths_1-small-s1"
        for path in (files.scores_file, files.scored_file):
            files.write_text(Path(f"{path(name)}.new"), path(other).read_text(encoding="utf-8"))
    for name in ("table-etd-paths_2-small-s1", "table-etd-paths_8-small-s1"):
        for path in (files.scores_file, files.scored_file):
            Path(f"{path(name)}.new").replace(path(name))
    one = next(one for one in study(runs).lines if one.headline)
    assert one.status is Status.MISFIT
    assert "no saturating power law fits (p < 0.001; with one seed, trainings that differ may be why)" in sentence(one)


def test_where_it_tapers_in_words() -> None:
    saturated = law((0.5, 0.8, 0.80, 0.801), deviation=0.001)
    assert tapering(saturated).startswith("from about 1.")
    assert ceiling(saturated).startswith("The ceiling is 80.")
    flat = law((0.80, 0.803, 0.804, 0.8045), deviation=0.0002)
    assert tapering(flat) == "from the smallest value, 1, on a doubling gains less than one point"
    rising = law((0.3, 0.4, 0.5, 0.6), deviation=0.005)
    assert tapering(rising) == "up to 8 and beyond, each doubling gains a point or more"
    assert ceiling(rising).startswith("The ceiling is not determined (at least ")
    beyond = law((0.4, 0.55, 0.63, 0.672), deviation=0.002)
    assert tapering(beyond).startswith("by the law, beyond what was measured, from about ")
    assert taper_of(beyond).value > 8


def test_a_range_without_a_doubling_is_told_as_it_is() -> None:
    short = law((0.5, 0.6, 0.65), xs=(100, 120, 150))
    assert last_gain("limit", short).startswith("going from limit 100 to 150 gains ")
    assert last_gain("paths", law((0.5, 0.6, 0.7, 0.75))).startswith("doubling paths from 4 to 8 gains ")


# --- the figure ---------------------------------------------------------------------------------


def test_the_figure_has_a_panel_for_each_quantity_and_test() -> None:
    found = study(finish_runs(study_of((1, 2, 4, 8, 16), (1,))))
    drawn = figure.draw(found.results, found.lines)
    assert [axes.get_xlabel() for axes in drawn.axes] == ["paths"] * 2 + [EXAMPLES] * 2
    measured = drawn.axes[0].containers[0].lines[0].get_ydata()
    line = next(one for one in found.lines if one.headline and one.test == "toy-test")
    assert list(measured) == [100 * row.accuracy for _, row in line.points]
    assert list(drawn.axes[0].get_xticks()) == [1, 2, 4, 8, 16]


def test_of_many_values_about_six_are_written() -> None:
    assert figure.spread([1, 2, 3]) == [1, 2, 3]
    assert figure.spread(range(1, 12)) == [1, 3, 5, 7, 9, 11]

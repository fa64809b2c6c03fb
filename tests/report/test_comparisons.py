"""Which strategies and mixes are said to differ, and which not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.contract import files, params
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Scored
from distill_dsl.contract.runs import Run
from distill_dsl.runtime.reports.comparisons import compare_cells, holm, reference
from distill_dsl.runtime.reports.findings import comparison_parts, told
from distill_dsl.runtime.reports.spreadsheets import comparisons_csv
from distill_dsl.runtime.reports.study import Study
from distill_dsl.runtime.strategies.comparing import compare
from tests.finished import VOTE, finish, has_right, studied

CASCADE = "cascade-pot-eot-cot"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    params._read.cache_clear()


def study(runs: list[Run]) -> Study:
    return studied(runs)


def test_every_strategy_meets_the_cascade_and_every_mix_the_best() -> None:
    found = study(finish((1, 2)))
    etd = [(one.a.strategy, one.b.strategy, one.test) for one in found.strategies if one.a.group.mix == "etd"]
    assert etd == [(key, CASCADE, test) for key in ("cot", "pot", VOTE) for test in ("toy-test", "far-test")]
    assert not [one for one in found.strategies if one.a.group.mix == "cotd"]
    assert [(one.a.group.mix, one.b.group.mix) for one in found.mixes] == [("cotd", "etd")] * 2


def test_a_contest_is_over_the_same_problems_of_one_test() -> None:
    run = Run("etd", "small", 1)
    found = next(one for one in study(finish()).strategies if (one.a.strategy, one.test) == (VOTE, "far-test"))
    vote, cascade = ([has_right(run, 1, better, i) for i in range(200)] for better in (3, 2))
    assert found.found == compare(vote, cascade)
    assert found.found.difference == pytest.approx(0.1)
    assert found.found.only_a - found.found.only_b == 20


def test_cells_are_compared_by_name() -> None:
    finish((1, 2))
    found = compare_cells("table-etd-small-s1", VOTE, "table-cotd-small-s2", "cot", "toy-test")
    assert found.difference == pytest.approx((144 - 88) / 200)
    assert found.p_value < 0.001
    with pytest.raises(Failure, match="table-cotd-small-s2 has no answers of pot on toy-test"):
        compare_cells("table-etd-small-s1", VOTE, "table-cotd-small-s2", "pot", "toy-test")


def test_answers_to_different_problems_are_not_compared() -> None:
    runs = finish()
    path = files.scored_file("table-cotd-small-s1")
    rows = list(files.read_rows(path, Scored))
    files.write_rows(path, [rows[1], rows[0], *rows[2:]])
    found = study(runs)
    assert [one.test for one in found.mixes] == ["far-test"]
    with pytest.raises(Failure, match="answered different problems of toy-test"):
        compare_cells("table-etd-small-s1", VOTE, "table-cotd-small-s1", "cot", "toy-test")


def renamed(cell: str, old: str, new: str) -> None:
    """The same scores, for a variant of a data set."""
    path = files.scores_file(cell)
    files.write_json(path, {test.replace(old, new): entry for test, entry in files.read_json(path).items()})
    path = files.scored_file(cell)
    text = path.read_text(encoding="utf-8")
    files.write_text(
        path, text.replace(f'"test":"{old}', f'"test":"{new}').replace(f'"problem":"{old}', f'"problem":"{new}')
    )


def test_a_test_of_varied_data_is_one_test_and_compared_where_its_problems_are_the_same() -> None:
    runs = finish()
    renamed("table-etd-small-s1", "toy-test", "toy-size_10-test")
    found = study(runs)
    assert found.results.tests == ["toy-test", "far-test"]
    assert [one.test for one in found.mixes] == ["toy-test", "far-test"]
    path = files.scored_file("table-etd-small-s1")
    files.write_text(
        path, path.read_text(encoding="utf-8").replace('"question":"toy-test 7?"', '"question":"7 and 7?"')
    )
    assert [one.test for one in study(runs).mixes] == ["far-test"]


def test_two_variants_of_a_test_in_one_run_are_refused() -> None:
    runs = finish()
    path = files.scores_file("table-etd-small-s1")
    document = files.read_json(path)
    files.write_json(path, document | {"toy-size_2-test": document["toy-test"]})
    with pytest.raises(Failure, match=r"table-etd-small-s1\.json holds two variants of one test: .*toy-size_2-test"):
        study(runs)


def test_what_is_equal_cannot_be_told_apart() -> None:
    runs = finish()
    for test in ("toy-test", "far-test"):
        path = files.scores_file("table-etd-small-s1")
        document = files.read_json(path)
        document[test]["pot"] = document[test][CASCADE]
        files.write_json(path, document)
    path = files.scored_file("table-etd-small-s1")
    rows = [
        Scored(**{name: getattr(row, name) for name in row.__struct_fields__ if name != "choices"},
               choices=row.choices | {"pot": row.choices[CASCADE]})
        for row in files.read_rows(path, Scored)
    ]  # fmt: skip
    files.write_rows(path, rows)
    found = study(runs)
    even = [one for one in found.strategies if one.a.strategy == "pot"]
    assert [(one.verdict, one.adjusted, one.found.difference) for one in even] == [("cannot be told apart", 1, 0)] * 2
    assert told(even) == "None of these can be told apart."
    assert "4 of 6 differ, the others cannot be told apart." in comparison_parts(found)
    assert "0.0 (0.0 to 0.0), p = 1.000" in "\n".join(comparison_parts(found))
    assert comparisons_csv(found).count("cannot be told apart") == 2


def test_the_reference_is_a_cascade_else_of_several_formats_else_the_first() -> None:
    found = study(finish())
    cotd, etd = found.results.groups
    assert (reference(found.results, cotd), reference(found.results, etd)) == ("cot", CASCADE)


def test_holm_as_in_his_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_keeps_the_order_and_lies_between_plain_and_bonferroni(values: list[float]) -> None:
    adjusted = holm(values)
    for value, found in zip(values, adjusted, strict=True):
        assert value <= found <= min(1.0, value * len(values))
    ranked = sorted(zip(values, adjusted, strict=True))
    assert [found for _, found in ranked] == sorted(adjusted)

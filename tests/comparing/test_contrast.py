"""What two versions of a project are said to have measured otherwise."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from msgspec.structs import replace as with_fields

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem, Scored, Thought
from distill_dsl.contract.runs import Run
from distill_dsl.runtime.comparing.contests import Contest, Verdict
from distill_dsl.runtime.comparing.contrast import Contrast, contrasted
from distill_dsl.runtime.comparing.quantities import Change, Move
from distill_dsl.runtime.comparing.shown import markdown, parts
from distill_dsl.runtime.reports.comparisons import holm
from distill_dsl.runtime.strategies.comparing import compare_seeds
from tests.comparing.versions import begun, commit, edited, git, given, rescored
from tests.finished import EXPERIMENT, PROBLEMS, VOTE, asked_of, finish, has_right, runs_of

CASCADE = "cascade-pot-eot-cot"
FIRST, SECOND = Run("etd", "small", 1), Run("etd", "small", 2)


def contrast(first: str, second: str | None = None) -> Contrast:
    """The comparison; its files are gone, so that all is read before."""
    with contrasted(first, second) as found:
        return found


def of(found: Contrast, strategy: str, test: str = "toy-test", mix: str = "etd") -> Contest:
    both = (*found.headlines, *found.strategies)
    return next(
        one for one in both if (one.before.group.mix, one.test, one.strategies) == (mix, test, (strategy, strategy))
    )


def change(found: Contrast, key: str, mix: str = "etd") -> Change:
    return next(one for one in found.changes if one.quantity.key == key and mix in one.who)


def notes(found: Contrast) -> str:
    return "\n".join(found.notes)


def all_right(row: Scored, strategy: str = VOTE, test: str = "toy-test") -> Scored:
    return given(row, strategy, right=True) if row.test == test else row


# --- accuracy -----------------------------------------------------------------------------------


def test_what_nobody_touched_is_the_same() -> None:
    begun()
    found = contrast("v1")
    assert {one.verdict for one in (*found.headlines, *found.strategies)} == {Verdict.SAME}
    assert len(found.headlines) == 6 and len(found.strategies) == 8
    assert not found.changes and not found.takings and not found.notes


def test_a_difference_is_tested_over_the_same_problems_and_all_seeds() -> None:
    begun()
    for run in (FIRST, SECOND):
        rescored(run, lambda row, place: given(row, VOTE, right=True) if 140 <= place < 200 else row)
    found = of(contrast("v1"), VOTE)
    better = ["cot", "pot", CASCADE, VOTE].index(VOTE)
    old = [[has_right(run, 0, better, i) for i in range(PROBLEMS)] for run in (FIRST, SECOND)]
    new = [[right or i >= 140 for i, right in enumerate(row)] for row in old]
    assert found.found == compare_seeds(new, old)
    assert found.shared == PROBLEMS and found.verdict is Verdict.UP
    assert found.difference == pytest.approx(found.found.difference)
    assert set(found.gained) == {f"toy-test-{i}" for i in range(140, 200) if not all(row[i] for row in old)}
    assert found.lost == ()


def test_p_values_are_corrected_in_the_family_and_what_is_the_same_does_not_count() -> None:
    begun()
    for run in (FIRST, SECOND):
        rescored(run, lambda row, place: given(row, "pot", right=True) if 188 <= place < 200 else row)
        rescored(run, lambda row, place: given(row, CASCADE, right=False) if place < 9 else row)
    found = contrast("v1")
    moved = [one for one in found.strategies if one.verdict is not Verdict.SAME]
    assert {one.strategies[0] for one in moved} == {"pot", CASCADE}
    assert [one.adjusted for one in moved] == holm([one.found.p_value for one in moved if one.found])
    assert all(one.verdict is Verdict.SAME for one in found.headlines)


def test_differences_come_first_the_larger_the_earlier() -> None:
    begun()
    for run in (FIRST, SECOND):
        rescored(run, lambda row, place: all_right(row, "pot"))
        rescored(run, lambda row, place: given(row, CASCADE, right=False) if place < 90 else row)
        rescored(
            run,
            lambda row, place: given(row, "cot", right=True) if row.test == "far-test" and place in (380, 390) else row,
        )
    found = contrast("v1").strategies
    assert [one.verdict for one in found[:3]] == [Verdict.UP, Verdict.DOWN, Verdict.NOISE]
    assert abs(found[0].difference) > abs(found[1].difference) > abs(found[2].difference) > 0


def test_a_point_is_noise() -> None:
    begun()
    rescored(FIRST, lambda row, place: given(row, VOTE, right=True) if 197 <= place < 200 else row)
    found = of(contrast("v1"), VOTE)
    assert found.difference > 0 and found.verdict is Verdict.NOISE
    text = markdown(parts(contrast("v1"), [], every=False))
    assert "cannot be told apart" in text and "no more than chance may give" in text


# --- other problems, seeds and strategies -------------------------------------------------------


def test_other_problems_are_compared_only_where_both_have_them() -> None:
    begun()
    for run in runs_of((1, 2)):
        rescored(run, lambda row, place: None if row.test == "toy-test" and place % 4 == 0 else row)
    found = contrast("v1")
    assert of(found, VOTE).shared == 150 and of(found, VOTE).problems == (200, 150)
    assert of(found, VOTE).verdict is Verdict.SAME
    assert "toy-test: compared over the 150 problems that both answered, of 200 before and 150 after" in notes(found)
    assert not of(found, VOTE, "far-test").part


def test_a_problem_is_its_question_and_gold_not_its_id() -> None:
    begun()
    for run in runs_of((1, 2)):
        rescored(run, lambda row, place: with_fields(row, problem=f"n-{place}") if place % 2 else row)
        rescored(run, lambda row, place: with_fields(row, gold="7") if row.test == "toy-test" and place < 50 else row)
    assert of(contrast("v1"), VOTE).shared == 150


def test_no_problem_in_common_is_said() -> None:
    begun()
    for run in runs_of((1, 2)):
        rescored(
            run, lambda row, place: with_fields(row, question=f"{row.question} now") if row.test == "toy-test" else row
        )
    found = contrast("v1")
    assert of(found, VOTE).verdict is Verdict.UNTESTED and of(found, VOTE).found is None
    assert "toy-test: the two answered no problem in common" in notes(found)
    assert of(found, VOTE, "far-test").verdict is Verdict.SAME


def test_problems_that_are_asked_twice_are_two() -> None:
    begun()
    for run in (FIRST, SECOND):
        rescored(
            run, lambda row, place: with_fields(row, question="twice?") if row.test == "toy-test" and place < 2 else row
        )
    commit("v2")
    for run in (FIRST, SECOND):
        rescored(
            run, lambda row, place: given(row, VOTE, right=place == 0) if row.test == "toy-test" and place < 2 else row
        )
    assert of(contrast("v2"), VOTE).shared == PROBLEMS


def test_seeds_that_only_one_side_has_are_said_and_used() -> None:
    begun((1,))
    commit("one")
    finish((1, 2, 3))
    found = contrast("one")
    assert of(found, VOTE).found is not None
    assert "small · etd: seeds 1 against 1, 2, 3" in notes(found)


def test_an_experiment_that_is_called_otherwise_is_the_same_where_there_is_one() -> None:
    begun()
    edited("dvc.yaml", "--experiment table", "--experiment other")
    edited("params.yaml", "  table:", "  other:")
    for path in sorted(Path("artifacts").rglob("table-*")):
        path.rename(path.with_name(path.name.replace("table-", "other-")))
    assert {one.verdict for one in contrast("v1").headlines} == {Verdict.SAME}


def test_nothing_in_common_is_said() -> None:
    begun()
    edited("dvc.yaml", "student=small", "student=large")
    edited("params.yaml", "small:", "large:")
    for path in sorted(Path("artifacts").rglob("*small*")):
        path.rename(path.with_name(path.name.replace("small", "large")))
    found = contrast("v1")
    assert found.nothing and len(found.meetings.only_before) == len(found.meetings.only_after) == 2
    text = markdown(parts(found, [], every=False))
    assert "Nothing to compare: the two have no student after a mix in common." in text
    assert "- small · etd: toy-test" in text and "- large · etd: toy-test" in text


# --- runs ---------------------------------------------------------------------------------------


def test_two_runs_meet_by_their_headlines() -> None:
    begun()
    found = contrast("cotd-small", "etd-small").headlines
    assert {one.strategies for one in found} == {("cot", VOTE)}
    assert {one.test for one in found} == {"toy-test", "far-test", "average"}
    assert found[0].before.seeds == [1, 2]


@pytest.mark.parametrize(
    "name", ["etd-small-s2", "table-etd-small-s2", "mix=etd,student=small,seed=2", "small · etd · seed 2"]
)
def test_a_run_has_the_names_of_report_and_mlflow(name: str) -> None:
    begun()
    found = contrast("cotd-small-s1", name)
    assert found.after.contenders[0].seeds == [2]


def test_an_unknown_run_at_a_revision_is_told_with_those_that_are_near() -> None:
    begun()
    with pytest.raises(Failure, match="there is no run `etd-smal` at v1") as caught:
        contrast("v1:etd-smal")
    assert "`etd-small`" in str(caught.value.help)


# --- what is not at hand ------------------------------------------------------------------------


def test_without_rows_what_git_holds_is_compared_untested() -> None:
    begun()
    for run in runs_of((1, 2)):
        locked_away(files.scored_file(run.solved(EXPERIMENT)))
    commit("v2")
    rescored_metrics(FIRST, 0.9)
    edited("dvc.lock", "    - path: artifacts/scores/", "    - path: elsewhere/")
    found = contrast("v2")
    assert {one.verdict for one in found.headlines} == {Verdict.UNTESTED}
    assert of(found, VOTE).difference == pytest.approx((0.9 - 0.72) / 2)
    assert "v2: the predictions of 4 runs are not on this machine" in notes(found)
    assert "`dvc fetch --all-commits`" in notes(found)
    assert "6 could not be tested" in markdown(parts(found, [], every=False))


def test_the_same_rows_are_the_same_whether_they_are_at_hand_or_not() -> None:
    begun()
    for run in runs_of((1, 2)):
        locked_away(files.scored_file(run.solved(EXPERIMENT)))
    commit("v2")
    found = contrast("v2")
    assert {one.verdict for one in (*found.headlines, *found.strategies)} == {Verdict.SAME}
    assert not found.notes


def locked_away(path: Path) -> None:
    """A file that DVC has: in dvc.lock, not in git, and not on this machine."""
    md5 = hashlib.md5(path.read_bytes()).hexdigest()
    text = Path("dvc.lock").read_text(encoding="utf-8")
    lines = f"  kept-{path.parent.name}-{path.name}:\n    outs:\n    - path: {path}\n      md5: {md5}\n"
    Path("dvc.lock").write_text(text + lines, encoding="utf-8")
    path.unlink()


def rescored_metrics(run: Run, accuracy: float) -> None:
    """A run whose vote has another accuracy on the first test."""
    path = files.scores_file(run.solved(EXPERIMENT))
    document = files.read_json(path)
    document["toy-test"][VOTE] |= {"accuracy": accuracy, "right": round(accuracy * PROBLEMS)}
    files.write_json(path, document)


def test_without_metrics_the_tables_of_the_report_are_read() -> None:
    runs = begun((1,))
    folder = files.report_folder(EXPERIMENT)
    rows = "".join(f"x,{run.solved(EXPERIMENT)},toy-test,cot,0.{run.seed}5\n" for run in runs)
    files.write_text(folder / "accuracy.csv", f"label,cell,test,strategy,accuracy\n{rows}")
    files.write_text(
        folder / "efficiency.csv", "student,mix,seed,training_dev_loss,training_device\nsmall,etd,1,0.75,cpu\n"
    )
    for run in runs:
        locked_away(files.scored_file(run.solved(EXPERIMENT)))
        locked_away(files.scores_file(run.solved(EXPERIMENT)))
        locked_away(files.training_file(run.trained))
    commit("v2")
    finish((1,))
    rescored(FIRST, lambda row, place: given(row, "cot", right=False))
    retrained(FIRST, dev_loss=0.1)
    found = contrast("v2")
    assert of(found, "cot").accuracies == (0.15, 0.0) and of(found, "cot").verdict is Verdict.UNTESTED
    assert change(found, "dev_loss").before == 0.75
    assert change(found, "dev_loss").outcome is Move.UNTESTED


def test_scores_that_are_nowhere_leave_a_run_out() -> None:
    begun()
    files.scores_file(FIRST.solved(EXPERIMENT)).unlink()
    files.scored_file(FIRST.solved(EXPERIMENT)).unlink()
    found = contrast("v1")
    assert "the working tree: no scores of table-etd-small-s1, which are left out; `dvc repro` makes them" in notes(
        found
    )
    assert of(found, VOTE).after.seeds == [2]


def test_a_file_that_is_not_the_one_of_the_lock_is_not_read() -> None:
    """As after `git checkout` without `dvc checkout`: the rows are of another version."""
    begun()
    path = files.scored_file(FIRST.solved(EXPERIMENT))
    kept = path.read_bytes()
    locked_away(path)
    path.write_bytes(kept.replace(b"wrong", b"right"))
    assert "the predictions of 1 run are not on this machine" in notes(contrast("v1"))
    path.write_bytes(kept)
    assert "not on this machine" not in notes(contrast("v1"))


def test_rows_come_from_the_cache_of_dvc(monkeypatch: pytest.MonkeyPatch) -> None:
    begun()
    path = files.scored_file(FIRST.solved(EXPERIMENT))
    kept = path.read_bytes()
    locked_away(path)
    commit("v2")
    place = Path("cache").absolute()
    place.write_bytes(kept)
    monkeypatch.setattr("distill_dsl.runtime.comparing.layout.cache_path", lambda md5: place)
    found = contrast("v1", "v2")
    assert not found.notes and {one.verdict for one in found.headlines} == {Verdict.SAME}


def test_a_pipeline_that_reaches_outside_is_refused() -> None:
    begun()
    edited("dvc.yaml", "mix=cotd,", "mix=../../cotd,")
    commit("hostile")
    git("checkout", "--quiet", "v1", "--", "dvc.yaml")
    with pytest.raises(Failure, match="names a file outside of the project"):
        contrast("hostile")


def test_no_pipeline_at_a_revision_is_told() -> None:
    begun()
    git("mv", "dvc.yaml", "other.yaml")
    commit("bare")
    with pytest.raises(Failure, match=r"there is no dvc\.yaml at bare"):
        contrast("bare")


def added(path: str, text: str) -> None:
    Path(path).write_text(Path(path).read_text(encoding="utf-8") + text, encoding="utf-8")


def test_results_older_than_the_settings_are_said() -> None:
    begun()
    stage = "  score-table-etd-small-s1:\n    cmd: mtd stage score\n    params:"
    added("dvc.lock", f"{stage}\n      params.yaml:\n        version.score: 4\n")
    added("dvc.yaml", f"{stage}\n    - version.score\n")
    added("params.yaml", "version:\n  score: 5\n")
    older = (
        "results of 1 stage are older than the settings (score-table-etd-small-s1); `dvc repro` brings them up to date"
    )
    assert f"the working tree: {older}" in notes(contrast("v1"))
    edited("dvc.lock", "version.score: 4", "version.score: 5")
    assert "older" not in notes(contrast("v1"))


# --- training, answering, teachers --------------------------------------------------------------


def retrained(run: Run, **values: object) -> None:
    path = files.training_file(run.trained)
    files.write_json(path, files.read_json(path) | values)


def test_a_count_changes_and_a_measure_is_tested_over_seeds() -> None:
    begun((1, 2, 3))
    for place, run in enumerate(Run("etd", "small", seed) for seed in (1, 2, 3)):
        retrained(run, examples=500, dev_loss=0.15 + 0.001 * place, train_loss=0.2 + 0.1 * (place - 1))
    found = contrast("v1")
    assert change(found, "examples").outcome is Move.CHANGED
    loss = change(found, "dev_loss")
    assert loss.outcome is Move.DOWN and loss.found is not None
    assert loss.found.low < loss.found.difference < loss.found.high < 0
    noise = change(found, "train_loss")
    assert noise.outcome is Move.NOISE
    assert [loss.adjusted, noise.adjusted] == holm([one.found.p_value for one in (loss, noise) if one.found])
    assert not any("cotd" in one.who for one in found.changes)


def test_with_one_seed_a_measure_is_not_tested() -> None:
    begun((1,))
    retrained(FIRST, dev_loss=0.1, seconds=99.0)
    found = contrast("v1")
    assert change(found, "dev_loss").outcome is Move.UNTESTED
    assert change(found, "seconds").outcome is Move.UNTESTED
    text = markdown(parts(found, [], every=False))
    assert "dev loss" in text and "training time" not in text
    assert "training time" in markdown(parts(found, [], every=True))


def test_measures_that_move_alike_in_all_seeds_are_not_tested() -> None:
    begun()
    for run in (FIRST, SECOND):
        retrained(run, dev_loss=0.1)
    assert change(contrast("v1"), "dev_loss").outcome is Move.UNTESTED


def test_another_machine_is_said() -> None:
    begun()
    for run in runs_of((1, 2)):
        retrained(run, device="GPU", seconds=1.0)
    assert "trained on cpu against GPU: their times do not compare" in notes(contrast("v1"))


def test_right_thoughts_are_compared_over_the_same_problems() -> None:
    begun()
    [asked, *_] = asked_of(FIRST)
    thoughts(asked.cell, [i < 20 for i in range(40)])
    files.write_rows(
        files.problems_file("toy", "train"),
        [Problem(id=f"p{i}", question=f"How much is {i}?", answer=str(i)) for i in range(40)],
    )
    commit("v2")
    thoughts(asked.cell, [i < 35 for i in range(40)])
    files.write_json(files.yield_file(asked.cell), files.read_json(files.yield_file(asked.cell)) | {"right": 35})
    [found] = contrast("v2").takings
    assert found.who == "gold · toy.train · cot" and found.verdict is Verdict.UP
    assert found.found is not None and found.found.difference == pytest.approx(15 / 40) and found.shared == 40


def thoughts(cell: str, right: list[bool]) -> None:
    rows = [
        Thought(problem=f"p{i}", thought="cot", text="t", verdict="correct" if one else "wrong")
        for i, one in enumerate(right)
    ]
    files.write_rows(files.thoughts_file(cell), rows)

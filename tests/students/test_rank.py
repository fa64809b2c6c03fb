"""The rank stage: one score a prediction, the same whatever was done before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pupils import CUES, student
from transformers import set_seed

from distill_dsl.contract import files, params
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Prediction, Problem, Rank
from distill_dsl.runtime.stages import rank
from distill_dsl.runtime.students import verifier
from distill_dsl.runtime.students.models import Student

PARAMS = """\
student:
  judge: {base: {kind: trained, student: small}, objective: {kind: verifier}}
thought:
  cot: {answer: text, cue: "Let's think step by step.", prompt: none}
  pot: {answer: python, cue: "Let's break down the code step by step", prompt: none}
experiment:
  table: {answers: [{kind: single, thought: cot}], decode_batch: 5}
"""
JUDGE = "mix=etd,student=judge,seed=1"
QUESTION = "Ann has {} pens. How many?"


def prediction(test: str, problem: int, thought: str, sample: int) -> Prediction:
    text = f"ans = {problem + sample % 2}"
    return Prediction(
        test=test, problem=f"q{problem}", thought=thought, sample=sample, text=text, tokens=4, logprob=-0.1
    )


@pytest.fixture(autouse=True)
def solved(project: Path) -> None:
    """A project that stands before its rank stage; of three samples two are equal, and tests share problems."""
    params._read.cache_clear()
    (project / "params.yaml").write_text(PARAMS)
    pupil = student()
    set_seed(3)
    save(verifier.with_head(pupil))
    problems = [Problem(id=f"q{i}", question=QUESTION.format(i), answer="3") for i in range(4)]
    files.write_rows(files.problems_file("gsm8k", "test"), problems)
    files.write_rows(files.problems_file("svamp", "test"), problems[:2])
    files.write_rows(files.mix_file("etd", "held_out"), problems[3:])
    tests = {"gsm8k-test": 4, "svamp-test": 2}
    rows = [
        prediction(test, number, thought, sample)
        for test, count in tests.items()
        for number in range(count)
        for thought in CUES
        for sample in range(3)
    ]
    rows.append(prediction("dev", 3, "pot", 0))
    files.write_rows(files.predictions_file("table-etd-small-s1"), rows)


def save(pupil: Student) -> None:
    folder = files.model_folder("etd-judge-s1")
    pupil.model.save_pretrained(folder)
    pupil.tokenizer.save_pretrained(folder)


def ranked(tests: tuple[str, ...] = ("gsm8k-test", "svamp-test")) -> list[Rank]:
    rank.run(
        mix="etd",
        student="small",
        seed=1,
        experiment="table",
        tests=list(tests),
        thoughts=list(CUES),
        verifier=JUDGE,
    )
    return list(files.read_rows(files.ranks_file("table-etd-small-s1", "etd-judge-s1"), Rank))


def test_every_prediction_gets_its_score_in_order() -> None:
    predictions = list(files.read_rows(files.predictions_file("table-etd-small-s1"), Prediction))
    rows = ranked()
    slots = [[(row.test, row.problem, row.thought, row.sample) for row in part] for part in (rows, predictions)]
    assert slots[0] == slots[1]
    judge = verifier.trained_verifier(files.model_folder("etd-judge-s1"))
    for row, made in zip(rows, predictions, strict=True):
        claim = verifier.Claim(QUESTION.format(row.problem[1:]), CUES[row.thought], made.text)
        alone = verifier.scores(judge, [claim], verifier.Limits(256, 256))[0]
        assert row.score == pytest.approx(alone, abs=2e-6)
    assert len({row.score for row in rows}) > 8


def test_equal_thoughts_are_scored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    scores = rank.scores
    monkeypatch.setattr(
        rank, "scores", lambda judge, batch, limits: sizes.append(len(batch)) or scores(judge, batch, limits)
    )
    assert len(ranked()) == 37
    assert sizes == [5, 5, 5, 1], "four problems, two formats, two different samples"


def test_two_runs_give_the_same_bytes() -> None:
    path = files.ranks_file("table-etd-small-s1", "etd-judge-s1")
    results = []
    for _ in range(2):
        ranked()
        results.append(path.read_bytes())
        assert not list(Path(".mtd/ranking").iterdir()), "parts of a finished ranking are of no use"
        path.unlink()
    assert results[0] == results[1]


def test_an_interrupted_ranking_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = ranked()
    scores, calls = rank.scores, []

    def interrupted(*given: object) -> list[float]:
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(given)
        return scores(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(rank, "scores", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ranked()
    again: list[object] = []
    monkeypatch.setattr(rank, "scores", lambda *given: again.append(given) or scores(*given))
    assert ranked() == expected
    assert (len(calls), len(again)) == (2, 2)


def test_another_verifier_takes_over_no_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rank.shutil, "rmtree", lambda *given, **options: None)
        before = ranked()
    shutil.rmtree(files.model_folder("etd-judge-s1"))
    pupil = student()
    set_seed(4)
    save(verifier.with_head(pupil))
    after = ranked()
    assert len(list(Path(".mtd/ranking").iterdir())) == 1, "the parts of the one before are still there"
    shutil.rmtree(".mtd")
    assert ranked() == after != before


def test_what_does_not_fit_together_is_a_failure() -> None:
    with pytest.raises(Failure, match="no test asks for"):
        ranked(("gsm8k-test",))
    shutil.rmtree(files.model_folder("etd-judge-s1"))
    with pytest.raises(Failure, match="does not exist"):
        ranked()

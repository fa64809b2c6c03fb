"""The score stage: predictions in, verdicts, choices and measures out, with counts that add up."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import DevThought, Prediction, Problem, Rank, Scored, Steps
from distill_dsl.contract.vocabulary import HELD_OUT
from distill_dsl.runtime.stages import score

TEXTS = {
    "cot": ["2 + 3 = 5. The answer is 5.", "The answer is 7.", "I do not know"],
    "pot": ["ans = 2 + 3", "ans = undefined", "ans = 3 * 3"],
}
GOLD = ["5", "8", "9"]
ANSWERS = [
    {"kind": "single", "thought": "cot"},
    {"kind": "single", "thought": "pot"},
    {"kind": "cascade", "members": ["pot", "cot"]},
    {"kind": "oracle", "members": ["pot", "cot"]},
]
CELL = "toy-both-small-s1"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def prepare(
    *, answers: Sequence[Any] = ANSWERS, samples: int = 1, texts: dict[str, list[str]] = TEXTS
) -> list[Prediction]:
    """Three problems, their predictions, and settings."""
    kinds = {"cot": "text", "pot": "python"}
    thoughts = {name: {"answer": kind, "cue": "", "prompt": "none"} for name, kind in kinds.items()}
    experiment = {"toy": {"answers": list(answers), "samples": samples}}
    YAML().dump({"thought": thoughts, "experiment": experiment}, Path("params.yaml"))
    problems = [Problem(id=f"p{i}", question="?", answer=gold) for i, gold in enumerate(GOLD)]
    files.write_rows(files.test_file("data-test"), problems)
    rows = [
        Prediction(test="data-test", problem=f"p{i}", thought=name, sample=n, text=text, tokens=3, logprob=-0.5)
        for name in texts
        for i, text in enumerate(texts[name])
        for n in range(samples)
    ]
    files.write_rows(files.predictions_file(CELL), rows)
    files.write_rows(files.mix_file("both", "held_out"), list[Problem]())
    files.write_rows(files.dev_thoughts_file("both-small-s1"), list[DevThought]())
    return rows


def run(
    thoughts: Sequence[str] = ("cot", "pot"), *, verifiers: Sequence[str] = (), held_out: bool = False
) -> dict[str, Any]:
    score.run(
        mix="both",
        student="small",
        seed=1,
        experiment="toy",
        tests=["data-test"],
        thoughts=list(thoughts),
        verifiers=list(verifiers),
        held_out=held_out,
    )
    measures: dict[str, Any] = json.loads(files.scores_file(CELL).read_text())["data-test"]
    return measures


def test_verdicts_choices_and_measures() -> None:
    prepare()
    measures = run()
    rows = list(files.read_rows(files.scored_file(CELL), Scored))
    assert [row.problem for row in rows] == ["p0", "p1", "p2"]
    assert [[one.verdict for one in row.thoughts] for row in rows] == [
        ["correct", "correct"],
        ["wrong", "error:name"],
        ["no-answer", "correct"],
    ]
    assert [row.choices["cascade-pot-cot"].thought for row in rows] == ["pot", "cot", "pot"]
    assert [row.choices["cot"].verdict for row in rows] == ["correct", "wrong", "no-answer"]
    assert [row.choices["pot"].verdict for row in rows] == ["correct", "no-answer", "correct"]
    assert rows[1].thoughts[1].text == "ans = undefined"
    assert measures["cot"] == {
        "accuracy": 0.333333,
        "low": 0.061492,
        "high": 0.79234,
        "answered": 0.666667,
        "right": 1,
        "problems": 3,
        "tokens": 3.0,
    }
    assert measures["cascade-pot-cot"]["tokens"] == 4.0
    assert measures["oracle-pot-cot"]["right"] == 2
    assert measures["thoughts"]["pot"] == {
        "answered": 0.666667,
        "executed": 0.666667,
        "right": 0.666667,
        "written": 3,
        "verdicts": {"correct": 2, "error:name": 1},
    }
    assert measures["thoughts"]["cot"]["executed"] == 1.0


def test_rows_keep_what_bears_on_trust_and_words_are_no_answer_among_numbers() -> None:
    texts = {"cot": ["2 + 3 = 6, so 5", "The answer is Tuesday.", "The answer is (A) 9."], "pot": TEXTS["pot"]}
    prepare(texts=texts)
    run()
    (first, second, third) = (row.thoughts[0] for row in files.read_rows(files.scored_file(CELL), Scored))
    assert (first.verdict, first.notes) == ("correct", ("last number",))
    assert first.steps == Steps(wrong=1, first_wrong="2 + 3 = 6, but it is 5")
    assert (second.verdict, second.answer) == ("no-answer", None)
    assert second.detail == "'Tuesday' is a text; asked for: number"
    assert (third.verdict, third.answer) == ("correct", "9")


def test_kinds_of_answers_are_those_of_each_test() -> None:
    prepare(texts={"cot": ["The answer is (A) 5."] * 3})
    words = [Problem(id=f"p{n}", question="?", answer="A") for n in range(3)]
    files.write_rows(files.test_file("words-test"), words)
    more = [
        Prediction(
            test="words-test", problem=f"p{n}", thought="cot", text="The answer is (A) 5.", tokens=3, logprob=-0.5
        )
        for n in range(3)
    ]
    files.write_rows(files.predictions_file(CELL), [*files.read_rows(files.predictions_file(CELL), Prediction), *more])
    score.run(
        mix="both", student="small", seed=1, experiment="toy", tests=["data-test", "words-test"], thoughts=["cot"]
    )
    rows = list(files.read_rows(files.scored_file(CELL), Scored))
    assert [row.thoughts[0].answer for row in rows] == ["5"] * 3 + ["A"] * 3
    assert [row.thoughts[0].verdict for row in rows] == ["correct", "wrong", "wrong", "correct", "correct", "correct"]


def test_the_same_predictions_give_the_same_bytes() -> None:
    prepare()
    run()
    first = [files.scored_file(CELL).read_bytes(), files.scores_file(CELL).read_bytes()]
    run()
    assert first == [files.scored_file(CELL).read_bytes(), files.scores_file(CELL).read_bytes()]


def test_counts_add_up_with_several_samples() -> None:
    rows = prepare(samples=3)
    measures = run()
    assert sum(one["written"] for one in measures["thoughts"].values()) == len(rows)
    for one in measures["thoughts"].values():
        assert sum(one["verdicts"].values()) == one["written"]
    assert measures["pot"]["problems"] == 3


def test_strategies_that_a_mix_cannot_use_are_left_out() -> None:
    prepare(texts={"cot": TEXTS["cot"]})
    assert list(run(["cot"])) == ["cot", "thoughts"]


def test_a_mix_that_no_strategy_can_use_is_told() -> None:
    prepare(answers=ANSWERS[2:], texts={"cot": TEXTS["cot"]})
    with pytest.raises(Failure, match="no strategy of the experiment can do with cot alone"):
        run(["cot"])


def without_last(rows: list[Prediction]) -> list[Prediction]:
    return rows[:-1]


def with_one_twice(rows: list[Prediction]) -> list[Prediction]:
    return [*rows, rows[0]]


def with_a_stranger(rows: list[Prediction]) -> list[Prediction]:
    return [*rows, Prediction(test="data-test", problem="p9", thought="cot", text="", tokens=1, logprob=0.0)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_last, "lacks a prediction: problem `p2` of data-test, thought pot, sample 0"),
        (with_one_twice, "holds a prediction twice: problem `p0` of data-test, thought cot"),
        (with_a_stranger, "no test asks for: problem `p9`"),
    ],
)
def test_predictions_that_do_not_fit_are_named(
    change: Callable[[list[Prediction]], list[Prediction]], message: str
) -> None:
    files.write_rows(files.predictions_file(CELL), change(prepare()))
    with pytest.raises(Failure, match=message):
        run()
    assert not files.scores_file(CELL).exists()


def test_a_truncated_file_is_named_by_its_line() -> None:
    prepare()
    path = files.predictions_file(CELL)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Failure, match=r"row 6 of .*predictions"):
        run()


def test_a_test_without_problems_is_told() -> None:
    prepare()
    files.write_rows(files.test_file("data-test"), [])
    with pytest.raises(Failure, match="test set data-test has no problems"):
        run()


# --- what strategies learn first ----------------------------------------------------------------

LEARNING = [
    *ANSWERS,
    {"kind": "vote", "members": ["pot", "cot"], "by": "confidence"},
    {"kind": "confident", "members": ["pot", "cot"], "calibrated": True},
]


def prepare_held_out(count: int = 12) -> None:
    """Problems that the mix holds out: programs are right on all but one in six, prose on one in three."""
    problems = [Problem(id=f"h{n}", question="?", answer=str(n)) for n in range(count)]
    files.write_rows(files.mix_file("both", "held_out"), problems)
    rows = list(files.read_rows(files.predictions_file(CELL), Prediction))
    for n in range(count):
        pot = f"ans = {n if n % 6 else n + 1}"
        cot = f"The answer is {n if n % 3 == 0 else n + 2}."
        for name, text in (("cot", cot), ("pot", pot)):
            rows.append(
                Prediction(test=HELD_OUT, problem=f"h{n}", thought=name, text=text, tokens=3, logprob=-0.1 - 0.01 * n)
            )
    files.write_rows(files.predictions_file(CELL), rows)


def test_confidence_is_learned_on_held_out_problems_which_are_no_test() -> None:
    prepare(answers=LEARNING)
    prepare_held_out()
    measures = run(held_out=True)
    assert list(json.loads(files.scores_file(CELL).read_text())) == ["data-test"]
    rows = list(files.read_rows(files.scored_file(CELL), Scored))
    assert {row.test for row in rows} == {"data-test"}
    cot, pot = rows[0].thoughts
    assert cot.confidence is not None
    assert pot.confidence is not None
    assert 0.2 < cot.confidence < 0.6 < pot.confidence < 1
    assert rows[1].thoughts[1].confidence is None
    weighed, calibrated = measures["vote-pot-cot-by_confidence"], measures["confident-pot-cot-calibrated"]
    assert set(weighed) == set(calibrated) == {*measures["cot"], "aurc", "ece"}
    assert weighed["tokens"] == calibrated["tokens"] == 6.0
    assert rows[0].choices["vote-pot-cot-by_confidence"].sure == pytest.approx(1.0, abs=0.3)


def test_strategies_that_learn_nothing_leave_rows_as_they_were() -> None:
    prepare()
    prepare_held_out()
    run(held_out=True)
    assert all(
        one.confidence is None for row in files.read_rows(files.scored_file(CELL), Scored) for one in row.thoughts
    )


@pytest.mark.parametrize("held_out", [False, True])
def test_a_strategy_that_has_nothing_to_learn_from_is_told(held_out: bool) -> None:
    prepare(answers=LEARNING)
    prepare_held_out(0)
    with pytest.raises(Failure, match=r"`vote\(pot, cot, by: confidence\)` learns from held-out problems") as failure:
        run(held_out=held_out)
    assert "`dev` above 0" in (failure.value.help or "")


RANKED = [*ANSWERS, {"kind": "ranked", "members": ["pot", "cot"], "by": "judge", "on": "graded"}]
VERIFIER = "mix=graded-paths_2,student=judge,seed=1"
RANKS = files.ranks_file(CELL, "graded-paths_2-judge-s1")


def prepare_ranks() -> list[Rank]:
    rows = prepare(answers=RANKED)
    ranks = [
        Rank(test=row.test, problem=row.problem, thought=row.thought, score=0.9 if row.thought == "cot" else 0.4)
        for row in rows
    ]
    files.write_rows(RANKS, ranks)
    return ranks


def test_a_verifier_ranks_by_its_name_in_the_spec() -> None:
    prepare_ranks()
    measures = run(verifiers=[VERIFIER])
    rows = list(files.read_rows(files.scored_file(CELL), Scored))
    assert [one.ranks for one in rows[0].thoughts] == [{"judge-graded": 0.9}, {"judge-graded": 0.4}]
    assert [row.choices["ranked-pot-cot-by_judge-on_graded"].thought for row in rows] == ["cot", "cot", "pot"]
    assert measures["ranked-pot-cot-by_judge-on_graded"]["aurc"] >= 0


def test_ranks_of_other_predictions_are_named() -> None:
    ranks = prepare_ranks()
    for rows, message in (
        (ranks[:-1], "lacks a rank: problem `p2` of data-test, thought pot"),
        ([*ranks, ranks[0]], "ranks twice: problem `p0`"),
        ([*ranks, Rank(test="data-test", problem="p9", thought="cot", score=0.5)], "not predicted: problem `p9`"),
    ):
        files.write_rows(RANKS, rows)
        with pytest.raises(Failure, match=message):
            run(verifiers=[VERIFIER])


def test_a_strategy_whose_verifier_ranked_nothing_is_told() -> None:
    prepare_ranks()
    with pytest.raises(Failure, match="needs the verifier judge on graded"):
        run()


def test_cost_is_counted_by_what_had_to_be_written() -> None:
    answers = [{"kind": "adaptive", "members": ["pot", "cot"]}, {"kind": "vote", "members": ["pot", "cot"]}]
    prepare(answers=[*ANSWERS, *answers], samples=3)
    measures = run()
    # Of three problems the formats agree on the first: 2 thoughts of 3 tokens, else all 6.
    assert measures["adaptive-pot-cot"]["tokens"] == pytest.approx((6 + 18 + 18) / 3)
    assert measures["vote-pot-cot"]["tokens"] == 18
    assert measures["pot"]["tokens"] == 3

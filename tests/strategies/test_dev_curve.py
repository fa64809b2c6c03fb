"""The curve of dev accuracy: which strategy draws it, and what comes of thoughts of the middle of a training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from distill_dsl.contract import files, params
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import DevThought, Judged, Prediction, Problem
from distill_dsl.contract.strategies import (
    Adaptive,
    Cascade,
    Confident,
    Oracle,
    Ranked,
    Single,
    Strategy,
    Vote,
    headline_key,
    strategy_key,
)
from distill_dsl.runtime.stages import score
from distill_dsl.runtime.strategies import midway

BOTH = ("pot", "cot")
CELL = "toy-both-small-s1"
GOLD = {"h0": "5", "h1": "8", "h2": "9"}
TEXTS = {
    10: {"cot": ["The answer is 5.", "The answer is 1.", "who knows"], "pot": ["ans = 1", "ans = nothing", "ans = 2"]},
    20: {"cot": ["The answer is 5.", "The answer is 1.", "9"], "pot": ["ans = 2 + 3", "ans = 4 * 2", "ans = 3 * 3"]},
}


def keyed(*strategies: Strategy) -> dict[str, Strategy]:
    return {strategy_key(one): one for one in strategies}


def test_the_headline_is_what_the_experiment_names_else_the_last_that_is_no_oracle() -> None:
    known = keyed(Single(thought="cot"), Cascade(members=BOTH), Oracle(members=BOTH))
    assert headline_key(known, "cot") == "cot"
    assert headline_key(known, None) == strategy_key(Cascade(members=BOTH))
    assert headline_key(known, "vote-pot-eot-cot") == strategy_key(Cascade(members=BOTH)), "which this mix cannot use"
    assert headline_key(keyed(Oracle(members=BOTH)), None) == strategy_key(Oracle(members=BOTH))


@pytest.mark.parametrize(
    "strategy",
    [
        Single(thought="pot"),
        Cascade(members=BOTH),
        Vote(members=BOTH, weights={"pot": 2.0}, samples=3),
        Confident(members=BOTH),
        Adaptive(members=BOTH),
    ],
)
def test_a_strategy_to_which_thoughts_suffice_draws_the_curve(strategy: Strategy) -> None:
    assert midway.by_thoughts_alone(strategy) == strategy


@pytest.mark.parametrize(
    "strategy",
    [
        Vote(members=BOTH, by="confidence", weights={"pot": 2.0}),
        Confident(members=BOTH, calibrated=True),
        Ranked(members=BOTH, by="judge", on="both"),
        Oracle(members=BOTH),
    ],
)
def test_a_vote_of_its_members_stands_in_for_one_that_asks_for_more(strategy: Strategy) -> None:
    assert midway.by_thoughts_alone(strategy) == Vote(members=BOTH)


def judged(thought: str, verdict: str, answer: str | None) -> Judged:
    return Judged(thought=thought, text="", tokens=1, logprob=-1.0, verdict=verdict, answer=answer)


def test_a_row_a_step_with_shares_of_problems() -> None:
    right, wrong, none = ("correct", "5"), ("wrong", "4"), ("no-answer", None)
    first = [[judged("cot", *right), judged("pot", *none)], [judged("cot", *wrong), judged("pot", *right)]]
    later = [[judged("cot", *right), judged("pot", *right)], [judged("cot", *right), judged("pot", *right)]]
    found = midway.curve({5: first, 9: later}, Cascade(members=BOTH), ["cot", "pot", "eot"], lambda answer: answer)
    assert found == [
        midway.Standing(5, 1.0, {"cot": 0.5, "pot": 0.5, "eot": None}),
        midway.Standing(9, 1.0, {"cot": 1.0, "pot": 1.0, "eot": None}),
    ]
    assert midway.table(found, ["cot", "pot", "eot"])[:2] == [
        ["step", "accuracy", "cot", "pot", "eot"],
        ["5", "1.000000", "0.500000", "0.500000", ""],
    ]


# --- in the score stage -------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One problem of the test, three of dev, and what was written of them at two steps."""
    monkeypatch.chdir(tmp_path)
    settle([{"kind": "single", "thought": "cot"}, {"kind": "cascade", "members": list(BOTH)}])
    files.write_rows(files.test_file("data-test"), [Problem(id="p0", question="?", answer="5")])
    rows = [
        Prediction(test="data-test", problem="p0", thought=name, text="5", tokens=1, logprob=-0.5)
        for name in ("cot", "pot")
    ]
    files.write_rows(files.predictions_file(CELL), rows)
    problems = [Problem(id=name, question="?", answer=gold) for name, gold in GOLD.items()]
    files.write_rows(files.mix_file("both", "held_out"), [*problems, Problem(id="h3", question="?", answer="0")])
    written(thoughts())


def settle(answers: Sequence[Any], **more: Any) -> None:
    kinds = {"cot": "text", "pot": "python"}
    formats = {name: {"answer": kind, "cue": "", "prompt": "none"} for name, kind in kinds.items()}
    YAML().dump({"thought": formats, "experiment": {"toy": {"answers": list(answers), **more}}}, Path("params.yaml"))
    params._read.cache_clear()


def thoughts() -> list[DevThought]:
    return [
        DevThought(step=step, problem=problem, thought=name, text=texts[name][place], tokens=3, logprob=-0.5)
        for step, texts in TEXTS.items()
        for place, problem in enumerate(GOLD)
        for name in texts
    ]


def written(rows: Sequence[DevThought]) -> None:
    files.write_rows(files.dev_thoughts_file("both-small-s1"), rows)


def curve(*formats: str) -> str:
    score.run(
        mix="both", student="small", seed=1, experiment="toy", tests=["data-test"], thoughts=list(formats or BOTH)
    )
    return files.dev_curve_file(CELL).read_text()


def test_thoughts_are_executed_and_judged_at_each_step(capsys: pytest.CaptureFixture[str]) -> None:
    expected = "step,accuracy,cot,pot\n10,0.000000,0.333333,0.000000\n20,1.000000,0.666667,1.000000\n"
    assert curve("cot", "pot") == expected
    assert f"{CELL}.dev.csv: pot > cot, after step 20: 100.0 % of 3 problems\n" in capsys.readouterr().out
    assert curve("cot", "pot") == expected


def test_the_order_of_columns_is_that_of_the_mix() -> None:
    assert curve("pot", "cot").startswith("step,accuracy,pot,cot\n10,0.000000,0.000000,0.333333\n")


def test_the_headline_is_drawn() -> None:
    answers = [{"kind": "single", "thought": "cot"}, {"kind": "cascade", "members": list(BOTH)}]
    settle(answers, headline="cot")
    assert curve("cot", "pot").splitlines()[1] == "10,0.333333,0.333333,0.000000"


def test_a_headline_that_is_no_answer_is_told() -> None:
    settle([{"kind": "single", "thought": "cot"}], headline="vote-cot")
    with pytest.raises(Failure, match="none of its answers: vote-cot") as caught:
        curve("cot", "pot")
    assert caught.value.help == "give one of: cot"


def test_a_format_that_was_not_written_has_an_empty_cell() -> None:
    written([row for row in thoughts() if row.thought == "cot"])
    assert curve("cot", "pot").splitlines()[2] == "20,0.666667,0.666667,"


def test_without_thoughts_there_is_a_heading_alone() -> None:
    written([])
    assert curve("cot", "pot") == "step,accuracy,cot,pot\n"


def of_a_strange_problem(row: DevThought) -> DevThought:
    return DevThought(step=20, problem="p9", thought=row.thought, text="", tokens=1, logprob=0.0)


def of_a_strange_format(row: DevThought) -> DevThought:
    return DevThought(step=20, problem=row.problem, thought="eot", text="", tokens=1, logprob=0.0)


def again(row: DevThought) -> DevThought:
    return row


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (of_a_strange_problem, "does not ask for: problem `p9` of dev after step 20"),
        (of_a_strange_format, "does not ask for: problem `h0` of dev after step 20, thought eot"),
        (again, "holds a thought twice: problem `h0` of dev after step 20"),
    ],
)
def test_thoughts_that_do_not_fit_are_told(more: Callable[[DevThought], DevThought], said: str) -> None:
    rows = thoughts()
    written([*rows, more(next(row for row in rows if row.step == 20))])
    with pytest.raises(Failure, match=said) as caught:
        curve()
    assert "run the train stage again" in (caught.value.help or "")

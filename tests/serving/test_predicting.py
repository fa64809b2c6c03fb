"""Questions in, rows out: whatever strangers ask, and whatever a student makes of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace as with_fields

from distill_dsl.contract.strategies import Confident, Single, Vote
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.serving import predicting
from distill_dsl.runtime.serving.predicting import AT_ONCE, COLUMNS, NO_QUESTION, TOO_LATE, Bounds, Refused, rows
from distill_dsl.runtime.solving.asking import ask, ask_all
from distill_dsl.runtime.students.decoding import Request
from distill_dsl.runtime.students.engines.transformers import Transformers
from tests.serving.served_pupils import FORMATS, told

FREE = Bounds()


def both(request: Request) -> str:
    """A program that adds up, and prose that says ten."""
    return "ans = 3 + 4" if request.cue == FORMATS["pot"].cue else "It is 10. The answer is 10."


def test_a_row_has_the_answer_who_gave_it_why_and_all_thoughts() -> None:
    pupil, _ = told(both)
    [row] = rows(pupil, ["How many?"], FREE)
    assert tuple(row) == COLUMNS
    assert (row["answer"], row["format"], row["confidence"]) == ("7", "pot", None)
    assert "pot stands first" in row["why"]
    assert [(one["format"], one["answer"], one["verdict"]) for one in row["thoughts"]] == [
        ("pot", "7", "answered"),
        ("cot", "10", "answered"),
    ]
    json.dumps(row)


def test_a_strategy_that_can_tell_says_how_sure_it_is() -> None:
    pupil, _ = told(both, Vote(members=("pot", "cot")))
    assert rows(pupil, ["How many?"], FREE)[0]["confidence"] == 0.5
    pupil, _ = told(both, Confident(members=("pot", "cot")))
    assert rows(pupil, ["How many?"], FREE)[0]["confidence"] == pytest.approx(0.7788, abs=1e-4)


def test_rows_are_in_the_order_of_questions_and_equal_ones_are_asked_once() -> None:
    pupil, engine = told(lambda request: f"ans = {request.question}", Single(thought="pot"))
    found = rows(pupil, ["1", "2", "1", None, " 2 ", "", "3"], FREE)
    assert [row["answer"] for row in found] == ["1", "2", "1", None, "2", None, "3"]
    assert [row["why"] for row in found if row["answer"] is None] == [NO_QUESTION] * 2
    assert len(engine.asked) == 3


def test_no_question_is_no_work() -> None:
    pupil, engine = told(both)
    assert rows(pupil, [], FREE) == []
    assert (
        rows(pupil, ["", " \n\t", None], FREE)
        == [{"answer": None, "format": None, "confidence": None, "why": NO_QUESTION, "thoughts": []}] * 3
    )
    assert engine.asked == []


@pytest.mark.parametrize("odd", [5, True, ["a"], {"a": 1}, b"bytes", 1.5])
def test_what_is_no_text_is_refused_by_its_place(odd: object) -> None:
    pupil, engine = told(both)
    with pytest.raises(Refused, match="question 1 is no text"):
        rows(pupil, ["How many?", odd], FREE)
    assert engine.asked == []


def test_more_questions_than_the_bound_are_refused() -> None:
    pupil, _ = told(both)
    with pytest.raises(Refused, match="4 questions at once; at most 3"):
        rows(pupil, ["a"] * 4, Bounds(questions=3))


def test_of_a_question_no_more_is_kept_than_can_be_read() -> None:
    pupil, engine = told(both)
    [row] = rows(pupil, ["Ann has 3 pens. " * 10_000], FREE)
    assert row["answer"] == "7"
    assert row["why"].startswith("the question is too long, its end was not read; ")
    assert max(len(request.question) for request in engine.asked) <= 16 * pupil.longest


@pytest.mark.parametrize(
    "question",
    [
        "nul \0 inside",
        "half \ud800 a character",
        "\u202e\ufeff👩‍👩‍👧 日本",
        "</s><pad><|endoftext|>",
        "{{7*7}} ${x} %s",
        "'\"`;--",
    ],
)
def test_odd_characters_are_read_as_they_are(question: str) -> None:
    pupil, _ = told(both)
    [row] = rows(pupil, [question], FREE)
    assert row["answer"] == "7"
    json.dumps(row).encode()


def test_many_are_asked_in_batches() -> None:
    pupil, engine = told(lambda request: f"ans = {request.question}", Single(thought="pot"))
    found = rows(pupil, [str(number) for number in range(300)], FREE)
    assert [row["answer"] for row in found] == [str(number) for number in range(300)]
    assert len(engine.asked) == 300


def test_what_is_not_done_in_time_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    spent = 0.0

    def slowly(request: Request) -> str:
        nonlocal spent
        spent += 1.0
        return f"ans = {request.question}"

    monkeypatch.setattr(predicting, "time", SimpleNamespace(monotonic=lambda: spent))
    pupil, engine = told(slowly, Single(thought="pot"))
    found = rows(pupil, [str(number) for number in range(3 * AT_ONCE)], Bounds(seconds=AT_ONCE + 10.0))
    assert [row["answer"] for row in found[:AT_ONCE]] == [str(number) for number in range(AT_ONCE)]
    assert {(row["answer"], row["why"]) for row in found[AT_ONCE:]} == {(None, TOO_LATE)}
    assert len(engine.asked) <= AT_ONCE + 10 + pupil.settings.decode_batch


def test_a_thought_that_takes_all_the_time_ends_the_request() -> None:
    formats = {"pot": with_fields(FORMATS["pot"], timeout=2.0)}
    pupil, _ = told(lambda request: "while True: pass", Single(thought="pot"), formats)
    endless = [str(number) for number in range(200)]
    assert {row["why"] for row in rows(pupil, endless, Bounds(seconds=0.1))} == {TOO_LATE}


# --- what a student may be made to write -------------------------------------------------------------

HOSTILE = {
    "a file": "ans = open('/etc/passwd').read()",
    "a command": "import os\nos.system('touch {mark}')\nans = 1",
    "a write": "open('{mark}', 'w').write('x')\nans = 1",
    "the network": "import socket\nsocket.create_connection(('127.0.0.1', 80))\nans = 1",
    "the environment": "import os\nans = os.environ['SECRET_OF_THE_SERVER']",
    "a fork bomb": "import os\nwhile True: os.fork()",
    "all time": "while True: pass",
    "all memory": "a = 'x' * 10**10\nans = 1",
    "much output": "while True: print('x' * 1000)",
    "the parent's end": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nans = 1",
}


def test_programs_of_a_student_stay_behind_their_walls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "hunter2")
    monkeypatch.chdir(tmp_path)
    mark = tmp_path / "mark"
    pupil, _ = told(lambda request: HOSTILE[request.question].replace("{mark}", str(mark)), Single(thought="pot"))
    found = dict(zip(HOSTILE, rows(pupil, list(HOSTILE), FREE), strict=True))
    assert not mark.exists()
    said = json.dumps(list(found.values()))
    assert "hunter2" not in said and "root:" not in said
    for name in ("a file", "a command", "the network", "all time", "all memory", "much output", "a fork bomb"):
        assert found[name]["thoughts"][0]["verdict"] != "answered", name
    assert list(tmp_path.iterdir()) == [], "nothing is kept of strangers' requests"
    [after] = rows(told(both)[0], ["How many?"], FREE)
    assert after["answer"] == "7"


# --- many at once are as one after the other ----------------------------------------------------------


def test_questions_asked_at_once_get_the_thoughts_that_each_gets_alone() -> None:
    formats = FORMATS | {"eot": with_fields(FORMATS["cot"], answer=AnswerKind.EQUATIONS, cue="Equations:")}
    pupil, _ = told(both, Vote(members=("pot", "eot", "cot")), formats)
    drawn = with_fields(pupil.settings, samples=2, temperature=0.9, max_tokens=12, decode_batch=4)
    pupil = replace(pupil, engine=Transformers(pupil.student), settings=drawn)
    questions = [
        f"Ann has {number} pens and buys {number + 2} more. How many pens does she have?" for number in range(7)
    ]
    together = ask_all(pupil, [*questions, questions[0]])
    assert together[0] == together[-1]
    for question, answer in zip(questions, together[:-1], strict=True):
        alone = ask(pupil, question)
        assert [(row.thought, row.sample, row.text, row.tokens) for row in answer.rows] == [
            (row.thought, row.sample, row.text, row.tokens) for row in alone.rows
        ]
        assert len(answer.rows) == 6
        assert answer.chosen == alone.chosen

"""What a data set itself says, written as thoughts and read again by the executor of prose."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from distill_dsl.contract.records import Completion, Problem, Solution, Step
from distill_dsl.contract.settings import (
    GoldTeacher,
    SpendingSettings,
    SyntheticSource,
    TeacherSettings,
    ThoughtSettings,
)
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime import teachers
from distill_dsl.runtime.sources.arithmetic import generate
from distill_dsl.runtime.stages.verify import verified
from distill_dsl.runtime.tables import read_table
from distill_dsl.runtime.teachers.gold import answer_sentence, ask_gold
from distill_dsl.runtime.teachers.prompts import prompter
from distill_dsl.runtime.thoughts import text as prose
from distill_dsl.runtime.thoughts.judging import judge, kinds_of, restricted

CLIPS = (
    "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\n"
    "Natalia sold 48+24 = <<48+24=72>>72 clips altogether in April and May"
)
CLIPS_TOLD = "Natalia sold 48/2 = 24 clips in May. Natalia sold 48+24 = 72 clips altogether in April and May."
COT = ThoughtSettings(answer=AnswerKind.TEXT, cue="Think.", prompt="absent")


def asked(write: str, problems: Sequence[Problem], kind: AnswerKind = AnswerKind.TEXT) -> list[Completion]:
    return list(ask_gold(GoldTeacher(write=write), "cot", kind, problems, lambda done: None))


def right(write: str, problems: Sequence[Problem]) -> set[str]:
    """The ids of the problems whose gold thought, verified like any other, gives the gold answer."""
    thoughts = verified(asked(write, problems), {one.id: one for one in problems}, COT)
    return {row.problem for row in thoughts if row.verdict == "correct"}


@pytest.mark.parametrize(
    ("rationale", "text"),
    [
        (CLIPS, f"{CLIPS_TOLD} The answer is 72."),
        (f"{CLIPS}\n#### 72", f"{CLIPS_TOLD} The answer is 72."),
        (f"{CLIPS}\n#### 72\n", f"{CLIPS_TOLD} The answer is 72."),
        (f"{CLIPS}.\n\nThe answer is 72.", f"{CLIPS_TOLD} The answer is 72."),
        ("#### Step 1\n70 + 2 = 72!", "#### Step 1. 70 + 2 = 72! The answer is 72."),
    ],
)
def test_the_rationale_in_one_paragraph(rationale: str, text: str) -> None:
    (row,) = asked("rationale", [Problem(id="p", question="?", answer="72", rationale=rationale)])
    assert (row.text, row.reason, row.problem, row.sample) == (text, None, "p", 0)


def test_the_answer_alone_needs_no_rationale() -> None:
    (row,) = asked("answer", [Problem(id="p", question="?", answer="72")])
    assert row.text == "The answer is 72."


@pytest.mark.parametrize("rationale", [None, "#### 72"])
def test_without_a_rationale_there_is_nothing(rationale: str | None) -> None:
    (row,) = asked("rationale", [Problem(id="p", question="?", answer="72", rationale=rationale)])
    assert row.text is None and row.reason == "the problem has no rationale"


@pytest.mark.parametrize("write", ["rationale", "answer"])
@pytest.mark.parametrize("kind", [kind for kind in AnswerKind if kind is not AnswerKind.TEXT])
def test_gold_has_prose_only(write: str, kind: AnswerKind) -> None:
    (row,) = asked(write, [Problem(id="p", question="?", answer="72", rationale=CLIPS)], kind)
    assert row.text is None and row.reason == f"a data set's own solution is prose, not {kind}"


def test_synthetic_problems_tell_their_steps() -> None:
    steps = (
        Step(name="may", expression="48 / 2", value="24", sentence="She sold {} clips in May."),
        Step(name="both", expression="48 + may", value="72"),
    )
    told = Problem(id="p", question="?", answer="72", solution=Solution(steps=steps))
    (row,) = asked("rationale", [told])
    assert row.text == "She sold 48 / 2 = 24 clips in May. 48 + 24 = 72. The answer is 72."


@pytest.mark.parametrize("write", ["rationale", "answer"])
def test_every_synthetic_problem_is_right(write: str) -> None:
    problems = generate(SyntheticSource(sizes={"train": 300}, largest=200), ["train"])["train"]
    assert right(write, problems) == {one.id for one in problems}


@pytest.mark.parametrize("write", ["rationale", "answer"])
def test_every_gsm8k_problem_is_right(benchmark_data: Path, write: str) -> None:
    rows = [row for _, row in read_table(benchmark_data / "problems" / "gsm8k" / "train.jsonl.gz")]
    problems = [Problem(**{key: row[key] for key in ("id", "question", "answer", "rationale")}) for row in rows]
    assert len(problems) == 7473
    assert right(write, problems) == {one.id for one in problems}


numbers = st.one_of(
    st.integers(-(10**12), 10**12).map(str),
    st.decimals(-(10**6), 10**6, places=2).map(lambda value: f"{value.normalize():f}"),
)


@given(numbers)
@example("1/3")
@example("[1, 2]")
@example("{2, 5}")
@example("2020-01-31")
@example("15:30")
@example("3:4")
@example("yes")
@example("B")
@example("Mr. Smith")
@example("a knave")
def test_the_sentence_is_read_as_the_answer(answer: str) -> None:
    execution = restricted(prose.read(answer_sentence(answer)), kinds_of([answer]))
    assert judge(execution, answer, 1e-3) == "correct"


def test_it_is_asked_without_words_and_once_a_problem() -> None:
    settings = TeacherSettings(model=GoldTeacher(write="answer"), samples=4)
    problems = [Problem(id=f"p{n}", question="?", answer=str(n)) for n in range(3)]
    done: list[int] = []
    prompt = prompter(settings, "cot", COT)
    rows = list(teachers.ask(settings, "gold", "cot", COT, problems, prompt, SpendingSettings(), done.append))
    assert [row.text for row in rows] == [f"The answer is {n}." for n in range(3)]
    assert sum(done) == teachers.answers_due(settings, problems) == 3

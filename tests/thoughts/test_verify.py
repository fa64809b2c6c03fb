"""The verify stage: what becomes of a teacher's completions, and what the rows keep."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.contract import files
from distill_dsl.contract.records import Completion, Problem, Steps, Thought, Usage
from distill_dsl.contract.settings import ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.stages import verify
from distill_dsl.runtime.thoughts.execute import Progress, execute_thoughts
from distill_dsl.runtime.thoughts.execution import Execution

GOLDS = ["5", "6", "7"]
TEXTS = ["2 + 3 = 5. The answer is 5.", "2 + 3 = 6. The answer is 6.", "The answer is unknown."]


def rows(texts: Sequence[str | None], golds: Sequence[str], answer: str = "text", **more: Any) -> list[Thought]:
    problems = {f"p{n}": Problem(id=f"p{n}", question="?", answer=gold) for n, gold in enumerate(golds)}
    completions = [Completion(problem=f"p{n}", thought="t", text=text, reason="lost") for n, text in enumerate(texts)]
    settings = ThoughtSettings(answer=AnswerKind(answer), cue="", prompt="", **more)
    return verify.verified(completions, problems, settings)


def test_the_rows_keep_what_bears_on_trust() -> None:
    found = rows([*TEXTS, None, "It is 5 or 8"], [*GOLDS, "5", "8"])
    assert [row.verdict for row in found] == ["correct", "correct", "no-answer", "missing", "correct"]
    assert [row.steps for row in found] == [
        Steps(right=1), Steps(wrong=1, first_wrong="2 + 3 = 6, but it is 5"), None, None, None,
    ]  # fmt: skip
    assert [row.notes for row in found] == [(), (), (), (), ("last number",)]
    assert found[2].detail == "'unknown' is a text; asked for: number"
    assert found[3].detail == "lost"


def test_a_system_keeps_its_solution() -> None:
    (row,) = rows(["x + y = 5\nx - y = 1\nans = x"], ["3"], "equations")
    assert row.verdict == "correct"
    assert {"x": "3", "y": "2"}.items() <= row.solution.items()


def test_right_answers_by_wrong_calculations_can_be_left_out() -> None:
    found = rows(TEXTS, GOLDS, steps="right")
    assert [row.verdict for row in found] == ["correct", "wrong-steps", "no-answer"]
    assert found[1].detail == "2 + 3 = 6, but it is 5"
    assert found[1].answer == "6"


def test_a_wrong_answer_is_wrong_whatever_its_calculations() -> None:
    assert rows(TEXTS[1:2], ["9"], steps="right")[0].verdict == "wrong"


@pytest.mark.parametrize(
    ("golds", "verdicts"),
    [
        (["B", "Yes", "13:30"], ["correct", "correct", "correct"]),
        (["5", "3", "1"], ["correct", "correct", "no-answer"]),
        (["B", "Yes", "3"], ["correct", "correct", "no-answer"]),
    ],
)
def test_what_counts_as_an_answer_is_a_matter_of_the_data_set(golds: list[str], verdicts: list[str]) -> None:
    texts = ["The answer is (B) 5 apples.", "The answer is yes, 3 of them.", "The answer is 1:30 p.m."]
    assert [row.verdict for row in rows(texts, golds)] == verdicts


def completion(text: str | None, problem: int = 0, sample: int = 0, **more: Any) -> Completion:
    return Completion(problem=f"p{problem}", thought="t", sample=sample, text=text, **more)


def judged(completions: Sequence[Completion], golds: Sequence[str], answer: str = "text") -> list[Thought]:
    problems = {f"p{n}": Problem(id=f"p{n}", question="?", answer=gold) for n, gold in enumerate(golds)}
    return verify.verified(completions, problems, ThoughtSettings(answer=AnswerKind(answer), cue="", prompt=""))


def test_what_was_cut_off_or_withheld_is_no_thought_even_where_it_would_be_right() -> None:
    completions = [
        completion("ans = 2 + 3"),
        completion("ans = 2 + 3\nextra = 4", finish="length", reason="cut off at 8 tokens"),
        completion("ans = 2 + 3", finish="filter"),
        completion(None, finish="length"),
        completion(None, finish="filter", reason="withheld"),
        completion(None, reason="refused"),
    ]
    found = judged(completions, ["5"], "python")
    assert [row.verdict for row in found] == ["correct", "truncated", "filtered", "truncated", "filtered", "missing"]
    assert [row.text for row in found[1:]] == [""] * 5
    assert [row.detail for row in found[1:]] == ["cut off at 8 tokens", "", "", "withheld", "refused"]
    assert all(row.answer is None for row in found[1:])


def test_what_was_cut_off_is_never_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    executed: list[str] = []

    def watched(settings: ThoughtSettings, texts: Collection[str], progress: Progress) -> dict[str, Execution]:
        executed.extend(texts)
        return execute_thoughts(settings, texts, progress)

    monkeypatch.setattr(verify, "execute_thoughts", watched)
    judged([completion("The answer is 5."), completion("The answer is 6.", finish="length")], ["5"])
    assert executed == ["The answer is 5."]


ends = st.sampled_from([None, "length", "filter"])
usages = st.none() | st.builds(
    Usage, input=st.integers(0, 99), output=st.integers(0, 99), cost=st.none() | st.sampled_from([0.0, 0.1, 0.25])
)
completed = st.lists(
    st.builds(
        completion,
        st.none() | st.sampled_from(["The answer is 5.", "It is five... The answer is 5.", "The answer is 6.", "No."]),
        st.integers(0, 3),
        st.integers(0, 2),
        finish=ends,
        usage=usages,
    ),
    max_size=30,
)


@given(completed)
def test_counts_add_up(completions: list[Completion]) -> None:
    thoughts = judged(completions, ["5"] * 5)
    counts = verify.yields(completions, thoughts, 5, AnswerKind.TEXT)
    assert counts["asked"] == len(completions) == sum(counts["verdicts"].values())
    assert counts["asked"] == counts["answered"] + counts["truncated"] + counts["filtered"] + counts["missing"]
    assert counts["unique"] <= counts["right"] <= counts["executed"] <= counts["answered"]
    assert counts["covered"] * 5 <= counts["unique"] <= 2 * counts["covered"] * 5
    known = [row.usage for row in completions if row.usage is not None]
    if counts["tokens"]["input"] is not None:
        assert counts["tokens"] == {"input": sum(u.input for u in known), "output": sum(u.output for u in known)}
    assert (counts["tokens"]["input"] is None) == (
        not known or any(row.text is not None and row.usage is None for row in completions)
    )
    if counts["cost"] is not None:
        assert counts["cost"] == pytest.approx(sum(u.cost or 0.0 for u in known))
        assert all(u.cost is not None for u in known)
        assert (counts["cost_per_1000_right"] is None) == (counts["right"] == 0)


@pytest.mark.parametrize(
    ("usages", "tokens", "cost"),
    [
        ([Usage(input=10, output=5, cost=0.1), Usage(input=0, output=7, cost=0.2)], (10, 12), 0.3),
        ([Usage(input=10, output=5, cost=0.1), Usage(input=0, output=7)], (10, 12), None),
        ([Usage(input=10, output=5, cost=0.0), None], (None, None), None),
        ([None, None], (None, None), None),
    ],
)
def test_what_is_known_in_part_is_not_known(
    usages: list[Usage | None], tokens: tuple[int | None, int | None], cost: float | None
) -> None:
    found = verify.spent([completion("The answer is 5.", usage=one) for one in usages], right=2)
    assert (found["tokens"]["input"], found["tokens"]["output"]) == tokens
    assert found["cost"] == (None if cost is None else pytest.approx(cost))
    assert found["cost_per_1000_right"] == (None if cost is None else pytest.approx(500 * cost))


def test_a_request_that_was_refused_takes_nothing() -> None:
    completions = [
        completion("The answer is 5.", usage=Usage(input=9, output=5, cost=0.5)),
        completion(None, reason="refused"),
    ]
    assert verify.spent(completions, right=1)["cost"] == 0.5


def test_right_programs_that_say_the_same_are_one() -> None:
    texts = ["ans = 2 + 3", "# the sum\nans = 2+3", "a = 2\nans = a + 3", "ans = 9"]
    completions = [completion(text, sample=n) for n, text in enumerate(texts)]
    counts = verify.yields(completions, judged(completions, ["5"], "python"), 1, AnswerKind.PYTHON)
    assert (counts["asked"], counts["executed"], counts["right"], counts["unique"]) == (4, 4, 3, 2)


def test_counts_and_rows_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text('thought:\n  cot: {answer: text, cue: "", prompt: none, steps: right}\n')
    problems = [Problem(id=f"p{n}", question="?", answer=gold) for n, gold in enumerate(GOLDS)]
    files.write_rows(files.problems_file("a", "train"), problems)
    completions = [Completion(problem=f"p{n}", thought="cot", text=text) for n, text in enumerate(TEXTS)]
    files.write_rows(files.completions_file("t-a-train-cot"), completions)
    verify.run(teacher="t", data="a", split="train", thought="cot")
    counts = json.loads(files.yield_file("t-a-train-cot").read_text())
    asked = {"problems": 3, "asked": 3, "answered": 3, "truncated": 0, "filtered": 0, "missing": 0}
    given = {"executed": 2, "right": 1, "unique": 1, "covered": 0.333333}
    seen = {"verdicts": {"correct": 1, "no-answer": 1, "wrong-steps": 1}, "steps": {"right": 1, "wrong": 1}}
    taken = {"tokens": {"input": None, "output": None}, "cost": None, "cost_per_1000_right": None}
    assert counts == asked | given | seen | taken
    lines = [json.loads(line) for line in files.thoughts_file("t-a-train-cot").read_text().splitlines()]
    assert [line.get("steps") for line in lines] == [
        {"right": 1}, {"wrong": 1, "first_wrong": "2 + 3 = 6, but it is 5"}, None,
    ]  # fmt: skip
    assert not any("notes" in line or "solution" in line for line in lines)

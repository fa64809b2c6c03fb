"""Mixes: counts add up, choices hang on names and seeds, weights do what they say."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.contract.records import Problem, Thought
from distill_dsl.contract.settings import MixSettings, ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.thoughts.mixing import content_marks, copies, draw, mix

FORMATS = {
    "cot": ThoughtSettings(answer=AnswerKind.TEXT, cue="think", prompt="p"),
    "pot": ThoughtSettings(answer=AnswerKind.PYTHON, cue="code", prompt="p"),
}
VERDICTS = ["correct", "wrong", "error:name", "timeout"]


def problems(count: int) -> list[Problem]:
    return [Problem(id=f"p{n}", question=f"question {n}", answer="1") for n in range(count)]


def thought(problem: int, name: str, sample: int, verdict: str = "correct", text: str | None = None) -> Thought:
    return Thought(
        problem=f"p{problem}", thought=name, sample=sample, text=text or f"ans = {sample} + 0", verdict=verdict
    )


rows = st.lists(
    st.builds(
        thought,
        st.integers(0, 9),
        st.sampled_from(["cot", "pot"]),
        st.integers(0, 5),
        st.sampled_from(VERDICTS),
    ),
    max_size=60,
)


def by_name(thoughts: list[Thought]) -> dict[str, list[Thought]]:
    return {name: [row for row in thoughts if row.thought == name] for name in FORMATS}


@given(rows, st.integers(1, 3), st.booleans(), st.floats(0, 1), st.floats(0.1, 3), st.integers(0, 99))
def test_every_thought_is_kept_or_dropped_for_a_reason(
    thoughts: list[Thought], cap: int, deduplicate: bool, dev: float, weight: float, seed: int
) -> None:
    settings = MixSettings(
        thoughts={"cot": 1.0, "pot": weight}, per_problem=cap, deduplicate=deduplicate, dev=dev, seed=seed, limit=7
    )
    mixed = mix(problems(10), by_name(thoughts), FORMATS, settings)
    for name, counts in mixed.counts.items():
        assert counts.thoughts == counts.kept + counts.dropped.total() == len(by_name(thoughts)[name])
    assert sum(counts.train for counts in mixed.counts.values()) == len(mixed.train)
    assert sum(counts.dev for counts in mixed.counts.values()) == len(mixed.dev)
    most = Counter((row.problem, row.thought) for row in mixed.dev)
    assert all(count <= cap for count in most.values())


@given(rows, st.integers(0, 99))
def test_no_problem_is_both_trained_and_measured(thoughts: list[Thought], seed: int) -> None:
    mixed = mix(
        problems(10), by_name(thoughts), FORMATS, MixSettings(thoughts={"cot": 1, "pot": 1}, dev=0.5, seed=seed)
    )
    assert not {row.problem for row in mixed.train} & {row.problem for row in mixed.dev}


@given(rows, st.integers(0, 99))
def test_adding_a_problem_changes_no_other(thoughts: list[Thought], seed: int) -> None:
    settings = MixSettings(thoughts={"cot": 0.5, "pot": 1.5}, dev=0.3, seed=seed)
    fewer = mix(problems(9), by_name([row for row in thoughts if row.problem != "p9"]), FORMATS, settings)
    more = mix(problems(10), by_name(thoughts), FORMATS, settings)
    assert [row for row in more.train if row.problem != "p9"] == fewer.train
    assert [row for row in more.dev if row.problem != "p9"] == fewer.dev


@pytest.mark.parametrize(("weight", "expected"), [(1, 400), (2, 800), (0.5, 200), (1.25, 500)])
def test_weights_repeat_or_thin_out(weight: float, expected: int) -> None:
    thoughts = {"cot": [thought(n, "cot", 0) for n in range(400)]}
    mixed = mix(problems(400), thoughts, FORMATS, MixSettings(thoughts={"cot": weight}, dev=0))
    assert len(mixed.train) == pytest.approx(expected, abs=25 if weight % 1 else 0)


def test_a_whole_weight_is_exact() -> None:
    assert [copies(3, chance) for chance in (0.0, 0.5, 0.999)] == [3, 3, 3]
    assert [copies(0.5, chance) for chance in (0.0, 0.49, 0.5)] == [1, 1, 0]


def test_draws_hang_on_seed_and_names_and_nothing_else() -> None:
    assert draw(1, "a", "b") == draw(1, "a", "b")
    assert len({draw(1, "ab"), draw(1, "a", "b"), draw(2, "ab"), draw(1, "ba")}) == 4
    assert 0.45 < sum(draw(1, str(n)) for n in range(1000)) / 1000 < 0.55


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (
            AnswerKind.TEXT,
            "She sold 48 / 2 = 24 clips.\nThe answer is 24.",
            "In May 48/2=24 were sold. The answer is 24.",
        ),
        (AnswerKind.TEXT, "The  answer is FOUR", "the answer is four"),
        (AnswerKind.PYTHON, "a = 48 / 2  # May\nans = a", "a = 48/2\n\nans = a\n"),
        (AnswerKind.EQUATIONS, "% eggs:\na = 16\nans = a + 1", "a=16\nans = a+1"),
        (AnswerKind.EQUATIONS, "x + y = 3\nx = 1\nans = y", "x = 1\nx + y = 3\nans = y"),
    ],
)
def test_thoughts_that_say_the_same_share_a_mark(kind: AnswerKind, one: str, other: str) -> None:
    assert content_marks(one, kind) & content_marks(other, kind)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (AnswerKind.TEXT, "First 2 + 3 = 5. Then 5 * 2 = 10.", "First 2 * 2 = 4. Then 4 + 6 = 10."),
        (AnswerKind.PYTHON, "ans = 2 + 3", "ans = 3 + 2"),
        (AnswerKind.EQUATIONS, "ans = 2 + 3", "ans = 5"),
    ],
)
def test_thoughts_that_calculate_differently_share_none(kind: AnswerKind, one: str, other: str) -> None:
    assert not content_marks(one, kind) & content_marks(other, kind)


def test_duplicates_are_dropped_only_when_asked_for() -> None:
    thoughts = {"pot": [thought(0, "pot", n, text="ans = 1") for n in range(3)]}
    both = [
        mix(problems(1), thoughts, FORMATS, MixSettings(thoughts={"pot": 1}, dev=0, deduplicate=flag))
        for flag in (True, False)
    ]
    assert [len(mixed.train) for mixed in both] == [1, 3]
    assert both[0].counts["pot"].dropped == {"duplicate": 2}

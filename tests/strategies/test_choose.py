"""Strategies as pure functions: cases read by eye, and laws that hold for any rows."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Choice, Judged
from distill_dsl.contract.settings import Cascade, Confident, Oracle, Ranked, Single, Strategy, Vote
from distill_dsl.runtime.strategies.choose import NOTHING, choose, is_right, members_of

GOLD = "7"
MEMBERS = ("pot", "eot", "cot")


def same(answer: str) -> str:
    return answer


def thought(name: str, answer: str | None, *, sample: int = 0, logprob: float = -1.0, gold: str = GOLD) -> Judged:
    verdict = "error:name" if answer is None else "correct" if answer == gold else "wrong"
    return Judged(thought=name, sample=sample, text="", tokens=1, logprob=logprob, answer=answer, verdict=verdict)


def pick(strategy: Strategy, *rows: Judged) -> Choice:
    return choose(strategy, rows, same)


def test_a_single_format_gives_its_own_answer_and_verdict() -> None:
    rows = [thought("pot", "7"), thought("cot", "3")]
    assert pick(Single(thought="cot"), *rows) == Choice(answer="3", thought="cot", verdict="wrong")
    assert pick(Single(thought="pot"), *rows) == Choice(answer="7", thought="pot", verdict="correct")


def test_a_crashed_single_format_has_no_answer() -> None:
    assert pick(Single(thought="pot"), thought("pot", None)) == Choice(verdict="no-answer")


def test_several_samples_of_a_single_format_are_a_majority_with_ties_to_the_first() -> None:
    samples = [thought("cot", answer, sample=i) for i, answer in enumerate(["3", "7", "7", None, "3"])]
    assert pick(Single(thought="cot"), *samples).answer == "3"
    assert pick(Single(thought="cot"), *samples, thought("cot", "7", sample=5)).answer == "7"


def test_a_cascade_falls_back_only_when_there_is_no_answer() -> None:
    cascade = Cascade(members=MEMBERS)
    assert pick(cascade, thought("pot", "3"), thought("eot", "7"), thought("cot", "7")).answer == "3"
    assert pick(cascade, thought("pot", None), thought("eot", "7"), thought("cot", "3")).thought == "eot"
    assert pick(cascade, thought("pot", None), thought("eot", None), thought("cot", "3")).thought == "cot"


def test_a_vote_takes_the_majority_and_breaks_ties_as_told() -> None:
    split = [thought("pot", "1"), thought("eot", "2"), thought("cot", "3")]
    assert pick(Vote(members=MEMBERS), *split).answer == "1"
    assert pick(Vote(members=MEMBERS, ties="cot"), *split).answer == "3"
    agreed = [thought("pot", "1"), thought("eot", "1"), thought("cot", "3")]
    assert pick(Vote(members=MEMBERS, ties="cot"), *agreed).answer == "1"


def test_the_tie_member_decides_only_among_tied_answers() -> None:
    rows = [thought("cot", "9"), *(thought("pot", a, sample=i) for i, a in enumerate("1122"))]
    assert pick(Vote(members=("cot", "pot"), ties="cot"), *rows).answer == "1"


def test_weights_are_summed_exactly() -> None:
    vote = Vote(members=MEMBERS, weights={"pot": 0.1, "eot": 0.2, "cot": 0.3}, ties="cot")
    assert pick(vote, thought("pot", "1"), thought("eot", "1"), thought("cot", "2")).answer == "2"
    heavy = Vote(members=MEMBERS, weights={"cot": 2.5})
    assert pick(heavy, thought("pot", "1"), thought("eot", "1"), thought("cot", "2")).answer == "2"


def test_a_vote_groups_answers_by_the_key_it_is_given() -> None:
    rows = [thought("pot", "2"), thought("eot", "0.33333"), thought("cot", "1/3")]
    grouped = choose(Vote(members=MEMBERS), rows, lambda answer: {"1/3": "0.33333"}.get(answer, answer))
    assert grouped == Choice(answer="0.33333", thought="eot", verdict="wrong")


def test_the_most_confident_answer_wins_and_a_crash_never_does() -> None:
    rows = [thought("pot", None, logprob=-0.1), thought("eot", "7", logprob=-0.3), thought("cot", "3", logprob=-0.2)]
    assert pick(Confident(members=MEMBERS), *rows).thought == "cot"
    assert pick(Confident(members=("pot", "eot")), *rows).thought == "eot"


def test_the_oracle_takes_a_right_answer_if_there_is_one() -> None:
    rows = [thought("pot", "1"), thought("eot", None), thought("cot", "7")]
    assert pick(Oracle(members=MEMBERS), *rows) == Choice(answer="7", thought="cot", verdict="correct")
    assert pick(Oracle(members=("pot", "eot")), *rows).answer == "1"


def test_ranked_is_refused_with_what_to_do() -> None:
    with pytest.raises(Failure, match=r"ranked\(pot, cot\).*needs a trained verifier"):
        pick(Ranked(members=("pot", "cot")), thought("pot", "1"))


# --- laws ---------------------------------------------------------------------------------------

answers = st.none() | st.sampled_from(["7", "1", "2", "1/3"])
logprobs = st.sampled_from([-2.0, -1.0, -0.5])
weights = st.dictionaries(st.sampled_from(MEMBERS), st.sampled_from([0.1, 0.2, 0.3, 0.5, 1.0, 2.0]))
orders = st.permutations(MEMBERS).flatmap(lambda names: st.integers(1, 3).map(lambda size: tuple(names[:size])))


@st.composite
def problems(draw: st.DrawFn) -> list[Judged]:
    samples = draw(st.integers(1, 3))
    return [
        thought(name, draw(answers), sample=sample, logprob=draw(logprobs))
        for name in MEMBERS
        for sample in range(samples)
    ]


plain = st.one_of(
    st.sampled_from(MEMBERS).map(lambda name: Single(thought=name)),
    orders.map(lambda members: Cascade(members=members)),
    st.builds(Vote, members=orders, weights=weights, ties=st.none() | st.sampled_from(MEMBERS)),
    orders.map(lambda members: Confident(members=members)),
)
every = plain | orders.map(lambda members: Oracle(members=members))


@given(plain, problems())
def test_no_strategy_beats_the_oracle(strategy: Strategy, rows: list[Judged]) -> None:
    oracle = pick(Oracle(members=members_of(strategy)), *rows)
    assert is_right(oracle) >= is_right(pick(strategy, *rows))


@given(every, problems())
def test_a_strategy_answers_iff_a_member_does(strategy: Strategy, rows: list[Judged]) -> None:
    able = any(row.answer is not None for row in rows if row.thought in members_of(strategy))
    choice = pick(strategy, *rows)
    assert (choice.answer is not None) == able
    assert able or choice == NOTHING


@given(every, problems(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(strategy: Strategy, rows: list[Judged], shuffler: random.Random) -> None:
    mixed = list(rows)
    shuffler.shuffle(mixed)
    assert pick(strategy, *mixed) == pick(strategy, *rows)


@given(every, problems())
def test_the_choice_is_a_thought_of_a_member_with_its_verdict(strategy: Strategy, rows: list[Judged]) -> None:
    choice = pick(strategy, *rows)
    if choice != NOTHING:
        assert choice in [
            Choice(answer=row.answer, thought=row.thought, verdict=row.verdict)
            for row in rows
            if row.thought in members_of(strategy) and row.answer is not None
        ]


@given(every, problems())
def test_thoughts_of_other_formats_do_not_matter(strategy: Strategy, rows: list[Judged]) -> None:
    members = members_of(strategy)
    assert pick(strategy, *rows) == pick(strategy, *(row for row in rows if row.thought in members))


@given(problems(), st.sampled_from(MEMBERS))
def test_one_member_alone_is_that_member_whatever_the_strategy(rows: list[Judged], name: str) -> None:
    single = pick(Single(thought=name), *rows)
    assert pick(Cascade(members=(name,)), *rows) == single
    assert pick(Vote(members=(name,)), *rows) == single
    assert pick(Vote(members=(name,), weights={name: 0.25}, ties=name), *rows) == single


@given(problems(), orders, weights, st.sampled_from([0.5, 2.0, 4.0]))
def test_scaling_all_weights_changes_nothing(
    rows: list[Judged], members: tuple[str, ...], given_weights: dict[str, float], factor: float
) -> None:
    full = {name: given_weights.get(name, 1.0) for name in MEMBERS}
    scaled = {name: weight * factor for name, weight in full.items()}
    assert pick(Vote(members=members, weights=scaled), *rows) == pick(Vote(members=members, weights=full), *rows)


@given(problems(), orders)
def test_an_answer_that_most_members_share_wins_every_vote(rows: list[Judged], members: tuple[str, ...]) -> None:
    able = [row.answer for row in rows if row.thought in members and row.answer is not None]
    majority = [answer for answer in set(able) if able.count(answer) * 2 > len(able)]
    for tie in (None, *members):
        assert not majority or pick(Vote(members=members, ties=tie), *rows).answer == majority[0]

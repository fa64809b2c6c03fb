"""Strategies as pure functions: cases read by eye, and laws that hold for any rows."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Choice, Judged
from distill_dsl.contract.strategies import (
    Adaptive,
    Cascade,
    Confident,
    Oracle,
    Ranked,
    Single,
    Strategy,
    Vote,
)
from distill_dsl.runtime.strategies.choose import choose, is_right, members_of
from distill_dsl.runtime.strategies.evidence import ALTERNATIVES, LEAST, MOST, posterior, weight_of

GOLD = "7"
MEMBERS = ("pot", "eot", "cot")


def same(answer: str) -> str:
    return answer


def thought(
    name: str,
    answer: str | None,
    *,
    sample: int = 0,
    logprob: float = -1.0,
    tokens: int = 1,
    confidence: float | None = None,
    rank: float | None = None,
) -> Judged:
    return Judged(
        thought=name,
        sample=sample,
        text="",
        tokens=tokens,
        logprob=logprob,
        answer=answer,
        verdict="error:name" if answer is None else "correct" if answer == GOLD else "wrong",
        confidence=confidence,
        ranks={} if rank is None else {"judge-graded": rank},
    )


def pick(strategy: Strategy, *rows: Judged) -> Choice:
    return choose(strategy, rows, same)


def test_a_single_format_gives_its_own_answer_and_verdict() -> None:
    rows = [thought("pot", "7", tokens=5), thought("cot", "3", tokens=9)]
    assert pick(Single(thought="cot"), *rows) == Choice(answer="3", thought="cot", verdict="wrong", tokens=9)
    assert pick(Single(thought="pot"), *rows) == Choice(answer="7", thought="pot", verdict="correct", tokens=5)


def test_a_crashed_single_format_has_no_answer_and_was_written_all_the_same() -> None:
    assert pick(Single(thought="pot"), thought("pot", None, tokens=4)) == Choice(verdict="no-answer", tokens=4)


def test_a_single_format_is_its_greedy_thought_whatever_else_was_drawn() -> None:
    samples = [thought("cot", answer, sample=i) for i, answer in enumerate(["3", "7", "7"])]
    assert pick(Single(thought="cot"), *samples) == Choice(answer="3", thought="cot", verdict="wrong", tokens=1)


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
    assert (grouped.answer, grouped.thought, grouped.sure) == ("0.33333", "eot", pytest.approx(2 / 3))


def test_the_most_confident_answer_wins_and_a_crash_never_does() -> None:
    rows = [thought("pot", None, logprob=-0.1), thought("eot", "7", logprob=-0.3), thought("cot", "3", logprob=-0.2)]
    assert pick(Confident(members=MEMBERS), *rows).thought == "cot"
    assert pick(Confident(members=("pot", "eot")), *rows).thought == "eot"


def test_the_oracle_takes_a_right_answer_if_there_is_one() -> None:
    rows = [thought("pot", "1"), thought("eot", None), thought("cot", "7")]
    assert pick(Oracle(members=MEMBERS), *rows) == Choice(answer="7", thought="cot", verdict="correct", tokens=3)
    assert pick(Oracle(members=("pot", "eot")), *rows).answer == "1"


def test_a_cascade_costs_what_was_written_until_it_answered() -> None:
    rows = [thought("pot", None, tokens=1), thought("eot", "7", tokens=10), thought("cot", "3", tokens=100)]
    drawn = [thought("pot", "3", sample=1, tokens=1000)]
    assert pick(Cascade(members=MEMBERS), *rows, *drawn).tokens == 11
    assert pick(Cascade(members=("pot", "cot")), *rows).tokens == 101
    assert pick(Cascade(members=("pot",)), *rows).tokens == 1


def test_a_vote_takes_only_the_samples_it_asks_for() -> None:
    rows = [thought("pot", answer, sample=i, tokens=10**i) for i, answer in enumerate("3771")]
    assert pick(Vote(members=("pot",), samples=1), *rows).answer == "3"
    chosen = pick(Vote(members=("pot",), samples=3), *rows)
    assert (chosen.answer, chosen.sample, chosen.tokens, chosen.sure) == ("7", 1, 111, pytest.approx(2 / 3))
    assert pick(Vote(members=("pot",)), *rows).tokens == 1111


def test_a_vote_is_as_sure_as_its_share_of_all_votes_also_of_those_that_crashed() -> None:
    rows = [thought("pot", "7"), thought("eot", None), thought("cot", "3")]
    assert pick(Vote(members=MEMBERS), *rows).sure == pytest.approx(1 / 3)
    assert pick(Vote(members=MEMBERS, weights={"pot": 2}), *rows).sure == pytest.approx(1 / 2)
    assert pick(Vote(members=("eot",)), *rows) == Choice(verdict="no-answer", sure=0.0, tokens=1)


def test_a_confident_thought_outvotes_two_doubtful_ones_only_by_confidence() -> None:
    rows = [
        thought("pot", "1", confidence=0.3),
        thought("eot", "1", confidence=0.3),
        thought("cot", "7", confidence=0.95),
    ]
    assert pick(Vote(members=MEMBERS), *rows).answer == "1"
    chosen = pick(Vote(members=MEMBERS, by="confidence"), *rows)
    assert chosen.answer == "7"
    # 0.95 / 0.05 * 4 = 76 for 7, (0.3 / 0.7 * 4)^2 = 2.94 for 1, and three answers that nobody gave.
    assert chosen.sure == pytest.approx(76 / (76 + (12 / 7) ** 2 + 3))
    doubled = Vote(members=MEMBERS, by="confidence", weights={"pot": 10})
    assert pick(doubled, *rows).answer == "1"


def test_probabilities_are_of_tokens_or_calibrated() -> None:
    rows = [thought("pot", "1", logprob=-0.1, confidence=0.2), thought("cot", "7", logprob=-0.5, confidence=0.6)]
    assert pick(Confident(members=("pot", "cot")), *rows).sure == pytest.approx(0.904837)
    calibrated = pick(Confident(members=("pot", "cot"), calibrated=True), *rows)
    assert (calibrated.answer, calibrated.sure, calibrated.tokens) == ("7", 0.6, 2)


def test_a_verifier_ranks_thoughts_or_adds_up_what_equal_answers_have() -> None:
    rows = [thought("pot", "1", rank=0.5), thought("eot", "1", rank=0.5), thought("cot", "7", rank=0.9)]
    best = Ranked(members=MEMBERS, by="judge", on="graded")
    assert (pick(best, *rows).answer, pick(best, *rows).sure) == ("7", 0.9)
    summed = Ranked(members=MEMBERS, by="judge", on="graded", vote=True)
    assert (pick(summed, *rows).answer, pick(summed, *rows).sure) == ("1", pytest.approx(1 / 3))


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (Vote(members=("pot",), by="confidence"), r"`vote\(pot, by: confidence\)` needs to know how often"),
        (Confident(members=("pot",), calibrated=True), r"`confident\(pot, calibrated: true\)` needs to know"),
        (Ranked(members=("pot",), by="judge", on="graded"), "needs the verifier judge on graded"),
    ],
)
def test_what_a_strategy_lacks_is_told(strategy: Strategy, message: str) -> None:
    with pytest.raises(Failure, match=message):
        pick(strategy, thought("pot", "1"))


def test_samples_are_asked_for_only_where_formats_disagree() -> None:
    first = [thought("pot", "3", tokens=1), thought("cot", "3", tokens=10)]
    drawn = [thought("pot", "7", sample=i, tokens=100) for i in (1, 2)]
    agreed = pick(Adaptive(members=("pot", "cot")), *first, *drawn)
    assert (agreed.answer, agreed.sure, agreed.tokens) == ("3", 1.0, 11)
    doubted = pick(Adaptive(members=("pot", "cot")), first[0], thought("cot", "7", tokens=10), *drawn)
    assert (doubted.answer, doubted.sure, doubted.tokens) == ("7", 0.75, 211)
    crashed = pick(Adaptive(members=("pot", "cot")), first[0], thought("cot", None), *drawn)
    assert (crashed.answer, crashed.tokens) == ("7", 202)


# --- laws ---------------------------------------------------------------------------------------

answers = st.none() | st.sampled_from(["7", "1", "2", "1/3"])
logprobs = st.sampled_from([-2.0, -1.0, -0.5])
shares = st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0])
weights = st.dictionaries(st.sampled_from(MEMBERS), st.sampled_from([0.1, 0.2, 0.3, 0.5, 1.0, 2.0]))
orders = st.permutations(MEMBERS).flatmap(lambda names: st.integers(1, 3).map(lambda size: tuple(names[:size])))
counts = st.none() | st.integers(1, 3)
ties = st.none() | st.sampled_from(MEMBERS)


@st.composite
def problems(draw: st.DrawFn, confidences: st.SearchStrategy[float] = shares) -> list[Judged]:
    samples = draw(st.integers(1, 3))
    return [
        thought(
            name,
            draw(answers),
            sample=sample,
            logprob=draw(logprobs),
            tokens=draw(st.integers(1, 9)),
            confidence=draw(confidences),
            rank=draw(shares),
        )
        for name in MEMBERS
        for sample in range(samples)
    ]


plain = st.one_of(
    st.sampled_from(MEMBERS).map(lambda name: Single(thought=name)),
    orders.map(lambda members: Cascade(members=members)),
    st.builds(
        Vote, members=orders, weights=weights, ties=ties, samples=counts, by=st.sampled_from(["count", "confidence"])
    ),
    st.builds(Confident, members=orders, samples=counts, calibrated=st.booleans()),
    st.builds(Ranked, members=orders, by=st.just("judge"), on=st.just("graded"), samples=counts, vote=st.booleans()),
    st.builds(Adaptive, members=orders, ties=ties),
)
every = plain | orders.map(lambda members: Oracle(members=members))


@given(plain, problems())
def test_no_strategy_beats_the_oracle(strategy: Strategy, rows: list[Judged]) -> None:
    oracle = pick(Oracle(members=members_of(strategy)), *rows)
    assert is_right(oracle) >= is_right(pick(strategy, *rows))


@given(every, problems())
def test_a_strategy_answers_iff_a_member_does(strategy: Strategy, rows: list[Judged]) -> None:
    able = any(row.answer is not None for row in considered(strategy, rows))
    choice = pick(strategy, *rows)
    assert (choice.answer is not None) == able
    assert able or (choice.verdict, choice.thought, choice.sure) in [("no-answer", None, None), ("no-answer", None, 0)]


def considered(strategy: Strategy, rows: list[Judged]) -> list[Judged]:
    """The rows that a strategy may choose from: written out anew, by what the settings say."""
    samples = 1 if isinstance(strategy, Single | Cascade) else getattr(strategy, "samples", None)
    members = [row for row in rows if row.thought in members_of(strategy)]
    return members if samples is None else [row for row in members if row.sample < samples]


@given(every, problems(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(strategy: Strategy, rows: list[Judged], shuffler: random.Random) -> None:
    mixed = list(rows)
    shuffler.shuffle(mixed)
    assert pick(strategy, *mixed) == pick(strategy, *rows)


@given(every, problems())
def test_the_choice_is_a_thought_of_a_member_with_its_verdict(strategy: Strategy, rows: list[Judged]) -> None:
    choice = pick(strategy, *rows)
    if choice.thought is not None:
        assert (choice.answer, choice.thought, choice.sample, choice.verdict) in [
            (row.answer, row.thought, row.sample, row.verdict)
            for row in considered(strategy, rows)
            if row.answer is not None
        ]


@given(every, problems())
def test_sureness_is_a_share_and_cost_is_at_most_what_was_written(strategy: Strategy, rows: list[Judged]) -> None:
    choice = pick(strategy, *rows)
    knows = not isinstance(strategy, Single | Cascade | Oracle)
    assert (choice.sure is not None) == knows
    assert choice.sure is None or 0 <= choice.sure <= 1
    most = sum(row.tokens for row in considered(strategy, rows))
    assert 0 < choice.tokens <= most
    if not isinstance(strategy, Cascade | Adaptive):
        assert choice.tokens == most


@given(every, problems())
def test_thoughts_of_other_formats_do_not_matter(strategy: Strategy, rows: list[Judged]) -> None:
    members = members_of(strategy)
    assert pick(strategy, *rows) == pick(strategy, *(row for row in rows if row.thought in members))


@given(problems(), st.sampled_from(MEMBERS))
def test_one_thought_alone_is_chosen_whatever_the_strategy(rows: list[Judged], name: str) -> None:
    rows = [row for row in rows if row.sample == 0]
    single = pick(Single(thought=name), *rows)
    for other in (
        Cascade(members=(name,)),
        Vote(members=(name,)),
        Vote(members=(name,), weights={name: 0.25}, ties=name),
        Vote(members=(name,), by="confidence"),
        Confident(members=(name,)),
        Ranked(members=(name,), by="judge", on="graded", vote=True),
        Adaptive(members=(name,)),
    ):
        assert (pick(other, *rows).answer, pick(other, *rows).tokens) == (single.answer, single.tokens)


@given(problems(), orders, ties)
def test_adaptive_is_the_vote_where_first_thoughts_disagree(
    rows: list[Judged], members: tuple[str, ...], tie: str | None
) -> None:
    first = {row.answer for row in rows if row.sample == 0 and row.thought in members}
    choice = pick(Adaptive(members=members, ties=tie), *rows)
    if len(first) > 1 or None in first:
        assert choice == pick(Vote(members=members, ties=tie), *rows)
    else:
        assert choice.answer in first
        assert choice.tokens == sum(row.tokens for row in rows if row.sample == 0 and row.thought in members)


@given(shares.flatmap(lambda share: problems(st.just(share))), orders, ties)
def test_a_vote_by_equal_confidences_is_a_vote_by_count(
    rows: list[Judged], members: tuple[str, ...], tie: str | None
) -> None:
    counted = pick(Vote(members=members, ties=tie), *rows)
    weighed = pick(Vote(members=members, ties=tie, by="confidence"), *rows)
    assert (weighed.answer, weighed.thought, weighed.sample) == (counted.answer, counted.thought, counted.sample)


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_confidence_never_weighs_less_and_all_weighs_something(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 < weight_of(low) <= weight_of(high)


@given(st.lists(st.floats(LEAST, MOST), min_size=1, max_size=6))
def test_probabilities_of_all_answers_add_up(confidences: list[float]) -> None:
    sums = [weight_of(one) for one in confidences]
    unseen = max(0, ALTERNATIVES + 1 - len(sums))
    assert sum(posterior(sums, one) for one in sums) + unseen * posterior([*sums], 0.0) == pytest.approx(1.0)


def test_one_thought_is_as_sure_as_its_confidence() -> None:
    assert posterior([weight_of(0.8)], weight_of(0.8)) == pytest.approx(0.8)


@given(problems(), orders, weights, st.sampled_from([0.5, 2.0, 4.0]))
def test_scaling_all_weights_changes_nothing(
    rows: list[Judged], members: tuple[str, ...], given_weights: dict[str, float], factor: float
) -> None:
    full = {name: given_weights.get(name, 1.0) for name in MEMBERS}
    scaled = {name: weight * factor for name, weight in full.items()}
    one, other = (pick(Vote(members=members, weights=given), *rows) for given in (full, scaled))
    assert one == other


@given(problems(), orders)
def test_an_answer_that_most_members_share_wins_every_vote(rows: list[Judged], members: tuple[str, ...]) -> None:
    able = [row.answer for row in rows if row.thought in members and row.answer is not None]
    majority = [answer for answer in set(able) if able.count(answer) * 2 > len(able)]
    for tie in (None, *members):
        assert not majority or pick(Vote(members=members, ties=tie), *rows).answer == majority[0]

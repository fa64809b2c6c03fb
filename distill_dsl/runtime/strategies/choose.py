"""From all thoughts of one problem to one answer: one pure function a strategy.

A strategy sees the rows of one problem (every format, every sample), in any order, and picks an
answered one or none. No strategy looks at gold except the oracle, which is an upper bound. Each
choice tells how sure the strategy is, where it can, and what it cost: the tokens of those thoughts
that had to be written before it could choose. docs/strategies.md tells what each needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import exp
from typing import TypeVar, assert_never

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
    strategy_title,
)
from distill_dsl.contract.vocabulary import Outcome
from distill_dsl.runtime.strategies.evidence import posterior, weight_of

Key = Callable[[str], str]
"""Answer -> group: answers of one group are one answer (they differ by rounding at most)."""

Weights = dict[str, float]

Number = TypeVar("Number", float, Fraction)
"""Of votes: exact where people wrote them, floats where they are learned."""


def choose(strategy: Strategy, rows: Sequence[Judged], key: Key) -> Choice:
    """What `strategy` answers, given the judged thoughts of one problem.

    A `Failure` where it weighs thoughts by what the rows do not tell (confidence, ranks).
    """
    match strategy:
        case Single(thought=thought):
            return cascade(rows, (thought,))
        case Cascade(members=members):
            return cascade(rows, members)
        case Vote(by="confidence"):
            return weighed(strategy, written(rows, strategy.members, strategy.samples), key)
        case Vote():
            asked = written(rows, strategy.members, strategy.samples)
            return vote(asked, key, strategy.weights, strategy.ties)
        case Confident():
            return confident(strategy, written(rows, strategy.members, strategy.samples))
        case Ranked():
            return ranked(strategy, written(rows, strategy.members, strategy.samples), key)
        case Adaptive(members=members, ties=ties):
            return adaptive(rows, members, ties, key)
        case Oracle(members=members):
            return oracle(written(rows, members))
        case _:
            assert_never(strategy)


def members_of(strategy: Strategy) -> tuple[str, ...]:
    """The thought formats that a strategy needs."""
    return (strategy.thought,) if isinstance(strategy, Single) else strategy.members


def is_right(row: Judged | Choice) -> bool:
    """Whether a thought or a choice gave the gold answer."""
    return row.verdict == Outcome.CORRECT


# --- the strategies -----------------------------------------------------------------------------


def cascade(rows: Sequence[Judged], members: Sequence[str]) -> Choice:
    """The first member whose first thought gives an answer (paper, section 3.4); what comes after it costs nothing."""
    first = written(rows, members, samples=1)
    for place, row in enumerate(first, start=1):
        if row.answer is not None:
            return picked(row, first[:place])
    return picked(None, first)


def vote(asked: Sequence[Judged], key: Key, weights: Weights, ties: str | None) -> Choice:
    """The answer with most votes, each thought's of its member's weight (self-consistency, arXiv 2203.11171).

    It is as sure as its share of all votes; a thought without an answer has a vote, and nobody gets it.
    """
    # Exact sums: 0.1 + 0.2 ties with 0.3, as it reads in the spec.
    votes = {name: Fraction(repr(weights.get(name, 1.0))) for name in {row.thought for row in asked}}
    won, sums = heaviest(asked, lambda row: votes[row.thought], key, ties)
    if won is None:
        return picked(None, asked, sure=0.0)
    cast = sum(votes[row.thought] for row in asked)
    return picked(won, asked, sure=float(sums[key(answer_of(won))] / cast) if cast else 0.0)


def weighed(strategy: Vote, asked: Sequence[Judged], key: Key) -> Choice:
    """A vote in which a thought weighs as much as its confidence says (see `evidence`), times its member's weight."""
    weights = strategy.weights

    def weight(row: Judged) -> float:
        return weights.get(row.thought, 1.0) * weight_of(confidence_of(row, strategy))

    won, sums = heaviest(asked, weight, key, strategy.ties)
    if won is None:
        return picked(None, asked, sure=0.0)
    return picked(won, asked, sure=posterior(sums.values(), sums[key(answer_of(won))]))


def confident(strategy: Confident, asked: Sequence[Judged]) -> Choice:
    """The thought of the highest probability: that of its tokens (geometric mean), or, calibrated, to be right."""

    def probability(row: Judged) -> float:
        return confidence_of(row, strategy) if strategy.calibrated else exp(min(row.logprob, 0.0))

    won = max(answered(asked), key=probability, default=None)
    return picked(won, asked, sure=0.0 if won is None else probability(won))


def ranked(strategy: Ranked, asked: Sequence[Judged], key: Key) -> Choice:
    """The thought that the verifier scores highest (arXiv 2110.14168), or the answer of the highest sum of scores.

    Added up, scores are as sure as their sum's share of what it would be, were all thoughts certain
    and agreed.
    """

    def score(row: Judged) -> float:
        return rank_of(row, strategy)

    if not strategy.vote:
        won = max(answered(asked), key=score, default=None)
        return picked(won, asked, sure=0.0 if won is None else score(won))
    won, sums = heaviest(asked, score, key)
    return picked(won, asked, sure=0.0 if won is None else sums[key(answer_of(won))] / len(asked))


def adaptive(rows: Sequence[Judged], members: Sequence[str], ties: str | None, key: Key) -> Choice:
    """The first thoughts of all members, if they agree; else a vote of all samples (after arXiv 2305.11860)."""
    first = written(rows, members, samples=1)
    answers = {None if row.answer is None else key(row.answer) for row in first}
    if len(answers) == 1 and None not in answers:
        return picked(first[0], first, sure=1.0)
    return vote(written(rows, members), key, {}, ties)


def oracle(asked: Sequence[Judged]) -> Choice:
    """A right thought if there is one: what no strategy over these thoughts can exceed."""
    return picked(min(answered(asked), key=lambda row: not is_right(row), default=None), asked)


# --- what they share ----------------------------------------------------------------------------


def written(rows: Sequence[Judged], members: Sequence[str], samples: int | None = None) -> list[Judged]:
    """The thoughts of these members, by member order, then sample; of each only the first `samples`."""
    place = {member: index for index, member in enumerate(members)}
    asked = [row for row in rows if row.thought in place and (samples is None or row.sample < samples)]
    return sorted(asked, key=lambda row: (place[row.thought], row.sample))


def answered(rows: Sequence[Judged]) -> list[Judged]:
    """The rows that have an answer."""
    return [row for row in rows if row.answer is not None]


def heaviest(
    asked: Sequence[Judged], weight: Callable[[Judged], Number], key: Key, ties: str | None = None
) -> tuple[Judged | None, dict[str, Number]]:
    """The first row of the heaviest group of equal answers, and the weights of all groups.

    `asked` stands in order of preference, so that the first row of a tied group decides the tie,
    unless a row of the member `ties` is in a tied group.
    """
    able = answered(asked)
    sums: dict[str, Number] = {}
    for row in able:
        group = key(answer_of(row))
        sums[group] = sums[group] + weight(row) if group in sums else weight(row)
    tied = [row for row in able if sums[key(answer_of(row))] == max(sums.values())]
    return min(tied, key=lambda row: row.thought != ties, default=None), sums


def picked(row: Judged | None, asked: Sequence[Judged], sure: float | None = None) -> Choice:
    """The choice of one thought, or of none, after all of `asked` were written."""
    tokens = sum(one.tokens for one in asked)
    if row is None:
        return Choice(verdict=str(Outcome.NO_ANSWER), sure=sure, tokens=tokens)
    return Choice(
        answer=row.answer, thought=row.thought, sample=row.sample, verdict=row.verdict, sure=sure, tokens=tokens
    )


def answer_of(row: Judged) -> str:
    """The answer of a row that has one."""
    assert row.answer is not None
    return row.answer


def confidence_of(row: Judged, strategy: Strategy) -> float:
    """The calibrated probability that a thought is right."""
    if row.confidence is None:
        raise Failure(
            f"`{strategy_title(strategy)}` needs to know how often thoughts are right, and nothing was learned of it",
            help="run the solve and score stages again: problems that the mix holds out tell it (`dev` above 0)",
        )
    return row.confidence


def rank_of(row: Judged, strategy: Ranked) -> float:
    """The verifier's probability that a thought is right."""
    name = f"{strategy.by}-{strategy.on}"
    if name not in row.ranks:
        raise Failure(
            f"`{strategy_title(strategy)}` needs the verifier {strategy.by} on {strategy.on}, which has ranked nothing",
            help="run the rank stage, then score again",
        )
    return row.ranks[name]

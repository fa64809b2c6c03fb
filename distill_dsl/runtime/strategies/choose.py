"""From all thoughts of one problem to one answer: one pure function a strategy.

A strategy sees the rows of one problem (every format, every sample), in any order, and picks an
answered one or none. No strategy looks at gold except the oracle, which is an upper bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import assert_never

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Choice, Judged
from distill_dsl.contract.settings import Cascade, Confident, Oracle, Ranked, Single, Strategy, Vote, strategy_title
from distill_dsl.contract.vocabulary import Outcome

Key = Callable[[str], str]
"""Answer -> group: answers of one group are one answer (they differ by rounding at most)."""

NOTHING = Choice(verdict=str(Outcome.NO_ANSWER))
"""No member gave an answer. It counts as wrong."""


def choose(strategy: Strategy, rows: Sequence[Judged], key: Key) -> Choice:
    """What `strategy` answers, given the judged thoughts of one problem."""
    match strategy:
        case Single(thought=thought):
            row = most_voted(answered(rows, (thought,)), {}, key)
        case Cascade(members=members):
            row = first_to_answer(rows, members, key)
        case Vote(members=members, weights=weights, ties=ties):
            row = most_voted(answered(rows, members), weights, key, ties)
        case Confident(members=members):
            row = max(answered(rows, members), key=lambda row: row.logprob, default=None)
        case Oracle(members=members):
            row = min(answered(rows, members), key=lambda row: not is_right(row), default=None)
        case Ranked():
            raise Failure(
                f"`{strategy_title(strategy)}` needs a trained verifier, which this version cannot train",
                help="take it out of `answers`, or use `vote(...)` or `confident(...)`",
            )
        case _:
            assert_never(strategy)
    return NOTHING if row is None else Choice(answer=row.answer, thought=row.thought, verdict=row.verdict)


def members_of(strategy: Strategy) -> tuple[str, ...]:
    """The thought formats that a strategy needs."""
    return (strategy.thought,) if isinstance(strategy, Single) else strategy.members


def is_right(row: Judged | Choice) -> bool:
    """Whether a thought or a choice gave the gold answer."""
    return row.verdict == Outcome.CORRECT


def answered(rows: Sequence[Judged], members: Sequence[str]) -> list[Judged]:
    """The rows of these members that have an answer, by member order, then sample."""
    place = {member: index for index, member in enumerate(members)}
    able = [row for row in rows if row.answer is not None and row.thought in place]
    return sorted(able, key=lambda row: (place[row.thought], row.sample))


def first_to_answer(rows: Sequence[Judged], members: Sequence[str], key: Key) -> Judged | None:
    """The first member that gives an answer; of several samples of a member, their majority."""
    for member in members:
        row = most_voted(answered(rows, (member,)), {}, key)
        if row is not None:
            return row
    return None


def most_voted(able: Sequence[Judged], weights: dict[str, float], key: Key, ties: str | None = None) -> Judged | None:
    """The first row of the heaviest group of answers; each row is a vote of its member's weight.

    `able` stands in order of preference, so that the first row of a tied group decides the tie,
    unless a row of the member `ties` is in a tied group.
    """
    votes: dict[str, Fraction] = {}
    for row in able:
        # Exact sums: 0.1 + 0.2 ties with 0.3, as it reads in the spec.
        weight = Fraction(repr(weights.get(row.thought, 1.0)))
        votes[_group(row, key)] = votes.get(_group(row, key), Fraction()) + weight
    tied = [row for row in able if votes[_group(row, key)] == max(votes.values())]
    return min(tied, key=lambda row: row.thought != ties, default=None)


def _group(row: Judged, key: Key) -> str:
    assert row.answer is not None
    return key(row.answer)

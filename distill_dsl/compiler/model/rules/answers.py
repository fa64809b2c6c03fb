"""Answers that always equal a simpler one, found by trying every way in which thoughts can agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import permutations
from typing import Final

import msgspec

from distill_dsl.compiler.diagnostics import Code, Diagnostic, warning
from distill_dsl.compiler.model.rules.checked import Checked
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

MOST: Final = 5
"""Members of a vote that is tried out: 203 ways to agree, times 120 orders to compare with."""

Case = Mapping[str, int]
"""Thought -> its answer, for those that have one; equal numbers are equal answers."""


def redundant_answers(checked: Checked) -> Iterator[Diagnostic]:
    """A vote, or another choice, that picks for every problem what a plainer answer picks."""
    for experiment in checked.model.experiments.values():
        if not checked.constant(experiment, "samples"):
            continue
        for at, strategy in enumerate(experiment.settings.answers):
            plain = plainer(strategy, experiment.settings.samples)
            if plain is not None:
                span = checked.element("experiment", experiment.name, "answers", at)
                why = "" if experiment.settings.samples > 1 else " with one sample a thought"
                summary = f"this always picks what `{strategy_title(plain)}` picks{why}"
                help = f"write `{strategy_title(plain)}`, or change the members, weights or `samples`"
                yield warning(Code.REDUNDANT_ANSWER, summary, span, help)


def idle_samples(checked: Checked) -> Iterator[Diagnostic]:
    """No more samples of a thought can be looked at than are drawn."""
    for experiment in checked.model.experiments.values():
        drawn = experiment.settings.samples
        for at, strategy in enumerate(experiment.settings.answers):
            wanted = getattr(strategy, "samples", None)
            if wanted is not None and wanted > drawn and checked.constant(experiment, "samples"):
                span = checked.element("experiment", experiment.name, "answers", at)
                summary = f"`samples: {wanted}` is more than the {drawn} of a thought that there are"
                help = f"set `samples = {wanted}` in the experiment, or leave it out here"
                yield warning(Code.IDLE_SETTING, summary, span, help)


def plainer(strategy: Strategy, samples: int) -> Strategy | None:
    """A plainer answer that is the same for every problem, if there is one.

    A thought alone, and a cascade, look at first samples; a vote of one thought is self-consistency.
    """
    looked = min(samples, getattr(strategy, "samples", None) or samples)
    match strategy:
        case Single() | Cascade():
            return None
        case Vote() | Confident() | Ranked() | Oracle() | Adaptive() if looked == 1 and len(strategy.members) == 1:
            return Single(thought=strategy.members[0])
        case Adaptive(members=(only,)):  # a thought alone agrees with itself
            return Single(thought=only)
        case Adaptive(members=members, ties=ties) if looked == 1:
            vote = Vote(members=members, ties=ties)
            return plainer(vote, looked) or vote
        case Vote(by="confidence"):
            return None
        case Vote(weights=weights) if weights and len({weights.get(m, 1.0) for m in strategy.members}) == 1:
            return msgspec.structs.replace(strategy, weights={})
        case Vote() if looked == 1 and len(strategy.members) <= MOST:
            return _plainer_vote(strategy)
    return None


def _plainer_vote(vote: Vote) -> Strategy | None:
    cases = list(_cases(vote.members))
    picked = [voted(vote, case) for case in cases]
    unweighted = msgspec.structs.replace(vote, weights={})
    cascades = (Cascade(members=order) for order in permutations(vote.members))
    for plain in cascades:
        if picked == [next((case[m] for m in plain.members if m in case), None) for case in cases]:
            return plain
    if vote.weights and picked == [voted(unweighted, case) for case in cases]:
        return unweighted
    return None


def _cases(members: Sequence[str]) -> Iterator[Case]:
    """Every way in which the members answer, or do not, and agree, or do not."""
    if not members:
        yield {}
        return
    *others, last = members
    for case in _cases(others):
        yield case
        for answer in range(len(set(case.values())) + 1):
            yield {**case, last: answer}


def voted(vote: Vote, case: Case) -> int | None:
    """The answer of a vote, one sample a thought: as the score stage counts it."""
    totals: dict[int, Fraction] = {}
    for member in vote.members:
        if member in case:
            weight = Fraction(repr(vote.weights.get(member, 1.0)))
            totals[case[member]] = totals.get(case[member], Fraction()) + weight
    best = max(totals.values(), default=None)
    tied = [m for m in vote.members if m in case and totals[case[m]] == best]
    return case[min(tied, key=lambda member: member != vote.ties)] if tied else None

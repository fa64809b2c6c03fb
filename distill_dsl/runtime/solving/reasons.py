"""Why a strategy chose an answer, in one plain sentence. Pure: thoughts and the choice in, words out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, assert_never

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
from distill_dsl.contract.vocabulary import Outcome, outcome_of
from distill_dsl.runtime.strategies.choose import Key, answer_of, answered, members_of, rank_of, written
from distill_dsl.runtime.strategies.evidence import weight_of

ANSWERED: Final = "answered"
"""The verdict on a thought with an answer, where nobody knows the gold one."""

LONGEST: Final = 60
"""Characters of an error's own words within a sentence."""

RIVALS: Final = 5
"""Thoughts beside the chosen one that a sentence names."""

LIMITS: Final = {
    Outcome.TIMEOUT: "it ran too long",
    Outcome.MEMORY: "it took too much memory",
    Outcome.OUTPUT: "it printed too much",
    Outcome.DENIED: "it tried what no program may",
}


def why(strategy: Strategy, rows: Sequence[Judged], choice: Choice, key: Key) -> str:
    """One sentence: what the thoughts say, and what made the strategy choose among them."""
    members = members_of(strategy)
    asked = written(rows, members, samples_of(strategy))
    if not answered(asked):
        return f"{failures(asked)}, so there is no answer"
    match strategy:
        case Single(thought=thought):
            return f"only {thought} is asked, and it says {choice.answer}"
        case Cascade():
            return _cascade(asked, choice)
        case Vote(by="confidence"):
            return f"{_told(asked, key)}: {_weighed(strategy, asked, choice, key)}"
        case Vote():
            return _voted(asked, choice, key, strategy.weights, strategy.ties)
        case Adaptive():
            return _adaptive(strategy, asked, choice, key)
        case Confident():
            return _confident(strategy, asked, choice)
        case Ranked():
            return _ranked(strategy, asked, choice, key)
        case Oracle():
            return "an oracle knows the gold answer, and here there is none"
    assert_never(strategy)


def samples_of(strategy: Strategy) -> int | None:
    """How many samples of each member a strategy looks at; `None` is all."""
    return 1 if isinstance(strategy, Single | Cascade) else getattr(strategy, "samples", None)


def agreed(rows: Sequence[Judged], members: Sequence[str], key: Key) -> bool:
    """Whether the first thoughts of all members have one and the same answer: an adaptive strategy asks no further."""
    first = written(rows, members, samples=1)
    return len(first) == len(members) and None not in {row.answer for row in first} and len(_groups(first, key)) == 1


def _groups(asked: Sequence[Judged], key: Key) -> list[list[Judged]]:
    """The thoughts by the answer that they give, in the order in which members are listed."""
    found: dict[str, list[Judged]] = {}
    for row in answered(asked):
        found.setdefault(key(answer_of(row)), []).append(row)
    return list(found.values())


# --- the strategies -------------------------------------------------------------------------------


def _cascade(asked: Sequence[Judged], choice: Choice) -> str:
    before = [row.thought for row in asked].index(choice.thought or "")
    if before:
        return f"{failures(asked[:before])}, so {choice.thought} answers"
    alone = "" if len(asked) == 1 else ", so the others do not count"
    return f"{choice.thought} stands first and has an answer{alone}"


def _voted(asked: Sequence[Judged], choice: Choice, key: Key, weights: Mapping[str, float], ties: str | None) -> str:
    told, groups = _told(asked, key), _groups(asked, key)
    if len(groups) == 1:
        return told
    heavy = [sum(weights.get(row.thought, 1.0) for row in some) for some in groups]
    if heavy.count(max(heavy)) > 1:
        decides = f"which {ties} decides" if choice.thought == ties else f"in which {choice.thought} stands first"
        return f"{told}: a tie, {decides}"
    if weights:
        return f"{told}: {choice.answer} has the most weight, {max(heavy):g} of {sum(heavy):g}"
    return f"{told}: {'the majority decides' if 2 * max(heavy) > sum(heavy) else 'the most votes decide'}"


def _weighed(strategy: Vote, asked: Sequence[Judged], choice: Choice, key: Key) -> str:
    """`by how often such thoughts are right, 18 weighs 2.1 and 20 weighs 0.4`."""
    sums = [
        (sum(strategy.weights.get(row.thought, 1.0) * weight_of(row.confidence or 0.0) for row in some), some)
        for some in _groups(asked, key)
    ]
    told = [f"{some[0].answer} weighs {weight:.2f}" for weight, some in sorted(sums, key=lambda pair: -pair[0])]
    return f"by how often such thoughts are right, {listed(told)}"


def _adaptive(strategy: Adaptive, asked: Sequence[Judged], choice: Choice, key: Key) -> str:
    first = written(asked, strategy.members, samples=1)
    if agreed(first, strategy.members, key):
        return f"{_told(first, key)}: they agree, so one thought of each is enough"
    voted = _voted(asked, choice, key, {}, strategy.ties)
    if len(asked) == len(first):
        return voted
    return f"at first {_told(first, key)}; of {len(asked)} thoughts, {voted}"


def _confident(strategy: Confident, asked: Sequence[Judged], choice: Choice) -> str:
    if strategy.calibrated:
        told = _before(asked, lambda row: row.confidence or 0.0, _share)
        return f"{choice.thought} is right with the highest probability, {told}"
    told = _before(asked, lambda row: row.logprob, lambda value: f"{value:.3f}")
    return f"{choice.thought} is written with the highest log-probability a token, {told}"


def _ranked(strategy: Ranked, asked: Sequence[Judged], choice: Choice, key: Key) -> str:
    if not strategy.vote:
        told = _before(asked, lambda row: rank_of(row, strategy), _share)
        return f"the verifier {strategy.by} takes {choice.thought} for right with {told}"
    sums = [(sum(rank_of(row, strategy) for row in some), some[0].answer) for some in _groups(asked, key)]
    told = listed([f"{total:.2f} for {answer}" for total, answer in sorted(sums, key=lambda pair: -pair[0])])
    return f"the scores of the verifier {strategy.by} add up to {told}"


def _before(asked: Sequence[Judged], value: Callable[[Judged], float], shown: Callable[[float], str]) -> str:
    """`98 %, before eot 76 % and cot 70 %`."""
    first, *others = sorted(answered(asked), key=value, reverse=True)
    told = [f"{_name(row)} {shown(value(row))}" for row in others[:RIVALS]]
    more = [f"{len(others) - RIVALS} more"] if len(others) > RIVALS else []
    return f"{shown(value(first))}, " + (f"before {listed([*told, *more])}" if told else "and no other has an answer")


# --- words ----------------------------------------------------------------------------------------


def _told(asked: Sequence[Judged], key: Key) -> str:
    """`pot and eot say 18, cot says 20`; of several samples, how many; and who has no answer."""
    groups = _groups(asked, key)
    if any(row.sample for row in asked):
        silent = sum(row.answer is None for row in asked)
        counts = [f"{len(some)} say{'' if len(some) > 1 else 's'} {some[0].answer}" for some in groups]
        return ", ".join([*counts, *([f"{silent} gave no answer"] if silent else [])])
    told = ", ".join(_says(some, alone=len(groups) == 1) for some in groups)
    silent_rows = [row for row in asked if row.answer is None]
    return f"{told} ({failures(silent_rows)})" if silent_rows else told


def _says(some: Sequence[Judged], *, alone: bool) -> str:
    names = [row.thought for row in some]
    if len(names) == 1:
        return f"{'only ' if alone else ''}{names[0]} says {some[0].answer}"
    whole = ("both " if len(names) == 2 else "all ") if alone else ""
    return f"{listed(names)} {whole}say {some[0].answer}"


def _name(row: Judged) -> str:
    """`pot`, and a further sample of it `pot 2`."""
    return row.thought if row.sample == 0 else f"{row.thought} {row.sample + 1}"


def failures(rows: Sequence[Judged]) -> str:
    """`pot did not run (ZeroDivisionError) and cot gave no answer (no number in it)`: of each format, the first."""
    first = {row.thought: row for row in reversed(rows) if row.answer is None}
    return listed([f"{name} {failure(row)}" for name, row in reversed(first.items())])


def failure(row: Judged) -> str:
    """What became of a thought without an answer, behind its name: `did not run (ZeroDivisionError)`."""
    outcome = outcome_of(row.verdict)
    if outcome in LIMITS:
        return f"was stopped ({LIMITS[outcome]})"
    words = short(row.detail) or row.verdict.partition(":")[2]
    if outcome is not Outcome.ERROR:
        return f"gave no answer ({words})" if words else "gave no answer"
    return f"{'did not run' if words.endswith('Error') else 'failed'} ({words})"


def short(detail: str) -> str:
    """An error in a few words, its particulars left out: of Python's own, the name."""
    words = detail.partition(": ")[0]
    return f"{words[: LONGEST - 3].rstrip()}..." if len(words) > LONGEST else words


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"

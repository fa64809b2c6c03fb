"""Metrics of one test: what each strategy reached and cost, and how each format fared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from distill_dsl.contract.records import Choice, Judged, Scored
from distill_dsl.contract.vocabulary import Outcome, outcome_of
from distill_dsl.runtime.strategies.choose import is_right
from distill_dsl.runtime.strategies.intervals import mean, wilson
from distill_dsl.runtime.strategies.reliability import aurc, ece

RAN: Final = {Outcome.CORRECT, Outcome.WRONG, Outcome.NO_ANSWER}
"""Executed to the end: a thought that ran and gave nothing counts as executed, not as answered."""


def measures(rows: Sequence[Scored], thoughts: Sequence[str]) -> dict[str, object]:
    """Strategy key -> measures over problems; `thoughts` -> format -> rates over its thoughts."""
    keys = rows[0].choices if rows else {}
    written = {name: [one for row in rows for one in row.thoughts if one.thought == name] for name in thoughts}
    return {
        **{key: reached([row.choices[key] for row in rows]) for key in keys},
        "thoughts": {name: rates(judged) for name, judged in written.items()},
    }


def reached(choices: Sequence[Choice]) -> dict[str, float]:
    """One strategy on at least one problem: accuracy with its 95 % interval, coverage, cost, and trust.

    `tokens` is the mean a problem. `aurc` and `ece` (see `reliability`) stand only where the strategy
    tells how sure it is.
    """
    right = [is_right(choice) for choice in choices]
    found = wilson(sum(right), len(right))
    sure = [choice.sure for choice in choices if choice.sure is not None]
    return {
        "accuracy": found.value,
        "low": found.low,
        "high": found.high,
        "answered": share(sum(choice.answer is not None for choice in choices), len(choices)),
        "right": sum(right),
        "problems": len(right),
        "tokens": mean([choice.tokens for choice in choices]),
        **({"aurc": aurc(sure, right), "ece": ece(sure, right)} if len(sure) == len(right) else {}),
    }


def summary(rows: Sequence[Scored]) -> str:
    """One line for the log: each strategy's accuracy in percent."""
    right = {key: sum(is_right(row.choices[key]) for row in rows) for key in rows[0].choices}
    return ", ".join(f"{key} {100 * count / len(rows):.1f} %" for key, count in right.items())


def rates(rows: Sequence[Judged]) -> dict[str, object]:
    """How often thoughts of one format answered, ran and were right, and how often each verdict fell."""
    verdicts = Counter(row.verdict for row in rows)
    return {
        "answered": share(sum(row.answer is not None for row in rows), len(rows)),
        "executed": share(sum(outcome_of(row.verdict) in RAN for row in rows), len(rows)),
        "right": share(sum(map(is_right, rows)), len(rows)),
        "written": len(rows),
        "verdicts": dict(sorted(verdicts.items(), key=lambda item: (-item[1], item[0]))),
    }


def share(part: int, whole: int) -> float:
    """A part of a whole, 0 to 1; nothing of nothing is 0."""
    return part / whole if whole else 0.0

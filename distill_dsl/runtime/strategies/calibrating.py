"""How likely a thought is right, learned on problems whose answers are known and that no test holds.

A logistic regression (Platt 1999, with more than one input) over what can be seen of a thought without
gold: its format, how likely its tokens were, how long it is, what its execution noted, the form of its
answer, and, where a strategy compares thoughts, how many of the others agree. docs/experiments.md tells
which of these pay. A few hundred rows teach it, so that it is kept small: one slope for all formats, each
measured against its own format's mean, and a ridge on all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, log1p, sqrt
from typing import Final

from msgspec.structs import replace

from distill_dsl.contract.records import Judged
from distill_dsl.runtime.strategies.choose import Key, answer_of, is_right, written

SEEN: Final = (
    "log of the mean surprise of its tokens",
    "log of its tokens",
    "whole answer",
    "negative answer",
    "answer is the last number",
    "solution chosen by a rule",
    "a calculation does not hold",
    "log of the calculations that hold",
)
"""What is seen of a thought alone, in the order of `seen`. With its length, its total log-probability is
in here: the logarithm of a product is a sum."""

SHARED: Final = ("other formats agree", "other samples agree", "most that agree on another answer")
"""Shares of the other thoughts, in the order of `agreement`."""

LEAST_SURPRISE: Final = 1e-4
"""In nats a token: below it, differences of log-probabilities say nothing."""

STRENGTH: Final = 1.0
"""Inverse of the ridge on standardised slopes (scikit-learn's `C`): 0.3 to 3 made no difference."""

DIGITS: Final = 6
"""Decimals kept of a confidence: the same on every machine."""

_WHOLE: Final = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Calibration:
    """What was learned for thoughts of these members."""

    members: tuple[str, ...]
    samples: int | None
    together: bool
    """Whether agreement among the members' thoughts is looked at."""
    scales: dict[str, tuple[tuple[float, float], ...]]
    """Member -> mean and deviation of each of `SEEN`, and of `SHARED` where `together`."""
    offsets: dict[str, float]
    """Member -> log-odds of a thought that is average in everything."""
    slopes: tuple[float, ...]
    problems: int
    """How many it was learned on."""
    thoughts: int
    """How many answered ones."""

    def confidences(self, rows: Sequence[Judged], key: Key) -> list[float | None]:
        """The probability that each of one problem's thoughts is right; `None` where it has no answer."""
        pool = written(rows, self.members, self.samples)
        return [self._confidence(row, pool, key) if row.answer is not None else None for row in rows]

    def _confidence(self, row: Judged, pool: Sequence[Judged], key: Key) -> float | None:
        if row.thought not in self.offsets:
            return None
        values = inputs(row, pool, key, self.together)
        score = self.offsets[row.thought]
        for value, (mean, deviation), slope in zip(values, self.scales[row.thought], self.slopes, strict=True):
            score += slope * (value - mean) / deviation
        return round(1.0 / (1.0 + exp(-max(min(score, 30.0), -30.0))), DIGITS)


def learn(
    problems: Sequence[Sequence[Judged]],
    members: Sequence[str],
    key: Key,
    *,
    samples: int | None = None,
    together: bool = False,
) -> Calibration:
    """What thoughts of `members` tell of being right, from the rows of each problem that was held out.

    Where all or no answers are right there is nothing to weigh: then every thought is as likely right
    as Laplace's rule of succession says, (right + 1) / (answered + 2).
    """
    pools = [written(rows, members, samples) for rows in problems]
    taught = [(row, pool) for pool in pools for row in pool if row.answer is not None]
    values = [inputs(row, pool, key, together) for row, pool in taught]
    right = [is_right(row) for row, _ in taught]
    names = [row.thought for row, _ in taught]
    scales = {name: _scale(values, names, name, len(SEEN) + len(SHARED) * together) for name in members}
    if len(set(right)) < 2:
        offset = log((sum(right) + 1) / (len(right) - sum(right) + 1))
        offsets, slopes = dict.fromkeys(members, offset), (0.0,) * (len(SEEN) + len(SHARED) * together)
    else:
        offsets, slopes = _fitted(values, right, names, members, scales)
    return Calibration(
        members=tuple(members),
        samples=samples,
        together=together,
        scales=scales,
        offsets=offsets,
        slopes=slopes,
        problems=len(problems),
        thoughts=len(taught),
    )


def believed(rows: Sequence[Judged], calibration: Calibration, key: Key) -> list[Judged]:
    """The rows of one problem with their confidences."""
    found = calibration.confidences(rows, key)
    return [replace(row, confidence=confidence) for row, confidence in zip(rows, found, strict=True)]


# --- what is looked at --------------------------------------------------------------------------


def inputs(row: Judged, pool: Sequence[Judged], key: Key, together: bool) -> list[float]:
    """The numbers of one answered thought, of which the regression makes a probability."""
    return seen(row) + (agreement(row, pool, key) if together else [])


def seen(row: Judged) -> list[float]:
    """`SEEN` of one answered thought."""
    answer = answer_of(row)
    last = any("last number" in note for note in row.notes)
    steps = row.steps
    return [
        log(max(-row.logprob, LEAST_SURPRISE)),
        log1p(row.tokens),
        float(_WHOLE.fullmatch(answer) is not None),
        float(answer.startswith("-")),
        float(last),
        float(len(row.notes) > last),
        float(steps is not None and steps.wrong > 0),
        log1p(steps.right) if steps is not None else 0.0,
    ]


def agreement(row: Judged, pool: Sequence[Judged], key: Key) -> list[float]:
    """`SHARED` of one answered thought among all thoughts of its problem; one without an answer agrees with none."""
    own = key(answer_of(row))
    others = [(one.thought, None if one.answer is None else key(one.answer)) for one in pool if one is not row]
    formats = [answer == own for name, answer in others if name != row.thought]
    samples = [answer == own for name, answer in others if name == row.thought]
    rivals = Counter(answer for _, answer in others if answer not in (None, own))
    return [_share(formats), _share(samples), max(rivals.values(), default=0) / max(1, len(others))]


def _share(found: Sequence[bool]) -> float:
    return sum(found) / len(found) if found else 0.0


# --- the regression -----------------------------------------------------------------------------

Scales = dict[str, tuple[tuple[float, float], ...]]


def _scale(
    values: Sequence[Sequence[float]], names: Sequence[str], name: str, count: int
) -> tuple[tuple[float, float], ...]:
    """Mean and deviation of each input, of the thoughts called `name`; of all, where there are none."""
    own = [row for row, of in zip(values, names, strict=True) if of == name] or list(values)
    return tuple(_moments([row[place] for row in own]) for place in range(count))


def _moments(column: Sequence[float]) -> tuple[float, float]:
    if not column:
        return 0.0, 1.0
    mean = sum(column) / len(column)
    deviation = sqrt(sum((value - mean) ** 2 for value in column) / len(column))
    return mean, deviation if deviation > 1e-9 else 1.0


def _fitted(
    values: Sequence[Sequence[float]],
    right: Sequence[bool],
    names: Sequence[str],
    members: Sequence[str],
    scales: Scales,
) -> tuple[dict[str, float], tuple[float, ...]]:
    """Each member's offset and the slopes that all members share."""
    from sklearn.linear_model import LogisticRegression

    rows = [
        [float(name == member) for member in members]
        + [(value - mean) / deviation for value, (mean, deviation) in zip(row, scales[name], strict=True)]
        for row, name in zip(values, names, strict=True)
    ]
    # Newton's steps end at the optimum itself: the same on every machine, which lbfgs is not.
    model = LogisticRegression(C=STRENGTH, solver="newton-cholesky", tol=1e-8, max_iter=200).fit(rows, right)
    found: list[float] = model.coef_[0].tolist()
    start = float(model.intercept_[0])
    offsets = {member: start + found[place] for place, member in enumerate(members)}
    return offsets, tuple(found[len(members) :])

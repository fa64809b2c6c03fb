"""How much a thought of a given confidence speaks for its answer, and how sure several of them are together.

Naive Bayes: thoughts are taken to err independently, and a wrong thought to give each of `ALTERNATIVES`
wrong answers equally often. A thought that is right with probability p is p against (1 - p) / ALTERNATIVES
times as likely where its answer is gold as where another one is, and the logarithms of such ratios add up.
With one confidence for all it is a vote by count.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, log
from typing import Final

ALTERNATIVES: Final = 4
"""Wrong answers to choose from. Small, since wrong thoughts of one problem often make the same mistake."""

LEAST: Final = 0.25
MOST: Final = 0.99
"""Confidences are kept within: the least still weighs more than a guess among all answers, so that no
answer wins for having fewer votes, and no thought outweighs any number of others."""


def weight_of(confidence: float) -> float:
    """What a thought's vote weighs, in nats: 0.29 at the least confidence, 1.39 at one half, 5.98 at the most."""
    p = min(max(confidence, LEAST), MOST)
    return log(p / (1.0 - p)) + log(ALTERNATIVES)


def posterior(sums: Iterable[float], won: float) -> float:
    """The probability of the answer whose weights sum to `won`, among all sums and the answers that nobody gave."""
    given = list(sums)
    unseen = max(0, ALTERNATIVES + 1 - len(given))
    return 1.0 / (sum(exp(one - won) for one in given) + unseen * exp(-won))

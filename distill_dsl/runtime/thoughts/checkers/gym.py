"""The checkers of reasoning_gym: each of its tasks scores answers itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from distill_dsl.runtime import gym

TRIED: Final = 3
"""Answers that are judged before there are no more files to read: sympy imports much of itself when it is used, and
the checkers take the failure for a wrong answer."""


def checker(task: str) -> Callable[[str, str, Mapping[str, Any]], float]:
    """The task's own score of an answer, 0 to 1; `data` is the metadata of the entry.

    Behind its name stand its options as JSON, where it has any: `puzzle24 {"max_value":20}`.
    """
    name, _, options = task.partition(" ")
    drawn = gym.made(name, json.loads(options) if options else {}, size=TRIED, seed=0)
    for place in range(TRIED):
        entry = drawn[place]
        if entry["answer"] is not None:
            drawn.score_answer(str(entry["answer"]), entry)
    if "sympy" in sys.modules:
        import_module("sympy.physics.units")  # which `simplify` imports when it meets some integrals

    def score(answer: str, gold: str, data: Mapping[str, Any]) -> float:
        return gym.score(drawn, answer, gold or None, dict(data))

    return score

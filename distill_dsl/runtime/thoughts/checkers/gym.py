"""The checkers of reasoning_gym: each of its tasks scores answers itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from distill_dsl.runtime import gym


def checker(task: str) -> Callable[[str, str, Mapping[str, Any]], float]:
    """The task's own score of an answer, 0 to 1; `data` is the metadata of the entry.

    Behind its name stand its options as JSON, where it has any: `puzzle24 {"max_value":20}`.
    """
    name, _, options = task.partition(" ")
    drawn = gym.made(name, json.loads(options) if options else {}, size=1, seed=0)

    def score(answer: str, gold: str, data: Mapping[str, Any]) -> float:
        return gym.score(drawn, answer, gold or None, dict(data))

    return score

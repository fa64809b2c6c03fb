"""The checkers of reasoning_gym: each of its tasks scores answers itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def checker(task: str) -> Callable[[str, str, Mapping[str, Any]], float]:
    """The task's own score of an answer, 0 to 1; `data` is the metadata of the entry."""
    from reasoning_gym.factory import create_dataset  # takes seconds, and is optional

    dataset = create_dataset(task, size=1, seed=0)

    def score(answer: str, gold: str, data: Mapping[str, Any]) -> float:
        entry = {"question": "", "answer": gold or None, "metadata": dict(data)}
        return float(dataset.score_answer(answer, entry))

    return score

"""A task of reasoning_gym with its options, for drawing problems from it and for judging answers to them alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, time
from enum import Enum
from typing import Any, Final

OURS: Final = ("seed", "size")
"""Options of every task that the spec says in other places."""


def made(task: str, options: Mapping[str, Any], *, size: int, seed: int) -> Any:
    """The data set; a `ValueError` says which tasks or options there are."""
    from reasoning_gym.factory import DATASETS, create_dataset  # takes seconds, and is optional

    if task not in DATASETS:
        raise ValueError(f"there is no task `{task}`; there are {', '.join(sorted(DATASETS))}")
    fields = {field.name: field for field in dataclasses.fields(DATASETS[task][1]) if field.name not in OURS}
    unknown = next((name for name in options if name not in fields), None)
    if unknown is not None:
        raise ValueError(f"`{task}` has no option `{unknown}`; it has {', '.join(fields) or 'none'}")
    given = {name: _like(value, _default(fields[name])) for name, value in options.items()}
    return create_dataset(task, size=size, seed=seed, **given)


def score(drawn: Any, answer: str, gold: str | None, metadata: Any) -> float:
    """The task's own score of an answer, 0 to 1; `metadata` is that of the entry, as JSON.

    Some tasks compare tuples, of which JSON makes lists: then their own answer is right with tuples alone.
    """
    entry = {"question": "", "answer": gold, "metadata": metadata}
    if gold is not None and drawn.score_answer(gold, entry) < 1:
        entry["metadata"] = _tuples(metadata)
    return float(drawn.score_answer(answer, entry))


def _tuples(value: Any) -> Any:
    """The value with tuples in place of lists."""
    match value:
        case dict():
            return {key: _tuples(inner) for key, inner in value.items()}
        case list():
            return tuple(map(_tuples, value))
        case _:
            return value


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default_factory() if callable(field.default_factory) else field.default


def _like(value: Any, default: Any) -> Any:
    """A JSON value as the kind of value that the option has where nothing is said: tuples, words of an enum, dates."""
    match default:
        case Enum():
            return type(default)(value)
        case tuple():
            return tuple(value)
        case list():
            return [_like(one, default[0]) for one in value] if default else list(value)
        case date() | time():
            return type(default).fromisoformat(value)
        case _:
            return value

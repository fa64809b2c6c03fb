"""Checkers, in the child that runs them: one answer a process, since nobody knows what they do with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any, Final

PLUG_INS: Final = "distill_dsl.checkers"
"""The group of entry points."""
GYM: Final = "reasoning_gym"
RIGHT: Final = 1 - 1e-9
"""The score from which on an answer is right; less is part of an answer."""
MAX_DETAIL: Final = 200

Checker = Callable[[str, str, Mapping[str, Any]], bool | float]

_ready: list[Checker] = []
"""The one checker of this process: there is no way to hand it over otherwise."""


def warm_up(name: str) -> None:
    """Make the checker, before there are no more files to read."""
    _ready.append(made(name))


def made(name: str) -> Checker:
    """The checker `<entry point>:<task>`."""
    plug_in, _, task = name.partition(":")
    if plug_in == GYM:
        from distill_dsl.runtime.thoughts.checkers import gym

        return gym.checker(task)
    (point,) = entry_points(group=PLUG_INS, name=plug_in)
    checker: Checker = point.load()(task)
    return checker


def alone(text: str) -> bytes:
    """Judge one answer: `{"right": true}`, or why not."""
    if not text:
        return _said(False, "the answer and what its checker has to know are too long")
    answer, gold, data = json.loads(text)
    try:
        score = _ready[0](answer, gold, data)
        return _said(float(score) >= RIGHT, "")
    except Exception as error:
        return _said(False, f"the checker failed: {type(error).__name__}: {error}"[:MAX_DETAIL])


def _said(right: bool, detail: str) -> bytes:
    return json.dumps({"right": right, "detail": detail}).encode()

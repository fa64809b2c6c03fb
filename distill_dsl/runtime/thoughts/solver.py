"""Systems of equations, in the child that solves them. The code is ours, but the texts are a model's."""

from __future__ import annotations

import sys

import msgspec

from distill_dsl.runtime.thoughts.equations import solve_exact, solve_system
from distill_dsl.runtime.thoughts.execution import Execution


def warm_up() -> None:
    """Have sympy, where it is loaded, build its caches once, instead of in every child."""
    if "sympy" in sys.modules:
        for system in ("x**2 = 2\nx > 0\nans = x", "x**2 + y = 7\nx + y**2 = 11\nans = x", "2**x = 7\nans = x"):
            solve_system(system)


def together(text: str) -> bytes | None:
    """Solve a system exactly, and others after it; `None` where only the symbolic solver can say."""
    execution = solve_exact(text)
    return None if execution is None else encoded(execution)


def alone(text: str) -> bytes:
    """Solve a system by all means; the supervisor holds the deadline."""
    return encoded(solve_system(text))


def encoded(execution: Execution) -> bytes:
    """An execution as bytes."""
    return msgspec.json.encode(execution)


def decoded(said: bytes) -> Execution:
    """The execution that a child states; raises `msgspec.ValidationError` or `ValueError` where it states none."""
    return msgspec.json.decode(said, type=Execution)

"""How large a system may be, and what happens to one that is larger or cannot be read.

Every limit stands before the work it bounds. Work itself is counted, not timed, so that the same
text always comes to the same end: `solve_exact` gives up after about ten milliseconds' worth.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

MAX_TEXT: Final = 8_000
"""Characters. The longest recorded thought has 3,000."""
MAX_EQUATIONS: Final = 200
"""Recorded systems have up to 40."""
MAX_TOKENS: Final = 500
"""Tokens of one statement; the longest recorded has 130."""
MAX_ALL_TOKENS: Final = 2_000
"""Tokens of all statements together; recorded systems have up to 700."""
MAX_DEPTH: Final = 40
"""Nested parentheses, signs and powers: far below Python's recursion limit, far above real use (6)."""
MAX_DIGITS: Final = 100
"""Digits of one literal; the numbers of word problems have under 15."""
MAX_BITS: Final = 8_192
"""Bits of any intermediate integer. A monthly rate compounded over 30 years, (433/400)**360, takes 3,200."""
MAX_DEGREE: Final = 12
"""Total degree of a polynomial in unknowns; word problems stay at 2 or 3."""
MAX_TERMS: Final = 400
"""Terms of one polynomial; a linear equation has at most as many as there are unknowns."""
MAX_UNKNOWNS: Final = 100
"""Names without a value at one time: elimination is cubic in them."""
EXACT_WORK: Final = 3_000
"""What `solve_exact` may spend. Of 2,494 recorded systems half spend 40, one in a hundred 134, none over 305."""
LONG_WORK: Final = 200_000
"""What the long way may spend before sympy is asked: a few tenths of a second."""
MAX_STATED: Final = 5
"""Sentences that say what the answer is; the last that can be read counts."""
MAX_BRANCHES: Final = 32
"""Cases tried where equations have several roots or pieces (five independent squares)."""
MAX_SYMBOLIC_UNKNOWNS: Final = 4
"""Unknowns of what goes to the symbolic solver: more never came back in time."""
MAX_BEZOUT: Final = 16
"""Product of the degrees of what goes to the symbolic solver: a bound on its number of solutions."""


class Unsolved(Exception):
    """Why a system has no answer: `failure` as in `Execution.failure`, with a sentence for a reader."""

    def __init__(self, failure: str, detail: str, solution: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail
        self.solution = solution or {}
        """What was found out before, for inspection."""


class Exhausted(Exception):
    """The work allowed is spent, which says nothing about the system."""


_left: ContextVar[list[int]] = ContextVar("work left")


@contextmanager
def allowance(work: int) -> Iterator[None]:
    """Within it, `spend` raises `Exhausted` once more than `work` was spent."""
    token = _left.set([work])
    try:
        yield
    finally:
        _left.reset(token)


def spend(work: int) -> None:
    """Count work: one is about a microsecond, one step of rational arithmetic on one term."""
    left = _left.get()
    left[0] -= work
    if left[0] < 0:
        raise Exhausted


def too_large(what: str) -> Unsolved:
    """The system passes one of the limits above."""
    return Unsolved("error:limit", what)

"""How large a system may be, and what happens to one that is larger or cannot be read.

Every limit stands before the work it bounds, so that no text, however hostile, costs more than a
few hundredths of a second outside the symbolic fallback.
"""

from __future__ import annotations

from typing import Final

MAX_TEXT: Final = 20_000
"""Characters. The longest recorded thought has 3,000; a model that repeats itself fills its window."""
MAX_EQUATIONS: Final = 200
"""Recorded systems have up to 40."""
MAX_TOKENS: Final = 500
"""Tokens of one statement: keeps parsing linear work small."""
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
MAX_WORK: Final = 200_000
"""Terms touched by all substitutions together: about a quarter of a second of rational arithmetic."""
MAX_BRANCHES: Final = 32
"""Cases tried where equations have several roots (five independent squares)."""
MAX_SYMBOLIC_UNKNOWNS: Final = 4
"""Unknowns of what goes to the symbolic solver: more never came back in time."""
MAX_BEZOUT: Final = 16
"""Product of the degrees of what goes to the symbolic solver: a bound on its number of solutions."""


class Unsolved(Exception):
    """Why a system has no answer: `failure` as in `Execution.failure`, with a sentence for a reader."""

    def __init__(self, failure: str, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail


def too_large(what: str) -> Unsolved:
    """The system passes one of the limits above."""
    return Unsolved("error:limit", what)

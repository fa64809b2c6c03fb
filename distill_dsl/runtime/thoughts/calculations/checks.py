"""The calculations that a thought in prose writes out, each recomputed: `48 / 2 = 24`.

Counted is only what can be read for certain. A calculation with an unknown in it, cut off at either
end, or between different units (`2 hours * 60 = 120 minutes`) that do not agree is left out: a
count of wrong ones that is too low costs little, a right thought called wrong costs an example.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from typing import Final

from distill_dsl.contract.records import Steps
from distill_dsl.runtime.thoughts.answers.numerals import plain
from distill_dsl.runtime.thoughts.calculations.formulas import Formula, head, scaled, tail, value_of
from distill_dsl.runtime.thoughts.calculations.signs import Token, plain_signs, tokens_of

MAX_TEXT: Final = 20_000
"""Longest thought that is checked, in characters; of a longer one its beginning is."""
MAX_CALCULATIONS: Final = 200
"""Most calculations that are counted: a thought with more repeats itself."""
FLOAT_DECIMALS: Final = 9
"""Decimals beyond these are a float's, and differ in its last ones."""
_SHOWN: Final = 120

_ANNOTATION: Final = re.compile(r"<<([^<>\n]{1,200})>>")
_BULLET: Final = re.compile(r"^\s*(?:[-*•]+\s+|[0-9]{1,3}[.)]\s+)+")


def checked(text: str) -> Steps | None:
    """How many calculations of a thought hold and how many do not; `None` where it writes none out."""
    found = list(islice(_each(text[:MAX_TEXT]), MAX_CALCULATIONS))
    wrong = [said for said in found if said]
    if not found:
        return None
    return Steps(right=len(found) - len(wrong), wrong=len(wrong), first_wrong=wrong[0] if wrong else "")


def _each(text: str) -> Iterator[str]:
    """For each calculation what is wrong with it, `""` where it holds."""
    for line in plain_signs(_ANNOTATION.sub(r"\n\1\n", text)).splitlines():
        if "=" not in line and "≈" not in line:
            continue
        line = _BULLET.sub("", line)
        for left, sign, right in _equations(tokens_of(line)):
            if _holds(left, right, about=sign.text == "≈"):
                yield ""
            elif (value := _surely_wrong(left, right)) is not None:
                written = line[left.tokens[0].start : right.tokens[-1].end].strip()
                yield f"{written[:_SHOWN]}, but it is {plain(value)}"


def _equations(tokens: Sequence[Token]) -> Iterator[tuple[Formula, Token, Formula]]:
    """What stands left and right of each `=` of a line: on the left a calculation, on the right anything readable."""
    signs = [place for place, token in enumerate(tokens) if token.kind == "equals"]
    bounds = [-1, *signs, len(tokens)]
    for before, place, after in zip(bounds, bounds[1:], bounds[2:], strict=False):
        left, right = tail(tokens[before + 1 : place]), head(tokens[place + 1 : after])
        if left is not None and left.operations and right is not None:
            yield left, tokens[place], right


def _surely_wrong(left: Formula, right: Formula) -> Fraction | None:
    """What the left side comes to, unless something but a slip may explain that the right side differs."""
    value, stated = value_of(left), value_of(right)
    if value is None or stated is None or right.operations or right.cut:
        return None
    explained = _other_units(left, right) or _rounded(left, right, value, stated) or _hundredfold(value, stated)
    return None if explained else value


def _holds(left: Formula, right: Formula, *, about: bool) -> bool:
    """Whether the sides agree: percentages as shares or as numbers, rounded as far as the right side is.

    `2 + 3 = 5 + 4 = 9` counts as two calculations that hold, as people mean it.
    """
    for side in (right, right.first):
        exact = Fraction(1, 10 ** min(side.decimals, FLOAT_DECIMALS)) if side.decimals else Fraction(1 if about else 0)
        for one in _values(left, counted=left.operations <= {"+", "-"}):
            if any(abs(one - other) <= exact for other in _values(side, counted=True)):
                return True
    return False


def _values(side: Formula, *, counted: bool) -> list[Fraction]:
    """What a side may come to: 40 % is 0.4; where percentages are themselves `counted`, also 40."""
    shares = [True, False] if counted and side.percent else [True]
    return [value for share in shares if (value := value_of(side, percent_as_share=share)) is not None]


def _other_units(left: Formula, right: Formula) -> bool:
    """Whether units or words for numbers (`2 million`) may explain that the sides differ."""
    named = bool(left.words and right.words) and set(left.words).isdisjoint(right.words)
    return named or scaled(left) or scaled(right) or len(left.measures | right.measures) > 1


def _rounded(left: Formula, right: Formula, value: Fraction, stated: Fraction) -> bool:
    """Whether rounding may explain it: of the result to a whole number (`94 / 8 = 11`), or of what goes into it."""
    scale = 100 if right.percent else 1
    inexact = "/" in left.operations or left.decimals is not None
    whole = inexact and (value * scale).denominator != 1 and (stated * scale).denominator == 1
    product = not left.operations.isdisjoint("*/")
    near = abs(value) * left.slack if product else Fraction(0)
    return (whole and abs(value - stated) * scale < 1) or abs(value - stated) <= near


def _hundredfold(value: Fraction, stated: Fraction) -> bool:
    """Whether cents for dollars, or percent for a share, may explain that the sides differ."""
    return value != 0 and stated != 0 and value / stated in (Fraction(100), Fraction(1, 100))

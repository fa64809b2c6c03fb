"""Words among the tokens: names of several words, units after numbers, `x` as a sign, `of`.

Only texts in which two operands stand side by side come here; most systems do not.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from distill_dsl.runtime.thoughts.equations.tokens import Tokens

FUNCTION_NAMES: Final = "min max minimum maximum ceil ceiling floor round abs fabs sqrt mod int trunc sum gcd lcm"
FUNCTIONS: Final = frozenset(FUNCTION_NAMES.split())
"""Names that are functions where a parenthesis follows."""

TIMES: Final = frozenset({"x", "X", "times"})
UNIT_LETTERS: Final = frozenset({"m", "g", "l", "L", "h", "s", "k"})
"""Single letters that are a unit after a number unless the system uses them as names."""
INTRODUCTION: Final = (
    "let so then thus therefore hence where we have get since because assume suppose given that such now if is set "
    "var const compute calculate using substituting simplifying "
    "define equation here finally next also first this gives means which solve solving for simplify"
)
OPENERS: Final = frozenset(INTRODUCTION.split())
"""Words that introduce an equation in a sentence and belong to no name."""

SCALES: Final = {"dozen": "12", "dozens": "12", "hundred": "100", "thousand": "1000", "million": "1000000"}
"""Words after a number that multiply it, unless the system uses them as names."""
MEASURES: Final = (
    "second minute hour day week month quarter year night inch foot yard mile meter metre km kilometer kilometre cm mm "
    "gram kg kilogram pound ounce oz lb ton liter litre gallon quart pint cup mph kph h hr min sec mi ft item unit "
    "person piece page box bag each dozen pair trip ticket"
)
PER: Final = frozenset(MEASURES.split()) | frozenset(f"{word}s" for word in MEASURES.split())
"""Units that a rate may be per, as in `15/hour`."""
UNIT: Final = re.compile(r"[^\W\d_][^\W\d]*[23]?\Z")
"""What may be a unit: `cm2`, but not what is left of `0x10`, `1_0` or `1e5e5`."""
GLUED_TIMES: Final = re.compile(r"[xX](\d+)\Z", re.ASCII)


def is_name(token: str) -> bool:
    """Whether the token is a name (an operator's first character is no letter, a number's is a digit)."""
    return token[0].isalpha() or token[0] == "_"


def is_value(token: str) -> bool:
    """Whether an operand may end with the token."""
    return token[0].isalnum() or token[0] in "_.)%}"


NEIGHBOURS: Final = re.compile(r"[\w)}%]\s+[^\W\d]|\d[^\W\d]|[)}%][^\W\d]")
"""What every text has in which a name stands next to another operand (and some others have)."""


def side_by_side(tokens: Tokens) -> bool:
    """Whether a name stands next to another operand."""
    before = ""
    for token in tokens:
        if before and is_name(token) and is_value(before) and before != "mod" and token != "mod":
            return True
        before = token
    return False


def resolved(statements: list[Tokens]) -> list[Tokens]:
    """The statements with every run of words made a name, a factor, or left out."""
    alone = Counter(token for tokens in statements for token in names_alone(tokens))
    statements = [without_opener(split_times(tokens, alone)) for tokens in statements]
    phrases = Counter("_".join(run) for tokens in statements for run in runs_alone(tokens, alone))
    return [one_statement(tokens, alone, phrases) for tokens in statements]


def without_rates(statements: list[Tokens]) -> list[Tokens]:
    """The statements without `/hour` after a number, where the word is nowhere else in them."""
    counts = Counter(token for tokens in statements for token in tokens if token in PER)
    return [
        [token for place, token in enumerate(tokens) if not in_rate(tokens, place, counts)] for tokens in statements
    ]


def in_rate(tokens: Tokens, place: int, counts: Counter[str]) -> bool:
    """Whether the token is the sign or the unit of a rate."""
    start = place if tokens[place] == "/" else place - 1
    if start < 1 or start + 1 >= len(tokens) or tokens[start] != "/":
        return False
    return counts[tokens[start + 1]] == 1 and tokens[start - 1][0].isdigit()


def names_alone(tokens: Tokens) -> list[str]:
    """Names with operators on both sides."""
    padded = ["=", *tokens, "="]
    return [
        padded[i]
        for i in range(1, len(padded) - 1)
        if is_name(padded[i]) and not is_value(padded[i - 1]) and not is_name(padded[i + 1]) and padded[i + 1] != "("
    ]


def split_times(tokens: Tokens, alone: Counter[str]) -> Tokens:
    """`3 x4` as `3 * 4`, and `3 x 4`, `price x 2` with `*`, where the system has no unknown `x`."""
    result: Tokens = []
    for place, token in enumerate(tokens):
        before = result[-1] if result else "="
        glued = GLUED_TIMES.match(token)
        if glued and before[0].isdigit() and before != "0" and not alone[token]:  # `0x10` is no product
            result += ["*", glued[1]]
        elif token in TIMES and not alone[token] and is_value(before) and starts_operand(tokens, place + 1):
            result.append("*")
        else:
            result.append(token)
    return result


def starts_operand(tokens: Tokens, place: int) -> bool:
    """Whether an operand starts at the place."""
    return place < len(tokens) and (tokens[place][0].isalnum() or tokens[place][0] in "_.({\\")


def without_opener(tokens: Tokens) -> Tokens:
    """The statement without the words that introduce it, as in `so we get total = 5`."""
    start = 0
    while start + 1 < len(tokens) and tokens[start].lower() in OPENERS and is_name(tokens[start + 1]):
        start += 1
    return tokens[start:]


def runs_alone(tokens: Tokens, alone: Counter[str]) -> list[Tokens]:
    """Runs of words that follow no operand."""
    found = []
    place = 0
    while place < len(tokens):
        run = run_at(tokens, place)
        if run and (place == 0 or not is_value(tokens[place - 1])):
            found.append(run)
        place += len(run) or 1
    return found


def run_at(tokens: Tokens, place: int) -> Tokens:
    """The names that stand side by side from the place on; functions and `mod` end the run."""
    end = place
    while end < len(tokens) and is_name(tokens[end]) and tokens[end] != "mod":
        if tokens[end].lower() in FUNCTIONS and end + 1 < len(tokens) and tokens[end + 1] in "({":
            break
        end += 1
    return tokens[place:end]


def one_statement(tokens: Tokens, alone: Counter[str], phrases: Counter[str]) -> Tokens:
    """One statement with its runs resolved."""
    result: Tokens = []
    place = 0
    while place < len(tokens):
        run = run_at(tokens, place)
        if not run:
            result.append(tokens[place])
            place += 1
            continue
        place += len(run)
        if not (result and is_value(result[-1]) and result[-1] != "mod"):
            result += on_its_own(run, alone, phrases)
            continue
        factor = after_number(run, alone, phrases)
        result += factor
        if not factor and tokens[place : place + 1] == ["/"]:
            place += rate_at(tokens, place, alone)
    return result


def rate_at(tokens: Tokens, place: int, alone: Counter[str]) -> int:
    """How many tokens at the place are the rest of a unit, as in `60 miles / hour`."""
    below = run_at(tokens, place + 1)
    return 1 + len(below) if below and sum(alone[word] for word in below) <= 1 else 0


def after_number(run: Tokens, alone: Counter[str], phrases: Counter[str]) -> Tokens:
    """Words after an operand: a factor if the system uses them as a name, else a unit."""
    if run[0] == "of" and len(run) > 1:
        return ["*", *on_its_own(run[1:], alone, phrases)]
    if run == ["of"]:
        return ["*"]
    if not UNIT.match(run[0]) and not alone[run[0]]:
        return ["*", "_".join(run)]
    if run[0] in SCALES and not alone[run[0]]:
        return ["*", SCALES[run[0]]]
    if run[0] == "percent" and not alone[run[0]]:
        return ["%", *after_number(run[1:], alone, phrases)] if run[1:] else ["%"]
    if phrases["_".join(run)]:
        return ["*", "_".join(run)]
    if alone[run[0]]:
        return ["*", run[0]]
    if len(run) == 1 and len(run[0]) == 1 and run[0] not in UNIT_LETTERS:
        return ["*", run[0]]
    return []


def on_its_own(run: Tokens, alone: Counter[str], phrases: Counter[str]) -> Tokens:
    """Words that stand for one quantity: their joined name, or a known name and its unit."""
    joined = "_".join(run)
    if len(run) > 1 and phrases[joined] < 2 and alone[run[0]] and not alone[joined]:
        return [run[0]]
    return [joined]

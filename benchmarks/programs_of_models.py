"""Programs as language models write them, generated, each with the answer that it must give.

Arithmetic in four styles (bare assignments, a `solution()` with the question as docstring, a numbered
`solver()`, prints), and sympy programs, endless loops and memory bombs in the forms that occur in
published programs of thought. No two are the same, so that no cache can answer for an executor.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal

Kind = Literal["arithmetic", "sympy", "loop", "bomb"]
FULL_MIX: Final[Mapping[Kind, float]] = {"sympy": 0.10, "loop": 0.02, "bomb": 0.01}
"""Shares of what is not plain arithmetic."""

THINGS: Final = ("apples", "pens", "boxes", "pages", "eggs", "trees", "cups", "coins", "tickets", "marbles", "shirts")
PEOPLE: Final = ("Olivia", "Ben", "Carla", "Dan", "Emma", "Farid", "Grace", "Hiro", "Ines", "Jamal")
WHEN: Final = ("monday", "today", "per_week", "at_first", "left", "sold", "bought", "in_total", "each", "more")


@dataclass(frozen=True)
class Program:
    """`answer` is `None` where the program must not come to one."""

    text: str
    answer: Fraction | None
    kind: Kind


def mix(count: int, shares: Mapping[Kind, float], seed: int) -> list[Program]:
    """`count` different programs, exactly in those shares (rounded), the rest arithmetic, in random order."""
    kinds: list[Kind] = [kind for kind, share in shares.items() for _ in range(round(share * count))]
    kinds += ["arithmetic"] * (count - len(kinds))
    random.Random(f"order:{seed}").shuffle(kinds)
    found: dict[str, Program] = {}
    number = 0
    while len(found) < count:
        program = WRITERS[kinds[len(found)]](random.Random(f"program:{seed}:{number}"))
        found.setdefault(program.text, program)
        number += 1
    return list(found.values())


@dataclass
class _Draft:
    """A program in the making: what its names hold, computed here exactly, beside the lines that compute it."""

    rng: random.Random
    lines: list[str] = field(default_factory=list)
    values: dict[str, Fraction] = field(default_factory=dict)

    def name(self) -> str:
        while True:
            name = f"{self.rng.choice(THINGS)}_{self.rng.choice(WHEN)}"
            if name not in self.values:
                return name

    def add(self, expression: str, value: Fraction, remark: str = "") -> None:
        name = self.name()
        comment = f"  # {remark}" if remark and self.rng.random() < 0.5 else ""
        self.lines.append(f"{name} = {expression}{comment}")
        self.values[name] = value

    def pick(self) -> tuple[str, Fraction]:
        return self.rng.choice(list(self.values.items()))


def _arithmetic(rng: random.Random) -> Program:
    draft = _Draft(rng)
    for _ in range(rng.randint(2, 4)):
        _given(draft)
    for _ in range(rng.randint(2, 3)):
        rng.choice(STEPS)(draft)
    last, answer = list(draft.values.items())[-1]
    body = "\n".join(draft.lines)
    needs_math = "import math\n" if "math." in body else ""
    return Program(needs_math + rng.choice(STYLES)(body, last, rng), answer, "arithmetic")


def _given(draft: _Draft) -> None:
    if draft.rng.random() < 0.2:
        value = Fraction(draft.rng.randint(1, 39), 4)
        draft.add(str(float(value)), value, "dollars")
    else:
        value = Fraction(draft.rng.randint(2, 400))
        draft.add(str(value), value, f"{draft.rng.choice(PEOPLE)} has that many")


def _two(draft: _Draft) -> None:
    (left, a), (right, b) = draft.rng.sample(list(draft.values.items()), 2)
    sign, value = draft.rng.choice([("+", a + b), ("-", a - b)])
    draft.add(f"{left} {sign} {right}", value, "together")


def _times(draft: _Draft) -> None:
    (name, value), factor = draft.pick(), draft.rng.randint(2, 12)
    draft.add(f"{name} * {factor}", value * factor, f"{factor} times as many")


def _share(draft: _Draft) -> None:
    (name, value), percent = draft.pick(), draft.rng.choice((5, 10, 15, 20, 25, 30, 40, 60, 75))
    draft.add(f"{name} * {percent / 100}", value * percent / 100, f"{percent}% of it")


def _half(draft: _Draft) -> None:
    (name, value), parts = draft.pick(), draft.rng.randint(2, 9)
    draft.add(f"({name} + {parts}) / {parts}", (value + parts) / parts)


def _whole(draft: _Draft) -> None:
    """Rounded up or down. Only sums of what is exact in binary: a float may lie on the wrong side of an integer."""
    draft.add(str(value := draft.rng.randint(20, 900)), Fraction(value), "people")
    (name, value_of), size = list(draft.values.items())[-1], draft.rng.randint(3, 50)
    up, down = Fraction(math.ceil(value_of / size)), Fraction(value_of // size)
    expression, value_there = draft.rng.choice(
        [(f"math.ceil({name} / {size})", up), (f"{name} // {size}", down), (f"{name} % {size}", value_of % size)]
    )
    draft.add(expression, value_there, "whole ones only")


def _sum(draft: _Draft) -> None:
    parts = [draft.pick() for _ in range(3)]
    draft.add(f"sum([{', '.join(name for name, _ in parts)}])", sum((value for _, value in parts), Fraction(0)))


def _loop_over_days(draft: _Draft) -> None:
    (name, value), days, total = draft.pick(), draft.rng.randint(2, 7), draft.name()
    draft.lines += [f"{total} = 0", f"for day in range(1, {days + 1}):", f"    {total} += {name} + day * 2"]
    draft.values[total] = days * value + days * (days + 1)


def _larger(draft: _Draft) -> None:
    ((one, a), (other, b)), more = draft.rng.sample(list(draft.values.items()), 2), draft.name()
    draft.lines += [f"if {one} > {other}:", f"    {more} = {one} - {other}", "else:", f"    {more} = {other} - {one}"]
    draft.values[more] = abs(a - b)


STEPS: Final = (_two, _two, _times, _times, _share, _half, _whole, _sum, _loop_over_days, _larger)


def _bare(body: str, last: str, rng: random.Random) -> str:
    return f"{body}\n{rng.choice(('ans', 'answer'))} = {last}"


def _solution(body: str, last: str, rng: random.Random) -> str:
    return f'def solution():\n    """{_question(rng)}"""\n{_indented(body)}\n    result = {last}\n    return result'


def _solver(body: str, last: str, rng: random.Random) -> str:
    return (
        f"# {_question(rng)}\ndef solver():\n    # Let's write a program step by step, and then return the answer\n"
        f"{_indented(body)}\n    return {last}\nans = solver()"
    )


def _printed(body: str, last: str, rng: random.Random) -> str:
    return f'# {_question(rng)}\n{body}\nprint("The answer is", {last})'


STYLES: Final = (_bare, _solution, _solver, _printed)


def _question(rng: random.Random) -> str:
    who, thing, few, many = rng.choice(PEOPLE), rng.choice(THINGS), rng.randint(2, 30), rng.randint(31, 999)
    return f"{who} had {many} {thing} and gave {few} of them to a friend every day. How many {thing} were left?"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


def _sympy(rng: random.Random) -> Program:
    text, answer = rng.choice(SYMPY)(rng)
    return Program(text, Fraction(answer), "sympy")


def _pair(rng: random.Random) -> tuple[str, int]:
    """Two unknowns: heads and legs."""
    (few, many), (one, other) = sorted(rng.sample(range(2, 15), 2)), rng.choice(UNKNOWNS)
    a, b = rng.randint(3, 80), rng.randint(3, 80)
    return (
        f"""from sympy import symbols, Eq, solve

# Let us define the unknowns
{one}, {other} = symbols('{one} {other}')
eq1 = Eq({one} + {other}, {a + b})  # both together
eq2 = Eq({few}*{one} + {many}*{other}, {few * a + many * b})
solution = solve((eq1, eq2), ({one}, {other}))
ans = solution[{other}]""",
        b,
    )


UNKNOWNS: Final = (("x", "y"), ("a", "b"), ("chickens", "rabbits"), ("adults", "children"), ("x", "z"))


def _linear(rng: random.Random) -> tuple[str, int]:
    x, factor, plus = rng.randint(2, 200), rng.randint(2, 30), rng.randint(1, 300)
    return (
        f"""import sympy as sp

# {_question(rng)}
x = sp.symbols('x')
equation = sp.Eq({factor}*x + {plus}, {factor * x + plus})
roots = sp.solve(equation, x)
print(roots[0])""",
        x,
    )


def _in_a_function(rng: random.Random) -> tuple[str, int]:
    name, price, rest, count = rng.choice(THINGS), rng.randint(2, 40), rng.randint(1, 60), rng.randint(2, 50)
    return (
        f"""from sympy import Symbol, solve

def solution():
    {name} = Symbol("{name}", positive=True)  # how many there are
    money = {price * count + rest}
    left = money - {price} * {name} - {rest}
    found = solve(left, {name})
    return int(found[0])""",
        count,
    )


def _quadratic(rng: random.Random) -> tuple[str, int]:
    small, large = sorted(rng.sample(range(1, 60), 2))
    return (
        f"""from sympy import symbols, solve
w = symbols('w')  # the width
area = {small * large}
answers = solve(w**2 - {small + large}*w + area, w)
ans = max(answers)""",
        large,
    )


def _rational(rng: random.Random) -> tuple[str, int]:
    below, whole = rng.randint(3, 12), rng.randint(30, 900)
    above = rng.randint(1, below - 1)
    return (
        f"""from sympy import Rational, floor

# the exact share
total = {whole}
share = Rational({above}, {below}) * total
answer = floor(total - share)
print(answer)""",
        whole * (below - above) // below,
    )


def _three(rng: random.Random) -> tuple[str, int]:
    a, b, c = (rng.randint(2, 90) for _ in range(3))
    return (
        f"""from sympy import *

a, b, c = symbols('a b c')
# The three conditions:
equations = [Eq(a + b + c, {a + b + c}), Eq(a - b, {a - b}), Eq(a + 3*c, {a + 3 * c})]
result = solve(equations, [a, b, c])
ans = result[c]""",
        c,
    )


SYMPY: Final[tuple[Callable[[random.Random], tuple[str, int]], ...]] = (
    _pair, _linear, _in_a_function, _quadratic, _rational, _three,
)  # fmt: skip


def _loop(rng: random.Random) -> Program:
    start, step, goal = rng.randint(1, 900), rng.choice((2, 4, 6)), rng.randint(1000, 9000)
    return Program(rng.choice(LOOPS).format(start=2 * start, step=step, goal=2 * goal + 1), None, "loop")


LOOPS: Final = (
    "money = {start}\ndays = 0\n# save money\nwhile money != {goal}:\n    money += {step}\n    days += 1\nans = days",
    "def solution():\n    n = {goal}\n    count = 0\n    while n > 0:\n        count += {start}\n    return count",
    "n = {start}\nwhile True:\n    if n % {step} == 1:\n        break\n    n += {step}\nprint(n + {goal})",
    "weeks = 0\nwhile {start} + weeks * 0 < {goal}:\n    weeks = weeks + 1  # another week\nanswer = weeks",
)


def _bomb(rng: random.Random) -> Program:
    return Program(rng.choice(BOMBS).format(many=rng.randint(10**9, 10**10), few=rng.randint(2, 900)), None, "bomb")


BOMBS: Final = (
    "numbers = list(range({many}))\nans = sum(numbers) % {few}",
    "total = []\nday = 1\nwhile day > 0:\n    total.append('day' * {few} * 1000)\n    day += 1\nans = len(total)",
    "def solution():\n    table = [0] * {many}\n    table[0] = {few}\n    return table[0]",
    "digits = '{few}'\nwhile len(digits) < {many}:\n    digits = digits + digits\nprint(len(digits))",
)

WRITERS: Final[Mapping[Kind, Callable[[random.Random], Program]]] = {
    "arithmetic": _arithmetic,
    "sympy": _sympy,
    "loop": _loop,
    "bomb": _bomb,
}

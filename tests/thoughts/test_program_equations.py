"""Programs that state unknowns and equations: what they come to, and that they are programs like any other."""

from __future__ import annotations

import gzip
import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.sandbox import linux
from distill_dsl.runtime.thoughts import unknowns
from distill_dsl.runtime.thoughts.answers import same
from distill_dsl.runtime.thoughts.equations import is_declarative
from distill_dsl.runtime.thoughts.execute import execute
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.mixing import content_marks
from distill_dsl.runtime.thoughts.programs import run_programs
from distill_dsl.runtime.thoughts.unknowns.work import READ_AS_EQUATIONS
from tests.sandbox.corpus import attacks
from tests.sandbox.remains import nothing_left

MEMORY = 256 << 20
XY = "x = unknown()\ny = unknown()\n"
SQUARE = "{0} = unknown()\n{0}**2 == 9\n"

COMES_TO = {
    "two calls": (f"{XY}equation(x + y, 12)\nequation(x, 2 * y)\nans = x", "8"),
    "two statements": (f"{XY}x + y == 12\nx == 2 * y\nans = x", "8"),
    "a comparison in a call": (f"{XY}equation(x + y == 12)\nequation(x == 2 * y)\nans = x", "8"),
    "names in a row": ("x, y = unknown(), unknown()\nx + y == 10\nx - y == 2\nans = [x, y]", "[6, 4]"),
    "a function": ("def solution():\n    x = unknown()\n    equation(2 * x, 10)\n    return x", "5"),
    "known quantities": ("price = 3\ncount = unknown()\nequation(price * count, 21)\nans = count", "7"),
    "no unknown at all": ("ans = 3", "3"),
    "a fraction": (f"{XY}3 * x == 1\nans = x", "1/3"),
    "floats are what they are meant to be": (f"{XY}x == 0.1 + 0.2\ny == x / (1 / 3)\nans = y", "0.9"),
    "overdetermined, with rounding": ("x = unknown()\nx == 0.1 * 3\nx * 10 == 3\nans = x", "0.3"),
    "a loop": (
        (
            "parts = [unknown() for _ in range(3)]\nfor i in range(2):\n    equation(parts[i + 1], parts[i] + 1)\n"
            "equation(sum(parts), 12)\nans = parts[0]"
        ),
        "3",
    ),
    "a long loop": (
        "pay = unknown()\nb = 1000\nfor month in range(360):\n    b = b * 1.01 - pay\nb == 0\nans = round(pay, 2)",
        "10.29",
    ),
    "a dictionary": ("n = {k: unknown() for k in 'ab'}\nn['a'] == 2 * n['b']\nn['b'] == 4\nans = n['a']", "8"),
    "solve, as SAT-LM has it": ("x = Variable()\nx == 3 * 4\nresult = x\nsolve(result)", "12"),
    "solve, as sympy has it": (f"{XY}s = solve([x + y == 10, x - y == 2], [x, y])\nans = s[x] - s[y]", "2"),
    "solve, of several": (f"{XY}x + y == 10\nx - y == 2\na, b = solve(x, y)\nans = a * b", "24"),
    "sympy itself": ("from sympy import *\nx = symbols('x')\nans = solve(Eq(x, 5), x)", "5"),
    "printed": ("x = unknown()\nequation(3 * x, 10)\nprint(f'It takes {x:.2f} hours')", "3.33"),
    "printed in words": ("x = unknown()\nequation(3 * x, 12)\nprint('The answer is', x)", "4"),
    "rounded up": ("import math\nx = unknown()\n3 * x == 10\nans = math.ceil(x)", "4"),
    "an index": ("x = unknown()\n2 * x == 4\nans = [5, 6, 7][x]", "7"),
    "a question": ("x = unknown()\n2 * x == 10\nans = 1 if x > 3 else 0", "1"),
    "divided by an unknown": ("x = unknown()\n5 / x == 2\nans = x", "2.5"),
    "an unknown exponent": ("x = unknown()\n2 ** x == 8\nans = x", "3"),
    "an absolute value": ("far = unknown()\nabs(far - 5) == 7\nans = far", "12"),
    "a product of unknowns": (f"{XY}x * y == 12\nx + y == 7\nx > y\nans = [x, y]", "[4, 3]"),
    "bounds in a row": ("x = unknown()\n0 < x < 10\nx**2 == 16\nans = x", "4"),
    "irrational": ("side = unknown()\nside**2 == 2\nans = round(side, 3)", "1.414"),
    "one name twice": ("def half(n):\n    x = unknown()\n    2 * x == n\n    return x\nans = half(6) + half(8)", "7"),
    "an unknown called ans": ("ans = unknown()\nans + 2 == 7", "5"),
    "a name of its own": ("def equation(a, b):\n    return a\nx = unknown()\nx == 3\nans = equation(x, 7)", "3"),
    "a comparison of texts": ("x = unknown()\n'a' == 'b'\nx == 3\nans = x", "3"),
    "an assignment that is an equation": ("x = Variable()\ntotal = 30\ntotal = x + 2 * x\nans = x", "10"),
    "an unknown without a declaration": (
        "cats = Variable()\ntotal = 30\ntotal = cats + dogs\ncats = 2 * dogs\nans = cats",
        "20",
    ),
}
FAILS = {
    "too few equations": (f"{XY}x + y == 2\nans = x", "no-answer", "not enough equations for `y`"),
    "a value too soon": ("x = unknown()\nans = int(x)\nx == 3", "no-answer", "not enough equations for"),
    "a contradiction": (
        "x = unknown()\nx == 2\nx == 3\nans = x",
        "error:inconsistent",
        "these contradict one another: line 2: `x == 2`; line 3: `x == 3`",
    ),
    "a false statement": ("x = unknown()\nx == 2\n12 == 13\nans = x", "error:inconsistent", "12 == 13"),
    "a broken bound": ("x = unknown()\nx == 2\nx > 3\nans = x", "error:inconsistent", "breaks line 3: `x > 3`"),
    "two solutions": (SQUARE.format("x") + "ans = x", "error:ambiguous", "several solutions: -3, 3"),
    "division by zero": ("x = unknown()\nx / 0 == 1\nans = x", "error:arithmetic", "division by zero"),
    "no number": ("x = unknown()\nx == float('inf')\nans = x", "error:arithmetic", "inf is no number"),
    "words": ("x = unknown()\nequation(x, 'a')\nans = x", "error:type", "two sides that are numbers"),
    "words in a sum": ("x = unknown()\nans = x + 'a'", "error:type", "unsupported operand"),
    "too many equations": ("x = unknown()\nfor i in range(300):\n    x == 1\nans = x", "error:limit", "equations"),
    "too long": ("x = unknown()\nfor i in range(9):\n    x = 2 ** x + x\nans = x", "error:limit", "parts"),
    "no answer": ("x = unknown()\nequation(x, 3)", "no-answer", "neither ans nor"),
    "endless": ("x = unknown()\nwhile True: pass", "timeout", ""),
    "broken": ("x = unknown(", "error:syntax", "never closed"),
    "a part of a number": ("x = unknown()\n2 * x == 3\nans = [1, 2][x]", "error:type", "no index"),
    "a loop that changes a name": (
        "x = unknown()\ntotal = 0\nfor i in range(3):\n    total = total + x\nans = x",
        "no-answer",
        "not enough equations",
    ),
}


def executed(texts: list[str], *, shared: bool = True) -> list[Execution]:
    return list(unknowns.executions(texts, timeout=1.0, memory=MEMORY, shared=shared))


def test_what_programs_come_to() -> None:
    found = executed([text for text, _ in COMES_TO.values()])
    answers = {name: one.answer or one.detail for name, one in zip(COMES_TO, found, strict=True)}
    assert answers == {name: answer for name, (_, answer) in COMES_TO.items()}


def test_what_programs_fail_of() -> None:
    found = dict(zip(FAILS, executed([text for text, _, _ in FAILS.values()]), strict=True))
    assert {name: one.failure for name, one in found.items()} == {name: kind for name, (_, kind, _) in FAILS.items()}
    unsaid = {name: one.detail for name, one in found.items() if FAILS[name][2] not in one.detail}
    assert not unsaid


@pytest.mark.skipif(not linux.architecture(), reason="walls are Linux's")
def test_alone_and_in_any_company_they_come_to_the_same() -> None:
    texts = [text for text, *_ in (*COMES_TO.values(), *FAILS.values()) if "while True" not in text]
    alone = executed(texts, shared=False)
    assert executed(texts) == alone
    assert executed([*reversed(texts)]) == [*reversed(alone)]


def test_what_is_told_beside_the_answer() -> None:
    chosen, given, read, fails = executed(
        [
            SQUARE.format("side") + "ans = side",
            f"{XY}x + y == 10\nequation(x, 3)\nans = x * 2",
            COMES_TO["an assignment that is an equation"][0],
            f"{XY}x == 3\nans = y",
        ]
    )
    assert chosen.notes == ("the only one of 2 solutions without negative quantities",) and chosen.answer == "3"
    assert given.solution == {"x": "3", "y": "7"} and given.notes == ()
    assert read.notes == (READ_AS_EQUATIONS,) and read.solution["x"] == "10"
    assert fails.failure == "no-answer" and fails.solution == {"x": "3"}


def test_what_was_chosen_once_stays_chosen() -> None:
    program = (
        f"{XY}x**2 == 9\ny == -x\nx > 0 or x < 0\nwide = unknown()\nwide**2 == 4\nans = [wide, wide + 1, wide - 1]"
    )
    assert executed([program])[0].failure == "error:ambiguous"  # of x, which nothing calls a quantity
    (one,) = executed(["wide = unknown()\nwide**2 == 4\nfar = wide + 1\nans = [far, wide, -wide]"])
    assert one.answer == "[3, 2, -2]"


def test_nothing_reaches_a_neighbour() -> None:
    first = "x = unknown()\nunknown = equation = solve = None\nx == 1\nans = 1"
    second = "x = unknown()\nequation(x, 2)\nans = solve(x)"
    assert [one.answer for one in executed([first, second, first, second, "ans = x"])] == ["1", "2", "1", "2", None]


systems = st.tuples(
    st.lists(st.fractions(-50, 50, max_denominator=6), min_size=1, max_size=4), st.integers(0, 2**32), st.booleans()
)


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(systems, min_size=20, max_size=40))
def test_three_ways_to_write_a_linear_system_agree(planted: list[tuple[list[Fraction], int, bool]]) -> None:
    written = [_ways(values, seed, calls) for values, seed, calls in planted]
    ways = [AnswerKind.PROGRAM_EQUATIONS, AnswerKind.EQUATIONS, AnswerKind.PYTHON]
    found = [
        [one.answer for one in execute(kind, texts, timeout=5, memory=MEMORY)]
        for kind, texts in zip(ways, zip(*written, strict=True), strict=True)
    ]
    for text, values, *answers in zip(written, planted, *found, strict=True):
        assert answers[0] == answers[1], text
        assert all(answer is not None and same(answer, _text(values[0][0])) for answer in answers), text


def _ways(values: list[Fraction], seed: int, calls: bool) -> tuple[str, str, str]:
    """A regular system with the planted solution, asking for its first unknown: hybrid, equations, Python."""
    size = len(values)
    rows = [[(seed >> (place + row)) % 7 - 3 for place in range(size)] for row in range(size)]
    for place, row in enumerate(rows):  # dominated by its diagonal, so that there is one solution
        row[place] = 10 + place
    totals = [sum((factor * value for factor, value in zip(row, values, strict=True)), Fraction(0)) for row in rows]
    sums = [" + ".join(f"{factor} * v{place}" for place, factor in enumerate(row)) for row in rows]
    stated = [
        f"equation({left}, {_text(right)})" if calls else f"{left} == {_text(right)}"
        for left, right in zip(sums, totals, strict=True)
    ]
    hybrid = [*(f"v{place} = unknown()" for place in range(size)), *stated, "ans = v0"]
    equations = [*(f"{left} = {_text(right)}" for left, right in zip(sums, totals, strict=True)), "ans = v0"]
    matrix = [[*row, _text(total)] for row, total in zip(rows, totals, strict=True)]
    return "\n".join(hybrid), "\n".join(equations), ELIMINATION.format(matrix=matrix, size=size)


ELIMINATION = """from fractions import Fraction
rows = [[Fraction(str(entry)) for entry in row] for row in {matrix}]
for at in range({size}):
    rows[at] = [entry / rows[at][at] for entry in rows[at]]
    for other in range({size}):
        if other != at:
            rows[other] = [a - rows[other][at] * b for a, b in zip(rows[other], rows[at])]
ans = rows[0][-1]
"""


def _text(value: Fraction) -> str:
    return str(value)


def test_programs_without_unknowns_are_programs() -> None:
    texts = ["ans = 0.1 + 0.2", "1 == 2\nans = 3", "5", "print(7)", "ans = equation(1, 1)", "import os\nos.getcwd()"]
    assert executed(texts) == run_programs(texts, timeout=1.0, memory=MEMORY)


@pytest.mark.skipif(not linux.architecture(), reason="walls are Linux's")
def test_every_attack_is_met() -> None:
    tried = attacks()
    texts = [f"_q = unknown()\n{attack.text}" for attack in tried]
    with nothing_left():
        found = list(unknowns.executions(texts, timeout=0.5, memory=MEMORY))
    unmet = {attack.name: one for attack, one in zip(tried, found, strict=True) if not attack.meets(one)}
    assert not unmet


REPLIES = st.dictionaries(
    st.sampled_from(["answer", "failure", "detail", "printed", "solution", "notes"]), st.text(max_size=20)
)


@settings(max_examples=300)
@given(REPLIES)
def test_any_reply_gives_a_valid_execution(said: dict[str, str]) -> None:
    execution = unknowns.read(said, "text")
    assert (execution.answer is None) != (execution.failure is None)
    assert all(name.isidentifier() for name in execution.solution)


def test_programs_of_a_model(benchmark_data: Path) -> None:
    """SAT-LM's: as many are right as when they are read as lists of equations (335 of 476; 272 of 365)."""
    path = benchmark_data / "recorded" / "SAT-LM-gsmsys-train-eot.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    found = list(execute(AnswerKind.PROGRAM_EQUATIONS, [row["text"] for row in rows], timeout=5, memory=MEMORY))
    right = [
        row for row, one in zip(rows, found, strict=True) if one.answer is not None and same(one.answer, row["gold"])
    ]
    assert len(right) >= 335
    assert sum(is_declarative(row["text"]) for row in right) >= 271
    for row, one in zip(rows, found, strict=True):
        if one.answer is not None:
            assert content_marks(one.text, AnswerKind.PROGRAM_EQUATIONS), row["id"]

"""Equations, whatever they are: planted solutions are found exactly, and no text raises or hangs."""

from __future__ import annotations

import time
from fractions import Fraction

from hypothesis import example, given, settings
from hypothesis import strategies as st

from distill_dsl.runtime.thoughts.equations import solve_system
from distill_dsl.runtime.thoughts.equations.solving import text_of
from distill_dsl.runtime.thoughts.equations.symbolic import Value
from distill_dsl.runtime.thoughts.execution import Execution

NUMBERS = st.fractions(min_value=-1000, max_value=1000, max_denominator=60)
NAMES = ("apples", "pears", "x", "y", "total_cost", "größe")


@st.composite
def planted(draw: st.DrawFn) -> tuple[str, Fraction]:
    """A linear system in shuffled order, and the value of its `ans`.

    A triangular matrix with ones on the diagonal, its rows then added to one another, has one solution.
    """
    size = draw(st.integers(1, len(NAMES)))
    names = draw(st.permutations(NAMES))[:size]
    values = [draw(NUMBERS) for _ in names]
    small = st.integers(-5, 5)
    rows = [[Fraction(i == j) if j <= i else Fraction(draw(small)) for j in range(size)] for i in range(size)]
    for i in range(1, size):
        factor = draw(small)
        rows[i] = [own + factor * other for own, other in zip(rows[i], rows[i - 1], strict=True)]
    lines = []
    for row in rows:
        right = sum((factor * value for factor, value in zip(row, values, strict=True)), Fraction(0))
        left = " + ".join(f"({factor})*{name}" for factor, name in zip(row, names, strict=True) if factor)
        sides = [left, str(right)]
        lines.append(" = ".join(draw(st.permutations(sides))))
    weights = [draw(small) for _ in names]
    lines.append("ans = 0 " + " ".join(f"+ ({weight})*{name}" for weight, name in zip(weights, names, strict=True)))
    answer = sum((weight * value for weight, value in zip(weights, values, strict=True)), Fraction(0))
    return "\n".join(draw(st.permutations(lines))), answer


@settings(max_examples=150, deadline=None)
@given(planted())
def test_planted_linear_systems_are_solved_exactly(system: tuple[str, Fraction]) -> None:
    text, answer = system
    execution = solve_system(text)
    assert execution.failure is None, (execution, text)
    assert Fraction(execution.answer or "") == answer


@given(st.integers(-50, 50), st.integers(-50, 50))
def test_planted_quadratics_have_their_roots(one: int, other: int) -> None:
    found = solve_system(f"x^2 - ({one + other})*x + ({one * other}) = 0\nans = x")
    if one == other:
        assert found.answer == str(one)
    else:
        assert found.failure == "error:ambiguous"
        assert found.detail == f"several solutions: {', '.join(map(str, distinct(one, other)))}"


def distinct(one: int, other: int) -> list[int]:
    """Two roots in the order in which they are tried: zero first, then by size."""
    return sorted((one, other), key=lambda root: (root != 0, root))


@given(st.fractions(-(10**15), 10**15, max_denominator=10**12))
def test_answers_are_canonical(value: Fraction) -> None:
    text = text_of(Value(value if value.denominator > 1 else value.numerator, ""))
    assert Fraction(text) == value
    assert text.lstrip("-")[0].isdigit()
    assert not (("." in text) and text.endswith("0"))


def bounded(text: str) -> Execution:
    """Solve, and check that it took little processor time (time of others' programs does not count)."""
    start = time.process_time()
    execution = solve_system(text)
    assert time.process_time() - start < 2.0, text
    return execution


MATHEMATICAL = st.text(alphabet="xyzans=+-*/^%()., \n\t0123456789{}\\frac½×÷;:$[]<>!#|'\"&_e٣²√", max_size=200)


@settings(max_examples=400, deadline=None, derandomize=True)  # timed: the same texts on every run
@given(st.one_of(st.text(max_size=300), MATHEMATICAL))
@example("\x00=\x00")
@example("ans = " + "1/" * 240 + "1")
@example("ans = " + "9^" * 30 + "9")
@example("a" * 9000 + " " * 9000 + "=1")
@example("%" * 20_000)
@example("=" * 400)
@example("((" * 9000)
@example("a, " * 6000 + "= 1")
@example("a b " * 120 + "= 1")
@example("answer is " * 1900)
@example("[[eq " * 4000)
@example('"""' * 6001)
@example("\\frac{" * 3000)
@example("\\text{" * 3000)
@example("x = 1e99 ^ 99\nans = x")
@example("ans = (1/3)^999")
@example("ans = max(1)")
@example("1.05^n * 0 = 2\nans = n")
@example("x^0.02 + (7-x)^2 = 25\nans = x")
@example("ans = max(sqrt(1 - sqrt(2)), 1)")
@example("2^x = x^2\nans = x")
@example("x^x = 2\nans = x")
def test_no_text_raises_or_takes_long(text: str) -> None:
    bounded(text)


SEEDS = (
    "% A pen costs 3 dollars:\npen = 3\n% Twice as many:\npens = 2 * pen + x\nx + y = 20% * 50\ny = 4\nans = pens / 2",
    "length * width = 24\nlength = width + 2\nperimeter = 2*(length + width)\nans = perimeter",
    "a = \\frac{1}{2} \\times 10; b = ceil(a / 2), ans = max(a, b)^2",
)
PIECES = (
    "=",
    "+",
    "-",
    "*",
    "/",
    "^",
    "(",
    ")",
    "%",
    ",",
    ";",
    "\n",
    "ans",
    "x",
    "2",
    "0",
    ".",
    " ",
    "sqrt",
    "1e9",
    "{",
    "½",
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A real-looking system with pieces put in, taken out and doubled."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 8))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(st.sampled_from([*PIECES, text[start:end] * 2])) + text[end:]
    return text


@settings(max_examples=400, deadline=None, derandomize=True)  # timed: the same texts on every run
@given(mutated())
def test_mutated_systems_never_raise_and_repeat(text: str) -> None:
    import sympy  # noqa: F401 - so that its import is not in the time measured

    assert bounded(text) == solve_system(text)

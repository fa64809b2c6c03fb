"""Systems with planted solutions: what is solved is what was planted, whatever the shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from distill_dsl.runtime.thoughts.equations import solve_exact
from distill_dsl.runtime.thoughts.execution import Execution

Values = Mapping[str, Fraction]
Step = tuple[str, Callable[[Values], Fraction]]
"""The text of a right side, and what it is."""

NAMES: Final = ("apples", "pears_left", "total_cost", "hours", "speed", "rest", "share", "boxes")
SMALL: Final = st.integers(-9, 30)


def solved(text: str) -> Execution:
    """The exact solution; the systems here need no other."""
    execution = solve_exact(text)
    assert execution is not None, text
    return execution


@st.composite
def right_sides(draw: st.DrawFn, known: tuple[str, ...]) -> Step:
    """A right side in names that are known: arithmetic, a function, or a choice."""
    one, other = draw(st.sampled_from(known)), draw(st.sampled_from(known))
    number = draw(st.integers(1, 12))
    steps: list[Step] = [
        (f"{one} + {other}", lambda at: at[one] + at[other]),
        (f"{number}{one} - {other}", lambda at: number * at[one] - at[other]),
        (f"({one} - {number}) * {other}", lambda at: (at[one] - number) * at[other]),
        (f"{one} / {number}", lambda at: at[one] / number),
        (f"{number}% of {one}", lambda at: at[one] * number / 100),
        (f"\\frac{{{one}}}{{{number}}} + {number}", lambda at: at[one] / number + number),
        (f"min({one}, {other}, {number})", lambda at: min(at[one], at[other], Fraction(number))),
        (f"max({one}, {number})", lambda at: max(at[one], Fraction(number))),
        (f"abs({one} - {other})", lambda at: abs(at[one] - at[other])),
        (f"ceil({one} / {number})", lambda at: Fraction(math.ceil(at[one] / number))),
        (f"floor({one} / {number})", lambda at: Fraction(math.floor(at[one] / number))),
        (f"{one} // {number}", lambda at: Fraction(math.floor(at[one] / number))),
        (f"mod({one}, {number})", lambda at: at[one] - number * math.floor(at[one] / number)),
        (f"{one}^2 - {number}", lambda at: at[one] ** 2 - number),
        (f"{one} if {one} > {number} else {other}", lambda at: at[one] if at[one] > number else at[other]),
        (f"{number} * ({one} >= {other})", lambda at: Fraction(number * (at[one] >= at[other]))),
    ]
    return draw(st.sampled_from(steps))


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[str], dict[str, Fraction]]:
    """Definitions, each in names before it, and what they come to."""
    names = NAMES[: draw(st.integers(2, len(NAMES)))]
    first = Fraction(draw(SMALL), draw(st.integers(1, 4)))
    lines, values = [f"{names[0]} = {first}"], {names[0]: first}
    for place in range(1, len(names)):
        text, compute = draw(right_sides(names[:place]))
        values[names[place]] = compute(values)
        lines.append(f"{names[place]} = {text}")
    return [*lines, f"ans = {names[-1]}"], values


@settings(max_examples=200, deadline=None)
@given(chains(), st.randoms(use_true_random=False))
def test_chains_come_out_in_any_order(chain: tuple[list[str], dict[str, Fraction]], random: object) -> None:
    lines, values = chain
    random.shuffle(lines)  # type: ignore[attr-defined]
    execution = solved("\n".join(lines))
    assert execution.failure is None, (execution, lines)
    assert {name: Fraction(value) for name, value in execution.solution.items() if name != "ans"} == values


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, Fraction]:
    """Assignments, updates and branches in order, and the value of the first name at the end."""
    names = NAMES[:4]
    values = {name: Fraction(draw(SMALL)) for name in names}
    lines = [f"{name} = {value}" for name, value in values.items()]
    for _ in range(draw(st.integers(1, 6))):
        name = draw(st.sampled_from(names))
        number = draw(st.integers(1, 9))
        text, change = draw(
            st.sampled_from(
                [
                    (f"{name} = {name} + {number}", lambda old, n=number: old + n),
                    (f"{name} -= {number}", lambda old, n=number: old - n),
                    (f"{name} = {number} * {name}", lambda old, n=number: n * old),
                    (f"{name} = {name} / {number}", lambda old, n=number: old / n),
                ]
            )
        )
        if draw(st.booleans()):
            asked, limit = draw(st.sampled_from(names)), draw(SMALL)
            lines += [f"if {asked} > {limit}", f"    {text}", "end"]
            values[name] = change(values[name]) if values[asked] > limit else values[name]
        else:
            lines.append(text)
            values[name] = change(values[name])
    return "\n".join([*lines, f"ans = {names[0]}"]), values[names[0]]


@settings(max_examples=200, deadline=None)
@given(programs())
def test_programs_are_read_in_order(program: tuple[str, Fraction]) -> None:
    text, answer = program
    execution = solved(text)
    assert execution.failure is None, (execution, text)
    assert Fraction(execution.answer or "") == answer, text


@settings(max_examples=200, deadline=None)
@given(st.integers(-40, 40), st.integers(-9, 9).filter(bool), SMALL, st.sampled_from(["abs", "max", "min", "if"]))
def test_functions_in_pieces_are_inverted(root: int, slope: int, shift: int, kind: str) -> None:
    """The answer is among the solutions, and nothing that is no solution is called the answer."""
    at = {
        "abs": lambda x: abs(slope * x - shift),
        "max": lambda x: max(slope * x, shift),
        "min": lambda x: min(slope * x, shift),
        "if": lambda x: slope * x if x > shift else slope * x - 100,
    }[kind]
    text = {
        "abs": f"abs({slope}*x - {shift})",
        "max": f"max({slope}*x, {shift})",
        "min": f"min({shift}, {slope}*x)",
        "if": f"{slope}*x if x > {shift} else {slope}*x - 100",
    }[kind]
    execution = solved(f"y = {text}\ny = {at(root)}\nans = x")
    if execution.answer is not None:
        assert at(Fraction(execution.answer)) == at(root)
    elif execution.failure == "error:ambiguous":
        assert str(root) in execution.detail.removeprefix("several solutions: ").split(", ")
    else:
        assert execution.failure == "no-answer"  # a flat piece
        assert at(root) == shift


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60))
def test_quadratics_of_quantities_have_their_positive_root(width: int, more: int) -> None:
    execution = solved(f"length = width + {more}\nlength * width = {width * (width + more)}\nans = width")
    assert execution.answer == str(width)
    assert execution.solution == {"length": str(width + more), "width": str(width), "ans": str(width)}
    assert any("without negative quantities" in note for note in execution.notes)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=1, max_size=4, unique=True), st.integers(1, 3))
def test_products_of_roots_are_ambiguous_or_right(roots: list[int], power: int) -> None:
    """Squares of unknowns that are told apart by a sum have one solution."""
    assume(all(roots))
    squares = [f"x{place}^{2 * power} = {root ** (2 * power)}" for place, root in enumerate(roots)]
    weights = [3**place for place in range(len(roots))]
    sums = f"{' + '.join(f'{weight}*x{place}' for place, weight in enumerate(weights))} = "
    total = sum(weight * root for weight, root in zip(weights, roots, strict=True))
    execution = solve_exact("\n".join([*squares, f"{sums}{total}", "ans = x0"]))
    if execution is not None and execution.answer is not None:
        assert execution.answer == str(roots[0])
    else:
        assert execution is None or execution.failure in ("error:ambiguous", "error:limit")


@settings(max_examples=200, deadline=None)
@given(st.integers(-9, 9).filter(bool), st.integers(-30, 30), st.integers(-30, 30))
def test_irrational_roots_satisfy_their_equation(a: int, b: int, c: int) -> None:
    execution = solved(f"{a}*x^2 + {b}*x + {c} = 0\nans = x")
    if execution.failure == "error:inconsistent":
        assert b * b < 4 * a * c
        return
    roots = [execution.answer] if execution.answer else execution.detail.removeprefix("several solutions: ").split(", ")
    assert len(roots) == (1 if b * b == 4 * a * c else 2)
    for root in map(Fraction, roots):
        size = max(abs(a * root**2), abs(b * root), abs(c), Fraction(1))
        assert abs(a * root**2 + b * root + c) < size / 10**9
    assert abs(sum(map(Fraction, roots)) * (3 - len(roots)) + Fraction(b, a)) < Fraction(1, 10**9)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 99), st.integers(1, 99), st.integers(2, 9))
def test_values_that_do_not_end_are_those_of_floats(one: int, other: int, degree: int) -> None:
    text = (
        f"side^2 = {one}^2 + {other}^2\nroot = {one}^(1/{degree})\nboxes = ceil(side + root + 1/3)\nans = side * root"
    )
    execution = solved(text)
    side, root = math.hypot(one, other), one ** (1 / degree)
    assert math.isclose(float(execution.answer or "nan"), side * root, rel_tol=1e-9)
    assert execution.solution["boxes"] == str(math.ceil(side + root + 1 / 3))

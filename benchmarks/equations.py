"""How many systems of equations a second: ours against sympy's own parser and solver, in one process.

    python benchmarks/equations.py [--systems 200]

Systems are generated: 3 to 12 lines with comments, as language models write them, nine in ten of
them chains of assignments, the rest with two unknowns that two equations tie. The baseline is what
public evaluation code does: `sympy.parse_expr` on each side, then `sympy.solve` on all of it. It
reads the same lines, already free of comments. Answers are compared; the ratio is of processor time.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from fractions import Fraction

import sympy
from sympy.parsing.sympy_parser import parse_expr

from distill_dsl.runtime.thoughts.equations import solve_system

THINGS = ("apples", "pens", "hours", "miles", "cost", "pages", "boxes", "pupils", "eggs", "trees", "cups", "coins")


def system(seed: int) -> str:
    """One system as a model writes it."""
    rng = random.Random(f"equations:{seed}")
    names = [
        f"{name}_{rng.choice(('total', 'left', 'per_day', 'first'))}" for name in rng.sample(THINGS, rng.randint(3, 9))
    ]
    lines = []
    if rng.random() < 0.1:
        one, other = rng.randint(2, 60), rng.randint(2, 60)
        lines += [f"{names[0]} = x", f"{names[1]} = {one + other} - x", f"{names[0]} - {names[1]} = {one - other}"]
    else:
        lines += [f"{names[0]} = {rng.randint(2, 60)}", f"{names[1]} = {rng.randint(1, 9)}.5 * {names[0]}"]
    for place in range(2, len(names)):
        left, right = rng.sample(names[:place], 2)
        lines.append(f"{names[place]} = {rng.choice(FORMS).format(left=left, right=right, number=rng.randint(2, 20))}")
    return "\n".join(f"% They have some {line.split()[0]}:\n{line}" for line in [*lines, f"ans = {names[-1]}"])


FORMS = (
    "{left} + {right}",
    "{left} - {right}",
    "{number} * {left}",
    "{left} / {number}",
    "({left} + {right}) / {number}",
    "{number}/100 * {left} + {right}",
)


def with_sympy(text: str) -> Fraction | None:
    """The baseline."""
    equations = []
    for line in text.split("\n"):
        if not line.startswith("%"):
            left, right = line.split("=")
            equations.append(sympy.Eq(parse_expr(left), parse_expr(right)))
    equations = [equation for equation in equations if equation is not sympy.true]
    unknowns = sorted({symbol for equation in equations for symbol in equation.free_symbols}, key=str)
    found = sympy.solve(equations, unknowns, dict=True)
    value = found[0].get(sympy.Symbol("ans")) if found else None
    return None if value is None or value.free_symbols else Fraction(str(sympy.nsimplify(value, rational=True)))


def ours(text: str) -> Fraction | None:
    """What is measured."""
    answer = solve_system(text).answer
    return None if answer is None else Fraction(answer)


def measured(solve: Callable[[str], Fraction | None], texts: list[str]) -> tuple[float, list[Fraction | None]]:
    """Systems a second of processor time, and the answers."""
    solve(texts[0])  # imports and caches are not what is compared
    start = time.process_time()
    answers = [solve(text) for text in texts]
    return len(texts) / (time.process_time() - start), answers


def main() -> None:
    """Measure both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", type=int, default=200, help="how many (default 200)")
    texts = [system(seed) for seed in range(parser.parse_args().systems)]
    baseline, expected = measured(with_sympy, texts)
    rate, answers = measured(ours, texts)
    same = sum(
        one is not None and other is not None and abs(one - other) <= Fraction(1, 10**9) * max(1, abs(other))
        for one, other in zip(answers, expected, strict=True)
    )
    print(f"sympy.parse_expr + sympy.solve: {baseline:8.1f} systems/s")
    print(f"solve_system:                   {rate:8.1f} systems/s")
    print(f"ratio: {rate / baseline:.0f}; same answer for {same} of {len(texts)}")


if __name__ == "__main__":
    main()

"""How many systems of equations a second: ours against sympy's own parser and solver, in turn in one process.

    python benchmarks/equations.py [--systems 200]

Systems are generated: 3 to 12 lines with comments, as language models write them, nine in ten of
them chains of assignments, the rest with two unknowns that two equations tie. The baseline is what
public evaluation code does: `sympy.parse_expr` on each side, then `sympy.solve` on all of it. It
reads the same lines, already free of comments. Answers are compared; the ratio is of processor time.
Then the spread of single systems, also of recorded ones where the data is at hand.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import sympy
from sympy.parsing.sympy_parser import parse_expr

from distill_dsl.runtime.thoughts.equations import solve_exact

TURN = 20
"""Systems that one solver gets before the other has its turn."""
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
    execution = solve_exact(text)
    return None if execution is None or execution.answer is None else Fraction(execution.answer)


def taken(solve: Callable[[str], Fraction | None], texts: list[str]) -> tuple[float, list[Fraction | None]]:
    """Seconds of processor time, and the answers."""
    start = time.process_time()
    answers = [solve(text) for text in texts]
    return time.process_time() - start, answers


def compared(texts: list[str]) -> None:
    """Both solvers on the same systems, a few at a time in turn, so that both meet the same load."""
    with_sympy(texts[0]), ours(texts[0])  # imports and caches are not what is compared
    theirs = mine = 0.0
    same = 0
    for start in range(0, len(texts), TURN):
        some = texts[start : start + TURN]
        seconds, expected = taken(with_sympy, some)
        theirs += seconds
        seconds, answers = taken(ours, some)
        mine += seconds
        same += sum(agree(one, other) for one, other in zip(answers, expected, strict=True))
    print(f"sympy.parse_expr + sympy.solve: {len(texts) / theirs:8.1f} systems/s")
    print(f"solve_exact:                    {len(texts) / mine:8.1f} systems/s")
    print(f"ratio: {theirs / mine:.0f}; same answer for {same} of {len(texts)}")


def agree(one: Fraction | None, other: Fraction | None) -> bool:
    """Whether two answers are the same but for the rounding of floats."""
    return (
        one is not None and other is not None and abs(one - other) <= Fraction(1, 10**9) * max(Fraction(1), abs(other))
    )


def spread(name: str, texts: list[str]) -> None:
    """How long single systems take, and how many are beyond exact means."""
    times, beyond = [], 0
    for text in texts:
        start = time.process_time()
        beyond += solve_exact(text) is None
        times.append(1e3 * (time.process_time() - start))
    times.sort()
    half, most = times[len(times) // 2], times[len(times) * 99 // 100]
    print(
        f"{name}: {len(times)} systems, p50 {half:.2f} ms, p99 {most:.2f} ms, max {times[-1]:.2f} ms; "
        f"{beyond} ({100 * beyond / len(times):.2f} %) need the symbolic solver"
    )


def recorded() -> Iterator[tuple[str, list[str]]]:
    """Systems that language models wrote, where that data is at hand (see tests/conftest.py)."""
    folder = Path(os.environ.get("DISTILL_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "recorded"
    for path in sorted(folder.glob("*-eot.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            yield path.name.removesuffix(".jsonl.gz"), [json.loads(line)["text"] for line in stream]


def main() -> None:
    """Measure both and print the ratio; then how long single systems take."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", type=int, default=200, help="how many (default 200)")
    count = parser.parse_args().systems
    compared([system(seed) for seed in range(count)])
    spread("generated", [system(seed) for seed in range(10 * count)])
    for name, texts in recorded():
        spread(name, texts)


if __name__ == "__main__":
    main()

"""How many programs a second on all cores: fresh interpreters, pools with alarms, pydantic-monty, ours.

    python -m benchmarks.execution [--programs 2000] [--rounds 5] [--seed 0] [--deadline 1.0]

Programs are generated (`programs_of_models`), all different, and know their answers: what each rival
answers is compared. Three workloads: arithmetic; with 10 % sympy; with 2 % endless loops and 1 % memory
bombs besides, which is a quarter as long. In each round every rival runs the same programs, one rival
after the other, in an order that turns; those that make a process a program get a sample with the same
shares. Rates are medians of rounds with the least and the most, ratios are medians of each round's
ratio. Pools are warm; ours starts anew for each batch, and its start is part of its figures. Its deadline
is of processor time, the others' of wall time: measure the third workload on an idle machine.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.programs_of_models import FULL_MIX, Kind, Program, mix
from benchmarks.rivals import CORES, RIVALS, Run, available

BASELINES: Final = ("fresh interpreter each", "pool with alarms")
SLOW: Final = ("fresh interpreter each", "process each, alarms")
"""Rivals that run a sample."""
MEMORY: Final = 256 << 20
TOLERANCE: Final = Fraction(1, 10**6)
"""Relative: programs compute with floats."""
SAMPLE: Final = 100
"""Programs of a sample: the least of which 1 % is one."""
WORKLOADS: Final[Mapping[str, tuple[Mapping[Kind, float], float]]] = {
    "arithmetic": ({}, 1.0),
    "arithmetic, 10 % sympy": ({"sympy": FULL_MIX["sympy"]}, 1.0),
    "10 % sympy, 2 % endless loops, 1 % memory bombs": (FULL_MIX, 0.25),
}
"""Shares, and how many programs as a part of `--programs`."""


@dataclass
class Score:
    """What one rival did in one workload."""

    rates: list[float] = field(default_factory=list)
    right: int = 0
    wrong: int = 0
    none: int = 0

    def count(self, programs: Sequence[Program], answers: Sequence[Fraction | None]) -> None:
        """Compare with what is known; an answer to a program that has none is wrong."""
        for program, answer in zip(programs, answers, strict=True):
            if answer is None:
                self.none += program.answer is not None
            elif program.answer is not None and abs(answer - program.answer) <= TOLERANCE * max(
                Fraction(1), abs(answer)
            ):
                self.right += 1
            else:
                self.wrong += 1


def measured(run: Run, programs: Sequence[Program], score: Score) -> None:
    """One round of one rival."""
    texts = [program.text for program in programs]
    start = time.perf_counter()
    answers = run(texts)
    score.rates.append(len(texts) / (time.perf_counter() - start))
    score.count(programs, answers)


def compared(
    runs: Mapping[str, Run], shares: Mapping[Kind, float], count: int, rounds: int, seed: int
) -> dict[str, Score]:
    """All rivals in one workload."""
    scores: dict[str, Score] = defaultdict(Score)
    names = list(runs)
    for turn in range(rounds):
        programs = mix(count, shares, seed + turn)
        sample = mix(min(SAMPLE, count), shares, seed + turn)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            measured(runs[name], sample if name in SLOW else programs, scores[name])
    return {name: scores[name] for name in names}


def table(title: str, scores: Mapping[str, Score]) -> Table:
    """One workload's figures."""
    result = Table("", "programs/s", "least", "most", *(f"x {name}" for name in BASELINES), "right", "wrong", "none")
    result.title, result.title_justify = title, "left"
    for column in result.columns[1:]:
        column.justify = "right"
    for name, score in scores.items():
        ratios = [
            statistics.median(one / other for one, other in zip(score.rates, scores[baseline].rates, strict=True))
            for baseline in BASELINES
        ]
        figures = [statistics.median(score.rates), min(score.rates), max(score.rates)]
        result.add_row(
            name,
            *(f"{figure:,.0f}" for figure in figures),
            *(f"{ratio:.2f}" for ratio in ratios),
            *(str(number) for number in (score.right, score.wrong, score.none)),
        )
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=2000, help="programs a round (default 2000)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which medians are taken (default 5)")
    parser.add_argument("--seed", type=int, default=0, help="of the generated programs (default 0)")
    parser.add_argument("--deadline", type=float, default=1.0, help="seconds a program may take (default 1)")
    options = parser.parse_args()
    console = Console(width=140)
    console.print(f"{CORES} cores, {platform.machine()}, Python {platform.python_version()}, seed {options.seed}")
    with ExitStack() as stack:
        runs: dict[str, Run] = {}
        for name, rival in RIVALS.items():
            if not available(name):
                console.print(f"{name}: not installed, left out")
                continue
            runs[name] = stack.enter_context(rival(options.deadline, MEMORY))
            warm_up = mix(4 * CORES, {"sympy": 0.5}, -1)
            runs[name]([program.text for program in warm_up])
        for what, text in (("plain", "ans = 1"), ("sympy", "import sympy\nans = sympy.Integer(1)")):
            start = time.perf_counter()
            runs["distill-dsl"]([text])
            console.print(f"distill-dsl: {time.perf_counter() - start:.2f} s from nothing to a first {what} answer")
        for title, (shares, part) in WORKLOADS.items():
            count = max(round(options.programs * part), 1)
            scores = compared(runs, shares, count, options.rounds, 1000 * options.seed)
            console.print(table(f"{title}: {count} programs, {options.rounds} rounds", scores))


if __name__ == "__main__":
    main()

"""Every task of reasoning_gym: can it be drawn from, is a checker needed, does that take the right answer and no other?

    python benchmarks/gym_tasks.py [TASK ...]

Draws five problems of each task in the way that `mtd stage fetch` does, and gives the answers to the task's checker
in the walls in which `mtd stage verify` runs it: each its own, and one that is none. Prints a Markdown table.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import ReasoningGymSource
from distill_dsl.runtime.sources.gym import draw
from distill_dsl.runtime.thoughts.checkers import Check, check_all
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.verdicts import judge_each

DRAWN: Final = 5
WRONG: Final = "none of these, -987654"


class Tried(NamedTuple):
    """What became of one task."""

    task: str
    judged: str = ""
    """`checker`, or how answers are compared; empty where nothing could be drawn."""
    drawn: int = 0
    known: int = 0
    """Problems that have an answer of their own."""
    accepted: int = 0
    """Of these, how many are right."""
    refused: int = 0
    """Wrong answers that are not."""
    seconds: float = 0.0
    failure: str = ""

    @property
    def good(self) -> bool:
        return self.drawn == self.refused == DRAWN and self.known == self.accepted


def tried(tasks: Sequence[str]) -> Iterator[Tried]:
    """One task after the other."""
    for task in tasks:
        start = time.perf_counter()
        try:
            problems = draw(ReasoningGymSource(task=task, sizes={"test": DRAWN}), ["test"]).problems["test"]
        except Failure as failure:
            yield Tried(task, seconds=time.perf_counter() - start, failure=failure.where or failure.summary)
            continue
        judged = "checker" if problems[0].checker else "compared"
        # Both at once, because it is the start of the process that takes the time.
        right = scored([*problems, *problems], [*(one.answer for one in problems), *[WRONG] * len(problems)])
        known = [one for one, problem in zip(right, problems, strict=False) if problem.answer]
        refused = right[len(problems) :].count(False)
        yield Tried(task, judged, len(problems), len(known), sum(known), refused, time.perf_counter() - start)


def scored(problems: Sequence[Problem], answers: Sequence[str]) -> list[bool]:
    """By the checker itself where there is one, else by comparing."""
    checker = problems[0].checker
    if checker is None:
        pairs = [(Execution(answer=answer), one) for answer, one in zip(answers, problems, strict=True)]
        return [verdict == "correct" for _, verdict in judge_each(pairs, list(problems), 0.001)]
    checks = [
        Check(answer, one.answer, one.checker.data if one.checker else {})
        for answer, one in zip(answers, problems, strict=True)
    ]
    return [found.right for found in check_all(checker.name, checks)]


def every_task() -> list[str]:
    """All that the package has, but the one that joins others."""
    from reasoning_gym.factory import DATASETS  # takes seconds, and is optional

    return sorted(set(DATASETS) - {"composite"})


def main(tasks: Sequence[str]) -> None:
    head = ["task", "answers are", "drawn", "with an answer", "right", "wrong refused", "seconds", ""]
    print(f"| {' | '.join(head)} |\n|---|---|--:|--:|--:|--:|--:|---|")
    for one in tried(tasks or every_task()):
        counts = f"{one.drawn} | {one.known} | {one.accepted} | {one.refused} | {one.seconds:.1f}"
        print(f"| {one.task} | {one.judged} | {counts} | {one.failure} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

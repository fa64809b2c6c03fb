"""One trained student as the compiler names it to the report and track stages.

    mix=etd,student=small,seed=1

Its cells (`etd-small-s1`) are derived from it and never taken apart again.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import solved_cell, trained_cell

FORM: Final = re.compile(r"mix=(?P<mix>[^,=]+),student=(?P<student>[^,=]+),seed=(?P<seed>\d+)")


class Run(NamedTuple):
    """A student of one base, trained on one mix with one seed."""

    mix: str
    student: str
    seed: int

    @property
    def trained(self) -> str:
        """The cell of its training."""
        return trained_cell(self.mix, self.student, self.seed)

    def solved(self, experiment: str) -> str:
        """The cell of its predictions and scores in an experiment."""
        return solved_cell(experiment, self.mix, self.student, self.seed)

    def __str__(self) -> str:
        return f"mix={self.mix},student={self.student},seed={self.seed}"


def parse_run(text: str) -> Run:
    """Read `mix=etd,student=small,seed=1`."""
    found = FORM.fullmatch(text)
    if found is None:
        raise Failure(f"`{text}` names no run", where=text, help="write `mix=NAME,student=NAME,seed=NUMBER`")
    return Run(found["mix"], found["student"], int(found["seed"]))

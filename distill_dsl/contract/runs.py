"""One trained student, or one teacher's thoughts, as the compiler names them to stage programs.

    mix=etd,student=small,seed=1
    mix=etd-paths_2,student=small,seed=1,paths=2

Its cells (`etd-small-s1`) are derived from it and never taken apart again.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import asked_cell, solved_cell, trained_cell

FORM: Final = re.compile(
    r"mix=(?P<mix>[^,=]+),student=(?P<student>[^,=]+),seed=(?P<seed>\d+)(?P<varied>(,[^,=]+=[^,=]*)*)"
)


class Run(NamedTuple):
    """A student of one base, trained on one mix with one seed."""

    mix: str
    student: str
    seed: int
    varied: tuple[tuple[str, str], ...] = ()
    """Params that the experiment varies and that bear on this run, with their values as text."""

    @property
    def trained(self) -> str:
        """The cell of its training."""
        return trained_cell(self.mix, self.student, self.seed)

    def solved(self, experiment: str) -> str:
        """The cell of its predictions and scores in an experiment."""
        return solved_cell(experiment, self.mix, self.student, self.seed)

    def __str__(self) -> str:
        varied = "".join(f",{name}={quote(value)}" for name, value in self.varied)
        return f"mix={self.mix},student={self.student},seed={self.seed}{varied}"


def parse_run(text: str) -> Run:
    """Read `mix=etd,student=small,seed=1`."""
    found = FORM.fullmatch(text)
    if found is None:
        raise Failure(f"`{text}` names no run", where=text, help="write `mix=NAME,student=NAME,seed=NUMBER`")
    varied = (part.partition("=") for part in found["varied"].split(",")[1:])
    values = tuple((name, unquote(value)) for name, _, value in varied)
    return Run(found["mix"], found["student"], int(found["seed"]), values)


class Asked(NamedTuple):
    """One teacher's thoughts of one format for one split, as the compiler names them to the mix stage.

    thought=pot,teacher=chatgpt,data=gsm8k,split=train
    """

    thought: str
    teacher: str
    data: str
    split: str

    @property
    def cell(self) -> str:
        """What its files are called."""
        return asked_cell(self.teacher, self.data, self.split, self.thought)

    def __str__(self) -> str:
        return f"thought={self.thought},teacher={self.teacher},data={self.data},split={self.split}"


def parse_asked(text: str) -> Asked:
    """Read `thought=pot,teacher=chatgpt,data=gsm8k,split=train`."""
    found = dict(part.partition("=")[::2] for part in text.split(","))
    if set(found) != set(Asked._fields):
        raise Failure(
            f"`{text}` names no thoughts", where=text, help="write `thought=NAME,teacher=NAME,data=NAME,split=NAME`"
        )
    return Asked(**found)


def name_of(key: str) -> str:
    """The name in the spec of an entry of params.yaml: `etd-paths_2` is `etd` with `paths` varied."""
    return key.partition("-")[0]

"""Programs that state unknowns and equations (`answer = program_equations`): Python, plus four words.

pens = unknown()              a number that equations will tell
books = unknown()
equation(pens + books, 12)    a fact: both sides are equal; on a line of its own also `pens + books == 12`
equation(pens, 2 * books)
ans = pens                    solved when Python needs its value, here at the end; `solve(pens)` solves now

syntax      what the compiler is told       quantity   unknowns as Python handles them
terms       exact forms behind them         system     the relations of a program, and the solver
work        the child's side
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from distill_dsl.runtime.sandbox.layers import Layer
from distill_dsl.runtime.sandbox.supervisor import Job, Kind, Limits
from distill_dsl.runtime.thoughts import programs
from distill_dsl.runtime.thoughts.answers import canonical
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.programs.preload import NUMPY_MODULES, STANDARD_MODULES, SYMPY_MODULES
from distill_dsl.runtime.thoughts.programs.work import Said

_WORK: Final = "distill_dsl.runtime.thoughts.unknowns.work"
PLAIN: Final = Kind(_WORK, STANDARD_MODULES)
SYMBOLIC: Final = Kind(_WORK, (*STANDARD_MODULES, *NUMPY_MODULES, *SYMPY_MODULES))


def executions(
    texts: Iterable[str],
    *,
    timeout: float,
    memory: int,
    workers: int | None = None,
    without: Collection[Layer] = (),
    shared: bool = True,
) -> Iterator[Execution]:
    """What each program comes to, in order, as it comes: walls, limits and verdicts are those of `programs`.

    Beside them: `no-answer` where the equations do not tell the answer, `error:inconsistent`,
    `error:ambiguous`, `error:unsolved` and `error:limit` as for systems of equations; and with the
    answer the values of the unknowns and the rules by which a solution was chosen.
    """
    limits = Limits(timeout, memory)
    return programs.executed(texts, partial(_job, shared=shared), read, limits, workers=workers, without=without)


def read(said: Said, text: str) -> Execution:
    """What a program's process says, as an execution; it ran foreign code, so that everything is checked."""
    found = programs.stated(said, text)
    lines = (line.rpartition("=") for line in said.get("solution", "").splitlines())
    solution = {name: value for name, _, value in lines if name.isidentifier() and canonical(value) == value}
    notes = tuple(note for note in said.get("notes", "").splitlines() if note.isprintable())
    if found.answer is None:
        return replace(found, solution=solution)
    return replace(found, solution=solution, notes=(*found.notes, *notes), detail="; ".join(notes))


def _job(text: str, shared: bool) -> Job:
    """Many in a process where that makes no difference; alone with sympy at hand, for what exact means do not solve."""
    together = SYMBOLIC if "sympy" in text or "numpy" in text else PLAIN
    return Job(text, SYMBOLIC, together if shared else None)

"""Equations as thoughts: parse the system a model wrote, solve it exactly, say what stands in the way.

`signs` and `lines` find the statements, `blocks` the branches around them, `tokens`, `words` and
`grammar` read them into `codes`. `elimination`, `roots` and `pieces` solve them over the rational
numbers, `symbolic` is the last resort. `solving` walks through it all; `assignments`, `bounds` and
`choosing` are the readings that a system may need, each recorded with the answer.
"""

from __future__ import annotations

from distill_dsl.runtime.thoughts.equations.declarations import is_declarative
from distill_dsl.runtime.thoughts.equations.grammar import relations
from distill_dsl.runtime.thoughts.equations.limits import (
    EXACT_WORK,
    LONG_WORK,
    Exhausted,
    Unsolved,
    allowance,
    too_large,
)
from distill_dsl.runtime.thoughts.equations.lines import read_lines
from distill_dsl.runtime.thoughts.equations.solving import NeedsSymbolic, answer_of
from distill_dsl.runtime.thoughts.execution import Execution

__all__ = ["is_declarative", "solve_exact", "solve_system"]


def solve_exact(text: str) -> Execution | None:
    """The solution for `ans` by exact means, in bounded time for any text; nothing if those do not suffice.

    Never raises and imports nothing large. Failures: `no-answer` (the answer is not asked for, or
    lacks equations), `error:syntax`, `error:inconsistent`, `error:ambiguous`, `error:arithmetic`
    (division by zero), `error:limit` (larger than `limits` allows), `error:unsolved` (beyond any
    solver here).
    """
    try:
        with allowance(EXACT_WORK):
            return executed(text, symbolic=False)
    except (NeedsSymbolic, Exhausted):
        return None


def solve_system(text: str) -> Execution:
    """As `solve_exact`, and where that does not suffice the long way, sympy included.

    That way has no deadline of its own: whoever calls this holds one, in another process.
    """
    found = solve_exact(text)
    if found is not None:
        return found
    try:
        with allowance(LONG_WORK):
            return executed(text, symbolic=True)
    except Exhausted:
        return failed(too_large("solving takes too many steps"), "")


def executed(text: str, symbolic: bool) -> Execution:
    """The whole walk from text to answer."""
    statements = ""
    try:
        script = read_lines(text)
        statements = "\n".join(statement.text for statement in script.statements)
        solution = answer_of(
            *relations(script.statements, script.stated), cut=script.defines and not script.stated, symbolic=symbolic
        )
    except Unsolved as problem:
        return failed(problem, statements)
    notes = tuple(solution.notes)
    return Execution(solution.answer, detail="; ".join(notes), text=statements, solution=solution.values, notes=notes)


def failed(problem: Unsolved, statements: str) -> Execution:
    """What stands in the way, with what was found out before."""
    return Execution(failure=problem.failure, detail=problem.detail, text=statements, solution=dict(problem.solution))

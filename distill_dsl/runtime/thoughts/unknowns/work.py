"""Programs with unknowns, in the child that runs them. Those without any run as `programs` runs them."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any, Final

from distill_dsl.runtime.thoughts.equations import solve_exact
from distill_dsl.runtime.thoughts.equations.limits import (
    EXACT_WORK,
    LONG_WORK,
    Exhausted,
    Unsolved,
    allowance,
    too_large,
)
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.programs import work as programs
from distill_dsl.runtime.thoughts.programs.values import NoAnswer
from distill_dsl.runtime.thoughts.programs.vet import (
    BUILTINS,
    NeedsOwnProcess,
    admits,
    call_watched,
    run_watched,
    stop,
    was_stopped,
)
from distill_dsl.runtime.thoughts.programs.work import Said, encoded, not_compiled, prepare, said_of
from distill_dsl.runtime.thoughts.solver import warm_up as warm_up_solver
from distill_dsl.runtime.thoughts.unknowns.syntax import compiled, has_unknowns
from distill_dsl.runtime.thoughts.unknowns.system import System

READ_AS_EQUATIONS: Final = "assignments read as equations"
"""The note of a program that says too little as Python, and enough as a list of equations."""
LITTLE_SAID: Final = ("no-answer", "error:name")
"""Failures of a program that may be a list of equations, in which every name stands for a number."""
MAX_SHOWN: Final = 1_500
"""Bytes of a solution: a reply is bounded."""
DECIDED: Final = ("no-answer", "error:inconsistent", "error:ambiguous", "error:unsolved")
"""Failures of a system that solving it again elsewhere would not change."""
Run = Callable[[CodeType, dict[str, Any]], None]
Call = Callable[[Callable[[], object]], object]


def warm_up() -> None:
    """Done once in the worker: what every child would do again."""
    programs.warm_up()
    if "sympy" in sys.modules:
        warm_up_solver()
    solve_exact("warm + up = 3\nup = 2 * warm\nans = up")


def alone(text: str) -> bytes:
    """Run a program that has this process to itself; sympy is asked where exact means do not suffice."""
    if not has_unknowns(text):
        return programs.alone(text)
    output = prepare(lambda: os._exit(programs.TOO_MUCH_PRINTED))
    try:
        code = compiled(text)
    except BaseException as error:
        return encoded(not_compiled(error))
    system = System(text, symbolic=True)
    with allowance(LONG_WORK):
        return encoded(_said(code, vars(builtins), output, programs.run_alone, lambda function: function(), system))


def together(text: str) -> bytes | None:
    """Run a program that cannot touch others, and others after it; `None` where it has to be run alone."""
    if not has_unknowns(text):
        return programs.together(text)
    programs.watch_once()
    try:
        code = compiled(text)
    except SyntaxError as error:
        return encoded(not_compiled(error))
    except BaseException:  # a text that the compiler cannot take: whatever it did, another process will tell
        return None
    if not admits(code):
        return None
    system = System(text, symbolic=False)
    with allowance(EXACT_WORK):
        said = _said(code, BUILTINS, prepare(stop), run_watched, call_watched, system)
    failure = said.get("failure")
    if was_stopped() or failure in programs.CUT_SHORT:
        raise NeedsOwnProcess
    return None if failure not in DECIDED and programs.owed_to_sharing(failure) else encoded(said)


def _said(code: CodeType, words: dict[str, Any], output: programs.Output, run: Run, call: Call, system: System) -> Said:
    """What a program says, with the values of its unknowns and the rules by which they were chosen."""
    space = {"__name__": "__main__", "__builtins__": {**words, **system.words()}}
    said = said_of(
        code,
        space,
        output,
        lambda *program: _solved(system, lambda: run(*program)),
        lambda function: _solved(system, lambda: call(function)),
        lambda value: _solved(system, lambda: system.settled(value)),
    )
    if said.get("failure") in LITTLE_SAID and system.declared and not system.calls:
        said = _as_equations("\n".join(system.lines)) or said
    return {"solution": _lines(system.values), "notes": "\n".join(system.notes), **said}


def _solved(system: System, work: Callable[[], Any]) -> Any:
    """The result of something that may have equations solved; what stands in their way is a failure like any other."""
    try:
        return work()
    except Unsolved as problem:
        system.values = dict(problem.solution)
        raise NoAnswer(problem.failure, problem.detail) from problem
    except Exhausted as problem:
        if not system.symbolic:
            raise
        raise NoAnswer("error:limit", too_large("solving takes too many steps").detail) from problem


def _as_equations(text: str) -> Said | None:
    """The program as a list of equations, in which a second assignment to a name states one more.

    That is how SAT-LM's programs are meant (arXiv 2305.09656): `total = 30`, then `total = bat + frog`.
    """
    execution: Execution | None = solve_exact(text)
    if execution is None or execution.answer is None:
        return None
    notes = "\n".join([READ_AS_EQUATIONS, *execution.notes])
    return {"answer": execution.answer, "solution": _lines(execution.solution), "notes": notes}


def _lines(values: Any) -> str:
    """The unknowns and their values, one a line; those that do not fit are left out."""
    lines: list[str] = []
    room = MAX_SHOWN
    for name, value in values.items():
        room -= len(ascii(name)) + len(value) + 2
        if room < 0:
            break
        lines.append(f"{name}={value}")
    return "\n".join(lines)

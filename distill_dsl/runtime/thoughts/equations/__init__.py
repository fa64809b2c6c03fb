"""Equations as thoughts: parse the system a model wrote, solve it exactly, say what stands in the way.

`lines` finds the statements, `words` and `grammar` read them, `elimination` and `roots` solve them
over the rational numbers, `symbolic` is the last resort, `solving` chooses and writes the answer.
"""

from __future__ import annotations

from distill_dsl.runtime.thoughts.equations.grammar import relations
from distill_dsl.runtime.thoughts.equations.limits import Unsolved
from distill_dsl.runtime.thoughts.equations.lines import read_lines
from distill_dsl.runtime.thoughts.equations.solving import answer_of
from distill_dsl.runtime.thoughts.execution import Execution

__all__ = ["solve_system"]


def solve_system(text: str) -> Execution:
    """The solution for `ans` of the system in a text. Never raises; work is bounded outside the symbolic fallback.

    Failures: `no-answer` (the answer is not asked for, or lacks equations), `error:syntax`,
    `error:inconsistent`, `error:ambiguous`, `error:arithmetic` (division by zero), `error:limit`
    (larger than `limits` allows), `error:unsolved` (beyond the symbolic solver).
    """
    executed = ""
    try:
        script = read_lines(text)
        executed = "\n".join(statement.text for statement in script.statements)
        answer, remark = answer_of(*relations(script.statements, script.stated))
    except Unsolved as problem:
        return Execution(failure=problem.failure, detail=problem.detail, text=executed)
    return Execution(answer=answer, detail=remark, text=executed)

"""The `solution` teacher: thoughts of each format written from a worked solution, without any LLM.

A synthetic problem brings its steps and equations along; a problem of a data set is read from the
calculation annotations in its gold rationale (`annotations`). What is written is not taken to be
right: verification executes it like any other thought.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, assert_never

from distill_dsl.contract.records import Completion, Problem, Solution
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.teachers.annotations import Unreadable, read_rationale, without_annotations

NAME: Final = re.compile(r"[A-Za-z_]\w*")
WORDS_OF_PROGRAMS: Final = ("unknown", "equation", "solve", "Variable")
"""What programs with unknowns call; no quantity may have such a name there."""


def ask_solution(
    thought: str, kind: AnswerKind, problems: Iterable[Problem], progress: Callable[[int], None]
) -> Iterator[Completion]:
    """One completion a problem, in order; more samples would all be the same."""
    for problem in problems:
        yield _completion(thought, kind, problem)
        progress(1)


def written(solution: Solution, kind: AnswerKind) -> str:
    """The solution as a thought of the format."""
    match kind:
        case AnswerKind.TEXT:
            return prose(solution)
        case AnswerKind.PYTHON:
            return program(solution)
        case AnswerKind.EQUATIONS:
            return system(solution)
        case AnswerKind.PROGRAM_EQUATIONS:
            return program_with_unknowns(solution)
        case _:
            assert_never(kind)


def prose(solution: Solution) -> str:
    """`She sold 48 / 2 = 24 clips in May. The answer is 24.`"""
    values: dict[str, str] = {}
    sentences = []
    for step in solution.steps:
        shown = f"{_with_values(step.expression, values)} = {step.value}"
        sentences.append((step.sentence or "{}.").replace("{}", shown))
        values[step.name] = step.value
    return " ".join([*sentences, f"The answer is {solution.steps[-1].value}."])


def program(solution: Solution) -> str:
    """Assignments in order; the last step is assigned to `ans`."""
    *earlier, last = solution.steps
    return "\n".join([*(f"{step.name} = {step.expression}" for step in earlier), f"ans = {last.expression}"])


def system(solution: Solution) -> str:
    """One equation a line, as the problem states them; the last defines `ans`."""
    return "\n".join(solution.equations)


def program_with_unknowns(solution: Solution) -> str:
    """The equations as a program: a name that nothing gives a value before it is used is an unknown.

    `ivo = 3 * petra` makes an unknown of `petra` and an expression of `ivo`; `ivo - 10 = petra + 10`
    is then an `equation(...)`.
    """
    lines: list[str] = []
    known: set[str] = set()
    for stated in solution.equations:
        left, right = (side.strip() for side in NAME.sub(_own_name, stated).split("=", 1))
        defines = NAME.fullmatch(left) and left not in known and left not in NAME.findall(right)
        new = [name for name in NAME.findall(right if defines else f"{left} {right}") if name not in known]
        lines += [f"{name} = unknown()" for name in dict.fromkeys(new)]
        lines.append(f"{left} = {right}" if defines else f"equation({left}, {right})")
        known |= {*new, *NAME.findall(left)}
    return "\n".join(lines)


def _own_name(match: re.Match[str]) -> str:
    return f"{match[0]}_count" if match[0] in WORDS_OF_PROGRAMS else match[0]


def _with_values(expression: str, values: dict[str, str]) -> str:
    return NAME.sub(lambda match: values.get(match[0], match[0]), expression)


def _completion(thought: str, kind: AnswerKind, problem: Problem) -> Completion:
    text = _thought(kind, problem)
    if isinstance(text, Unreadable):
        return Completion(problem=problem.id, thought=thought, text=None, reason=text.reason)
    return Completion(problem=problem.id, thought=thought, text=text)


def _thought(kind: AnswerKind, problem: Problem) -> str | Unreadable:
    if problem.solution:
        return written(problem.solution, kind)
    if not problem.rationale:
        return Unreadable("the problem has neither a solution nor a rationale")
    if kind is AnswerKind.TEXT:
        return f"{without_annotations(problem.rationale)} The answer is {problem.answer}."
    solution = read_rationale(problem.rationale, problem.answer)
    return solution if isinstance(solution, Unreadable) else written(solution, kind)

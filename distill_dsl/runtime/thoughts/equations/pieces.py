"""Functions made of pieces, where an argument is still unknown: each piece is tried as a case.

`abs(x) = 5` is `x = 5` where `x >= 0` and `-x = 5` where not; the like for `min`, `max`, `a if c else b`
and equations within branches. What a case takes for granted is checked once its values are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from distill_dsl.runtime.thoughts.equations.codes import Choice, Code, Guard, Operator, Relation, names_in
from distill_dsl.runtime.thoughts.equations.elimination import State
from distill_dsl.runtime.thoughts.equations.evaluation import Waits, decided, evaluate
from distill_dsl.runtime.thoughts.equations.limits import spend
from distill_dsl.runtime.thoughts.equations.polynomials import Form, is_number

NEGATIVE: Final = Operator("negative", 1)
AT_MOST: Final = Operator("<=", 2)
AT_LEAST: Final = Operator(">=", 2)
MAX_OPERANDS: Final = 6
"""Unknown operands of one `min` or `max`."""

Piece = tuple[Code, list[Guard]]
"""What stands in place of the function, and where it may."""


def piece_cases(state: State, pending: Sequence[Relation]) -> list[tuple[State, list[Relation]]] | None:
    """The cases of the first undecided branch or piece, or nothing where there is none."""
    for place, relation in enumerate(pending):
        spend(len(relation.left) + len(relation.right))
        for guard in relation.guards:
            if not known_yet(guard.condition, state.known):
                return branch_cases(state, pending, guard.condition)
        rewritten = [(relation._replace(left=code), guards) for code, guards in pieces_of(relation.left, state.known)]
        rewritten = rewritten or [
            (relation._replace(right=code), guards) for code, guards in pieces_of(relation.right, state.known)
        ]
        if rewritten:
            return [
                (assuming(state, guards), [*pending[:place], piece, *pending[place + 1 :]])
                for piece, guards in rewritten
            ]
    return None


def assuming(state: State, guards: list[Guard]) -> State:
    """The state of a case."""
    case = state.copy()
    case.checked = False
    case.assumed += guards
    return case


def branch_cases(state: State, pending: Sequence[Relation], condition: Code) -> list[tuple[State, list[Relation]]]:
    """The two sides of a branch: one holds, the other is left out."""
    cases = []
    for holds in (True, False):
        left = []
        for relation in pending:
            asked = [guard for guard in relation.guards if guard.condition == condition]
            if all(guard.wanted == holds for guard in asked):
                others = tuple(guard for guard in relation.guards if guard.condition != condition)
                left.append(relation._replace(guards=others))
        cases.append((assuming(state, [Guard(condition, holds)]), left))
    return cases


def known_yet(condition: Code, known: Mapping[str, Form]) -> bool:
    """Whether a condition is decided, or hangs on no unknown (but on an irrational number)."""
    try:
        decided(condition, known)
    except Waits:
        return all(is_number(known.get(name, {})) for name in names_in(condition))
    return True


def pieces_of(code: Code, known: Mapping[str, Form]) -> list[Piece]:
    """The code with each piece of its first undecided function in the function's place."""
    starts: list[int] = []
    for place, item in enumerate(code):
        found: list[Piece] | None = None
        start = place
        if isinstance(item, Choice):
            if not known_yet(item.condition, known):
                found = [(item.then, [Guard(item.condition, True)]), (item.otherwise, [Guard(item.condition, False)])]
        elif isinstance(item, Operator):
            edges = [*starts[-item.operands :], place]
            start = edges[0]
            del starts[-item.operands :]
            if item.name in ("abs", "min", "max"):
                operands = [code[one:other] for one, other in pairwise(edges)]
                found = pieces_of_call(item.name, operands, known)
        starts.append(start)
        if found:
            return [(code[:start] + piece + code[place + 1 :], guards) for piece, guards in found]
    return []


def pieces_of_call(name: str, operands: list[Code], known: Mapping[str, Form]) -> list[Piece] | None:
    """The pieces of one call, or nothing where it has a value or its operands wait themselves."""
    try:
        forms = [evaluate(operand, known) for operand in operands]
    except Waits:
        return None
    if all(map(is_number, forms)):
        return None
    if name == "abs":
        is_positive: Code = (*operands[0], 0, AT_LEAST)
        return [(operands[0], [Guard(is_positive, True)]), ((*operands[0], NEGATIVE), [Guard(is_positive, False)])]
    operands = list(without_beaten(name, operands, forms))
    if len(operands) > MAX_OPERANDS:
        return None
    sign = AT_MOST if name == "min" else AT_LEAST
    return [(own, [Guard((*own, *other, sign), True) for other in operands if other is not own]) for own in operands]


def without_beaten(name: str, operands: list[Code], forms: list[Form]) -> Iterator[Code]:
    """The operands that may be the least (or greatest): of those with a value, one."""
    numbers = [form for form in forms if not isinstance(form, (dict, tuple))]
    best = (min if name == "min" else max)(numbers, default=None)
    for operand, form in zip(operands, forms, strict=True):
        if isinstance(form, (dict, tuple)):
            yield operand
        elif form == best:
            yield operand
            best = None

"""Which equations of a contradictory system contradict one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from distill_dsl.runtime.thoughts.equations.codes import Relation
from distill_dsl.runtime.thoughts.equations.elimination import Contradiction, State, reduce
from distill_dsl.runtime.thoughts.equations.limits import Exhausted, Unsolved, allowance

SHOWN: Final = 5
"""Equations shown to a reader."""
WIDTH: Final = 60
"""Characters shown of each."""
WORK: Final = 1_000
"""What the search may spend; what it has not tried by then is left in."""


def failure_of(contradiction: Contradiction, relations: Sequence[Relation]) -> Unsolved:
    """What a contradiction is to a reader: a few equations, none of which can be spared for it."""
    equations = [relation for relation in relations if relation.sign == "="]
    last = next(
        (place for place, one in enumerate(equations) if one.statement is contradiction.relation.statement), None
    )
    if last is None or not contradict(equations[: last + 1]):
        return Unsolved(
            "error:inconsistent", f"contradicts the others, whichever case is taken: {shown(contradiction.relation)}"
        )
    core = without_bystanders(equations[:last], equations[last])
    lines = list(dict.fromkeys(shown(relation) for relation in core))
    more = f"; and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    return Unsolved("error:inconsistent", f"these contradict one another: {'; '.join(lines[-SHOWN:])}{more}")


def shown(relation: Relation) -> str:
    """One equation, cut short."""
    text = relation.statement.text
    return f"line {relation.statement.line}: `{text if len(text) <= WIDTH else text[: WIDTH - 3] + '...'}`"


def without_bystanders(before: Sequence[Relation], last: Relation) -> list[Relation]:
    """The equations left when every one (first runs of them) is taken out that the contradiction does not need."""
    kept = list(before)
    size = max(1, len(kept) // 2)
    try:
        with allowance(WORK):
            while size:
                start = 0
                while start < len(kept):
                    fewer = kept[:start] + kept[start + size :]
                    if contradict([*fewer, last]):
                        kept = fewer
                    else:
                        start += size
                size //= 2
    except Exhausted:
        pass  # the equations not yet tried stay in
    return [*kept, last]


def contradict(equations: Sequence[Relation]) -> bool:
    """Whether elimination alone finds a contradiction."""
    try:
        reduce(State(), equations)
    except Contradiction:
        return True
    except Unsolved:
        return False
    return False

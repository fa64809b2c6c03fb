"""Thoughts about knights and knaves, in prose and as programs, written from what the task knows of each puzzle.

They stand in for a language model, so that specs/logic.mtd runs without one:

    mtd compile specs/logic.mtd
    dvc repro fetch-logic              # the puzzles
    python examples/logic/thoughts.py  # data/logic/thoughts.jsonl, which the teacher of the spec reads
    dvc repro

Nothing written here is taken to be right: the verify stage executes it and asks the task's checker.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any, Final

from distill_dsl.contract import files
from distill_dsl.contract.records import Problem

WRITTEN: Final = Path("data/logic/thoughts.jsonl")
SIGNS: Final = {"and": "and", "or": "or", "->": "<=", "<=>": "=="}
"""How the task names what joins two claims, and Python's word for it: of truth values, `<=` is `if ... then`."""

Claim = Sequence[Any]
"""`("telling-truth", 0)`, `("lying", 1)`, or `("and", claim, claim)`."""


def formula(claim: Claim, names: Sequence[str]) -> str:
    """A claim in Python, over variables that say who tells the truth."""
    sign, *parts = claim
    if sign == "telling-truth":
        return names[parts[0]]
    if sign == "lying":
        return f"(not {names[parts[0]]})"
    if sign == "not":
        return f"(not {formula(parts[0], names)})"
    return "(" + f" {SIGNS[sign]} ".join(formula(part, names) for part in parts) + ")"


def holds(claim: Claim, truthful: Sequence[bool]) -> bool:
    """Whether a claim is true where these people tell the truth."""
    sign, *parts = claim
    if sign in ("telling-truth", "lying"):
        return truthful[parts[0]] is (sign == "telling-truth")
    values = [holds(part, truthful) for part in parts]
    match sign:
        case "not":
            return not values[0]
        case "and":
            return all(values)
        case "or":
            return any(values)
        case "->":
            return values[0] <= values[1]
        case "<=>":
            return values[0] is values[1]
    raise ValueError(f"the task joins claims by `{sign}`, which this script does not know")


def program(puzzle: dict[str, Any]) -> str:
    """All cases are tried; the one in which everybody speaks as they must is the answer."""
    names, (knight, knave) = puzzle["names"], words(puzzle)
    lines = [f"{'    ' * depth}for {name} in (True, False):" for depth, name in enumerate(names)]
    conditions = [f"{name} == {formula(claim, names)}" for name, claim in zip(names, puzzle["statements"], strict=True)]
    kinds = [f"{name} is a {{'{knight}' if {name} else '{knave}'}}" for name in names]
    indent = "    " * len(names)
    lines.append(f"{indent}if {' and '.join(conditions)}:")
    lines.append(f'{indent}    ans = f"{", and ".join(kinds)}"')
    return "\n".join(lines)


def prose(puzzle: dict[str, Any]) -> str:
    """The cases one after the other, up to the one that fits."""
    sentences = []
    for truthful in product((True, False), repeat=len(puzzle["names"])):
        said = [holds(claim, truthful) for claim in puzzle["statements"]]
        told = " and ".join(
            f"{name} speaks {'truly' if one else 'falsely'}" for name, one in zip(puzzle["names"], said, strict=True)
        )
        fits = said == list(truthful)
        sentences.append(f"If {case(puzzle, truthful, ' and ')}, {told}, which {'fits' if fits else 'cannot be'}.")
        if fits:
            return " ".join([*sentences, f"The answer is {case(puzzle, truthful, ', and ')}."])
    raise ValueError("a puzzle without a solution")


def case(puzzle: dict[str, Any], truthful: Sequence[bool], joint: str) -> str:
    """`Zoe is a knight and Ann is a knave`."""
    knight, knave = words(puzzle)
    parts = [f"{name} is a {knight if one else knave}" for name, one in zip(puzzle["names"], truthful, strict=True)]
    return joint.join(parts)


def words(puzzle: dict[str, Any]) -> tuple[str, str]:
    """What this puzzle calls those who tell the truth, and those who lie."""
    terms = puzzle["knight_knave_terms"]
    return terms["knight"], terms["knave"]


def rows(problems: Sequence[Problem]) -> Iterator[dict[str, str]]:
    """Two thoughts a puzzle."""
    for problem in problems:
        assert problem.checker is not None, "every puzzle of the task has a checker"
        for kind, write in (("text", prose), ("python", program)):
            yield {"id": problem.id, "kind": kind, "text": write(problem.checker.data)}


if __name__ == "__main__":
    fetched = list(files.read_rows(files.problems_file("logic", "train"), Problem))
    with files.atomic(WRITTEN, "w") as stream:
        for row in rows(fetched):
            stream.write(json.dumps(row) + "\n")
    print(f"{WRITTEN}: {2 * len(fetched)} thoughts about {len(fetched)} puzzles")

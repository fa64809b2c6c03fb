"""The words both acts share: kinds of stages, formats and verdicts, and one version a stage kind."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class StageKind(StrEnum):
    """What a stage of the plan does. `dvc.yaml` names stages `<kind>-<what>-<what>`."""

    SPEC = "spec"
    FETCH = "fetch"
    ASK = "ask"
    VERIFY = "verify"
    MIX = "mix"
    TRAIN = "train"
    SOLVE = "solve"
    RANK = "rank"
    SCORE = "score"
    REPORT = "report"
    TRACK = "track"


class AnswerKind(StrEnum):
    """How a thought format carries its answer, and so how it is executed (paper, section 3.1)."""

    TEXT = "text"
    """Chain-of-thought: prose; the answer is read out of its last sentence."""
    PYTHON = "python"
    """Program-of-thought: Python; the answer is what the program computes."""
    EQUATIONS = "equations"
    """Equation-of-thought: a system of equations; the answer is the solution for `ans`."""
    PROGRAM_EQUATIONS = "program_equations"
    """Python that states unknowns and equations and solves them."""


class Outcome(StrEnum):
    """The head of a verdict. A verdict is an outcome, or `error:<kind>` with the kind of error."""

    CORRECT = "correct"
    WRONG = "wrong"
    NO_ANSWER = "no-answer"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT = "output"
    DENIED = "denied"
    WRONG_STEPS = "wrong-steps"
    """The right answer, by a calculation that does not hold (where a thought asks for `steps = right`)."""
    TRUNCATED = "truncated"
    """The teacher's completion was cut off at its largest number of tokens: it is never taken for a thought."""
    FILTERED = "filtered"
    """The teacher's server withheld the completion, or a part of it."""
    MISSING = "missing"
    """The teacher has no completion for this problem: nothing is recorded, or its server refuses the request."""


def outcome_of(verdict: str) -> Outcome:
    """The outcome of a verdict: `error:name` is an ERROR, `correct` is CORRECT."""
    return Outcome(verdict.partition(":")[0])


TOLERANCE: Final = 0.001
"""How far a number may lie from gold (PAL, XoT): absolutely if gold is whole, else also relative to it."""

HELD_OUT: Final = "dev"
"""The name, among tests, of the problems that a mix holds out; a test's own name holds a `-`."""

SYNTHETIC_SPLITS: Final = ("train", "dev", "test")
"""The splits of `synthetic(...)`: each draws from a part of the numbers that no other has."""

STAGE_VERSIONS: Final[dict[StageKind, int]] = {
    StageKind.FETCH: 3,
    StageKind.ASK: 3,
    StageKind.VERIFY: 3,
    StageKind.MIX: 3,
    StageKind.TRAIN: 3,
    StageKind.SOLVE: 2,
    StageKind.RANK: 1,
    StageKind.SCORE: 5,
    StageKind.REPORT: 4,
    StageKind.TRACK: 4,
}
"""Raised by hand when a stage program's *results* change; it is among the stage's DVC params, so
that a new release of the package re-runs just what it computes differently."""

"""What the execution of one thought came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from distill_dsl.contract.records import Steps


@dataclass(frozen=True)
class Execution:
    """An answer or a failure, never both and never neither.

    `answer` is canonical text that says its own type (see `answers`). `failure` is one of
    `no-answer`, `error:<kind>`, `timeout`, `memory`, `output`, `denied`; `detail` says more for a
    reader. `text` is the part of the completion that was executed. `solution` holds the values of a
    system's unknowns, as canonical text. `notes` are short remarks that bear on how far the answer
    can be trusted: the rule that chose among several solutions, say. `otherwise` holds what else the
    same text may be read as, by group of types (see `judging`). `steps` tells which calculations of a
    thought in prose hold; `None` where none is written out. `stated` is what the thought calls its answer, word
    for word, whether or not that could be read as one.
    """

    answer: str | None = None
    failure: str | None = None
    detail: str = ""
    text: str = ""
    solution: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    otherwise: Mapping[str, str] = field(default_factory=dict)
    steps: Steps | None = None
    stated: str | None = None

    def __post_init__(self) -> None:
        if (self.answer is None) == (self.failure is None):
            raise ValueError(f"exactly one of answer and failure must be set: {self.answer!r}, {self.failure!r}")

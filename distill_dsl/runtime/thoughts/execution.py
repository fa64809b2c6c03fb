"""What the execution of one thought came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Execution:
    """An answer or a failure, never both and never neither.

    `answer` is canonical text that says its own type (see `answers`). `failure` is one of
    `no-answer`, `error:<kind>`, `timeout`, `memory`, `output`, `denied`; `detail` says more for a
    reader. `text` is the part of the completion that was executed. `solution` holds the values of a
    system's unknowns, as canonical text. `notes` are short remarks that bear on how far the answer
    can be trusted: the rule that chose among several solutions, say.
    """

    answer: str | None = None
    failure: str | None = None
    detail: str = ""
    text: str = ""
    solution: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.answer is None) == (self.failure is None):
            raise ValueError(f"exactly one of answer and failure must be set: {self.answer!r}, {self.failure!r}")

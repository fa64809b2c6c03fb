"""What the execution of one thought came to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Execution:
    """An answer or a failure, never both and never neither.

    `answer` is canonical text (see `answers.canonical`). `failure` is one of `no-answer`,
    `error:<kind>`, `timeout`, `memory`, `output`, `denied`; `detail` says more for a reader.
    `text` is the part of the completion that was executed.
    """

    answer: str | None = None
    failure: str | None = None
    detail: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        if (self.answer is None) == (self.failure is None):
            raise ValueError(f"exactly one of answer and failure must be set: {self.answer!r}, {self.failure!r}")

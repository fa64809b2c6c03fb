"""The engine for every student: the loop of `decoding`, over any model that `transformers` has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from distill_dsl.runtime.students import decoding
from distill_dsl.runtime.students.decoding import Decoding, Request, Written
from distill_dsl.runtime.students.models import Student


def name() -> str:
    """Engine and version."""
    return f"transformers {version('transformers')}"


@dataclass(frozen=True)
class Transformers:
    """Runs a student where its weights are: on a GPU or on the processor."""

    student: Student

    @property
    def name(self) -> str:
        """Engine and version."""
        return name()

    def write(self, batches: Iterable[Sequence[Request]], how: Decoding) -> Iterator[list[Written]]:
        """Each batch's thoughts, one batch after the other."""
        for batch in batches:
            yield decoding.write(self.student, batch, how)

"""What runs a student: one module an engine, each with the same answers on greedy decoding.

`transformers` runs every student. CTranslate2 is several times as fast on processors, for the
architectures that it knows; vLLM on GPUs, for causal ones. `choosing` says which runs when.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from distill_dsl.runtime.students.decoding import Decoding, Request, Written


class Engine(Protocol):
    """Writes thoughts, batch by batch."""

    @property
    def name(self) -> str:
        """What ran, with its version: `ctranslate2 4.8.5`."""

    def write(self, batches: Iterable[Sequence[Request]], how: Decoding) -> Iterator[list[Written]]:
        """Each batch's thoughts in order, as they come; it may read some batches ahead."""

"""Where problems come from: one module a kind of source.

Answers are returned as the source states them; the fetch stage makes them canonical.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from distill_dsl.contract.settings import (
    DataSettings,
    FileSource,
    HfSource,
    ReasoningGymSource,
    Source,
    SyntheticSource,
)
from distill_dsl.runtime.sources.arithmetic import generate
from distill_dsl.runtime.sources.file import read_splits
from distill_dsl.runtime.sources.gym import draw
from distill_dsl.runtime.sources.hf import load_splits
from distill_dsl.runtime.sources.origin import Fetched


def fetch(source: Source, splits: Sequence[str], settings: DataSettings) -> Fetched:
    """The problems of the source's own splits, in its order, and where they came from."""
    match source:
        case SyntheticSource():
            origin = {"kind": "synthetic", "generator": source.generator, "seed": source.seed}
            return Fetched(generate(source, splits), origin)
        case FileSource():
            return read_splits(source, splits, settings)
        case HfSource():
            return load_splits(source, splits, settings)
        case ReasoningGymSource():
            return draw(source, splits)
        case _:
            assert_never(source)

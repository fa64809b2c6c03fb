"""Problems of local files: one file a split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import DataSettings, FileSource
from distill_dsl.runtime.sources.rows import problems
from distill_dsl.runtime.tables import read_table


def read_splits(source: FileSource, splits: Sequence[str], settings: DataSettings) -> dict[str, list[Problem]]:
    """The problems of the splits, in file order; answers as the files state them."""
    return {split: problems(read_table(_path(source, split)), settings, split) for split in splits}


def _path(source: FileSource, split: str) -> Path:
    if split not in source.splits:
        raise Failure(
            f"no file is named for the split `{split}`",
            help=f'the source has {", ".join(source.splits) or "no splits"}: add `{split}: "path"` to it',
        )
    return Path(source.splits[split])

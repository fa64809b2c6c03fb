"""Problems of local files: one file a split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import DataSettings, FileSource
from distill_dsl.runtime.sources.origin import Fetched, files_of
from distill_dsl.runtime.sources.rows import problems
from distill_dsl.runtime.tables import read_table


def read_splits(source: FileSource, splits: Sequence[str], settings: DataSettings) -> Fetched:
    """The problems of the splits, in file order; answers as the files state them."""
    paths = {split: _path(source, split) for split in splits}
    found = {split: problems(read_table(path), settings, split) for split, path in paths.items()}
    return Fetched(found, {"kind": "file", "files": files_of(paths.items())})


def _path(source: FileSource, split: str) -> Path:
    if split not in source.splits:
        raise Failure(
            f"no file is named for the split `{split}`",
            help=f'the source has {", ".join(source.splits) or "no splits"}: add `{split}: "path"` to it',
        )
    return Path(source.splits[split])

"""Problems of a data set of the Hugging Face hub, of its local cache, or of a local folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import DataSettings, HfSource
from distill_dsl.runtime.sources.origin import Fetched, packages
from distill_dsl.runtime.sources.rows import Row, problems

COMMIT: Final = re.compile(r"@([0-9a-f]{40})/")


def load_splits(source: HfSource, splits: Sequence[str], settings: DataSettings) -> Fetched:
    """The problems of the splits; says which revision they are where the spec does not pin one."""
    found = {}
    commits: set[str] = set()
    for split in splits:
        data = _load(source, split)
        found[split] = problems(_rows(data, f"{source.name}, {split}"), settings, split)
        commits |= _say_revision(source, split, data)
    origin = {"kind": "hf", "name": source.name, "config": source.config, "revision": source.revision}
    return Fetched(found, {**origin, "commit": min(commits, default=None), "packages": packages("datasets")})


def _load(source: HfSource, split: str) -> Any:
    # `datasets` takes a second or two to import, and most stages read files.
    from datasets import load_dataset
    from datasets.exceptions import DatasetNotFoundError

    try:
        return load_dataset(source.name, source.config, revision=source.revision, split=split)
    except (DatasetNotFoundError, ConnectionError, FileNotFoundError) as error:
        raise Failure(
            f"cannot load the data set {source.name}: {_first_line(error)}",
            where=source.name,
            help="check the name; without a network, put it into the cache first or use file(...)",
        ) from error
    except ValueError as error:  # an unknown split or config, or files in no known form
        raise Failure(
            f"{source.name} cannot be read: {_first_line(error)}",
            where=f"{source.name}, config {source.config or 'default'}, split {split}",
            help="name a config and split that the data set has",
        ) from error


def _rows(data: Any, name: str) -> Iterator[tuple[str, Row]]:
    for number, row in enumerate(data, start=1):
        yield f"{name}, row {number}", row


def _say_revision(source: HfSource, split: str, data: Any) -> set[str]:
    commits = {match[1] for url in (data.info.download_checksums or {}) if (match := COMMIT.search(url))}
    if commits and not source.revision:
        print(f'{source.name}.{split} is revision {min(commits)}; pin it with revision: "{min(commits)}"')
    return commits


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]

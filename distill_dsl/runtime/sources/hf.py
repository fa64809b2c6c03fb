"""Problems of a data set of the Hugging Face hub, of its local cache, or of a local folder."""

from __future__ import annotations

from collections.abc import Sequence

from distill_dsl.contract.settings import DataSettings, HfSource
from distill_dsl.runtime.hub import Loaded, load_split
from distill_dsl.runtime.sources.origin import Fetched, packages
from distill_dsl.runtime.sources.rows import problems


def load_splits(source: HfSource, splits: Sequence[str], settings: DataSettings) -> Fetched:
    """The problems of the splits; says which revision they are where the spec does not pin one."""
    commit: str | None = None
    found = {}
    for split in splits:
        # What is read of the later splits must be of the same commit, whatever is pushed to the hub meanwhile.
        loaded = load_split(source.name, source.config, split, commit or source.revision)
        commit = loaded.commit
        found[split] = problems(loaded.rows, settings, split)
        _say_revision(source, split, loaded)
    origin = {"kind": "hf", "name": source.name, "config": source.config, "revision": source.revision}
    return Fetched(found, {**origin, "commit": commit, "packages": packages("datasets")})


def _say_revision(source: HfSource, split: str, loaded: Loaded) -> None:
    if loaded.cached:
        print(f"{source.name}.{split} is read from the cache: the hub was not asked")
    if loaded.commit and not source.revision:
        print(f'{source.name}.{split} is commit {loaded.commit}; pin it with revision: "{loaded.commit}"')

"""The problems of a split, where they can be had without a network."""

from __future__ import annotations

from pathlib import Path

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import PARAMS_FILE, read_settings
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import (
    DataSettings,
    FileSource,
    HfSource,
    ReasoningGymSource,
    SyntheticSource,
)
from distill_dsl.runtime import sources
from distill_dsl.runtime.stages.fetch import joined


def read_split(data: str, settings: DataSettings, split: str) -> list[Problem] | None:
    """The problems of a split before any limit, `None` where they are not at hand; a `Failure` where they are no such.

    A data set of the hub is taken from what the pipeline fetched, if that was with these settings.
    """
    parts = settings.joined.get(split, (split,))
    match settings.source:
        case FileSource(splits=paths):
            if not all(Path(paths[part]).is_file() for part in parts if part in paths):
                return None
        case HfSource():
            return _fetched(data, settings, split)
        case ReasoningGymSource():
            return None
        case SyntheticSource():
            pass
    found = sources.fetch(settings.source, parts, settings).problems
    return joined(split, [found[part] for part in parts])


def _fetched(data: str, settings: DataSettings, split: str) -> list[Problem] | None:
    path = files.problems_file(data, split)
    if not (path.is_file() and PARAMS_FILE.is_file()):
        return None
    try:
        same = read_settings(DataSettings, data) == settings
    except Failure:  # params.yaml is of another spec, or another version: what it made says nothing of this one
        return None
    return list(files.read_rows(path, Problem)) if same else None

"""Where a run's problems came from, as tags: the very revision that was read, which a spec may leave open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from distill_dsl.contract import files
from distill_dsl.contract.runs import name_of
from distill_dsl.runtime.tracking.pipeline import Pipeline


def origin_tags(data: Iterable[str], pipeline: Pipeline) -> dict[str, str]:
    """`mtd.data.gsm8k.commit` and its like, of data blocks by their keys in params.yaml.

    A data set that an older version fetched has no origin, and no tags.
    """
    tags: dict[str, str] = {}
    for key in data:
        path = files.origin_file(key)
        if pipeline.md5(path) is not None:
            tags |= {f"mtd.data.{name_of(key)}.{name}": text for name, text in texts(files.read_json(path))}
    return tags


def texts(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The texts and numbers of a document by their dotted names, but what is said of each file and split."""
    for name, inner in value.items():
        match inner:
            case None | list():
                continue
            case dict() if name not in ("files", "splits"):
                yield from texts(inner, f"{prefix}{name}.")
            case str() | int() | float():
                yield f"{prefix}{name}", str(inner)

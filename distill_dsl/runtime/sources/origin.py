"""What is written down of where problems came from: enough to get the very same ones again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem

Origin = dict[str, Any]
"""JSON: `kind`, what the spec says of the source, and what was found out when it was read (`commit`, `files`,
`packages`)."""


@dataclass(frozen=True)
class Fetched:
    """The problems of a source's own splits, in its order, and where they came from."""

    problems: dict[str, list[Problem]]
    origin: Origin


def packages(*names: str) -> dict[str, str]:
    """The versions of packages that bear on what is read."""
    return {name: version(name) for name in names}


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes, as `sha256sum` prints it."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror or error}", where=str(path)) from error


def files_of(paths: Iterable[tuple[str, Path]]) -> dict[str, dict[str, str]]:
    """Split -> its file and the file's digest."""
    return {split: {"path": path.as_posix(), "sha256": sha256_of(path)} for split, path in paths}

"""Which local model answers: by the bytes of its files, so that a changed folder is another model.

A model may be many gigabytes: the digest of a file is kept in the project's state and taken from there
as long as the file's size and time of change are what they were.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from distill_dsl.contract.files import STATE, atomic, digest_of, project_root
from distill_dsl.contract.settings import TransformersTeacher

DIGESTS: Final = STATE / "digests.json"
"""Within the project: file, size and time of change -> SHA-256."""


def named(model: TransformersTeacher) -> dict[str, str | None]:
    """What tells a local model from any other in the completion store.

    One that lies here is named by its files, wherever they lie: a folder that was moved is asked for
    nothing again. One of the hub is named by its name and the revision asked for.
    """
    path = Path(model.model)
    weights = _digest(path) if path.exists() else None
    return {
        "model": model.model if weights is None else path.resolve().name,
        "revision": model.revision,
        "weights": weights,
        "precision": model.precision,
        "engine": model.engine,
    }


def _digest(path: Path) -> str:
    """Of a file's bytes, or of the names and bytes of a folder's files."""
    inner = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
    digests = _digests(tuple((file, _mark(file)) for file in inner))
    # A single file's name is no part of it: the same weights under another name are the same model.
    parts = [f"{file.name if path.is_dir() else ''}:{digest}" for file, digest in zip(inner, digests, strict=True)]
    return digest_of("\n".join(parts).encode(), [])


@cache
def _digests(marked: tuple[tuple[Path, str], ...]) -> list[str]:
    """One a file; those that had to be computed are kept for the next process."""
    known = _known()
    found = {mark: known.get(mark) or _sha256(file) for file, mark in marked}
    if not found.keys() <= known.keys():
        with atomic(project_root() / DIGESTS, "wb") as stream:
            stream.write(msgspec.json.encode(known | found))
    return [found[mark] for _, mark in marked]


def _known() -> dict[str, str]:
    try:
        return msgspec.json.decode((project_root() / DIGESTS).read_bytes(), type=dict[str, str])
    except (FileNotFoundError, msgspec.DecodeError):
        return {}  # all that is in it can be computed again


def _mark(file: Path) -> str:
    seen = file.stat()
    return f"{file.resolve()}:{seen.st_size}:{seen.st_mtime_ns}"


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

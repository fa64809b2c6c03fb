"""What a tracker is to hold as one run: the form in which files are told, free of any tracker."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import read_json


class Kind(StrEnum):
    """What a run of the tracker stands for; each but the last has runs below it."""

    EXPERIMENT = "experiment"
    GROUP = "group"
    """One student after one mix (and what is varied), all seeds."""
    RUN = "run"


class Point(NamedTuple):
    """A measure at one step."""

    name: str
    step: int
    value: float
    after: float
    """Seconds after the training began."""


class DataSet(NamedTuple):
    """A file that went into a run."""

    name: str
    path: str
    digest: str
    """DVC's md5."""
    rows: int
    context: str
    """`training`, `validation` or `test`."""
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Span:
    """When training began (Unix seconds; `None` where no file says it), and how long training and solving took."""

    began: float | None
    seconds: float

    @property
    def ended(self) -> float | None:
        """Unix seconds."""
        return None if self.began is None else self.began + self.seconds


SEEDS: Final = "seeds"
"""The param of a group that says which seeds it has: another seed is another result of the same question."""


@dataclass(frozen=True)
class Entry:
    """One run of the tracker."""

    kind: Kind
    key: str
    """The cell of a run; a group's without the seed; the experiment's name."""
    name: str
    """As people read it."""
    params: dict[str, str]
    """The spec's own names and values. They say what was asked for, and never change for a run."""
    metrics: dict[str, float]
    """As they are at the end."""
    tags: dict[str, str]
    span: Span
    points: tuple[Point, ...] = ()
    datasets: tuple[DataSet, ...] = ()
    attached: dict[str, bytes | Path] = field(default_factory=dict)
    """Path among the run's artifacts -> content."""
    tables: tuple[str, ...] = ()
    """Those of `attached` that are tables in the tracker's own form."""

    @property
    def asked(self) -> str:
        """A hash of the params: runs of one key that share it answer the same question."""
        return hashed(sorted((key, value) for key, value in self.params.items() if key != SEEDS))

    @property
    def digest(self) -> str:
        """A hash of all that cannot be changed once it is told: tells new results from known ones."""
        attached = [(path, content_hash(content)) for path, content in sorted(self.attached.items())]
        told = (self.name, sorted(self.params.items()), sorted(self.metrics.items()), self.points, self.datasets)
        return hashed((*told, attached, self.tables))


@dataclass(frozen=True)
class Branch:
    """A run with those below it."""

    entry: Entry
    below: tuple[Branch, ...] = ()

    def __iter__(self) -> Iterator[Entry]:
        """This run and all below it, from above."""
        yield self.entry
        for branch in self.below:
            yield from branch


def hashed(value: object) -> str:
    """16 hexadecimal digits of a JSON value's SHA-256."""
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()[:16]


def content_hash(content: bytes | Path) -> str:
    """The SHA-256 of an artifact."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    try:
        with content.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise missing(content, error.strerror or str(error)) from error


def missing(path: Path, why: str = "it is not there") -> Failure:
    """A file of ours that cannot be read."""
    return Failure(f"cannot read {path}: {why}", where=str(path), help="run `dvc repro`, or `dvc pull` what was run")


def document(path: Path, kind: Any = dict[str, Any]) -> Any:
    """A JSON document that a stage wrote, of that form."""
    if not path.is_file():
        raise missing(path)
    try:
        return msgspec.convert(read_json(path), kind)
    except msgspec.ValidationError as error:
        raise Failure(
            f"{path} is not what a stage writes: {error}", where=str(path), help="run its stage again (`dvc repro`)"
        ) from error

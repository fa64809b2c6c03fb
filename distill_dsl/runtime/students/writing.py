"""Many thoughts by one trained student, in parts: what was written before a kill is not written again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from distill_dsl.contract import files
from distill_dsl.runtime.students import decoding, models
from distill_dsl.runtime.students.decoding import Decoding, Request, Written
from distill_dsl.runtime.students.engines import Engine, choosing


@dataclass(frozen=True)
class Part:
    """One batch, written."""

    requests: Sequence[Request]
    thoughts: Sequence[Written]
    seconds: float
    """From the part before it to this one, also where another process wrote it."""
    known: bool
    """Whether it was written before, by a process that was stopped."""


@dataclass(frozen=True)
class Writing:
    """A student at its engine, and what it is to write."""

    engine: Engine
    how: Decoding
    batches: Sequence[Sequence[Request]]
    folder: Path
    """Holds a file for each batch that is done, and what the engine makes of the student."""

    def parts(self) -> Iterator[Part]:
        """Batch by batch, in order; each is kept in a file of its own before it is given."""
        paths = [self.folder / f"{number:06d}.json" for number in range(len(self.batches))]
        known = [path.is_file() for path in paths]
        missing = (batch for batch, there in zip(self.batches, known, strict=True) if not there)
        fresh = self.engine.write(missing, self.how)
        last = time.monotonic()
        for path, batch, there in zip(paths, self.batches, known, strict=True):
            if there:
                seconds, thoughts = _read(path)
            else:
                thoughts = next(fresh)
                seconds = time.monotonic() - last
                _keep(path, seconds, thoughts)
            last = time.monotonic()
            yield Part(batch, thoughts, seconds, there)

    def forget(self) -> None:
        """Delete the parts and the converted student: call it when what was made of them is safe."""
        shutil.rmtree(self.folder, ignore_errors=True)


def begin(
    folder: Path, requests: Sequence[Request], how: Decoding, *, engine: str, batch: int, version: str
) -> Writing:
    """Load a trained student and see what is written already.

    Equal requests are to be given once. `engine` is a name or `auto`, `batch` thoughts are written
    together, and `version` stands for all code that may change them.
    """
    models.quiet()
    student = models.trained_student(folder)
    threads = models.use_threads(student)
    kind = choosing.chosen(engine, student)
    state = files.STATE / "solving" / _digest(folder, how, batch, requests, f"{version}:{choosing.name_of(kind)}")
    places = decoding.batches(student, requests, batch, how.max_question, apart=choosing.apart(kind))
    return Writing(
        engine=choosing.opened(kind, student, folder, state, how, threads=threads, batches=len(places)),
        how=how,
        batches=[[requests[place] for place in group] for group in places],
        folder=state,
    )


def _digest(folder: Path, how: Decoding, size: int, requests: Sequence[Request], code: str) -> str:
    """What a part depends on: the model's bytes, how it is decoded and by what code, and what is asked."""
    said = f"{code}:{size}:".encode() + msgspec.json.encode([how, requests])
    return files.digest_of(said, sorted(folder.iterdir()))


def _read(path: Path) -> tuple[float, list[Written]]:
    return msgspec.json.decode(path.read_bytes(), type=tuple[float, list[Written]])


def _keep(path: Path, seconds: float, thoughts: Sequence[Written]) -> None:
    with files.atomic(path, "wb") as stream:
        stream.write(msgspec.json.encode((seconds, thoughts)))

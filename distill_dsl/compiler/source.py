"""Texts and places in them. A place is a pair of offsets; line and column are derived when shown."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

LARGEST: Final = 1_000_000
"""Bytes. No spec that a person writes comes near; a data file given by mistake is refused at once."""


@dataclass(frozen=True)
class Span:
    """The characters `start` (inclusive) to `end` (exclusive) of the file `path`."""

    path: str
    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """The text of one file and the name under which it is shown."""

    path: str
    text: str
    line_starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0, *(at + 1 for at, char in enumerate(self.text) if char == "\n")]
        object.__setattr__(self, "line_starts", tuple(starts))

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line, from 1, without its end."""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] - 1 if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


class Unreadable(Enum):
    """Why a file is no source. The value completes the sentence "the file ..."."""

    MISSING = "does not exist"
    DIRECTORY = "is a folder"
    DENIED = "cannot be read"
    NOT_TEXT = "is not UTF-8 text"
    TOO_LARGE = f"is larger than {LARGEST // 1_000_000} MB"


def read_source(path: Path) -> Source | Unreadable:
    """Read a file; what is wrong with it comes back as a value."""
    try:
        if path.is_dir():
            return Unreadable.DIRECTORY
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except FileNotFoundError:
        return Unreadable.MISSING
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return Unreadable.DENIED
    if len(data) > LARGEST:
        return Unreadable.TOO_LARGE
    try:
        return Source(path.as_posix(), data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Unreadable.NOT_TEXT

"""Texts and places in them. A place is a pair of offsets; line and column are derived when shown."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

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


@dataclass(frozen=True)
class Unreadable:
    """Why a file is no source. The value completes the sentence "the file ..."; the help says what to do."""

    value: str
    help: str | None = None

    MISSING: ClassVar[Unreadable]
    DIRECTORY: ClassVar[Unreadable]
    DENIED: ClassVar[Unreadable]
    TOO_LARGE: ClassVar[Unreadable]


Unreadable.MISSING = Unreadable("does not exist")
Unreadable.DIRECTORY = Unreadable("is a folder")
Unreadable.DENIED = Unreadable("cannot be read")
Unreadable.TOO_LARGE = Unreadable(f"is larger than {LARGEST // 1_000_000} MB", "a spec is text that a person writes")


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
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        return not_text(data, wrong.start)
    # A text of an old Macintosh ends its lines by CR alone, and would be one line, and one comment.
    return Source(path.as_posix(), _LONE_CR.sub("\n", text))


_LONE_CR: Final = re.compile(r"\r(?!\n)")
_SAVE: Final = "save it as UTF-8"


def not_text(data: bytes, at: int) -> Unreadable:
    """What bytes that are no UTF-8 look like, and where they show it."""
    byte = f"byte {at:,} is 0x{data[at]:02X}"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Unreadable("is UTF-16 text, and not UTF-8", _SAVE)
    if b"\0" in data[:1000]:
        return Unreadable(f"is no text ({byte})", "a spec is text that a person writes")
    letter = bytes([data[at]]).decode("cp1252", errors="replace")
    guess = f", which is `{letter}` in Latin-1 or Windows-1252" if letter.isalnum() or letter in "“”‘’–—…€" else ""
    return Unreadable(f"is not UTF-8 text: {byte}{guess}", _SAVE)

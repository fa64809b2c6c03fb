"""Places as editors count them: a line, and a column in units of the encoding that was agreed upon.

pygls has converters, but they also end lines where the protocol does not (form feeds, U+2028), and
walk the whole text for each place.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

_LINE_END: Final = re.compile(r"\r\n|\n|\r")

_CODECS: Final = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
"""Encoding of the protocol -> codec of Python, and bytes of a unit."""


@dataclass(frozen=True)
class Places:
    """The lines of a text, for turning offsets into places and back."""

    text: str
    encoding: str = "utf-16"
    starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    plain: bool = field(init=False, repr=False, compare=False)
    """Every character is one unit, whatever the encoding."""

    def __post_init__(self) -> None:
        starts = (0, *(match.end() for match in _LINE_END.finditer(self.text)))
        object.__setattr__(self, "starts", starts)
        object.__setattr__(self, "plain", self.text.isascii())

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 0."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self.starts, offset) - 1
        if self.plain:
            return line, offset - self.starts[line]
        return line, self._units(self.text[self.starts[line] : offset])

    def offset(self, line: int, column: int) -> int:
        """The offset of a place; one behind a line's end is at that end, one below the text at the text's."""
        if line >= len(self.starts):
            return len(self.text)
        body = self._body(max(line, 0))
        for at, char in enumerate(body):
            if column <= 0:
                return self.starts[line] + at
            column -= self._units(char)
        return self.starts[line] + len(body)

    def _body(self, line: int) -> str:
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[line] : end].rstrip("\r\n")

    def _units(self, text: str) -> int:
        if text.isascii():
            return len(text)
        codec, size = _CODECS[self.encoding]
        return len(text.encode(codec, "surrogatepass")) // size

"""Memory that a worker shares with its child: the job's text in, what comes of it out.

The text never becomes an object of the worker: a later child, forked from it, could find it in
freed memory. It goes from the pipe into the mapping, and the mapping is wiped.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from distill_dsl.runtime.sandbox.frames import MAX_REPLY, MAX_REPORT, MAX_TEXT, MAX_TOGETHER, part, texts_of

_HEAD: Final = struct.Struct("<II")
_INBOX: Final = MAX_TEXT + 4 * MAX_TOGETHER


class Inbox:
    """The texts of the jobs at hand."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, _INBOX)
        self.length = 0

    def fill(self, handle: int, length: int) -> bool:
        """Take `length` bytes from a pipe; false at its end."""
        if length > _INBOX:
            raise ValueError(f"an order of {length} bytes; at most {_INBOX}")
        self.length = length
        got = 0
        with memoryview(self.memory) as view:
            while got < length:
                some = os.readv(handle, [view[got:length]])
                if not some:
                    return False
                got += some
        return True

    def texts(self, count: int) -> list[str]:
        """The texts, taken out for good: the mapping is closed in this process."""
        with memoryview(self.memory) as view, view[: self.length] as body:
            texts = texts_of(body, count)
        self.memory.close()
        return texts

    def wipe(self) -> None:
        """Leave nothing for the next child."""
        self.memory[: self.length] = bytes(self.length)


class Outbox:
    """What the child says, and which job it is at. The child may scribble all over it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.memory = mmap.mmap(-1, _HEAD.size + size)

    @property
    def begun(self) -> int:
        """How many jobs the child has begun."""
        begun: int = _HEAD.unpack_from(self.memory)[0]
        return min(begun, MAX_TOGETHER)

    def begin(self, number: int) -> None:
        """The child begins its job `number`, counted from 1."""
        struct.pack_into("<I", self.memory, 0, number)

    def put(self, index: int, reply: bytes) -> None:
        """The child has an answer to one of its jobs."""
        used = _HEAD.unpack_from(self.memory)[1]
        data = part(index, reply[:MAX_REPLY])
        place = _HEAD.size + used
        self.memory[place : place + len(data)] = data
        struct.pack_into("<I", self.memory, 4, used + len(data))

    @contextmanager
    def content(self) -> Iterator[memoryview]:
        """What the child put in; at most the whole. A view, so that no copy of it stays in this process."""
        used = min(_HEAD.unpack_from(self.memory)[1], self.size)
        with memoryview(self.memory) as view, view[_HEAD.size : _HEAD.size + used] as body:
            yield body

    def wipe(self, used: int | None = None) -> None:
        """Clear the first `used` bytes; all of it where a child cannot be trusted to have kept to them."""
        length = _HEAD.size + (self.size if used is None else used)
        self.memory[:length] = bytes(length)


def outbox_together() -> Outbox:
    """For jobs that share a child."""
    return Outbox(MAX_REPORT)


def outbox_alone() -> Outbox:
    """For a job that has a child to itself."""
    return Outbox(MAX_REPLY + 64)

"""What goes between the supervisor and a worker, and between a worker and its child.

No pickle and nothing that is evaluated: fixed heads, lengths, bytes. A child's bytes may be
anything; `parts` gives what is well-formed in them and nothing else.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

MAX_TEXT: Final = 1 << 20
"""Bytes of the text of one job, and of all texts that go together."""
MAX_REPLY: Final = 8192
"""Bytes of what one job says: far above an answer with a detail."""
MAX_TOGETHER: Final = 256
"""Jobs that share a child."""

_ORDER: Final = struct.Struct("<BddQII")
_REPORT: Final = struct.Struct("<BiII")
_PART: Final = struct.Struct("<II")
MAX_REPORT: Final = MAX_TOGETHER * (MAX_REPLY + _PART.size)


class Order(NamedTuple):
    """The head of a frame to a worker; the texts follow."""

    together: bool
    processor: float
    """Seconds of processor time for one job."""
    wall: float
    """Seconds for one job."""
    memory: int
    """Bytes above what the worker takes."""
    jobs: int
    length: int
    """Bytes that follow."""


class Cause(IntEnum):
    """Why a child ended."""

    FINISHED = 0
    PROCESSOR = 1
    """It used up its processor time, or together with others made no progress."""
    WALL = 2
    SIGNAL = 3
    """Killed by a signal; `status` is its number."""
    EXIT = 4
    """Ended without a word; `status` is its exit status."""


class Report(NamedTuple):
    """The head of a frame from a worker; what the child said follows."""

    cause: Cause
    status: int
    begun: int
    """How many of its jobs the child had begun."""
    length: int


ORDER_SIZE: Final = _ORDER.size
REPORT_SIZE: Final = _REPORT.size
PART_SIZE: Final = _PART.size


def order(texts: Sequence[bytes], together: bool, processor: float, wall: float, memory: int) -> bytes:
    """A frame that has the texts run."""
    body = struct.pack(f"<{len(texts)}I", *map(len, texts)) + b"".join(texts)
    return _ORDER.pack(together, processor, wall, memory, len(texts), len(body)) + body


def order_head(data: bytes) -> Order:
    """The head of a frame to a worker."""
    together, *rest = _ORDER.unpack(data)
    return Order(bool(together), *rest)


def texts_of(body: memoryview, count: int) -> list[str]:
    """The texts that follow the head of an order."""
    lengths = struct.unpack_from(f"<{count}I", body)
    texts, start = [], 4 * count
    for length in lengths:
        texts.append(str(body[start : start + length], "utf-8", "surrogatepass"))
        start += length
    return texts


def report_head(cause: Cause, status: int, begun: int, length: int) -> bytes:
    """The head of a frame from a worker."""
    return _REPORT.pack(cause, status, begun, length)


def read_report(data: bytes | bytearray) -> Report | None:
    """The report at the beginning of a buffer; `None` while it is incomplete. Raises `ValueError` for no report."""
    if len(data) < _REPORT.size:
        return None
    cause, status, begun, length = _REPORT.unpack_from(data)
    if length > MAX_REPORT:
        raise ValueError(f"a report of {length} bytes")
    return Report(Cause(cause), status, begun, length) if len(data) >= _REPORT.size + length else None


def part(index: int, reply: bytes) -> bytes:
    """What one of several jobs says."""
    return _PART.pack(index, len(reply)) + reply


def parts(body: bytes) -> Iterator[tuple[int, bytes]]:
    """What a child said for each of its jobs, by the job's position."""
    place = 0
    while place + _PART.size <= len(body):
        index, length = _PART.unpack_from(body, place)
        place += _PART.size
        if length > MAX_REPLY or place + length > len(body):
            return
        yield index, body[place : place + length]
        place += length


def read_exactly(handle: int, length: int) -> bytes:
    """The next bytes from a pipe; fewer at its end."""
    data = b""
    while len(data) < length and (some := os.read(handle, length - len(data))):
        data += some
    return data


def write_all(handle: int, *data: bytes | memoryview) -> None:
    """Write all of `data` to a pipe."""
    for piece in data:
        view = memoryview(piece)
        while view:
            view = view[os.write(handle, view) :]

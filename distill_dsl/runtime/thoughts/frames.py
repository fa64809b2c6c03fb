"""Messages over a pipe: four bytes of length, then JSON. No pickle, and nothing longer than `MAX_FRAME`."""

from __future__ import annotations

import json
import os
import struct
from typing import Any, Final

MAX_FRAME: Final = 1 << 20
"""Bytes of one message: the longest program in the widest encoding, with room; a longer one is a bug."""
_HEAD: Final = struct.Struct(">I")


def pack(message: dict[str, Any]) -> bytes:
    """A message as bytes."""
    body = json.dumps(message).encode("ascii")
    if len(body) > MAX_FRAME:
        raise ValueError(f"message of {len(body)} bytes; at most {MAX_FRAME}")
    return _HEAD.pack(len(body)) + body


def unpack(buffer: bytes) -> dict[str, Any] | None:
    """The message at the beginning of a buffer; `None` while it is incomplete."""
    if len(buffer) < _HEAD.size:
        return None
    (length,) = _HEAD.unpack_from(buffer)
    if length > MAX_FRAME:
        raise ValueError(f"message of {length} bytes; at most {MAX_FRAME}")
    if len(buffer) < _HEAD.size + length:
        return None
    message = json.loads(buffer[_HEAD.size : _HEAD.size + length])
    if not isinstance(message, dict):
        raise ValueError("a message is an object")
    return message


def read_frame(handle: int) -> dict[str, Any] | None:
    """The next message from a pipe; `None` at its end."""
    head = _read_exactly(handle, _HEAD.size)
    if head is None:
        return None
    (length,) = _HEAD.unpack(head)
    return unpack(head + (_read_exactly(handle, length) or b""))


def write_all(handle: int, data: bytes) -> None:
    """Write all of `data` to a pipe."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _read_exactly(handle: int, length: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < length:
        part = os.read(handle, length - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)

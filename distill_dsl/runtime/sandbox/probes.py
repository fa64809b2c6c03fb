"""What a child tries, to see whether a layer stops it: the jobs of `doctor`.

Every probe is harmless where nothing stops it. A job is JSON: the layer, and the `Bait` that the
supervisor's side has laid out. The reply begins with `THROUGH` or `STOPPED`.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from distill_dsl.runtime.sandbox.layers import Layer

THROUGH: Final = "got through"
STOPPED: Final = "stopped"
MEMORY: Final = 32 << 20
"""Bytes that a probe may use above its worker's."""
NAME_SPACE: Final = "/proc/self/ns/uts"
_PR_GET_NO_NEW_PRIVS: Final = 39
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Bait:
    """What a probe tries to reach outside."""

    file: str
    """A file that everybody may read."""
    process: int
    """A process of the same user."""
    address: str
    """The name of an abstract Unix socket that listens."""
    segment: int
    """The number of a piece of System V shared memory; -1 where there is none."""
    host: str
    """What the namespace of the machine's name is called outside."""


class _Stopped(Exception):
    pass


def job(layer: Layer, bait: Bait) -> str:
    """The text that has a child try what `layer` stops."""
    return json.dumps([layer, asdict(bait)])


def alone(text: str) -> bytes:
    """Try it."""
    layer, bait = json.loads(text)
    try:
        return f"{THROUGH}: {_PROBES[Layer(layer)](Bait(**bait))}".encode()
    except OSError as error:
        return f"{STOPPED}: {error.strerror}".encode()
    except (MemoryError, _Stopped) as error:
        return f"{STOPPED}: {str(error) or type(error).__name__}".encode()


def _fork(_: Bait) -> str:
    if os.fork() == 0:
        os._exit(0)
    return "made a process"


def _executes(_: Bait) -> str:
    if _LIBC.prctl(_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1:
        raise _Stopped("the kernel holds the process to the rights that it has")
    return "may gain rights"


def _opens(bait: Bait) -> str:
    os.close(os.open(bait.file, os.O_RDONLY))
    return "opened a file"


def _sees_files(bait: Bait) -> str:
    Path(bait.file).stat()
    return "saw a file"


def _signals(bait: Bait) -> str:
    os.kill(bait.process, 0)
    return "may signal a process outside"


def _connects(bait: Bait) -> str:
    with socket.socket(socket.AF_UNIX) as reaching:
        reaching.connect("\0" + bait.address)
    return "reached a socket outside"


def _attaches(bait: Bait) -> str:
    if _LIBC.shmdt(ctypes.c_void_p(_attached(bait.segment))) != 0:
        raise OSError(ctypes.get_errno(), "shmdt")
    return "attached memory of others"


def _attached(segment: int) -> int:
    _LIBC.shmat.restype = ctypes.c_ssize_t
    place = int(_LIBC.shmat(segment, None, 0))
    if place == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"shmat: {os.strerror(number)}")
    return place


def _names(bait: Bait) -> str:
    if str(Path(NAME_SPACE).readlink()) != bait.host:
        raise _Stopped("the machine has a name of its own in here")
    return "has the machine's own name before it"


def _has_rights(_: Bait) -> str:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (held,) = (line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    if int(held, 16):
        return f"holds capabilities {held}"
    if os.geteuid() == 0:
        return "is root"
    raise _Stopped(f"user {os.geteuid()} without capabilities")


def _takes_memory(_: Bait) -> str:
    return f"took {len(bytearray(2 * MEMORY)) >> 20} MB"


_PROBES: Final[dict[Layer, Callable[[Bait], str]]] = {
    Layer.SECCOMP: _fork,
    Layer.NO_NEW_PRIVILEGES: _executes,
    Layer.LANDLOCK: _opens,
    Layer.PROCESSES: _signals,
    Layer.NETWORK: _connects,
    Layer.FILES: _sees_files,
    Layer.IPC: _attaches,
    Layer.HOST: _names,
    Layer.IDENTITY: _has_rights,
    Layer.LIMITS: _takes_memory,
}

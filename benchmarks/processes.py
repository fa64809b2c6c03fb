"""What is running and lying about: processes below this one, what they hold, files. Linux."""

from __future__ import annotations

import ctypes
import os
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ADOPT_ORPHANS: Final = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""
SHARED_FOLDERS: Final = (Path("/tmp"), Path("/dev/shm"))
"""Where other programs of the machine make files too."""


@dataclass(frozen=True)
class Sample:
    """One look at this process and those below it. Bytes are of resident memory; shared pages count in each."""

    own_bytes: int
    own_descriptors: int
    bytes_below: int
    descriptors_below: int
    processes: int
    files: int


def adopt_orphans() -> None:
    """Become the parent of every process below whose own parent ends, so that none can get out of sight."""
    if ctypes.CDLL(None, use_errno=True).prctl(_ADOPT_ORPHANS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def sample(folder: Path) -> Sample:
    """Look once; files are those in `folder`."""
    below = descendants()
    return Sample(
        own_bytes=_resident(os.getpid()),
        own_descriptors=_descriptors(os.getpid()),
        bytes_below=sum(map(_resident, below)),
        descriptors_below=sum(map(_descriptors, below)),
        processes=len(below),
        files=len(list(folder.rglob("*"))),
    )


def descendants() -> set[int]:
    """The processes below this one that have not ended."""
    children: dict[int, list[int]] = defaultdict(list)
    ended = set[int]()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            children[int(parent)].append(int(entry.name))
            if state in "ZX":
                ended.add(int(entry.name))
    found, todo = set[int](), [os.getpid()]
    while todo:
        below = children[todo.pop()]
        todo += below
        found.update(below)
    return found - ended


def remaining(seconds: float) -> set[int]:
    """The processes below this one that are there after so many seconds; waits no longer than need be."""
    end = time.monotonic() + seconds
    while left := descendants():
        if time.monotonic() > end:
            return left
        time.sleep(0.02)
    return set()


def files_in_shared_folders() -> set[str]:
    """Names of what lies in folders that the whole machine uses."""
    return {str(path) for folder in SHARED_FOLDERS if folder.is_dir() for path in folder.iterdir()}


def _resident(pid: int) -> int:
    with suppress(OSError):
        return int(Path("/proc", str(pid), "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _descriptors(pid: int) -> int:
    with suppress(OSError):
        return len(list(Path("/proc", str(pid), "fd").iterdir()))
    return 0

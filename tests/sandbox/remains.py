"""What must be as it was after programs have run: processes, descriptors, files, memory of others."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MARK = "pwned"
"""Part of the name of whatever an attack makes."""
CANARY = Path("/tmp/pwned-canary-keep")
CANARY_FOLDER = Path("/tmp/pwned-canary-dir")
LOCK = Path("/tmp/mtd-test-canaries.lock")
_PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/", "/run")
_PR_SET_CHILD_SUBREAPER = 36


@contextmanager
def nothing_left() -> Iterator[None]:
    """Fails unless all that runs inside leaves the machine as it found it."""
    with orphans_adopted(), canaries():
        before = traces()
        yield
        end = time.monotonic() + 2  # what was killed just now may need a moment to go
        while (after := traces()) != before and time.monotonic() < end:
            time.sleep(0.02)
        changed = {what: (before[what], after[what]) for what in after if before[what] != after[what]}
        assert not changed, changed
        assert_untouched()


@contextmanager
def orphans_adopted() -> Iterator[None]:
    """A process whose parent is gone becomes a child of this one: so none gets out of sight."""
    before = descendants(os.getpid())
    _adopt(True)
    try:
        yield
    finally:
        _adopt(False)
        for pid in descendants(os.getpid()) - before:
            if not running(pid):
                os.waitpid(pid, os.WNOHANG)


def _adopt(orphans: bool) -> None:
    assert ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(orphans), 0, 0, 0) == 0


def traces() -> dict[str, object]:
    """All that an attack could leave. Other programs of the machine may make files of other names meanwhile."""
    return {
        "processes": {pid for pid in descendants(os.getpid()) if running(pid)},
        "descriptors": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "files": {str(path) for place in _PLACES for path in Path(place).glob(f"*{MARK}*")},
        "shared memory": {line.split()[0] for line in _lines("/proc/sysvipc/shm")},
        "sockets": {line for line in _lines("/proc/net/unix") if MARK in line},
    }


def descendants(pid: int) -> set[int]:
    """All processes below one, also dead ones that nobody has waited for."""
    found, todo = set[int](), [pid]
    while todo:
        for thread in Path(f"/proc/{todo.pop()}/task").glob("*/children"):
            children = {int(child) for child in thread.read_text().split()} - found
            found |= children
            todo += children
    return found


def running(pid: int) -> bool:
    """Whether a process is there and not just waiting to be waited for, as an adopted orphan is."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def canaries() -> Iterator[None]:
    """A file and a folder that attacks try to change, of this user alone.

    The corpus names them, so tests that run at the same time take turns.
    """
    with LOCK.open("rb" if LOCK.exists() else "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield from _canaries()


def _canaries() -> Iterator[None]:
    remove_canaries()
    CANARY.write_text("keep")
    CANARY.chmod(0o600)
    CANARY_FOLDER.mkdir(mode=0o700)
    (CANARY_FOLDER / "file").write_text("keep")
    try:
        yield
    finally:
        remove_canaries()


def remove_canaries() -> None:
    """Of this run, or of one that was killed."""
    CANARY.unlink(missing_ok=True)
    shutil.rmtree(CANARY_FOLDER, ignore_errors=True)


def assert_untouched() -> None:
    """The canaries are as `canaries` made them."""
    assert CANARY.read_text() == "keep"
    assert CANARY.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in CANARY_FOLDER.iterdir()] == ["file"]
    assert (CANARY_FOLDER / "file").read_text() == "keep"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []

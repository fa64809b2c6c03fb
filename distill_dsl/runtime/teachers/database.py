"""The file behind the completion store: made, opened, kept apart from other files, and its errors in words."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from distill_dsl.contract.failure import Failure

FORM: Final = 1
"""Of the tables; a store of a later form is left alone."""
APPLICATION: Final = 0x6D746463
"""What tells the store from other SQLite files: `mtdc`."""
WAIT: Final = 600.0
"""Seconds to wait for another writer: a commit takes milliseconds, an import of a million completions minutes."""

TABLES: Final = (
    """CREATE TABLE requests (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        question TEXT NOT NULL
    )""",
    # The long columns come last: sums and lists then need not read them.
    """CREATE TABLE completions (
        id INTEGER PRIMARY KEY,
        request INTEGER NOT NULL REFERENCES requests (id),
        sample INTEGER NOT NULL,
        max_tokens INTEGER NOT NULL,
        teacher TEXT NOT NULL,
        bought TEXT NOT NULL,
        finish TEXT,
        input INTEGER,
        output INTEGER,
        cost REAL,
        logprob REAL,
        served TEXT,
        reason TEXT,
        text TEXT NOT NULL,
        logprobs TEXT
    )""",
    "CREATE UNIQUE INDEX one_each ON completions (request, sample, max_tokens, logprobs IS NULL)",
    "CREATE INDEX by_teacher ON completions (teacher, input, output, cost)",
)


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the file, made on first use; every error of it is a `Failure`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Without isolation by the driver: every transaction is begun by hand.
        connection = sqlite3.connect(path, timeout=WAIT, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise broken(path, error) from error
    with closing(connection):
        try:
            _prepare(connection, path)
            yield connection
        except sqlite3.Error as error:
            raise broken(path, error) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    if _form(connection, path) is None:
        # Two processes may meet a new store: one of them makes it.
        with locked(path.with_suffix(".lock")):
            if _form(connection, path) is None:
                _make(connection)
    # The disk is told to write when the log is taken over, not at each commit.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _form(connection: sqlite3.Connection, path: Path) -> int | None:
    """The form of the tables; `None` where there are none."""
    [tables] = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    [form] = connection.execute("PRAGMA user_version").fetchone()
    [application] = connection.execute("PRAGMA application_id").fetchone()
    if not tables:
        return None
    if application != APPLICATION:
        raise Failure(
            "this is no store of completions, but another SQLite database",
            where=str(path),
            help="move it away; a store is made in its place",
        )
    if form > FORM:
        raise Failure(
            f"the store of completions has form {form}; this version of mtd knows form {FORM}",
            where=str(path),
            help="use a newer version of mtd; nothing was changed",
        )
    return int(form)


def _make(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    with transaction(connection):
        for statement in TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {FORM}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of a block's changes, or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # After some errors SQLite has taken them back itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


# --- a full disk --------------------------------------------------------------------------------


def is_full(error: sqlite3.Error, path: Path) -> bool:
    """Whether a full disk is behind the error: SQLite calls it an error of reading and writing in places."""
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return True
    disk = os.statvfs(path.parent)
    return name.startswith("SQLITE_IOERR") and disk.f_bavail * disk.f_frsize < 1024 * 1024


def set_aside(path: Path, size: int) -> None:
    """A file of so many bytes that really takes up space."""
    with path.open("wb") as stream:
        try:
            os.posix_fallocate(stream.fileno(), 0, size)
        except (AttributeError, OSError):
            # Not on every system, nor on every kind of disk. Random bytes, as some disks compress.
            for _ in range(size // 65536):
                stream.write(os.urandom(65536))
            stream.flush()
            os.fsync(stream.fileno())


# --- locks and messages -------------------------------------------------------------------------


@contextmanager
def locked(path: Path, waiting: str | None = None) -> Iterator[None]:
    """Hold a lock of the operating system, which frees it when the process ends, however that is."""
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(Timeout):
            lock.acquire(timeout=0)
        if not lock.is_locked:
            if waiting:
                print(waiting, file=sys.stderr, flush=True)
            lock.acquire(poll_interval=0.1)
    except OSError as error:
        raise Failure(
            f"cannot lock {path.name}: {error.strerror or error}",
            where=str(path),
            help="the folder must lie on a local disk that you may write to",
        ) from error
    try:
        yield
    finally:
        lock.release()


HELPS: Final = {
    "SQLITE_NOTADB": "it is damaged, or something else: move it away; a new store is made in its place",
    "SQLITE_CORRUPT": "it is damaged: see `mtd store verify`, and save what can be read with `mtd store export`",
    "SQLITE_BUSY": "another process has been writing to it for ten minutes: see what that does, then run this again",
    "SQLITE_FULL": "the disk is full: make room and run it again; what was kept before is kept",
}


def broken(path: Path, error: Exception) -> Failure:
    """The failure that an error of the file ends in."""
    name = getattr(error, "sqlite_errorname", "")
    return Failure(
        f"the store of completions cannot be used: {error}",
        where=str(path),
        help=HELPS.get(name, "it needs a local disk that you may write to; bought completions are in it, so keep it"),
    )

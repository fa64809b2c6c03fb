"""Every completion that was ever bought, by what was asked: so that none is bought twice.

DVC deletes a stage's outputs before it runs, and runs are killed; this store is neither an output
nor part of one run. It is SQLite in WAL mode rather than a file that is appended to: two stages may
write at once, a look-up reads no other row, and a killed writer leaves whole rows only. Each
completion is committed to disk before it counts. The store must lie on a local disk (WAL needs
shared memory).
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import STATE, project_root

STORE_FILE: Final = STATE / "completions" / "store.sqlite"
"""Within the project."""
TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS completions (key TEXT PRIMARY KEY, request TEXT NOT NULL, text TEXT NOT NULL)"
)
WAIT: Final = 60.0
"""Seconds to wait for another writer; a commit takes milliseconds."""


class Store:
    """Request key -> completion text. One connection, used by one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> str | None:
        """The completion of the request, or `None` where it was never bought."""
        row = self._connection.execute("SELECT text FROM completions WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, key: str, request: Mapping[str, Any], text: str) -> None:
        """Keep a completion; on return it is on disk. The first one of a request stays."""
        with self._connection:
            self._connection.execute(
                "INSERT OR IGNORE INTO completions (key, request, text) VALUES (?, ?, ?)",
                (key, canonical_json(request).decode(), text),
            )


@contextmanager
def opened(path: Path | None = None) -> Iterator[Store]:
    """The store of the project, made on first use."""
    path = path or project_root() / STORE_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=WAIT)
    except (OSError, sqlite3.Error) as error:
        raise _broken(path, error) from error
    with closing(connection):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            with connection:
                connection.execute(TABLE)
            yield Store(connection)
        except sqlite3.Error as error:
            raise _broken(path, error) from error


def key_of(request: Mapping[str, Any]) -> str:
    """SHA-256 of the request's canonical JSON."""
    return hashlib.sha256(canonical_json(request)).hexdigest()


def canonical_json(value: Mapping[str, Any]) -> bytes:
    """The same bytes for equal values: keys sorted, no blanks."""
    return msgspec.json.encode(value, order="sorted")


def _broken(path: Path, error: Exception) -> Failure:
    return Failure(
        f"the store of completions cannot be used: {error}",
        where=str(path),
        help="it needs a local disk with free space that you may write to; bought completions are in it, so keep it",
    )

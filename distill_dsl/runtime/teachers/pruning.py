"""Taking completions out of the store that nobody will ask for again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import read_rows
from distill_dsl.contract.records import Completion
from distill_dsl.runtime.teachers.database import transaction
from distill_dsl.runtime.teachers.stock import FROM, Selection
from distill_dsl.runtime.teachers.store import Store, lock_file


@dataclass(frozen=True)
class Pruned:
    """What is taken out."""

    completions: int
    dollars: float
    """What they had cost, as far as it is known."""
    unpriced: int
    freed: int
    """Bytes; 0 as long as nothing was taken out."""


def used_by(files: Iterable[Path]) -> set[tuple[str, int]]:
    """The requests and samples that the rows of these files of completions come from."""
    return {(row.prompt, row.sample) for path in files for row in read_rows(path, Completion) if row.prompt is not None}


def pruned(store: Store, which: Selection, used: set[tuple[str, int]] | None, *, really: bool) -> Pruned:
    """Take out the selected completions, of which those that are `used` stay; or only say what it would come to."""
    where, values = which.where()
    if used is not None:
        where += " AND (requests.key, sample) NOT IN (SELECT key, sample FROM temp.used)"
    with _listed(store.connection, used or set()), ExitStack() as locks:
        if really:
            _keep_from_asking(store, locks)
        before = _size(store)
        number, dollars, unpriced = _pruned(store.connection, where, values, really=really)
        if really and number:
            store.connection.execute("VACUUM")
            store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return Pruned(number, dollars, unpriced, max(0, before - _size(store)) if really else 0)


@contextmanager
def _listed(connection: sqlite3.Connection, used: set[tuple[str, int]]) -> Iterator[None]:
    """The table `used`, of this connection alone."""
    connection.execute("CREATE TEMP TABLE used (key TEXT, sample INTEGER, PRIMARY KEY (key, sample)) WITHOUT ROWID")
    try:
        connection.executemany("INSERT INTO used VALUES (?, ?)", sorted(used))
        yield
    finally:
        connection.execute("DROP TABLE temp.used")


def _keep_from_asking(store: Store, locks: ExitStack) -> None:
    """A process that asks counts on what it has found in the store: none may begin, and none may be at it."""
    for provider, model in store.connection.execute("SELECT DISTINCT provider, model FROM requests").fetchall():
        path = lock_file(store, provider, model)
        if not path.exists():
            continue
        try:
            locks.enter_context(FileLock(path, timeout=0))
        except Timeout as error:
            raise Failure(
                f"{model} ({provider}) is being asked right now", help="wait until that has ended; nothing was changed"
            ) from error


def _pruned(
    connection: sqlite3.Connection, where: str, values: dict[str, Any], *, really: bool
) -> tuple[int, float, int]:
    """Completions, dollars, and completions of unknown price."""
    with transaction(connection):
        number, dollars, unpriced = connection.execute(
            f"SELECT count(*), coalesce(sum(cost), 0.0), coalesce(sum(cost IS NULL), 0) {FROM} WHERE {where}", values
        ).fetchone()
        if really:
            connection.execute(
                f"DELETE FROM completions WHERE id IN (SELECT completions.id {FROM} WHERE {where})", values
            )
            connection.execute("DELETE FROM requests WHERE id NOT IN (SELECT request FROM completions)")
    return number, dollars, unpriced


def _size(store: Store) -> int:
    """Bytes of the file and its log."""
    files = (store.path, store.path.with_name(f"{store.path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())

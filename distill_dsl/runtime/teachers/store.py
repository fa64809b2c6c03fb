"""Every completion that was ever bought, by what was asked: so that none is bought twice.

DVC deletes a stage's outputs before it runs, and runs are killed; this store is neither an output
nor part of one run. It is SQLite in WAL mode rather than a file that is appended to: several
processes may write at once, a look-up reads no other row, and a killed writer leaves whole rows only.
The store must lie on a local disk (WAL needs shared memory).

What `put` has returned from outlives the process, however it ends. The machine is another matter:
the disk is told to write once a second (`EVERY`), so that a power cut can cost what the last second
brought, and asking is not held up by the disk for each completion.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import STATE, project_root
from distill_dsl.contract.settings import TeacherSettings
from distill_dsl.runtime.teachers.database import broken, connected, is_full, locked, set_aside, transaction
from distill_dsl.runtime.teachers.questions import OPENAI, canonical_json, key_of, question_of

__all__ = ["OPENAI", "Bought", "Spent", "Store", "asking", "key_of", "opened", "question_of"]

STORE_FILE: Final = STATE / "completions" / "completions.sqlite"
"""Within the project."""
EVERY: Final = 1.0
"""Seconds between two times that the disk is told to write."""
RESERVE: Final = 16 * 1024 * 1024
"""Bytes kept free for what is under way when the disk is full: 64 requests of 8 completions, each with the
log-probabilities of 1,000 tokens, take about 10 MiB."""

Entry = tuple[Mapping[str, Any], str, Mapping[int, "Bought"]]
"""A question, its key, and the completions of it by their samples."""


class Bought(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One completion as it was bought."""

    text: str
    finish: str | None = None
    """As in `Completion`."""
    input: int | None = None
    """Tokens of the prompt, counted for the first completion of a request alone (0 for the others)."""
    output: int | None = None
    cost: float | None = None
    """US dollars."""
    logprob: float | None = None
    """Mean over the tokens, in nats, where it is known without asking for those of each token."""
    logprobs: tuple[tuple[str, float], ...] | None = None
    """Each token with its log-probability in nats; `()` where the server was asked for them and gave none."""
    max_tokens: int
    """The limit under which it was asked for."""
    reason: str | None = None
    """Why the text is none, such as a call of a tool; paid for, it is not asked for again."""
    served: str | None = None
    """The model by the server's own account, such as `gpt-3.5-turbo-0125`."""
    bought: str | None = None
    """When, as `2026-01-31T12:00:00Z`; set by the store."""


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What one teacher's completions came to."""

    dollars: float = 0.0
    tokens: int = 0
    """Of input and output together."""
    unpriced: int = 0
    """Completions whose price is not known."""
    uncounted: int = 0
    """Completions whose tokens are not known."""


class Store:
    """Question and sample -> completion. One connection, used by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        self._synced = time.monotonic()
        self._unsynced = False
        self._reserved = False
        self._full = False

    def get(self, key: str, sample: int, max_tokens: int, *, logprobs: bool = False) -> Bought | None:
        """The completion that serves under the limit, or `None` where it has to be bought.

        One that was asked for under this very limit serves, and else one that ended of itself and is no
        longer than it. One that was cut off serves its own limit alone.
        """
        row = self.connection.execute(
            f"SELECT {', '.join(COLUMNS)} {SERVES} AND sample = :sample ORDER BY {FIRST} LIMIT 1",
            {"key": key, "sample": sample, "most": max_tokens, "logprobs": logprobs},
        ).fetchone()
        return None if row is None else bought_of(row)

    def lengths(self, key: str, samples: int, max_tokens: int, *, logprobs: bool = False) -> dict[int, int | None]:
        """Of the first `samples`, those that need not be bought, with their tokens: as `get`, much faster."""
        rows = self.connection.execute(
            f"SELECT sample, output {SERVES} AND sample < :samples ORDER BY sample, {FIRST}",
            {"key": key, "samples": samples, "most": max_tokens, "logprobs": logprobs},
        )
        found: dict[int, int | None] = {}
        for sample, output in rows:
            found.setdefault(sample, output)
        return found

    def put(self, question: Mapping[str, Any], key: str, rows: Mapping[int, Bought], *, teacher: str) -> None:
        """Keep the completions of one request by their samples; on return they outlive the process.

        The first one of a (key, sample, max_tokens) stays, but for one with log-probabilities beside one
        without. On a full disk what can be kept is kept, and a `Failure` says to stop.
        """
        self.put_all([(question, key, rows)], teacher=teacher)

    def put_all(self, entries: Sequence[Entry], *, teacher: str) -> None:
        """As `put`, for several questions: all of it is kept or nothing."""
        self.reserve()
        try:
            self._keep_somehow(entries, teacher)
            if time.monotonic() - self._synced >= EVERY and not self._full:
                self.sync()
        except sqlite3.Error as error:
            raise broken(self.path, error) from error
        if self._full:
            raise Failure(
                "the disk is full",
                where=str(self.path.parent),
                help="make room and run it again: what was answered so far is kept, and the rest is asked for then",
            )

    def _keep_somehow(self, entries: Sequence[Entry], teacher: str) -> None:
        try:
            self._keep(entries, teacher)
        except sqlite3.Error as error:
            if not is_full(error, self.path):
                raise
            self._full = True
            self._reserve_file.unlink(missing_ok=True)
            self._keep(entries, teacher)

    def _keep(self, entries: Sequence[Entry], teacher: str) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        with transaction(self.connection) as connection:
            for question, key, rows in entries:
                request = add_request(connection, key, question)
                for sample, row in rows.items():
                    add_completion(connection, request, sample, row, teacher=teacher, bought=row.bought or now)
        self._unsynced = True

    def spent(self, teacher: str) -> Spent:
        """What the completions came to that were bought for a teacher's block of this name."""
        dollars, tokens, unpriced, uncounted = self.connection.execute(
            "SELECT coalesce(sum(cost), 0.0), coalesce(sum(coalesce(input, 0) + coalesce(output, 0)), 0),"
            " coalesce(sum(cost IS NULL), 0), coalesce(sum(input IS NULL OR output IS NULL), 0)"
            " FROM completions WHERE teacher = ?",
            (teacher,),
        ).fetchone()
        return Spent(dollars=dollars, tokens=tokens, unpriced=unpriced, uncounted=uncounted)

    def sync(self) -> None:
        """Have the disk write what was put."""
        if self._unsynced:
            self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._unsynced = False
        self._synced = time.monotonic()

    def reserve(self) -> None:
        """Keep space for what is under way when the disk is full; a disk that is full already is a `Failure`."""
        if self._reserved:
            return
        path = self._reserve_file
        try:
            if not path.exists() or path.stat().st_size != RESERVE:
                set_aside(path, RESERVE)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise Failure(
                f"there is no space for completions: {error.strerror or error}",
                where=str(path.parent),
                help=f"make room; {RESERVE // 1024**2} MiB are kept free there, so that no completion is lost",
            ) from error
        self._reserved = True

    @property
    def _reserve_file(self) -> Path:
        return self.path.with_name("reserve")


# --- rows of the tables -------------------------------------------------------------------------


COLUMNS: Final = tuple(Bought.__struct_fields__)
"""Those of a completion that are its own."""

SERVES: Final = (
    "FROM completions WHERE request = (SELECT id FROM requests WHERE key = :key)"
    " AND (max_tokens = :most OR (finish IS NULL AND coalesce(output, max_tokens) <= :most))"
    " AND (NOT :logprobs OR logprobs IS NOT NULL)"
)
"""See `Store.get`."""
FIRST: Final = "max_tokens <> :most, max_tokens, id"
"""Of several that serve, the one asked for under this very limit, else the shortest limit, else the first bought."""


def add_request(connection: sqlite3.Connection, key: str, question: Mapping[str, Any]) -> int:
    """The number of a request, which is added where it is new."""
    found = connection.execute("SELECT id FROM requests WHERE key = ?", (key,)).fetchone()
    if found is not None:
        return int(found[0])
    cursor = connection.execute(
        "INSERT INTO requests (key, provider, model, question) VALUES (?, ?, ?, ?)",
        (key, question["provider"], question["model"], canonical_json(question).decode()),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def add_completion(
    connection: sqlite3.Connection, request: int, sample: int, row: Bought, *, teacher: str, bought: str
) -> bool:
    """Whether it was added: one that is there already stays."""
    values = {name: getattr(row, name) for name in COLUMNS}
    if row.logprobs is not None:
        values["logprobs"] = msgspec.json.encode(row.logprobs).decode()
    values |= {"request": request, "sample": sample, "teacher": teacher, "bought": bought}
    cursor = connection.execute(
        f"INSERT INTO completions ({', '.join(values)}) VALUES ({', '.join('?' * len(values))}) ON CONFLICT DO NOTHING",
        tuple(values.values()),
    )
    return cursor.rowcount == 1


def bought_of(row: Sequence[Any]) -> Bought:
    """The values of `COLUMNS` as what was put."""
    values = dict(zip(COLUMNS, row, strict=True))
    if values["logprobs"] is not None:
        values["logprobs"] = msgspec.json.decode(values["logprobs"], type=tuple[tuple[str, float], ...])
    return Bought(**values)


# --- the project's store ------------------------------------------------------------------------


def store_path() -> Path:
    """Where the project's store lies, whether there is one or not."""
    return project_root() / STORE_FILE


@contextmanager
def opened(path: Path | None = None) -> Iterator[Store]:
    """The store of the project, made on first use; every error of it is a `Failure`."""
    path = path or store_path()
    with connected(path) as connection:
        store = Store(connection, path)
        try:
            yield store
        finally:
            store.sync()


@contextmanager
def asking(store: Store, settings: TeacherSettings, *, budget: str | None = None) -> Iterator[None]:
    """Be the one process that asks this model of this server: others wait, and then find its completions.

    So no two buy the same, and concurrency and budget hold across processes; `budget` is the teacher
    whose budget it counts against, which may ask several models (a param that is varied). The lock is
    the operating system's, which frees it when the process ends, however that is.
    """
    store.reserve()
    question = question_of(settings, [])
    provider, model = question["provider"], question["model"]
    with ExitStack() as locks:
        wait = f"waiting for another process that asks {model} ({provider})"
        locks.enter_context(locked(lock_file(store, provider, model), wait))
        if budget is not None:
            wait = f"waiting for another process that spends the budget of {budget}"
            locks.enter_context(locked(lock_file(store, "budget", budget), wait))
        yield


def lock_file(store: Store, whose: str, name: str) -> Path:
    """What is locked while a provider's model is asked."""
    name = hashlib.sha256(f"{whose} {name}".encode()).hexdigest()[:16]
    return store.path.parent / "locks" / f"{name}.lock"

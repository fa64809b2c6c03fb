"""Executions that are known already: what was interrupted goes on where it stopped.

Beside DVC's outputs, which it deletes before a stage runs. The key holds the text, the limits and
all that could change what comes of them: our own code, Python, sympy and numpy. What was kept under
other code is thrown away. Nothing in here is needed: the file can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import platform
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec

import distill_dsl.runtime.sandbox
import distill_dsl.runtime.thoughts
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import STATE
from distill_dsl.runtime.thoughts.execution import Execution

KEPT_FILE: Final = STATE / "executions.sqlite"
"""Within the project."""
TABLE: Final = "CREATE TABLE IF NOT EXISTS executions (code TEXT, key BLOB, found BLOB, PRIMARY KEY (code, key))"
WAIT: Final = 60.0
"""Seconds to wait for another writer; a commit takes milliseconds."""
COMMIT_SECONDS: Final = 1.0
"""How much work an interruption may cost."""
UNSURE: Final = frozenset({"error:killed", "error:reply"})
"""What may be the machine's fault is tried again."""

Run = Callable[[Iterator[str]], Iterator[Execution]]


def resumed(texts: Iterable[str], run: Run, ways: str, path: Path) -> Iterator[Execution]:
    """What `run` gives for the texts, in order; what the file at `path` has is not run again.

    `ways` says how they are run: kind and limits. Raises `Failure` where the file cannot be used.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=WAIT)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            with connection:
                connection.execute(TABLE)
                connection.execute("DELETE FROM executions WHERE code != ?", (code_digest(),))
            yield from _merged(texts, run, ways, connection)
    except (OSError, sqlite3.Error) as error:
        raise Failure(
            f"the file of known executions cannot be used: {error}",
            where=str(path),
            help="see that the disk has room and the folder can be written; or delete the file, nothing else needs it",
        ) from error


def _merged(texts: Iterable[str], run: Run, ways: str, connection: sqlite3.Connection) -> Iterator[Execution]:
    """Known executions and new ones, in the order of the texts."""
    waiting: deque[tuple[bytes, Execution | None]] = deque()

    def unknown() -> Iterator[str]:
        for text in texts:
            key = hashlib.sha256(f"{ways}\0".encode() + text.encode("utf-8", "surrogatepass")).digest()
            known = _look_up(connection, key)
            waiting.append((key, known))
            if known is None:
                yield text

    new: list[tuple[str, bytes, bytes]] = []
    last = time.monotonic()
    try:
        for execution in run(unknown()):
            while (known := waiting[0][1]) is not None:
                waiting.popleft()
                yield known
            key, _ = waiting.popleft()
            if execution.failure not in UNSURE:
                new.append((code_digest(), key, msgspec.json.encode(execution)))
            if time.monotonic() - last > COMMIT_SECONDS:
                _keep(connection, new)
                last = time.monotonic()
            yield execution
    finally:
        _keep(connection, new)
    for _, known in waiting:
        assert known is not None
        yield known


def _look_up(connection: sqlite3.Connection, key: bytes) -> Execution | None:
    query = "SELECT found FROM executions WHERE code = ? AND key = ?"
    row = connection.execute(query, (code_digest(), key)).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=Execution)


def _keep(connection: sqlite3.Connection, new: list[tuple[str, bytes, bytes]]) -> None:
    with connection:
        connection.executemany("INSERT OR REPLACE INTO executions VALUES (?, ?, ?)", new)
    new.clear()


@cache
def code_digest() -> str:
    """What executions depend on beside text and limits: our own code and what it stands on."""
    digest = hashlib.sha256(platform.python_version().encode())
    for package in ("sympy", "numpy", "mpmath"):
        digest.update(f"{package} {_version(package)}\n".encode())
    for module in (distill_dsl.runtime.sandbox, distill_dsl.runtime.thoughts):
        root = Path(str(module.__file__)).parent
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"

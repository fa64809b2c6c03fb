"""What the completion store holds: whose completions, what they took, and whether all is sound."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.teachers.questions import canonical_json
from distill_dsl.runtime.teachers.store import COLUMNS, Bought, Store, bought_of

SHORTEST: Final = 6
"""Characters of a key that are enough to name it, where no other begins with them."""


@dataclass(frozen=True)
class Selection:
    """Which completions: all that every given condition holds of."""

    model: str | None = None
    teacher: str | None = None
    before: str | None = None
    """Bought before this date: `2026-01-31`, or with a time as in `Bought.bought`."""

    def where(self) -> tuple[str, dict[str, Any]]:
        """A condition on `completions JOIN requests`, and its values."""
        conditions = {"model": "requests.model = :model", "teacher": "teacher = :teacher", "before": "bought < :before"}
        values = {name: getattr(self, name) for name in conditions if getattr(self, name) is not None}
        return " AND ".join(conditions[name] for name in values) or "TRUE", values


FROM: Final = "FROM completions JOIN requests ON requests.id = completions.request"


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """The completions of one model that were bought for one teacher."""

    provider: str
    model: str
    teacher: str
    prompts: int
    completions: int
    truncated: int
    """Cut off at their limit."""
    input: int
    output: int
    """Tokens, as far as they are known."""
    dollars: float
    """As far as it is known."""
    unpriced: int
    """Completions whose price is not known."""
    first: str
    last: str
    """When the first and the last was bought."""


def held(store: Store, which: Selection) -> list[Held]:
    """A row for each server, model and teacher, in that order."""
    where, values = which.where()
    rows = store.connection.execute(
        "SELECT provider, model, teacher, count(DISTINCT request), count(*), coalesce(sum(finish = 'length'), 0),"
        " coalesce(sum(input), 0), coalesce(sum(output), 0), coalesce(sum(cost), 0.0), sum(cost IS NULL), min(bought),"
        f" max(bought) {FROM} WHERE {where} GROUP BY provider, model, teacher ORDER BY provider, model, teacher",
        values,
    )
    return [Held(**dict(zip(Held.__struct_fields__, row, strict=True))) for row in rows]


def counted(store: Store, which: Selection) -> int:
    """How many completions there are."""
    where, values = which.where()
    [number] = store.connection.execute(f"SELECT count(*) {FROM} WHERE {where}", values).fetchone()
    return int(number)


# --- requests with their completions ------------------------------------------------------------


class Sampled(Bought, frozen=True, kw_only=True):
    """A completion with its place in the store."""

    sample: int
    teacher: str


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was asked, and all that was answered, by sample and limit."""

    key: str
    question: dict[str, Any]
    completions: tuple[Sampled, ...]


def requests(store: Store, which: Selection) -> Iterator[Request]:
    """All requests by their keys, with the completions that are wanted, as the store is now."""
    where, values = which.where()
    # A second cursor reads within the same transaction: what another process adds meanwhile is not seen.
    store.connection.execute("BEGIN")
    try:
        for number, key, question in store.connection.execute(
            f"SELECT DISTINCT requests.id, key, question {FROM} WHERE {where} ORDER BY key", values
        ):
            yield _request(store, (number, key, question), where, values)
    finally:
        store.connection.execute("ROLLBACK")


def found(store: Store, start: str) -> Request:
    """The request whose key begins with `start`."""
    rows = store.connection.execute(
        "SELECT id, key, question FROM requests WHERE substr(key, 1, ?) = ? ORDER BY key LIMIT 3",
        (len(start), start.lower()),
    ).fetchall()
    if len(start) < SHORTEST or not rows:
        raise Failure(
            f"the store has no request with the key `{start}`",
            help=f"`prompt` of a row of completions is a key, or its first {SHORTEST} characters and more",
        )
    if len(rows) > 1:
        raise Failure(
            f"several keys begin with `{start}`, such as {rows[0][1]} and {rows[1][1]}", help="give more of it"
        )
    return _request(store, rows[0], "TRUE", {})


def _request(store: Store, row: tuple[int, str, str], where: str, values: dict[str, Any]) -> Request:
    number, key, question = row
    rows = store.connection.execute(
        f"SELECT sample, teacher, {', '.join(COLUMNS)} {FROM} WHERE request = :number AND {where}"
        " ORDER BY sample, max_tokens, completions.id",
        {"number": number, **values},
    )
    return Request(
        key=key,
        question=msgspec.json.decode(question),
        completions=tuple(_sampled(row[0], row[1], bought_of(row[2:])) for row in rows),
    )


def _sampled(sample: int, teacher: str, row: Bought) -> Sampled:
    return Sampled(sample=sample, teacher=teacher, **{name: getattr(row, name) for name in COLUMNS})


# --- soundness ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verified:
    """What was looked at, and what is wrong with it, in words."""

    prompts: int
    completions: int
    faults: tuple[str, ...]


def verified(store: Store) -> Verified:
    """Look at the whole file: SQLite's own structure, every key against its question, every value."""
    faults: list[str] = []
    for look in (_structure, _references, _keys, _values):
        faults += _faults(look, store.connection)
    return Verified(_number(store, "requests"), _number(store, "completions"), tuple(faults))


def _faults(look: Callable[[sqlite3.Connection], Iterator[str]], connection: sqlite3.Connection) -> Iterator[str]:
    try:
        yield from look(connection)
    except sqlite3.DatabaseError as error:
        yield f"the file is damaged: {error}"


def _structure(connection: sqlite3.Connection) -> Iterator[str]:
    for [said] in connection.execute("PRAGMA integrity_check"):
        if said != "ok":
            yield f"the file is damaged: {said}"


def _references(connection: sqlite3.Connection) -> Iterator[str]:
    for row in connection.execute("PRAGMA foreign_key_check"):
        yield f"completion {row[1]} belongs to no request"


def _keys(connection: sqlite3.Connection) -> Iterator[str]:
    for key, provider, model, text in connection.execute("SELECT key, provider, model, question FROM requests"):
        try:
            question = msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            yield f"the question of {key} is not JSON: {error}"
            continue
        if hashlib.sha256(text.encode()).hexdigest() != key or canonical_json(question).decode() != text:
            yield f"the question of {key} has another key"
        elif (question.get("provider"), question.get("model")) != (provider, model):
            yield f"the question of {key} is listed under {model} ({provider})"


def _values(connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute(
        f"SELECT key, sample, teacher, {', '.join(COLUMNS)} {FROM} ORDER BY key, sample, max_tokens"
    )
    for key, sample, teacher, *row in rows:
        try:
            msgspec.convert(msgspec.to_builtins(_sampled(sample, teacher, bought_of(row))), Sampled, strict=True)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            yield f"sample {sample} of {key} is no completion: {error}"


def _number(store: Store, table: str) -> int:
    try:
        [number] = store.connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    except sqlite3.DatabaseError:
        return 0  # that the file is damaged is among the faults
    return int(number)

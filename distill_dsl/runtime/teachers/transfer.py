"""The completion store as JSON lines, a request with all its completions each: out of one project, into another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.teachers.database import transaction
from distill_dsl.runtime.teachers.questions import key_of
from distill_dsl.runtime.teachers.stock import Request, Sampled, Selection, requests
from distill_dsl.runtime.teachers.store import COLUMNS, Bought, Store, add_completion, add_request, bought_of


@dataclass
class Imported:
    """What came of the completions of a file."""

    added: int = 0
    known: int = 0
    """That are in the store already, alike in every respect."""
    conflicts: list[str] = field(default_factory=list)
    """That are in the store already and differ: those of the store stay. As `key, sample 0, 512 tokens`."""


def exported(store: Store, which: Selection) -> Iterator[bytes]:
    """A line for each request, by its key; equal stores give equal bytes."""
    encode = msgspec.json.Encoder().encode
    for request in requests(store, which):
        yield encode(request) + b"\n"


def imported(store: Store, name: str, lines: Iterable[tuple[int, bytes]]) -> Imported:
    """Add what the numbered lines of a file hold: all of it, or nothing where a line is wrong."""
    done = Imported()
    decode = msgspec.json.Decoder(Request).decode
    with transaction(store.connection):
        for number, line in lines:
            try:
                request = decode(line)
            except msgspec.DecodeError as error:
                raise _wrong(f"it is no request of a completion store: {error}", name, number) from error
            if key_of(request.question) != request.key:
                raise _wrong("its key is not that of its question", name, number)
            if not all(isinstance(request.question.get(part), str) for part in ("provider", "model")):
                raise _wrong("its question names no provider and model", name, number)
            _add(store, request, done)
    return done


def _wrong(what: str, name: str, number: int) -> Failure:
    return Failure(
        f"line {number} of {name} cannot be imported: {what}",
        where=f"{name}:{number}",
        help="write it with `mtd store export`; nothing was imported",
    )


def _add(store: Store, request: Request, done: Imported) -> None:
    number = add_request(store.connection, request.key, request.question)
    for row in request.completions:
        # One without a date was not written by a store; it counts as bought long ago.
        if add_completion(
            store.connection, number, row.sample, row, teacher=row.teacher, bought=row.bought or "1970-01-01T00:00:00Z"
        ):
            done.added += 1
        elif _kept(store, number, row) == (row.teacher, _bought(row)):
            done.known += 1
        else:
            done.conflicts.append(f"{request.key}, sample {row.sample}, {row.max_tokens} tokens")


def _kept(store: Store, number: int, row: Sampled) -> tuple[str, Bought]:
    found = store.connection.execute(
        f"SELECT teacher, {', '.join(COLUMNS)} FROM completions"
        " WHERE request = ? AND sample = ? AND max_tokens = ? AND (logprobs IS NULL) = ?",
        (number, row.sample, row.max_tokens, row.logprobs is None),
    ).fetchone()
    return found[0], bought_of(found[1:])


def _bought(row: Sampled) -> Bought:
    return Bought(**{name: getattr(row, name) for name in COLUMNS})

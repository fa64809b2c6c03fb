"""What a server was asked for and what it delivered whole: the account that nothing is lost and nothing asked twice.

A completion is known by the messages of its request and by its sample, which is the seed's distance
from the teacher's. *Delivered* means that the last byte of a well-formed answer with it was handed to
the client's connection. What was cut off, garbled or never sent is not delivered.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Key(NamedTuple):
    """One completion."""

    messages: str
    sample: int


@dataclass(frozen=True)
class Delivery:
    """One text that reached the client, and when (`time.monotonic`)."""

    text: str | None
    at: float


@dataclass
class Exchange:
    """One request and what became of it."""

    number: int
    """From 0, in the order in which they came."""
    keys: list[Key]
    begin: float
    end: float | None = None
    """When the last byte was sent, or the connection was lost (`time.monotonic`)."""
    whole: bool = False
    """Whether all that it gave was delivered."""


@dataclass(frozen=True)
class Again:
    """A completion that was asked for though it had been delivered."""

    key: Key
    delivered: float
    asked: float
    """When (`time.monotonic`)."""


@dataclass
class Ledger:
    """Kept by a server's thread, read by a test's."""

    seed: int = 1
    """The teacher's: sample 0 is asked for with it."""
    exchanges: list[Exchange] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    delivered: dict[Key, list[Delivery]] = field(default_factory=dict)
    again: list[Again] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begins(self, request: dict[str, Any]) -> Exchange:
        """A request has come."""
        now = time.monotonic()
        with self.lock:
            exchange = Exchange(len(self.exchanges), self.keys(request), now)
            self.exchanges.append(exchange)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            known = [key for key in exchange.keys if key in self.delivered]
            self.again += [Again(key, self.delivered[key][-1].at, now) for key in known]
            return exchange

    def ends(self, exchange: Exchange, answer: Any, fault: str) -> None:
        """A request is done with; `answer` is what was delivered whole, or `None`."""
        exchange.end = time.monotonic()
        with self.lock:
            self.at_once -= 1
            self.faults[fault] += 1
            if answer is None:
                return
            exchange.whole = True
            for key, choice in zip(exchange.keys, answer["choices"], strict=False):
                text = choice["message"]["content"]
                self.delivered.setdefault(key, []).append(Delivery(text, exchange.end))

    @property
    def requests(self) -> int:
        return len(self.exchanges)

    @property
    def seconds(self) -> float:
        """From the first request to the last answer."""
        return max(one.end for one in self.exchanges if one.end is not None) - self.exchanges[0].begin

    def keys(self, request: dict[str, Any]) -> list[Key]:
        """The completions that a request asks for."""
        messages = json.dumps(request["messages"], sort_keys=True)
        first = request.get("seed", self.seed) - self.seed
        return [Key(messages, first + n) for n in range(request.get("n") or 1)]

    @property
    def completions(self) -> int:
        """How many different ones were delivered."""
        with self.lock:
            return len(self.delivered)

    @property
    def twice(self) -> int:
        """How many were delivered more than once."""
        with self.lock:
            return sum(len(found) > 1 for found in self.delivered.values())

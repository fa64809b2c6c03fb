"""Everything that goes wrong between a client and a server, by a seeded schedule."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    """What happens to one request."""

    NONE = "none"
    DRIP = "slow drip"
    """The answer comes whole, a few bytes at a time."""
    FEWER = "fewer choices"
    """The answer comes whole, with fewer choices than were asked for."""
    BUSY = "429"
    BUSY_SECONDS = "429, Retry-After in seconds"
    BUSY_MILLISECONDS = "429, retry-after-ms"
    BUSY_DATE = "429, Retry-After as a date"
    TIMEOUT = "408"
    CONFLICT = "409"
    ERROR = "500"
    ERROR_LATE = "500 after the completion was made"
    GATEWAY = "502, HTML"
    UNAVAILABLE = "503, no body"
    UNAVAILABLE_SECONDS = "503, Retry-After in seconds"
    GATEWAY_TIMEOUT = "504"
    HANG = "hang"
    HANG_HALFWAY = "hang in the middle of the answer"
    CUT = "cut off"
    CUT_CHUNKS = "cut off between chunks"
    CLOSED = "connection closed before an answer"
    RESET = "connection reset before an answer"
    RESET_HALFWAY = "connection reset in the middle of the answer"
    GARBAGE = "HTML with status 200"
    HALF = "half of a JSON document, said to be whole"
    EMPTY = "empty body with status 200"
    OTHER = "JSON that is no completion"
    ERROR_200 = "an error with status 200"
    LATIN = "bytes that are no UTF-8"


WHOLE: Final = frozenset({Fault.NONE, Fault.DRIP, Fault.FEWER})
"""After these the client has what it is told that it has."""

WAITS: Final = frozenset({Fault.HANG, Fault.HANG_HALFWAY})
"""These end when the client gives up, so that a schedule holds few of them."""

STORM: Final = (Fault.BUSY, Fault.BUSY, Fault.BUSY_SECONDS, Fault.BUSY_MILLISECONDS)
"""What a server says that has too much to do."""

UNUSUAL: Final = 0.05
"""Share of requests that come whole, yet not as usual."""

OTHER_JSON: Final = (
    b"{}",
    b"[]",
    b"null",
    b'"ok"',
    b'{"choices": []}',
    b'{"choices": null}',
    b'{"choices": [{"index": 0, "message": null, "finish_reason": "stop"}]}',
    b'{"choices": [{"index": 0, "finish_reason": "stop"}]}',
    b'{"choices": [{"index": "first", "message": {"role": "assistant", "content": ["a", 1]}, "finish_reason": 3}]}',
    b'{"object": "chat.completion", "choices": "none"}',
)

Schedule = Callable[[int], Fault]
"""Number of a request -> what happens to it."""


def none(number: int) -> Fault:
    """Nothing goes wrong."""
    return Fault.NONE


def storms(
    seed: int,
    *,
    share: float,
    hangs: float = 0.01,
    storm: int = 25,
    every: int = 120,
    seconds: float = 4.0,
    clock: Callable[[], float] = time.monotonic,
) -> Schedule:
    """First each fault once; then a share of all requests fails in any way, and in each stretch of `every`
    requests `storm` in a row meet 429.

    A storm passes with time too, after `seconds`, as a server's load does. Were it over by requests alone, the
    last prompt of a run could meet all of one by itself, and with the wait doubled after each fault that takes
    longer than any patience.
    """
    kinds = [fault for fault in Fault if fault not in WHOLE | WAITS]
    first = random.Random(seed).sample(list(Fault), len(Fault))
    began: dict[int, float] = {}

    def schedule(number: int) -> Fault:
        if number < len(first):
            return first[number]
        draw = random.Random(f"{seed}:{number}")
        stretch, place = divmod(number, every)
        start = random.Random(f"{seed}:storm:{stretch}").randrange(every - storm)
        if start <= place < start + storm and clock() < began.setdefault(stretch, clock()) + seconds:
            return draw.choice(STORM)
        chance = draw.random()
        if chance < hangs:
            return draw.choice(sorted(WAITS))
        if chance < share:
            return draw.choice(kinds)
        return draw.choice([Fault.DRIP, Fault.FEWER]) if chance < share + UNUSUAL else Fault.NONE

    return schedule


def each(faults: Iterable[Fault]) -> Schedule:
    """These in their order, then nothing more."""
    known = list(faults)
    return lambda number: known[number] if number < len(known) else Fault.NONE

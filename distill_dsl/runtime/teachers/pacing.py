"""How many requests are under way at once, and how long a failed one waits.

A server's limits are not known beforehand, and change. As TCP does, the pace grows by one request
after each window of answers, and halves when the server says that it is too much.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

FIRST_WAIT: Final = 0.5
"""Seconds that a request waits at most after its first fault; twice that after the second, and so on."""
LONGEST_WAIT: Final = 60.0


class Stopped(Exception):
    """Nothing new is to be sent."""


class Bell:
    """What wakes those that wait for a change, first come first served."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self, seconds: float | None = None) -> None:
        """Until it rings, or so long."""
        rung: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(rung)
        try:
            await asyncio.wait([rung], timeout=seconds)
        finally:
            if not rung.done():
                self._waiting.remove(rung)

    def ring(self, count: int | None = None) -> None:
        """Wake as many, or all."""
        left = len(self._waiting) if count is None else min(count, len(self._waiting))
        for _ in range(left):
            self._waiting.popleft().set_result(None)


class Pace:
    """The bound on requests at once, as the server's answers move it."""

    def __init__(self, bound: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.bound = bound
        self.limit = bound
        self.at_once = 0
        self.stopped = False
        self._clock = clock
        self._not_before = 0.0
        self._good = 0
        self._slowed = -1.0
        self._free = Bell()
        self._end = Bell()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        """Hold one of the places; gives the time at which it was got. `Stopped` where none is given any more."""
        while True:
            if self.stopped:
                raise Stopped
            pause = self._not_before - self._clock()
            if pause > 0:
                await self._end.wait(pause)
            elif self.at_once < self.limit:
                break
            else:
                await self._free.wait()
        self.at_once += 1
        try:
            yield self._clock()
        finally:
            self.at_once -= 1
            self._free.ring(1)

    async def rest(self, seconds: float) -> None:
        """Wait before a request is sent again."""
        if not self.stopped:
            await self._end.wait(seconds)
        if self.stopped:
            raise Stopped

    def answered(self) -> None:
        """The server kept up."""
        self._good += 1
        if self._good >= self.limit and self.limit < self.bound:
            self._good = 0
            self.limit += 1
            self._free.ring(1)

    def slow_down(self, sent: float) -> None:
        """It is too much for the server, as the answer to a request of that time says.

        Of the requests that were under way together the first to be turned away halves the pace; the
        others say nothing new.
        """
        if sent > self._slowed:
            self._slowed = self._clock()
            self._good = 0
            self.limit = max(1, self.limit // 2)

    def hold(self, seconds: float) -> None:
        """Send nothing for so long: the server's own wish."""
        self._not_before = max(self._not_before, self._clock() + seconds)

    def stop(self) -> None:
        """Give no place any more, and wake all that wait."""
        self.stopped = True
        self._free.ring()
        self._end.ring()


def wait_after(faults: int, chance: Callable[[float, float], float] = random.uniform) -> float:
    """Seconds to wait after so many faults of one request: full jitter, so that requests do not come in waves."""
    return chance(0.0, min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(faults - 1, 10)))

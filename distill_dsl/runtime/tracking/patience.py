"""Work that is waited for only so long: a pipeline must not hang on a server that does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class TooSlow(Exception):
    """The work was not done in time."""


def within(seconds: float | None, work: Callable[[], T]) -> T:
    """The result of the work, or what it raised; `TooSlow` after that many seconds, `None` waits for ever.

    What hangs in a socket cannot be stopped, only left: the thread dies with the process.
    """
    if seconds is None:
        return work()
    results: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # whatever it is, it belongs to the caller
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True, name="tracking")
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not results:
        raise TooSlow(f"it did not keep up: given up after {seconds:.0f} seconds")
    return results[0]

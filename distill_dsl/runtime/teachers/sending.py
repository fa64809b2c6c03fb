"""One request, sent as often as it takes: the pace, the waits and the patience of asking."""

from __future__ import annotations

import time
from typing import Any, Final

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import OpenaiTeacher
from distill_dsl.runtime.progress import Watch
from distill_dsl.runtime.teachers.faults import KEPT, Again, Poisoned, Refused
from distill_dsl.runtime.teachers.openai import Line, seconds, shown_address
from distill_dsl.runtime.teachers.pacing import Pace, wait_after
from distill_dsl.runtime.teachers.replies import Reply

PATIENCE_VARIABLE: Final = "MTD_PATIENCE"
PATIENCE: Final = 600.0
"""Seconds without a single answer after which asking ends."""
GIVEN_UP: Final = 10
"""Faults of one request in a row after which it may be the prompt's fault, and not the server's."""
OTHERS: Final = 10
"""Answers to other requests in the meantime that it takes to say so, at least four for each of their faults:
by chance, ten faults in a row would then come once in ten million requests."""
LONG_WAIT: Final = 30.0
"""Seconds of waiting that a person is told of."""


class Sender:
    """Sends requests to one server at the pace that it keeps up with."""

    def __init__(self, model: OpenaiTeacher, line: Line, pace: Pace, watch: Watch) -> None:
        self.retries = 0
        self._model, self._line, self._pace, self._watch = model, line, pace, watch
        self._patience = seconds(PATIENCE_VARIABLE, PATIENCE)
        self._replies = 0
        self._heard = time.monotonic()
        self._told_of_silence = False
        self._longest = 0.0
        """Seconds that the server has asked to wait at most, since it last answered."""

    async def reply(self, request: dict[str, Any]) -> Reply:
        """The answer to a request; else `Refused`, `Stopped`, or a `Failure` where asking on is no use."""
        faults = 0
        replies, retries = self._replies, self.retries
        while True:
            try:
                async with self._pace.turn() as sent:
                    reply = await self._line.send(request)
            except Again as fault:
                faults += 1
                self.retries += 1
                self._check_poisoned(fault, faults, self._replies - replies, self.retries - retries - faults)
                await self._pace.rest(self._wait(fault, faults, sent))
            except Refused:
                self._hear()
                raise
            except Failure as failure:
                raise self.failure(failure.summary, failure.help) from None
            else:
                self._hear()
                self._pace.answered()
                return reply

    def failure(self, what: str, help: str | None) -> Failure:
        """The server cannot be asked, for this reason."""
        return Failure(f"{self._model.model} cannot be asked: {what}", where=shown_address(self._model), help=help)

    def _check_poisoned(self, fault: Again, faults: int, good: int, bad: int) -> None:
        """Give a request up at which the server fails each time, while it answers others well."""
        if faults >= GIVEN_UP and fault.own and good >= max(OTHERS, 4 * bad):
            raise Poisoned(f"{fault.reason}, each of {GIVEN_UP} times")

    def _wait(self, fault: Again, faults: int, sent: float) -> float:
        """Seconds until the request is sent again; a `Failure` where patience has ended."""
        if fault.busy:
            self._pace.slow_down(sent)
        if fault.wait:
            self._pace.hold(fault.wait)
            if fault.wait > max(self._longest, LONG_WAIT):
                self._watch.note(f"the server asks to wait {fault.wait:.0f} s ({fault.reason})")
            self._longest = max(self._longest, fault.wait)
        # One long wait is the server's right; short ones again and again are no answer.
        silent, patience = time.monotonic() - self._heard, self._patience + self._longest
        if silent >= patience:
            raise self.failure(
                f"no answer for {patience:g} s; the last fault: {fault.reason}",
                f"see that the server runs; {KEPT}; {PATIENCE_VARIABLE} says how many seconds to try on",
            )
        if silent >= LONG_WAIT and not self._told_of_silence:
            self._told_of_silence = True
            self._watch.note(f"no answer for {silent:.0f} s ({fault.reason}); trying on until {patience:g} s")
        return fault.wait or min(wait_after(faults), patience - silent)

    def _hear(self) -> None:
        self._replies += 1
        self._heard = time.monotonic()
        self._told_of_silence = False
        self._longest = 0.0

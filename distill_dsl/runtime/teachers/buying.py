"""Buying from a server what the store lacks: many requests at once, each answer kept as soon as it is there.

A few workers take prompts one by one, so that no list of requests or answers is ever held. What is
paid for goes into the store before anything else is done with it: an interrupted run goes on where
it stopped, and more samples cost only the new ones.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.teachers.billing import bought_of
from distill_dsl.runtime.teachers.budget import Bill, Purse, Spend, Sum
from distill_dsl.runtime.teachers.dialect import NEEDED, Dialect
from distill_dsl.runtime.teachers.faults import KEPT, Lacks, Refused
from distill_dsl.runtime.teachers.missing import Errand, Missing, Wanted
from distill_dsl.runtime.teachers.openai import Line, shown_address
from distill_dsl.runtime.teachers.pacing import Pace, Stopped
from distill_dsl.runtime.teachers.replies import Reply
from distill_dsl.runtime.teachers.sending import Sender
from distill_dsl.runtime.teachers.store import Bought

REQUESTS_VARIABLE: Final = "MTD_REQUESTS"
REQUESTS: Final = 16
"""Requests at once; how many never changes a result, so it is no setting but a variable."""
HOPELESS: Final = 20
"""Refusals before the first answer ever after which the fault is taken to be not the prompts'."""
AT_A_TIME: Final = 50
"""Prompts that are looked up before answers that have arrived get their turn."""


class Buyer:
    """One round of asking within one event loop."""

    def __init__(self, errand: Errand, missing: Missing, purse: Purse) -> None:
        self._errand, self._missing, self._purse = errand, missing, purse
        self._line = Line(errand.model)
        self._pace = Pace(requests_at_once())
        self._sender = Sender(errand.model, self._line, self._pace, errand.watch)
        self._dialect = Dialect()
        self._answered = self._refused = 0
        self._came = Sum()
        self._priced = True
        self._end: BaseException | None = None

    async def run(self, steps: Iterator[Wanted | None]) -> None:
        """Buy all of it; raises what ended asking early, when all that was under way is kept."""
        async with self._line:
            workers = [asyncio.create_task(self._work(steps)) for _ in range(self._pace.bound)]
            with self._interruptible(workers):
                await asyncio.wait(workers)
        if isinstance(self._end, Spend):
            raise self._used_up(steps)
        if self._end is not None:
            raise self._end
        if self._missing.refused and not self._answered and not self._missing.held:
            raise self._hopeless()

    async def _work(self, steps: Iterator[Wanted | None]) -> None:
        try:
            while (wanted := await self._next(steps)) is not None:
                await self._buy(wanted)
                self._missing.under_way.discard(wanted.key)
        except Stopped:
            pass
        except asyncio.CancelledError:
            self._finish(KeyboardInterrupt())
        except BaseException as error:  # also one of the progress bar's: what is under way is kept all the same
            self._finish(error)

    async def _next(self, steps: Iterator[Wanted | None]) -> Wanted | None:
        looked = 0
        while not self._pace.stopped:
            try:
                wanted = next(steps)
            except StopIteration:
                return None
            if wanted is not None:
                return wanted
            looked += 1
            if looked % AT_A_TIME == 0:
                await asyncio.sleep(0)
        return None

    def _finish(self, reason: BaseException) -> None:
        """Ask for nothing more; what is under way goes on. The first reason counts."""
        self._end = self._end or reason
        self._pace.stop()
        self._purse.stop()

    # One prompt.

    async def _buy(self, wanted: Wanted) -> None:
        errand, left, dialect = self._errand, wanted.samples, self._dialect
        while left and not self._pace.stopped:
            group = dialect.group(left, errand.settings)
            request = dialect.request(errand.settings, errand.model, wanted.messages, group)
            worst = self._purse.worst(wanted.size, len(group) * errand.settings.max_tokens)
            try:
                async with self._purse.reserved(worst) as bill:
                    rows = self._keep(wanted, group, await self._sender.reply(request), bill)
            except Lacks as lack:
                other = dialect.without(lack.parameters)
                if other == dialect:
                    self._check_needless(lack)
                    self._refuse(wanted, lack, len(left))
                    return
                dialect = other
            except Refused as refusal:
                self._refuse(wanted, refusal, len(left))
                return
            else:
                # It has understood: from now on all speak to it so.
                dialect = self._adopt(dialect.after(len(group), rows))
                left = left[rows:]

    def _keep(self, wanted: Wanted, group: Sequence[int], reply: Reply, bill: Bill) -> int:
        """Put an answer into the store, before anything else; returns how many samples it gave."""
        settings, model = self._errand.settings, self._errand.model
        bought = bought_of(reply, len(group), settings.max_tokens, model.logprobs, self._purse.price)
        tokens = sum((row.input or 0) + (row.output or 0) for row in bought)
        bill.actual = Sum(tokens, sum(row.cost or 0.0 for row in bought))
        rows = dict(zip(group, bought, strict=False))
        self._errand.store.put(wanted.question, wanted.key, rows, teacher=self._errand.teacher)

        self._answered += len(rows)
        self._came += bill.actual
        self._priced = self._priced and all(row.cost is not None for row in bought)
        if reply.input is not None:
            self._purse.learn(wanted.size, reply.input)
        self._errand.watch.standing(self._standing())
        self._errand.progress(len(rows))
        self._check_counted(bought)
        return len(rows)

    def _refuse(self, wanted: Wanted, refusal: Refused, samples: int) -> None:
        self._missing.refused[wanted.key] = refusal.refusal
        self._refused += samples
        self._errand.progress(samples)
        answers = self._answered or self._missing.held or self._purse.spent.tokens
        if len(self._missing.refused) >= HOPELESS and not answers:
            raise self._hopeless()

    def _adopt(self, dialect: Dialect) -> Dialect:
        known, self._dialect = self._dialect, self._dialect.and_also(dialect)
        for text in self._dialect.told(known):
            self._errand.watch.note(text)
        return self._dialect

    def _check_needless(self, lack: Lacks) -> None:
        """A parameter that bears on every answer, and that the server does not take, is no fault of the prompt."""
        for name in sorted(lack.parameters & NEEDED):
            raise self._sender.failure(
                f"it does not take `{name}` as the spec has it: {lack.reason}",
                f"change or leave out `{name}` of the teacher {self._errand.teacher}",
            )

    def _check_counted(self, bought: Sequence[Bought]) -> None:
        """A budget can be kept only if the server says what it counts."""
        budget = self._purse.spending
        lacks_tokens = budget.budget_tokens is not None and any(None in (row.input, row.output) for row in bought)
        lacks_cost = budget.budget_dollars is not None and any(row.cost is None for row in bought)
        if lacks_tokens or lacks_cost:
            raise self._sender.failure(
                "it does not say how many tokens an answer took, and so the budget cannot be kept",
                f"leave out `budget` of the teacher {self._errand.teacher}; {KEPT}",
            )

    # What a person is told.

    def _standing(self) -> str:
        parts = [f"{short(self._came.tokens)} tokens"]
        if self._priced and self._came.dollars:
            parts.append(f"${self._came.dollars:.4f}")
        parts.append(f"{self._pace.at_once} of {self._pace.limit} at once")
        if self._sender.retries:
            parts.append(f"{self._sender.retries} retries")
        return ", ".join(parts)

    def _hopeless(self) -> Failure:
        model, refusal = self._errand.model, next(iter(self._missing.refused.values()))
        return Failure(
            f"{model.model} answers no request: {refusal.reason}",
            where=shown_address(model),
            help="see what the server wants: the model's name, the prompt's length, the parameters",
        )

    def _used_up(self, steps: Iterator[Wanted | None]) -> Failure:
        for _ in steps:  # counts what is left
            pass
        left = self._missing.lacking - self._answered - self._refused
        return Failure(
            f"the budget of the teacher {self._errand.teacher} is used up: {self._purse.said()};"
            f" {self._answered} completions were answered now, {left} are left",
            where=shown_address(self._errand.model),
            help=f"raise `budget` of the teacher {self._errand.teacher}, `mtd compile` and run it again: {KEPT}",
        )

    @contextmanager
    def _interruptible(self, workers: Sequence[asyncio.Task[None]]) -> Iterator[None]:
        """Ctrl-C ends asking once what is under way is kept; a second one ends it at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        interrupted = False

        def stop(number: signal.Signals) -> None:
            nonlocal interrupted
            if interrupted:
                for worker in workers:
                    worker.cancel()
                return
            interrupted = True
            under_way = f"{self._pace.at_once} requests are under way and will be kept"
            self._errand.watch.note(f"stopping: {under_way}; Ctrl-C again to lose them")
            self._finish(KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number))

        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in before:
            loop.add_signal_handler(number, stop, number)
        try:
            yield
        finally:
            for number, handler in before.items():
                loop.remove_signal_handler(number)
                signal.signal(number, handler)


def requests_at_once() -> int:
    """The bound on requests at once."""
    text = os.environ.get(REQUESTS_VARIABLE, str(REQUESTS))
    if not text.isdecimal() or int(text) < 1:
        raise Failure(
            f"{REQUESTS_VARIABLE} is `{text}`", help=f"it is the number of requests at once, such as {REQUESTS}"
        )
    return int(text)


def short(count: int) -> str:
    """`950`, `12.3k`, `4.56M`."""
    if count < 10_000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 1_000_000 else f"{count / 1_000_000:.2f}M"

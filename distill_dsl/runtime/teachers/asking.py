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
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Completion, Problem, Usage
from distill_dsl.contract.settings import FreePrice, OpenaiTeacher, Price, SpendingSettings, TeacherSettings
from distill_dsl.runtime.progress import UNSEEN, Watch
from distill_dsl.runtime.teachers.budget import Bill, Purse, Spend, Sum
from distill_dsl.runtime.teachers.openai import Line, seconds, shown_address
from distill_dsl.runtime.teachers.pacing import Pace, Stopped, wait_after
from distill_dsl.runtime.teachers.prices import cost, price_of
from distill_dsl.runtime.teachers.prompts import Prompt, messages
from distill_dsl.runtime.teachers.replies import KEPT, Again, Choice, Lacks, Poisoned, Refused, Reply
from distill_dsl.runtime.teachers.store import Bought, Store, asking, key_of, opened, question_of

REQUESTS_VARIABLE: Final = "MTD_REQUESTS"
REQUESTS: Final = 16
"""Requests at once; how many never changes a result, so it is no setting but a variable."""
PATIENCE_VARIABLE: Final = "MTD_PATIENCE"
PATIENCE: Final = 600.0
"""Seconds without a single answer after which asking ends."""
HOPELESS: Final = 20
"""Refusals before the first answer ever after which the fault is taken to be not the prompts'."""
MOST_TOGETHER: Final = 128
"""Samples in one request: OpenAI's own limit."""
AT_A_TIME: Final = 50
"""Prompts that are looked up before answers that have arrived get their turn."""
GIVEN_UP: Final = 10
"""Faults of one request in a row after which it may be the prompt's fault, and not the server's."""
OTHERS: Final = 10
"""Answers to other requests in the meantime that it takes to say so, at least four for each of their faults:
by chance, ten faults in a row would then come once in ten million requests."""
LONG_WAIT: Final = 30.0
"""Seconds of waiting that a person is told of."""


def ask_openai(
    settings: TeacherSettings,
    model: OpenaiTeacher,
    teacher: str,
    thought: str,
    problems: Sequence[Problem],
    prompt: Callable[[Problem], Prompt],
    spending: SpendingSettings,
    progress: Callable[[int], None],
    watch: Watch = UNSEEN,
) -> Iterator[Completion]:
    """Buy what the store lacks, then give all completions in the order of the problems.

    Prompts are rendered twice, for buying and for giving: that costs less than to hold them all.
    """
    with opened() as store:
        missing = _Missing(settings, model, problems, prompt, store, progress)
        refused = _bought(settings, model, teacher, spending, store, missing, progress, watch)
        yield from _completions(settings, model, thought, problems, prompt, store, refused)


# --- giving -------------------------------------------------------------------------------------


def _completions(
    settings: TeacherSettings,
    model: OpenaiTeacher,
    thought: str,
    problems: Sequence[Problem],
    prompt: Callable[[Problem], Prompt],
    store: Store,
    refused: Mapping[str, Refused],
) -> Iterator[Completion]:
    seen: set[int] = set()
    asked = question_of(settings, [])
    for problem in problems:
        shown = prompt(problem)
        key = key_of(asked | {"messages": messages(settings, shown)})
        digest = int(key[:16], 16)  # a number takes half of the memory
        for sample in range(settings.samples):
            row = store.get(key, sample, settings.max_tokens, logprobs=model.logprobs)
            if row is None and key not in refused:
                raise Failure(
                    "a completion has gone from the store since it was bought",
                    where=str(store.path),
                    help="another process may have deleted it; run the stage again",
                )
            said = _refused(refused[key]) if row is None else _said(row, again=digest in seen)
            yield Completion(
                problem=problem.id, thought=thought, sample=sample, prompt=key, exemplars=shown.exemplars, **said
            )
        seen.add(digest)


def _refused(refusal: Refused) -> dict[str, Any]:
    return {
        "text": None,
        "reason": f"the server {'fails at' if isinstance(refusal, Poisoned) else 'refuses'} it: {refusal.reason}",
        "finish": "filter" if refusal.filtered else None,
    }


def _said(row: Bought, *, again: bool) -> dict[str, Any]:
    """What a completion of the store gives a row; what equal prompts took counts once, for the first of them."""
    usage = None
    if row.input is not None and row.output is not None:
        usage = (
            Usage(input=0, output=0, cost=0.0) if again else Usage(input=row.input, output=row.output, cost=row.cost)
        )
    logprobs = [logprob for _, logprob in row.logprobs or ()]
    return {
        "text": None if row.reason else row.text,
        "reason": row.reason,
        "finish": row.finish,
        "usage": usage,
        "logprob": sum(logprobs) / len(logprobs) if logprobs else row.logprob,
    }


# --- what is missing ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """A prompt, and those of its samples that the store lacks."""

    problem: str
    key: str
    question: dict[str, Any]
    messages: list[dict[str, str]]
    samples: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes of the prompt, and a few for what stands around each message."""
        return sum(len(message["content"].encode()) + 16 for message in self.messages)


class _Missing:
    """What is to be bought, found out step by step; equal prompts are asked once."""

    def __init__(
        self,
        settings: TeacherSettings,
        model: OpenaiTeacher,
        problems: Sequence[Problem],
        prompt: Callable[[Problem], Prompt],
        store: Store,
        progress: Callable[[int], None],
    ) -> None:
        self.held = 0
        """Completions that were in the store already."""
        self.lacking = 0
        """Completions that were found to be missing."""
        self.under_way: set[str] = set()
        self.refused: dict[str, Refused] = {}
        self._settings, self._logprobs = settings, model.logprobs
        self._problems, self._prompt = problems, prompt
        self._store, self._progress = store, progress

    def steps(self) -> Iterator[Wanted | None]:
        """Problem by problem what it lacks; `None` for one that lacks nothing."""
        asked = question_of(self._settings, [])
        for problem in self._problems:
            spoken = messages(self._settings, self._prompt(problem))
            question = asked | {"messages": spoken}
            key = key_of(question)
            if key in self.under_way or key in self.refused:
                self._progress(self._settings.samples)
                yield None
                continue
            lacking = tuple(sample for sample in range(self._settings.samples) if not self._has(key, sample))
            self.held += self._settings.samples - len(lacking)
            self._progress(self._settings.samples - len(lacking))
            self.lacking += len(lacking)
            if lacking:
                self.under_way.add(key)
            yield Wanted(problem.id, key, question, spoken, lacking) if lacking else None

    def again(self, wanted: Wanted) -> Wanted | None:
        """What of it is still missing, now that nobody else asks the server."""
        lacking = tuple(sample for sample in wanted.samples if not self._has(wanted.key, sample))
        bought = len(wanted.samples) - len(lacking)
        self.held += bought
        self.lacking -= bought
        self._progress(bought)
        if not lacking:
            self.under_way.discard(wanted.key)
        return replace(wanted, samples=lacking) if lacking else None

    def _has(self, key: str, sample: int) -> bool:
        return self._store.get(key, sample, self._settings.max_tokens, logprobs=self._logprobs) is not None


# --- buying -------------------------------------------------------------------------------------


def _bought(
    settings: TeacherSettings,
    model: OpenaiTeacher,
    teacher: str,
    spending: SpendingSettings,
    store: Store,
    missing: _Missing,
    progress: Callable[[int], None],
    watch: Watch,
) -> Mapping[str, Refused]:
    """Buy all that is missing; returns what was refused, by its key."""
    steps = missing.steps()
    first = next((wanted for wanted in steps if wanted), None)
    if first is None:
        return {}
    price = price_of(model, spending)
    _check_priced(spending, price, model)
    with asking(store, settings):
        purse = Purse(spending, price, store.spent(teacher))
        buyer = _Buyer(settings, model, teacher, store, missing, purse, progress, watch)
        asyncio.run(buyer.run(chain([missing.again(first)], steps)))
    return missing.refused


def _check_priced(spending: SpendingSettings, price: Price | None, model: OpenaiTeacher) -> None:
    if spending.budget_dollars is not None and price is None:
        raise Failure(
            f"the budget is in dollars, and the price of {model.model} is not known",
            where=shown_address(model),
            help="declare it, `price = per_million(input: 0.15USD, output: 0.6USD)`; or give the budget in tokens",
        )


@dataclass(frozen=True)
class _Dialect:
    """What the server takes of the protocol."""

    together: bool = True
    """Several samples in one request, by `n`."""
    seed: bool = True
    limit: str = "max_tokens"

    def without(self, parameters: frozenset[str]) -> _Dialect:
        """The dialect of a server that does not take these; the same where there is no way around them."""
        return _Dialect(
            together=self.together and "n" not in parameters,
            seed=self.seed and "seed" not in parameters,
            limit="max_completion_tokens" if "max_tokens" in parameters else self.limit,
        )

    def told(self, before: _Dialect) -> Iterator[str]:
        """What a person is to know of the change."""
        if before.together and not self.together:
            yield "the server does not give several samples at once: they are asked for one by one"
        if before.seed and not self.seed:
            yield "the server takes no seed: what it writes cannot be had again but from the store"


class _Buyer:
    """One round of asking within one event loop."""

    def __init__(
        self,
        settings: TeacherSettings,
        model: OpenaiTeacher,
        teacher: str,
        store: Store,
        missing: _Missing,
        purse: Purse,
        progress: Callable[[int], None],
        watch: Watch,
    ) -> None:
        self.settings, self.model, self.teacher = settings, model, teacher
        self.store, self.missing, self.purse = store, missing, purse
        self.progress, self.watch = progress, watch
        self.pace = Pace(requests_at_once())
        self.patience = seconds(PATIENCE_VARIABLE, PATIENCE)
        self.line = Line(model)
        self.dialect = _Dialect()
        self.answered = self.refused = self.replies = self.retries = self.interrupts = 0
        self.came = Sum()
        self.priced = True
        self.heard = time.monotonic()
        self.silence_told = False
        self.end: BaseException | None = None

    async def run(self, steps: Iterator[Wanted | None]) -> None:
        """Buy all of it; raises what ended asking early, when all that was under way is kept."""
        async with self.line:
            workers = [asyncio.create_task(self._work(steps)) for _ in range(self.pace.bound)]
            with self._interruptible(workers):
                await asyncio.wait(workers)
        if isinstance(self.end, Spend):
            raise self._used_up(steps)
        if self.end is not None:
            raise self.end
        if self.missing.refused and not self.answered and not self.missing.held:
            raise self._hopeless()

    async def _work(self, steps: Iterator[Wanted | None]) -> None:
        try:
            while (wanted := await self._next(steps)) is not None:
                await self._buy(wanted)
                self.missing.under_way.discard(wanted.key)
        except Stopped:
            pass
        except asyncio.CancelledError:
            self._finish(KeyboardInterrupt())
        except BaseException as error:  # also one of the progress bar's: what is under way is kept all the same
            self._finish(error)

    async def _next(self, steps: Iterator[Wanted | None]) -> Wanted | None:
        looked = 0
        while not self.pace.stopped:
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
        self.end = self.end or reason
        self.pace.stop()
        self.purse.stop()

    # One prompt.

    async def _buy(self, wanted: Wanted) -> None:
        left, dialect = wanted.samples, self.dialect
        while left and not self.pace.stopped:
            together = dialect.together and self.settings.temperature > 0
            group = left[: MOST_TOGETHER if together else 1]
            worst = self.purse.worst(wanted.size, len(group) * self.settings.max_tokens)
            try:
                async with self.purse.reserved(worst) as bill:
                    reply = await self._reply(self._request(wanted, group, dialect))
                    rows = self._keep(wanted, group, reply, bill)
            except Lacks as lack:
                other = dialect.without(lack.parameters)
                if other == dialect:
                    self._check_needless(lack)
                    self._refuse(wanted, lack, len(left))
                    return
                dialect = other
                continue
            except Refused as refusal:
                self._refuse(wanted, refusal, len(left))
                return
            # A server that gives one sample however many are asked for does not know `n`.
            self._adopt(replace(dialect, together=dialect.together and (rows > 1 or len(group) == 1)))
            dialect = self.dialect
            left = left[rows:]

    def _request(self, wanted: Wanted, group: Sequence[int], dialect: _Dialect) -> dict[str, Any]:
        settings = self.settings
        request: dict[str, Any] = {
            "model": self.model.model,
            "messages": wanted.messages,
            "temperature": settings.temperature,
            dialect.limit: settings.max_tokens,
        }
        if dialect.seed:
            request["seed"] = settings.seed + group[0]
        if len(group) > 1:
            request["n"] = len(group)
        if settings.top_p is not None:
            request["top_p"] = settings.top_p
        if settings.stop:
            request["stop"] = list(settings.stop)
        if self.model.logprobs:
            request["logprobs"] = True
        return request

    async def _reply(self, request: dict[str, Any]) -> Reply:
        """The answer to a request, sent as often as it takes."""
        faults = 0
        before = self.replies, self.retries
        while True:
            try:
                async with self.pace.turn() as sent:
                    reply = await self.line.send(request)
            except Again as fault:
                faults += 1
                self._check_poisoned(fault, faults, *before)
                await self.pace.rest(self._wait(fault, faults, sent))
            except Refused:
                self._hear()
                raise
            except Failure as failure:
                raise self._failure(failure.summary, failure.help) from None
            else:
                self._hear()
                self.pace.answered()
                return reply

    def _wait(self, fault: Again, faults: int, sent: float) -> float:
        """Seconds until the request is sent again; a `Failure` where patience has ended."""
        self.retries += 1
        if fault.busy:
            self.pace.slow_down(sent)
        if fault.wait:
            self.pace.hold(fault.wait)
            if fault.wait >= LONG_WAIT:
                self.watch.note(f"the server asks to wait {fault.wait:.0f} s ({fault.reason})")
        self.watch.standing(self._standing())
        silent = time.monotonic() - max(self.heard, self.pace.held_until)
        if silent >= self.patience:
            raise self._failure(
                f"no answer for {self.patience:.0f} s; the last fault: {fault.reason}",
                f"see that the server runs; {KEPT}; {PATIENCE_VARIABLE} says how many seconds to try on",
            )
        if silent >= LONG_WAIT and not self.silence_told:
            self.silence_told = True
            self.watch.note(
                f"no answer for {silent:.0f} s ({fault.reason}); trying on for {self.patience:.0f} s in all"
            )
        return fault.wait or min(wait_after(faults), self.patience - silent)

    def _check_poisoned(self, fault: Again, faults: int, replies: int, retries: int) -> None:
        """Give a request up at which the server fails each time, while it answers others well."""
        good = self.replies - replies
        bad = self.retries - retries - (faults - 1)
        if faults >= GIVEN_UP and fault.own and good >= max(OTHERS, 4 * bad):
            raise Poisoned(f"{fault.reason}, each of {GIVEN_UP} times")

    def _hear(self) -> None:
        self.replies += 1
        self.heard = time.monotonic()
        self.silence_told = False

    def _keep(self, wanted: Wanted, group: Sequence[int], reply: Reply, bill: Bill) -> int:
        """Put an answer into the store, before anything else; returns how many samples it gave."""
        bought = bought_of(reply, len(group), self.settings.max_tokens, self.model.logprobs, self.purse.price)
        rows = dict(zip(group, bought, strict=False))
        tokens = sum((row.input or 0) + (row.output or 0) for row in bought)
        bill.actual = Sum(tokens, sum(row.cost or 0.0 for row in bought))
        self.store.put(wanted.question, wanted.key, rows, teacher=self.teacher)

        self.answered += len(rows)
        self.came += bill.actual
        self.priced = self.priced and all(row.cost is not None for row in bought)
        if reply.input is not None:
            self.purse.learn(wanted.size, reply.input)
        self.watch.standing(self._standing())
        self.progress(len(rows))
        self._check_counted(bought)
        return len(rows)

    def _refuse(self, wanted: Wanted, refusal: Refused, samples: int) -> None:
        self.missing.refused[wanted.key] = refusal
        self.refused += samples
        self.progress(samples)
        if len(self.missing.refused) >= HOPELESS and not (
            self.answered or self.missing.held or self.purse.spent.tokens
        ):
            raise self._hopeless()

    def _adopt(self, dialect: _Dialect) -> None:
        """Speak as the server has just understood, from now on."""
        known = self.dialect
        adopted = _Dialect(
            together=known.together and dialect.together,
            seed=known.seed and dialect.seed,
            limit=dialect.limit if known.limit == _Dialect.limit else known.limit,
        )
        if adopted != known:
            self.dialect = adopted
            for text in adopted.told(known):
                self.watch.note(text)

    # What a person is told.

    def _standing(self) -> str:
        parts = [f"{short(self.came.tokens)} tokens"]
        if self.priced and self.came.dollars:
            parts.append(f"${self.came.dollars:.4f}")
        parts.append(f"{self.pace.at_once} of {self.pace.limit} at once")
        if self.retries:
            parts.append(f"{self.retries} retries")
        return ", ".join(parts)

    def _failure(self, what: str, help: str | None) -> Failure:
        return Failure(f"{self.model.model} cannot be asked: {what}", where=shown_address(self.model), help=help)

    def _hopeless(self) -> Failure:
        refusal = next(iter(self.missing.refused.values()))
        return Failure(
            f"{self.model.model} refuses every request: {refusal.reason}",
            where=shown_address(self.model),
            help="see what the server wants: the model's name, the prompt's length, the parameters",
        )

    def _check_needless(self, lack: Lacks) -> None:
        """A parameter that bears on every answer, and that the server does not take, is no fault of the prompt."""
        needed = sorted(lack.parameters & {"temperature", "top_p", "stop", "logprobs"})
        if needed:
            raise self._failure(
                f"it does not take `{needed[0]}` as the spec has it: {lack.reason}",
                f"change or leave out `{needed[0]}` of the teacher {self.teacher}",
            )

    def _check_counted(self, bought: Sequence[Bought]) -> None:
        """A budget can be kept only if the server says what it counts."""
        budget = self.purse.spending
        lacks_tokens = budget.budget_tokens is not None and any(None in (row.input, row.output) for row in bought)
        lacks_cost = budget.budget_dollars is not None and any(row.cost is None for row in bought)
        if lacks_tokens or lacks_cost:
            raise self._failure(
                "it does not say how many tokens an answer took, and so the budget cannot be kept",
                f"leave out `budget` of the teacher {self.teacher}; {KEPT}",
            )

    def _used_up(self, steps: Iterator[Wanted | None]) -> Failure:
        for _ in steps:  # counts what is left
            pass
        left = self.missing.lacking - self.answered - self.refused
        return Failure(
            f"the budget of the teacher {self.teacher} is used up: {self.purse.said()}; {self.answered} completions"
            f" were answered now, {left} are left",
            where=shown_address(self.model),
            help=f"raise `budget` of the teacher {self.teacher}, `mtd compile` and run it again: {KEPT}",
        )

    @contextmanager
    def _interruptible(self, workers: Sequence[asyncio.Task[None]]) -> Iterator[None]:
        """Ctrl-C ends asking once what is under way is kept; a second one ends it at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()

        def stop(number: signal.Signals) -> None:
            self.interrupts += 1
            if self.interrupts == 1:
                self.watch.note(
                    f"stopping: {self.pace.at_once} requests are under way and will be kept; Ctrl-C again to lose them"
                )
                self._finish(KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number))
            else:
                for worker in workers:
                    worker.cancel()

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


# --- rows of the store --------------------------------------------------------------------------


def bought_of(reply: Reply, wanted: int, max_tokens: int, logprobs: bool, price: Price | None) -> list[Bought]:
    """The completions of an answer with what each took: the input counts for the first.

    A server says the output of all together; it is shared out by the length of the texts, all of it.
    """
    choices = reply.choices[:wanted]
    outputs = _outputs(reply.output, choices, max_tokens)
    inputs = [reply.input, *([None if reply.input is None else 0] * (len(choices) - 1))]
    costs = _costs(reply, inputs, outputs, price)
    return [
        Bought(
            text=choice.text,
            finish=choice.finish,
            input=input,
            output=output,
            cost=dollars,
            logprobs=(choice.logprobs or ()) if logprobs else None,
            max_tokens=max_tokens,
            reason=choice.reason,
            served=reply.served,
        )
        for choice, input, output, dollars in zip(choices, inputs, outputs, costs, strict=True)
    ]


def _outputs(total: int | None, choices: Sequence[Choice], max_tokens: int) -> list[int | None]:
    if total is None:
        return [None] * len(choices)
    whole = [max_tokens if choice.finish == "length" else 0 for choice in choices]
    rest = total - sum(whole)
    weights = [
        0 if cut else len(choice.text.encode("utf-8", "replace")) + 1
        for choice, cut in zip(choices, whole, strict=True)
    ]
    if rest < 0 or not any(weights):
        whole, rest, weights = [0] * len(choices), total, [1] * len(choices)
    return [cut + share for cut, share in zip(whole, _shared(rest, weights), strict=True)]


def _shared(total: int, weights: Sequence[int]) -> Iterator[int]:
    """Whole numbers in proportion to the weights that sum to the total."""
    reached = before = 0
    for weight in weights:
        reached += weight
        edge = total * reached // sum(weights)
        yield edge - before
        before = edge


def _costs(
    reply: Reply, inputs: Sequence[int | None], outputs: Sequence[int | None], price: Price | None
) -> list[float | None]:
    if reply.cost is not None:
        weights = [output or 1 for output in outputs]
        rest = [reply.cost * weight / sum(weights) for weight in weights[1:]]
        return [reply.cost - sum(rest), *rest]
    if isinstance(price, FreePrice):
        return [0.0] * len(inputs)
    cached = [reply.cached, *([0] * (len(inputs) - 1))]
    return [
        None if input is None or output is None else cost(price, input, output, reused)
        for input, output, reused in zip(inputs, outputs, cached, strict=True)
    ]

"""Keeping asking within a budget: the worst case of all that is under way always fits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from distill_dsl.contract.settings import Price, SpendingSettings
from distill_dsl.runtime.teachers.pacing import Bell, Stopped
from distill_dsl.runtime.teachers.prices import cost
from distill_dsl.runtime.teachers.store import Spent


class Spend(Exception):
    """The budget allows no further request."""


@dataclass(frozen=True)
class Sum:
    """Tokens, and what they cost."""

    tokens: int = 0
    dollars: float = 0.0

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.tokens + other.tokens, self.dollars + other.dollars)

    def __sub__(self, other: Sum) -> Sum:
        return Sum(self.tokens - other.tokens, self.dollars - other.dollars)


@dataclass
class Bill:
    """What one request came to, once it is known."""

    actual: Sum = Sum()


class Purse:
    """What may be spent, what is, and what the requests under way may come to at worst."""

    def __init__(self, spending: SpendingSettings, price: Price | None, spent: Spent) -> None:
        self.spending = spending
        self.spent = Sum(spent.tokens, spent.dollars)
        self.price = price
        self._reserved = Sum()
        self._requests = 0
        self._unlike = 0
        self._changed = Bell()
        self._stopped = False

    def worst(self, size: int, output: int) -> Sum:
        """The most that a prompt of `size` bytes can come to, answered with `output` tokens.

        A token of text is at least a byte; what a server's own template adds is taken from its answers.
        """
        input = size + self._unlike
        return Sum(input + output, cost(self.price, input, output) or 0.0)

    def learn(self, size: int, input: int) -> None:
        """A prompt of `size` bytes was counted as `input` tokens."""
        self._unlike = max(self._unlike, input - size)

    @asynccontextmanager
    async def reserved(self, worst: Sum) -> AsyncIterator[Bill]:
        """Hold the worst case until the bill is known.

        Waits while what is under way may still turn out cheap enough; `Spend` where nothing is, and
        `Stopped` where asking ends.
        """
        while not self._fits(worst):
            if self._stopped:
                raise Stopped
            if self._requests == 0:
                raise Spend
            await self._changed.wait()
        bill = Bill()
        self._reserved += worst
        self._requests += 1
        try:
            yield bill
        finally:
            self._reserved -= worst
            self._requests -= 1
            if self._requests == 0:
                self._reserved = Sum()  # sums of floats leave dust
            self.spent += bill.actual
            self._changed.ring()

    def _fits(self, worst: Sum) -> bool:
        total = self.spent + self._reserved + worst
        dollars, tokens = self.spending.budget_dollars, self.spending.budget_tokens
        return (dollars is None or total.dollars <= dollars) and (tokens is None or total.tokens <= tokens)

    def stop(self) -> None:
        """Wake all that wait."""
        self._stopped = True
        self._changed.ring()

    def said(self) -> str:
        """`24.9981 of 25 USD`, or `1,999,120 of 2,000,000 tokens`."""
        if self.spending.budget_dollars is not None:
            return f"{self.spent.dollars:.4f} of {self.spending.budget_dollars:g} USD"
        return f"{self.spent.tokens:,} of {self.spending.budget_tokens:,} tokens"

"""What asking a teacher will take, as `mtd plan` says it before anything is spent."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct


class Range(NamedTuple):
    """A quantity, at least and at most."""

    low: float
    high: float


class Quote(Struct, frozen=True, kw_only=True):
    """What is still to be bought of one thought on one split: what the completion store holds is taken off."""

    held: int
    """Completions that the store holds; equal prompts count each."""
    calls: int
    """Completions to be bought; equal prompts are asked once."""
    input: Range
    """Tokens of all prompts, at least once a prompt, at most once a completion."""
    output: Range
    """Tokens of all completions."""
    dollars: Range | None
    """`None` where the price is not known."""
    price: str
    """`declared` in the spec, `listed` (known of the provider), `free`, or `unknown`."""
    spent_dollars: float
    """By the same teacher so far, which its budget counts."""
    spent_tokens: int

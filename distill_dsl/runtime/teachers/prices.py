"""What completions cost: the price that a spec declares, else what is known of the provider's, else nothing."""

from __future__ import annotations

import os
from typing import Final

from distill_dsl.contract.settings import Environment, FreePrice, OpenaiTeacher, PerMillion, Price, SpendingSettings
from distill_dsl.runtime.teachers.store import OPENAI

MILLION: Final = 1_000_000


def price_of(model: OpenaiTeacher, spending: SpendingSettings) -> Price | None:
    """The declared price; else the list price where the server's host is a known one; else `None`: unknown."""
    if spending.price is not None:
        return spending.price
    address = (
        os.environ.get(model.base_url.env) if isinstance(model.base_url, Environment) else model.base_url or OPENAI
    )
    return _known(address, model.model) if address else None


def cost(price: Price | None, input: int, output: int, cached: int = 0) -> float | None:
    """US dollars; `cached` of the tokens of input were cached by the server. `None` without a price."""
    match price:
        case None:
            return None
        case FreePrice():
            return 0.0
        case PerMillion():
            reused = price.input if price.cached is None else price.cached
            return ((input - cached) * price.input + cached * reused + output * price.output) / MILLION


def _known(address: str, model: str) -> PerMillion | None:
    """The price that the package genai-prices lists (it comes with the package: nothing is looked up)."""
    try:
        # An optional extra, as is the client.
        from genai_prices import Usage, calc_price
    except ImportError:
        return None

    def dollars(usage: Usage) -> float:
        # For a thousand tokens, so that the price is that of prompts of ordinary length.
        found = calc_price(usage, model, provider_api_url=address)
        return round(float(found.total_price) * 1000, 9)

    try:
        return PerMillion(
            input=dollars(Usage(input_tokens=1000)),
            output=dollars(Usage(output_tokens=1000)),
            cached=dollars(Usage(input_tokens=1000, cache_read_tokens=1000)),
        )
    except LookupError:
        return None

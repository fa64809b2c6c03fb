"""Quantities in the units of the contract: seconds, bytes, shares, US dollars, tokens."""

from __future__ import annotations

from typing import Final

from distill_dsl.compiler.language.nodes import Quantity

SECONDS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
BYTES: Final = {"KB": 1024, "MB": 1024**2, "GB": 1024**3}
"""Powers of 1024, as memory limits are set in."""


TOKENS: Final = {"tokens": 1, "ktokens": 1000, "Mtokens": 1_000_000}


def seconds(node: Quantity) -> float | None:
    """The time in seconds, or `None` if the unit is of something else."""
    return float(node.amount) * SECONDS[node.unit] if node.unit in SECONDS else None


def size(node: Quantity) -> int | None:
    """The size in bytes, or `None` if the unit is of something else."""
    return round(node.amount * BYTES[node.unit]) if node.unit in BYTES else None


def share(node: Quantity) -> float | None:
    """The percentage as a share of 1, or `None`."""
    if node.unit != "%":
        return None
    # Through the decimal text, since 39.3 / 100 is 0.39299999999999996.
    digits, _, exponent = str(node.amount).partition("e")
    return float(f"{digits}e{int(exponent or 0) - 2}")


def dollars(node: Quantity) -> float | None:
    """The amount in US dollars, or `None`."""
    return float(node.amount) if node.unit == "USD" else None


def tokens(node: Quantity) -> int | None:
    """So many tokens, or `None`."""
    return round(node.amount * TOKENS[node.unit]) if node.unit in TOKENS else None


def spelt_tokens(count: int) -> str:
    """Tokens in the largest unit that holds them whole."""
    unit = max((unit for unit in TOKENS if count % TOKENS[unit] == 0), key=lambda unit: TOKENS[unit])
    return f"{count // TOKENS[unit]}{unit}"


def spelt_size(size: int) -> str:
    """Bytes in the largest unit that holds them whole."""
    unit = next((unit for unit in ("GB", "MB", "KB") if size % BYTES[unit] == 0 and size), None)
    return f"{size // BYTES[unit]}{unit}" if unit else f"{size / BYTES['KB']:g}KB"


def in_plain_units(node: Quantity) -> int | float | None:
    """The quantity as the number that the contract holds."""
    for convert in (seconds, size, share, dollars, tokens):
        value = convert(node)
        if value is not None:
            return value
    return None

"""Quantities as people read them; what is not known is `-`."""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "-"

PREFIXES: Final = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def si(value: float | None, unit: str = "") -> str:
    """Three digits with a prefix: 1234567 -> `1.23M`, with a unit `1.23 MB`."""
    if value is None:
        return UNKNOWN
    for size, prefix in PREFIXES:
        # 999,950 would read `1000k`.
        if abs(value) >= 0.9995 * size:
            return f"{three(value / size)}{' ' if unit else ''}{prefix}{unit}"
    return f"{three(value)}{' ' if unit else ''}{unit}"


def three(value: float) -> str:
    """Three significant digits without an exponent: 1.234 -> `1.23`, 123.4 -> `123`, 0.01234 -> `0.0123`."""
    text = f"{value:.3g}"
    return f"{float(text):.6f}".rstrip("0").rstrip(".") if "e" in text else text


def percent(share: float | None, digits: int = 2) -> str:
    """0.3456 -> `34.56`."""
    return UNKNOWN if share is None else f"{100 * share:.{digits}f}"


def dollars(value: float | None) -> str:
    """Money as `$1,234.50`; under ten cents three digits, `$0.00123`."""
    if value is None:
        return UNKNOWN
    return f"${value:,.2f}" if value >= 0.1 or value == 0 else f"${three(value)}"


def points(share: float) -> str:
    """A difference of two shares: 0.0123 -> `+1.2`; what rounds to nothing has no sign."""
    text = f"{100 * share:+.1f}"
    return "0.0" if float(text) == 0 else text


def against(p_value: float) -> str:
    """What stands behind a `p`: `= 0.031`, `< 0.001`."""
    return "< 0.001" if p_value < 0.001 else f"= {p_value:.3f}"

"""All families, in the order in which they are listed to users."""

from __future__ import annotations

from typing import Final

from distill_dsl.runtime.sources.arithmetic import amounts, money, parts, rates, shapes, unknowns
from distill_dsl.runtime.sources.arithmetic.family import Family

FAMILIES: Final[tuple[Family, ...]] = (
    *amounts.FAMILIES,
    *money.FAMILIES,
    *parts.FAMILIES,
    *rates.FAMILIES,
    *unknowns.FAMILIES,
    *shapes.FAMILIES,
)

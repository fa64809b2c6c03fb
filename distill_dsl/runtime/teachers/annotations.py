"""Gold rationales with calculation annotations (GSM8K: `<<48/2=24>>`) read as worked solutions."""

from __future__ import annotations

from dataclasses import dataclass

from distill_dsl.contract.records import Solution


@dataclass(frozen=True)
class Unreadable:
    """Why a rationale gives no solution."""

    reason: str


def read_rationale(rationale: str | None) -> Solution | Unreadable:
    """The steps and equations of a rationale."""
    return Unreadable("the problem has neither a solution nor a rationale")

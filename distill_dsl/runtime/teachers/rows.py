"""A completion of the store as what a row says."""

from __future__ import annotations

from typing import Any

from distill_dsl.contract.records import Usage
from distill_dsl.runtime.teachers.store import Bought


def said_by(row: Bought, *, again: bool) -> dict[str, Any]:
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

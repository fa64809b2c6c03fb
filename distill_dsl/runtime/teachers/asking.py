"""Asking a server: what the store lacks is bought, then all completions are given in order.

Prompts are rendered twice, for buying and for giving: that costs less than to hold them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import OpenaiTeacher, SpendingSettings, TeacherSettings
from distill_dsl.runtime.progress import UNSEEN, Watch
from distill_dsl.runtime.teachers.budget import Purse
from distill_dsl.runtime.teachers.buying import Buyer
from distill_dsl.runtime.teachers.faults import Refusal
from distill_dsl.runtime.teachers.missing import Errand, Missing
from distill_dsl.runtime.teachers.openai import shown_address
from distill_dsl.runtime.teachers.prices import price_of
from distill_dsl.runtime.teachers.prompts import Prompt
from distill_dsl.runtime.teachers.questions import asker
from distill_dsl.runtime.teachers.rows import said_by
from distill_dsl.runtime.teachers.store import asking, opened


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
    """Buy what the store lacks, then give all completions in the order of the problems."""
    with opened() as store:
        errand = Errand(settings, model, teacher, problems, prompt, spending, store, progress, watch)
        yield from _completions(errand, thought, _bought(errand))


def _bought(errand: Errand) -> Mapping[str, Refusal]:
    """Buy all that is missing; returns what was refused, by its key."""
    missing = Missing(errand)
    steps = missing.steps()
    first = next((wanted for wanted in steps if wanted), None)
    if first is None:
        return {}
    price = price_of(errand.model, errand.spending)
    if errand.spending.budget_dollars is not None and price is None:
        raise Failure(
            f"the budget is in dollars, and the price of {errand.model.model} is not known",
            where=shown_address(errand.model),
            help="declare it, `price = per_million(input: 0.15USD, output: 0.6USD)`; or give the budget in tokens",
        )
    limited = errand.spending.budget_dollars is not None or errand.spending.budget_tokens is not None
    with asking(errand.store, errand.settings, budget=errand.teacher if limited else None):
        purse = Purse(errand.spending, price, errand.store.spent(errand.teacher))
        asyncio.run(Buyer(errand, missing, purse).run(chain([missing.again(first)], steps)))
    return missing.refused


def _completions(errand: Errand, thought: str, refused: Mapping[str, Refusal]) -> Iterator[Completion]:
    seen: set[int] = set()
    asked = asker(errand.settings)
    for problem in errand.problems:
        shown = errand.prompt(problem)
        _, key = asked(shown)
        digest = int(key[:16], 16)  # a number takes half of the memory
        for sample in range(errand.settings.samples):
            row = errand.held(key, sample)
            if row is None and key not in refused:
                raise Failure(
                    "a completion has gone from the store since it was bought",
                    where=str(errand.store.path),
                    help="another process may have deleted it; run the stage again",
                )
            said = _refused(refused[key]) if row is None else said_by(row, again=digest in seen)
            yield Completion(
                problem=problem.id, thought=thought, sample=sample, prompt=key, exemplars=shown.exemplars, **said
            )
        seen.add(digest)


def _refused(refusal: Refusal) -> dict[str, Any]:
    return {"text": None, "reason": refusal.reason, "finish": "filter" if refusal.filtered else None}

"""The plan and its outlook as plain values: what `mtd plan --json` prints (docs/plan.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from distill_dsl.compiler.plan.forecast import Asked, Forecast, Trainings
from distill_dsl.compiler.plan.keys import KeyChange
from distill_dsl.compiler.plan.outlook import Outlook, State
from distill_dsl.compiler.plan.reasons import Reason
from distill_dsl.contract.quotes import Quote

FORM: Final = 1
"""Raised when a key of the documents changes its meaning or goes; new keys may come at any time."""


def plan_document(
    spec: str,
    forecast: Forecast,
    outlooks: Mapping[str, Outlook],
    before: Mapping[str, Sequence[str]],
    gone: Sequence[str],
    stale: bool,
) -> dict[str, Any]:
    """All of it. `gone`: stages of dvc.yaml that the spec has no more; `stale`: `mtd compile` has work to do."""
    counts = Counter(one.state for one in outlooks.values())
    return {
        "form": FORM,
        "spec": spec,
        "compiled": not stale,
        "trainings": [_trainings(one) for one in forecast.trainings],
        "further_trainings": forecast.further,
        "asked": [_asked(one, outlooks) for one in forecast.asked],
        "variables": {need.name: need.there for need in forecast.variables},
        "files": {need.name: need.there for need in forecast.files},
        "hub": list(forecast.hub),
        "counts": {state.value: counts[state] for state in State},
        "stages": [_stage(one, before[name]) for name, one in outlooks.items()],
        "gone": list(gone),
    }


def _trainings(one: Trainings) -> dict[str, Any]:
    factors = [{"number": number, "what": what} for number, what in one.factors]
    return {"experiment": one.experiment, "factors": factors, "trainings": one.count, "shared": one.shared}


def _asked(one: Asked, outlooks: Mapping[str, Outlook]) -> dict[str, Any]:
    waiting = [name for name in one.stages if outlooks[name].state is State.RUNS]
    quote = one.quote(waiting)
    return {
        "teacher": one.teacher,
        "model": one.model,
        "split": one.split,
        "problems": one.problems,
        "limit": one.limit,
        "thoughts": list(one.thoughts),
        "samples": one.samples,
        "max_tokens": one.max_tokens,
        "calls": one.calls(len(one.thoughts)),
        "calls_now": one.calls(len(waiting)),
        "stages": list(one.stages),
        "budget": {"dollars": one.spending.budget_dollars, "tokens": one.spending.budget_tokens},
        "quote": _quote(quote) if isinstance(quote, Quote) else None,
        "no_quote": quote if isinstance(quote, str) else None,
    }


def _quote(one: Quote) -> dict[str, Any]:
    """Of ranges the low and the high end; tokens as whole numbers."""
    return {
        "held": one.held,
        "to_buy": one.calls,
        "input": [round(end) for end in one.input],
        "output": [round(end) for end in one.output],
        "dollars": None if one.dollars is None else [round(end, 6) for end in one.dollars],
        "price": one.price,
        "spent": {"dollars": round(one.spent_dollars, 6), "tokens": one.spent_tokens},
    }


def _stage(one: Outlook, before: Sequence[str]) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.stage.kind.value,
        "state": one.state.value,
        "place": {"file": one.stage.place.file, "line": one.stage.place.line},
        "reads": list(before),
        "reasons": [_reason(reason) for reason in one.reasons],
        "after": list(one.after),
    }


def _reason(reason: Reason) -> dict[str, Any]:
    place = reason.place
    found: dict[str, Any] = {"why": reason.why.value, "text": reason.text}
    if reason.detail:
        found["file"] = reason.detail
    if place:
        found["place"] = {"file": place.file, "line": place.line}
    return found | (key_document(reason.change) if reason.change else {})


def key_document(change: KeyChange) -> dict[str, Any]:
    """A changed key: where it is, and its values as a spec has them."""
    return {
        "block": change.section,
        "name": change.name,
        "key": change.key,
        "before": change.before.text if change.before else None,
        "after": change.after.text if change.after else None,
    }

"""A run's metrics: what its stages measured, under names by which like stands beside like."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

Scores = dict[str, dict[str, dict[str, Any]]]
"""Test -> strategy (or `thoughts`) -> quantity -> value, as the score stage writes it."""


def measures_of(training: dict[str, Any], solving: dict[str, Any], scores: Scores) -> dict[str, Any]:
    """All but what teachers gave, still nested."""
    return {"training": training, "solving": solving, **by_quantity(with_costs(scores, training, solving))}


HEADLINE: Final = "headline"
"""The section with one accuracy a test, whatever strategy stands for a run: by it runs of all mixes are sorted."""


def headline_measures(scores: Scores, strategy: str) -> dict[str, float]:
    """`headline/<test>`, the accuracy of the run's headline strategy, and the mean where there are several tests."""
    found = {test: found[strategy]["accuracy"] for test, found in scores.items() if strategy in found}
    if len(found) > 1:
        found["mean"] = sum(found.values()) / len(found)
    return {f"{HEADLINE}/{plain(test)}": float(value) for test, value in found.items()}


def with_costs(scores: Scores, training: dict[str, Any], solving: dict[str, Any]) -> Scores:
    """Each strategy's accuracy with what it cost: seconds a problem, and accuracy per 1,000 training examples.

    What was not measured (a file of an older version) gives no metric.
    """
    examples, speed = training.get("examples"), solving.get("tokens_per_second")

    def costs(found: dict[str, Any]) -> dict[str, Any]:
        more = {}
        if speed and found.get("tokens") is not None:
            more["seconds"] = found["tokens"] / speed
        if examples and found.get("accuracy") is not None:
            more["accuracy_per_1000_examples"] = found["accuracy"] / (examples / 1000)
        return found | more

    return {
        test: {key: found if key == "thoughts" else costs(found) for key, found in entries.items()}
        for test, entries in scores.items()
    }


SECTIONS: Final = {
    "low": "accuracy_low",
    "high": "accuracy_high",
    "tokens": "cost_tokens",
    "seconds": "cost_seconds",
    "aurc": "sure_aurc",
    "ece": "sure_ece",
}
"""Quantities under names by which like stands beside like where MLflow sorts them."""


def by_quantity(scores: Scores) -> Scores:
    """Scores as `accuracy/gsm8k-test/cascade-pot-eot-cot`, what formats gave as `thoughts/gsm8k-test/pot/...`.

    MLflow's charts are in sections by all of a name but its last part: so one section has the
    accuracy of every strategy on a test, and is the first.
    """
    named: Scores = {}
    for test, found in scores.items():
        for key, values in found.items():
            if key == "thoughts":
                named.setdefault(key, {})[test] = values
                continue
            for quantity, value in values.items():
                named.setdefault(SECTIONS.get(quantity, quantity), {}).setdefault(test, {})[key] = value
    return named


def numbers(value: Any, prefix: str = "") -> Iterable[tuple[str, float]]:
    """Nested numbers by their path, `training/seconds`; what is no number is left out."""
    match value:
        case bool() | None | str():
            return
        case int() | float():
            yield prefix, float(value)
        case dict():
            for name, inner in value.items():
                yield from numbers(inner, f"{prefix}/{plain(name)}" if prefix else plain(name))


def plain(name: object) -> str:
    """A part of a name as MLflow takes it: it refuses some signs (`@`, on Windows `:`), as in `error:name`."""
    return re.sub(r"[^\w .-]", "-", str(name))

"""A comparison as plain values: what `mtd compare --json` prints (docs/compare.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from distill_dsl.contract.files import rounded
from distill_dsl.runtime.comparing.contests import Contest
from distill_dsl.runtime.comparing.contrast import Contrast
from distill_dsl.runtime.comparing.quantities import Change
from distill_dsl.runtime.comparing.version import Contender, Version
from distill_dsl.runtime.comparing.yields import COUNTS, Taking

FORM: Final = 1


def document(contrast: Contrast, said: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All of it, floats rounded to 6 decimals."""
    found = {
        "form": FORM,
        "before": version(contrast.before),
        "after": version(contrast.after),
        "said": list(said),
        "headlines": [contest(one) for one in contrast.headlines],
        "strategies": [contest(one) for one in contrast.strategies],
        "quantities": [change(one) for one in contrast.changes],
        "yields": [taking(one) for one in contrast.takings],
        "only_before": [alone(one) for one in contrast.meetings.only_before],
        "only_after": [alone(one) for one in contrast.meetings.only_after],
        "notes": list(contrast.notes),
    }
    done: dict[str, Any] = rounded(found)
    return done


def version(one: Version) -> dict[str, Any]:
    """What a side is called."""
    side = one.side
    return {"revision": side.revision, "commit": side.commit, "run": side.run, "mlflow": side.mlflow}


def contender(one: Contender) -> dict[str, Any]:
    """Who."""
    student, mix = one.group.names
    return {
        "experiment": one.experiment,
        "student": student,
        "mix": mix,
        "varied": dict(one.group.varied),
        "seeds": one.seeds,
    }


def contest(one: Contest) -> dict[str, Any]:
    """One contest; differences are shares, positive where the later side is better."""
    found: dict[str, Any] = {
        "before": contender(one.before),
        "after": contender(one.after),
        "test": one.test,
        "strategies": list(one.strategies),
        "accuracies": list(one.accuracies),
        "difference": one.difference,
        "low": None,
        "high": None,
        "p_value": None,
        "p_holm": one.adjusted,
        "problems": list(one.problems),
        "shared": one.shared,
        "gained": list(one.gained),
        "lost": list(one.lost),
        "verdict": one.verdict.value,
    }
    if one.found is not None:
        found |= {"low": one.found.low, "high": one.found.high, "p_value": one.found.p_value}
    return found


def change(one: Change) -> dict[str, Any]:
    """One quantity."""
    found: dict[str, Any] = {
        "who": one.who,
        "quantity": one.quantity.key,
        "name": one.quantity.name,
        "kind": one.quantity.kind.value,
        "before": one.before,
        "after": one.after,
        "deviations": list(one.spreads),
        "low": None,
        "high": None,
        "p_value": None,
        "p_holm": one.adjusted,
        "over": one.over if one.found is not None else None,
        "outcome": one.outcome.value,
    }
    if one.found is not None:
        found |= {"low": one.found.low, "high": one.found.high, "p_value": one.found.p_value}
    return found


def taking(one: Taking) -> dict[str, Any]:
    """What a teacher gave."""
    found: dict[str, Any] = {
        "who": one.who,
        "before": {key: one.before.get(key) for key in COUNTS},
        "after": {key: one.after.get(key) for key in COUNTS},
        "shared": one.shared,
        "difference": None,
        "low": None,
        "high": None,
        "p_value": None,
        "p_holm": one.adjusted,
        "verdict": one.verdict.value,
    }
    if one.found is not None:
        keys = ("difference", "low", "high", "p_value")
        found |= {key: getattr(one.found, key) for key in keys}
    return found


def alone(one: Contender) -> dict[str, Any]:
    """Who has no partner, with what it reached."""
    accuracies = {test: {key: one.accuracy(test, key) for key in one.strategies(test)} for test in one.tests}
    return contender(one) | {"accuracies": accuracies}

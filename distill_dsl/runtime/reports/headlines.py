"""The few numbers of an experiment that `dvc metrics` and `dvc exp show` put beside each other."""

from __future__ import annotations

from collections import Counter

from distill_dsl.runtime.reports.efficiency import headline_accuracy
from distill_dsl.runtime.reports.study import Study

Numbers = dict[str, dict[str, float]]


def summary(study: Study) -> dict[str, Numbers]:
    """Accuracy by student and mix, and what teachers gave by format, where anything was asked.

    Keys are those of params.yaml, shares have 4 decimals.
    """
    given = yields(study)
    return {"accuracy": accuracies(study), **({"yield": given} if given else {})}


def accuracies(study: Study) -> Numbers:
    """The main table's strategy, the mean over tests and seeds."""
    found: Numbers = {}
    for group in study.results.groups:
        found.setdefault(group.student, {})[group.mix] = round(headline_accuracy(study.results, group), 4)
    return found


def yields(study: Study) -> Numbers:
    """Right thoughts of those asked for, all splits together."""
    asked: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    for one in study.yields:
        asked[one.asked.teacher, one.asked.thought] += one.found.asked
        right[one.asked.teacher, one.asked.thought] += one.found.right
    found: Numbers = {}
    for teacher, thought in asked:
        if asked[teacher, thought]:
            found.setdefault(teacher, {})[thought] = round(right[teacher, thought] / asked[teacher, thought], 4)
    return found

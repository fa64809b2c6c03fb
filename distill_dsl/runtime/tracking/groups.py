"""Runs that differ in their seeds alone, drawn together: means under the plain names, and how far seeds lie apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import Final

from distill_dsl.contract.runs import Run
from distill_dsl.runtime.tracking.entries import SEEDS, Branch, Entry, Kind, Point, Span
from distill_dsl.runtime.tracking.facts import title_of
from distill_dsl.runtime.tracking.parameters import shared

BOUNDS: Final = ("accuracy_low", "accuracy_high")
"""Sections without a mean: an interval of one seed's problems says nothing of a mean of seeds."""
SAME: Final = ("yield", "yield_total", "problems")
"""Sections without a deviation: what teachers gave and what is asked is the same for all seeds."""
NOT_MEAN: Final = ("system/",)
"""Curves of one machine's single run."""


def grouped(experiment: str, facts: Mapping[Run, Entry]) -> tuple[Branch, ...]:
    """The runs in groups where a student after a mix has several seeds, or where params are varied."""
    groups: dict[Run, list[Run]] = {}
    for run in facts:
        groups.setdefault(run._replace(seed=0), []).append(run)
    found: list[Branch] = []
    for runs in groups.values():
        below = tuple(Branch(facts[run]) for run in runs)
        if len(runs) > 1 or runs[0].varied:
            found.append(Branch(group_of(experiment, runs, [facts[run] for run in runs]), below))
        else:
            found += below
    return tuple(found)


def group_of(experiment: str, runs: Sequence[Run], entries: Sequence[Entry]) -> Entry:
    """One student after one mix, its seeds drawn together."""
    first = runs[0]
    key = f"{experiment}-{first.mix}-{first.student}"
    params = {name: value for name, value in shared(entry.params for entry in entries).items() if name != "seed"}
    return Entry(
        kind=Kind.GROUP,
        key=key,
        name=title_of(first, f"{len(runs)} seeds" if len(runs) > 1 else ""),
        params=params | {SEEDS: ", ".join(str(run.seed) for run in runs)},
        metrics=drawn_together([entry.metrics for entry in entries]),
        tags=shared(entry.tags for entry in entries) | {"mlflow.note.content": note(runs)},
        span=span_of(entries),
        points=mean_points(entries),
        datasets=tuple(dict.fromkeys(data for entry in entries for data in entry.datasets)),
    )


def drawn_together(metrics: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """`accuracy/...` is the mean and `accuracy_deviation/...` the sample deviation of what all seeds measured."""
    found: dict[str, float] = {}
    for name in metrics[0]:
        values = [one[name] for one in metrics if name in one]
        section, _, rest = name.partition("/")
        if len(values) < len(metrics) or (section in BOUNDS and len(values) > 1):
            continue
        found[name] = sum(values) / len(values)
        if len(values) > 1 and section not in SAME:
            found[f"{section}_deviation/{rest}"] = deviation(values)
    return found


def deviation(values: Sequence[float]) -> float:
    """The sample standard deviation (n - 1) of two values or more."""
    centre = sum(values) / len(values)
    return sqrt(sum((value - centre) ** 2 for value in values) / (len(values) - 1))


def mean_points(entries: Sequence[Entry]) -> tuple[Point, ...]:
    """The mean of each curve, at the steps that all seeds have."""
    found: dict[tuple[str, int], list[Point]] = {}
    for point in (point for entry in entries for point in entry.points):
        if not point.name.startswith(NOT_MEAN):
            found.setdefault((point.name, point.step), []).append(point)
    return tuple(mean_point(points) for points in found.values() if len(points) == len(entries))


def mean_point(points: Sequence[Point]) -> Point:
    """One step of several trainings."""
    value = sum(point.value for point in points) / len(points)
    return Point(points[0].name, points[0].step, value, max(point.after for point in points))


def span_of(entries: Iterable[Entry]) -> Span:
    """From the first beginning to the last end; where one is not known, the time that all took together."""
    spans = [entry.span for entry in entries]
    began = [span.began for span in spans if span.began is not None]
    ended = [span.ended for span in spans if span.ended is not None]
    if len(began) < len(spans) or not began:
        return Span(None, sum(span.seconds for span in spans))
    return Span(min(began), max(ended) - min(began))


def note(runs: Sequence[Run]) -> str:
    """What MLflow shows as a group's description."""
    if len(runs) == 1:
        return f"Seed {runs[0].seed}, the only one."
    seeds = ", ".join(str(run.seed) for run in runs)
    return f"Seeds {seeds}: means under the plain names, the standard deviation over seeds under `<section>_deviation`."

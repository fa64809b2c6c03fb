"""What was measured while a student trained, step by step: losses, accuracy on dev, and the machine."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.runs import Run
from distill_dsl.runtime.tracking.entries import Point, missing

TIME: Final = "time"
"""The column of a system file that says when a sample was taken, in Unix seconds."""


def points_of(experiment: str, run: Run, seconds: float) -> tuple[Point, ...]:
    """The training's curves and the samples of its machine. `seconds` is how long the training took."""
    losses = read_curve(files.curve_file(run.trained))
    accuracies = read_curve(files.dev_curve_file(run.solved(experiment)))
    last = max((step for step, _ in (*losses, *accuracies)), default=0)
    # The files say at which step, not when: steps of one training take about as long as each other.
    pace = seconds / last if last else 0.0
    named = [(f"curve/{name}", step, value) for step, values in losses for name, value in values.items()]
    named += [(dev_name(name), step, value) for step, values in accuracies for name, value in values.items()]
    return (*(Point(name, step, value, step * pace) for name, step, value in named), *samples(run))


def dev_name(column: str) -> str:
    """The metric of a column of the dev curve: `curve/dev_accuracy`, and `curve/dev_accuracy_pot` of one format."""
    return "curve/dev_accuracy" if column == "accuracy" else f"curve/dev_accuracy_{column}"


def samples(run: Run) -> Iterator[Point]:
    """What the machine did, under the names by which MLflow shows system metrics."""
    rows = read_system(run)
    began = beginning(rows)
    for number, row in enumerate(rows):
        seconds, time = row.pop("seconds"), row.pop(TIME, None)
        after = seconds if time is None or began is None else time - began
        yield from (Point(f"system/{name}", number, value, after) for name, value in row.items())


def began_at(run: Run) -> float | None:
    """When the training began, in Unix seconds; `None` where an older version did not write it."""
    return beginning(read_system(run))


def beginning(rows: Sequence[dict[str, float]]) -> float | None:
    """When the training began, by its first sample."""
    first = next(iter(rows), {})
    return first[TIME] - first["seconds"] if TIME in first else None


def read_curve(path: Path) -> list[tuple[int, dict[str, float]]]:
    """Step -> values. Empty cells are measures that were not taken at that step."""
    points = []
    for number, row in read_numbers(path):
        if "step" not in row:
            raise no_row(path, number, "it has no step")
        points.append((int(row.pop("step")), row))
    return points


def read_system(run: Run) -> list[dict[str, float]]:
    """The samples of the machine, in order."""
    path = files.system_file(run.trained)
    rows = []
    for number, row in read_numbers(path):
        if "seconds" not in row:
            raise no_row(path, number, "it has no seconds")
        rows.append(row)
    return rows


def read_numbers(path: Path) -> Iterator[tuple[int, dict[str, float]]]:
    """Each line of a CSV file of numbers with its number, without its empty cells."""
    try:
        stream = path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise missing(path, error.strerror or str(error)) from error
    with stream:
        for number, row in enumerate(csv.DictReader(stream), start=2):
            try:
                found = {name: float(text) for name, text in row.items() if text}
            except (TypeError, ValueError) as error:
                raise no_row(path, number, str(error)) from error
            yield number, found


def no_row(path: Path, line: int, why: str) -> Failure:
    """A line that says nothing of a training."""
    return Failure(
        f"line {line} of {path} is no measure of a training: {why}",
        where=f"{path}:{line}",
        help="run the train stage again (`dvc repro --force` its name)",
    )

"""track: project the files of an experiment's runs into MLflow.

Everything here can be made again from the files, at any revision after `dvc pull`. So trouble with
the tracker is told and never stops a pipeline; trouble with our own files does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.runs import parse_run
from distill_dsl.runtime.progress import steps_shown
from distill_dsl.runtime.tracking.entries import Branch, Kind
from distill_dsl.runtime.tracking.facts import facts_of
from distill_dsl.runtime.tracking.naming import tracked_name
from distill_dsl.runtime.tracking.patience import within
from distill_dsl.runtime.tracking.pipeline import Pipeline, read_pipeline
from distill_dsl.runtime.tracking.place import first_line, is_database, shown, tracking_uri, ui_command
from distill_dsl.runtime.tracking.project import Done, project
from distill_dsl.runtime.tracking.provenance import common_tags
from distill_dsl.runtime.tracking.store import experiment_id, opened
from distill_dsl.runtime.tracking.views import address, view_tag
from distill_dsl.runtime.tracking.whole import tree_of

SECONDS: Final = 90.0
SECONDS_A_RUN: Final = 10.0
"""Longest that a pipeline waits for a tracker; it takes about a second a run, and some to open a fresh store."""

PATIENCE: Final = "MTD_TRACK_SECONDS"
"""A variable of the environment that says how long instead."""

NAMED: Final = 5
"""Names of runs in a line of the summary."""


def run(*, experiment: str, runs: list[str]) -> None:
    """One MLflow run for each of `runs` (`mix=etd,student=small,seed=1`, with `,paths=2` where params are varied)."""
    trouble = tracked(experiment, runs, read_pipeline(), patience(len(runs)))
    if trouble is not None:
        print(f"warning: {trouble}", file=sys.stderr)


def again() -> None:
    """Track every experiment of dvc.yaml anew. Asked for by a person, so that trouble is a failure here."""
    pipeline = read_pipeline()
    stages = [stage for stage in pipeline.stages if stage.startswith("track-")]
    if not stages:
        raise Failure(
            "dvc.yaml has no experiment to track", where="dvc.yaml", help="run `mtd compile` on a spec with one"
        )
    for options in map(pipeline.options, stages):
        trouble = tracked(options["experiment"][0], options["run"], pipeline, None)
        if trouble is not None:
            raise trouble


def patience(runs: int) -> float:
    """Seconds that a pipeline gives the tracker for so many runs."""
    said = os.environ.get(PATIENCE)
    if not said:
        return SECONDS + SECONDS_A_RUN * runs
    try:
        return float(said)
    except ValueError as error:
        raise Failure(
            f"{PATIENCE} is no number of seconds: {said}", help=f"unset {PATIENCE}, or set it to 60"
        ) from error


def tracked(experiment: str, runs: Sequence[str], pipeline: Pipeline, seconds: float | None) -> Failure | None:
    """Read everything first, then write to the tracker; returns what went wrong with the tracker."""
    tree = tree_of(experiment, {run: facts_of(experiment, run, pipeline) for run in map(parse_run, runs)}, pipeline)
    name = tracked_name(experiment, pipeline)
    try:
        found, done = within(seconds, lambda: send(name, tree, patient=seconds is None))
    except Failure:
        raise
    # Whatever a tracker raises (network, database, disk, its own bugs), results are safe in files.
    except Exception as error:
        return unreached(error)
    print("\n".join([*told(name, tree, done), *where(found)]))
    return None


def send(name: str, tree: Branch, *, patient: bool) -> tuple[str, Done]:
    """Write to the tracker's experiment of that name; returns its id and what was done."""
    runs = sum(entry.kind is Kind.RUN for entry in tree)
    with opened(patient=patient) as client, steps_shown("tracking", runs) as advance:
        shared = {"mlflow.experimentKind": "custom_model_development", "mlflow.note.content": experiment_note(tree)}
        found = experiment_id(client, name, shared | view_tag(tree))
        return found, project(client, found, tree, common_tags(), advance)


def told(name: str, tree: Branch, done: Done) -> list[str]:
    """What became of it, in a few lines."""
    runs, groups = (counted(tree, kind) for kind in (Kind.RUN, Kind.GROUP))
    lines = [f"MLflow experiment {name}: {runs}{f' in {groups}' if groups else ''}, {len(done.new)} of them new"]
    if done.replaced:
        lines.append(f"  in place of other results for the same settings: {listed(done.replaced)}")
    if done.aside:
        lines.append(f"  no longer what the spec asks for, set aside: {listed(done.aside)}")
    return lines


def where(experiment: str) -> list[str]:
    """What a person does to see the runs. `experiment` is MLflow's id."""
    start = [f"  {ui_command()}"] if is_database() else []
    return ["see them with", *start, f"  {address(experiment)}"]


def counted(tree: Branch, kind: Kind) -> str:
    """How many of a kind, in words; nothing where there are none."""
    number = sum(entry.kind is kind for entry in tree)
    return f"{number} {kind.value}{'' if number == 1 else 's'}" if number else ""


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def experiment_note(tree: Branch) -> str:
    """What MLflow shows above all runs."""
    place = tree.entry.tags.get("mlflow.source.name", "dvc.yaml")
    return (
        f"Experiment `{tree.entry.name}` of `{place}`. Runs nest: the experiment, a student after a mix, its seeds. "
        "What the spec asks for now is found by ``tags.`mtd.current` = 'true'``; `mtd track` makes it all from files."
    )


def unreached(error: Exception) -> Failure:
    """What went wrong with the tracker, that nothing is lost, and how to do it again."""
    return Failure(
        shown(f"MLflow at {tracking_uri()} was not brought up to date: {first_line(error)}"),
        help="the results are safe in artifacts/; when it is mended, run `mtd track`",
    )

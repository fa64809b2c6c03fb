"""track: project the files of an experiment's runs into MLflow.

Everything here can be made again from the files, at any revision after `dvc pull`. So trouble with
the tracker is told and never stops a pipeline; trouble with our own files does.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import REPORT_FIGURES, report_folder
from distill_dsl.contract.runs import parse_run
from distill_dsl.runtime.progress import steps_shown
from distill_dsl.runtime.tracking.facts import Facts, facts_of
from distill_dsl.runtime.tracking.pipeline import Pipeline, read_pipeline
from distill_dsl.runtime.tracking.place import shown, tracking_uri, ui_command
from distill_dsl.runtime.tracking.project import project
from distill_dsl.runtime.tracking.store import experiment_id, opened


def run(*, experiment: str, runs: list[str]) -> None:
    """One MLflow run for each of `runs` (`mix=etd,student=small,seed=1`, with `,paths=2` where params are varied)."""
    trouble = tracked(experiment, runs, read_pipeline())
    if trouble is not None:
        print(f"warning: {trouble}", file=sys.stderr)


def again() -> None:
    """Track every experiment of dvc.yaml anew. Asked for by a person, so that trouble is a failure here."""
    pipeline = read_pipeline()
    for stage in pipeline.stages:
        if stage.startswith("track-"):
            options = pipeline.options(stage)
            trouble = tracked(options["experiment"][0], options["run"], pipeline)
            if trouble is not None:
                raise trouble


def tracked(experiment: str, runs: Sequence[str], pipeline: Pipeline) -> Failure | None:
    """Read everything first, then write to the tracker; returns what went wrong with the tracker."""
    facts = [facts_of(experiment, parse_run(text), pipeline) for text in runs]
    folder = report_folder(experiment)
    report = [path for name in ("table.md", *REPORT_FIGURES) if (path := folder / name).is_file()]
    try:
        name, fresh = send(experiment, facts, report, pipeline)
    except Failure:
        raise
    # Whatever a tracker raises (network, database, disk, its own bugs), results are safe in files.
    except Exception as error:
        return unreached(error)
    runs = "1 run" if len(facts) == 1 else f"{len(facts)} runs"
    print(f"MLflow experiment {name}: {runs}, {fresh} of them new; see them with\n  {ui_command()}")
    return None


def unreached(error: Exception) -> Failure:
    """What went wrong with the tracker, that nothing is lost, and how to do it again."""
    first = next(iter(str(error).splitlines()), "") or type(error).__name__
    return Failure(
        shown(f"MLflow at {tracking_uri()} was not brought up to date: {first}"),
        help="the results are safe in artifacts/; when it is mended, run `mtd track`",
    )


def send(experiment: str, facts: Sequence[Facts], report: Sequence[Path], pipeline: Pipeline) -> tuple[str, int]:
    """Write to the tracker; returns its experiment's name and how many runs were new."""
    name = tracked_name(experiment, pipeline)
    with opened() as client, steps_shown("tracking", len(facts)) as advance:
        target = experiment_id(client, name, {"mlflow.experimentKind": "custom_model_development"})
        fresh = 0
        for one in facts:
            fresh += project(client, target, one, report)
            advance(1)
    return name, fresh


def tracked_name(experiment: str, pipeline: Pipeline) -> str:
    """`<spec>.<experiment>`, so that specs that share a store stay apart; one name where both are equal."""
    specs = pipeline.options("spec").get("specs") if "spec" in pipeline.stages else None
    spec = Path(specs[0]).stem if specs else experiment
    return experiment if spec == experiment else f"{spec}.{experiment}"

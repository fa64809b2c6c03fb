"""All that is known of one run, read from its files: the side of tracking that knows no tracker."""

from __future__ import annotations

from distill_dsl.contract import files
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.runs import Run, name_of
from distill_dsl.contract.settings import ExperimentSettings
from distill_dsl.runtime.tracking.curves import began_at, points_of
from distill_dsl.runtime.tracking.entries import Entry, Kind, Span, document
from distill_dsl.runtime.tracking.examples import example_files, headline
from distill_dsl.runtime.tracking.measures import Scores, headline_measures, measures_of, numbers
from distill_dsl.runtime.tracking.parameters import asked_by, params_of
from distill_dsl.runtime.tracking.pipeline import Pipeline
from distill_dsl.runtime.tracking.provenance import run_tags
from distill_dsl.runtime.tracking.sets import datasets_of
from distill_dsl.runtime.tracking.yields import yields_of


def facts_of(experiment: str, run: Run, pipeline: Pipeline) -> Entry:
    """One student after one mix with one seed, as a tracker shows it; a missing file is a `Failure`."""
    cell = run.solved(experiment)
    asked = asked_by(run.mix, pipeline)
    training, solving = document(files.training_file(run.trained)), document(files.solving_file(cell))
    scores = document(files.scores_file(cell), Scores)
    settings, scored = read_settings(ExperimentSettings, experiment), files.scored_file(cell)
    strategy = headline(settings, next(iter(scores.values()), {}))
    examples = example_files(scored, settings, strategy)
    measured = dict(numbers(measures_of(training, solving, scores) | yields_of(run.mix, asked)))
    taught = float(training.get("seconds") or 0.0)
    return Entry(
        kind=Kind.RUN,
        key=cell,
        name=title_of(run, f"seed {run.seed}"),
        params=params_of(experiment, run, pipeline),
        metrics=headline_measures(scores, strategy) | measured,
        tags=run_tags(experiment, run, asked, (training, solving, scores), pipeline)
        | {"mtd.headline": strategy, "mlflow.note.content": note(experiment, run)},
        span=Span(began_at(run), taught + float(solving.get("seconds") or 0.0)),
        points=points_of(experiment, run, taught),
        datasets=datasets_of(cell, run, pipeline),
        attached={f"predictions/{scored.name}": scored, **examples},
        tables=tuple(name for name in examples if name.endswith(".json")),
    )


def title_of(run: Run, which: str) -> str:
    """As people read it: `small · etd · seed 1`, `small · etd · paths 2 · 3 seeds`."""
    varied = (f"{name} {value}" for name, value in run.varied)
    return " · ".join(filter(None, [name_of(run.student), name_of(run.mix), *varied, which]))


def note(experiment: str, run: Run) -> str:
    """What MLflow shows as a run's description."""
    return (
        f"Student `{name_of(run.student)}` after mix `{name_of(run.mix)}`, seed {run.seed}. Made again by "
        f"`dvc repro score-{run.solved(experiment)}`; all predictions are under Artifacts."
    )

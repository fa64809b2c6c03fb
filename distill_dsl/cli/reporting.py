"""`mtd report`: a page of an experiment, for a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from distill_dsl.cli.output import failures, say
from distill_dsl.compiler.diagnostics import Advice, suggestion
from distill_dsl.contract.failure import Failure

if TYPE_CHECKING:
    from distill_dsl.runtime.tracking.pipeline import Pipeline

Experiment = Annotated[
    str | None, typer.Argument(help="Of which experiment; without it, of each in dvc.yaml.", show_default=False)
]
To = Annotated[Path, typer.Option("--to", help="The folder that holds a folder for each experiment.")]
Open = Annotated[bool, typer.Option("--open", help="Open the page in a browser.")]


def report(experiment: Experiment = None, to: To = Path("reports"), show: Open = False) -> None:
    """Write a page of an experiment that a browser opens from a file: tables, figures, predictions, provenance."""
    # Imported here, as below, because a page draws figures, which no other command does.
    from distill_dsl.runtime.tracking.pipeline import read_pipeline

    with failures():
        pipeline = read_pipeline()
        for name in _chosen(pipeline, experiment):
            page = _written(pipeline, name, to / name)
            say(f"{name}: {page}")
            if show:
                typer.launch(page.resolve().as_uri())


def _chosen(pipeline: Pipeline, experiment: str | None) -> list[str]:
    """The experiments that a page is written of."""
    known = [pipeline.options(name)["experiment"][0] for name in pipeline.stages if name.startswith("report-")]
    if not known:
        raise Failure("dvc.yaml has no experiment to report", where="dvc.yaml", help="run `mtd compile SPEC` first")
    if experiment is None:
        return known
    if experiment not in known:
        help = suggestion(experiment, dict.fromkeys(known))
        told = help.text if isinstance(help, Advice) else help
        raise Failure(f"there is no experiment `{experiment}`", where="dvc.yaml", help=told)
    return [experiment]


def _written(pipeline: Pipeline, experiment: str, folder: Path) -> Path:
    """One page, as the report stage would draw it from the files that are here."""
    from rich.console import Console

    from distill_dsl.contract.params import read_settings
    from distill_dsl.contract.runs import parse_asked, parse_run
    from distill_dsl.contract.settings import ExperimentSettings
    from distill_dsl.runtime.reports.page.build import write_page
    from distill_dsl.runtime.reports.study import read_study

    said = pipeline.options(f"report-{experiment}")
    runs, thoughts = map(parse_run, said["run"]), map(parse_asked, said.get("thoughts", ()))
    with Console(stderr=True).status(f"writing the page of {experiment}"):
        study = read_study(
            experiment, read_settings(ExperimentSettings, experiment), list(runs), list(thoughts), said["test"]
        )
        return write_page(study, pipeline, pipeline.options("spec")["specs"], [], folder)

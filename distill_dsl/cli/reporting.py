"""`mtd report`: a page of an experiment, for a browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from distill_dsl.cli.output import complain, failures, say
from distill_dsl.cli.standing import dvc_status
from distill_dsl.compiler import compile_spec
from distill_dsl.compiler.diagnostics import Advice, suggestion
from distill_dsl.compiler.emit.params_yaml import flat
from distill_dsl.compiler.emit.write import parsed
from distill_dsl.compiler.plan.explain import shown
from distill_dsl.contract.failure import Failure

if TYPE_CHECKING:
    from distill_dsl.runtime.tracking.pipeline import Pipeline

Experiment = Annotated[
    str | None, typer.Argument(help="Of which experiment; without it, of each in dvc.yaml.", show_default=False)
]
To = Annotated[Path, typer.Option("--to", help="The folder that holds a folder for each experiment.")]
Status = Mapping[str, object]
"""Stage -> what `dvc status` says of it."""

SHOWN: Final = 5
"""Stages or values that a warning names."""

Open = Annotated[bool, typer.Option("--open", help="Open the page in a browser.")]


def report(experiment: Experiment = None, to: To = Path("reports"), show: Open = False) -> None:
    """Write a page of an experiment that a browser opens from a file: tables, figures, predictions, provenance."""
    # Imported here, as below, because a page draws figures, which no other command does.
    from distill_dsl.runtime.tracking.pipeline import read_pipeline

    with failures(), dvc_status() as said:
        pipeline = read_pipeline()
        chosen = _chosen(pipeline, experiment)
        for name in chosen:
            _finished(pipeline, name)
        spec, status = _spec_warnings(pipeline), cache(said)
        for name in chosen:
            page = _written(pipeline, name, to / name, partial(_warnings, pipeline, name, spec, status))
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


def _warnings(pipeline: Pipeline, experiment: str, spec: list[str], status: Callable[[], Status]) -> list[str]:
    """What stands at the head of a page."""
    return [*spec, *_stale(pipeline, experiment, status)]


def _finished(pipeline: Pipeline, experiment: str) -> None:
    """A failure where something that the report is made of is not there."""
    stage = f"report-{experiment}"
    missing = [path for path in map(str, pipeline.stage(stage).get("deps") or ()) if not Path(path).exists()]
    if missing:
        raise Failure(
            f"experiment {experiment} is not finished: {len(missing)} of the files behind its report do not exist",
            where=missing[0],
            help=f"run `dvc repro {stage}`, or `dvc pull {stage} --with-deps` where it ran elsewhere",
        )


def _spec_warnings(pipeline: Pipeline) -> list[str]:
    """Where the spec, whose text the page shows, is not what the numbers come from."""
    spec = pipeline.options("spec")["specs"][0]
    compiled = compile_spec(Path(spec))
    meant = ((pipeline.stage("spec").get("meta") or {}).get("mtd") or {}).get("digest")
    if compiled.emitted is None or compiled.emitted.digest != meant:
        return [f"dvc.yaml is not what {spec} compiles to now: its text on this page may not be what ran."]
    held, said = (flat(parsed(text) or {}) for text in (_params(), compiled.emitted.params))
    changed = [
        f"{key} = {shown(held.get(key))}, where the spec says {shown(said.get(key))}"
        for key in dict.fromkeys([*said, *held])
        if held.get(key) != said.get(key)
    ]
    more = [f"and {len(changed) - SHOWN} more"] if len(changed) > SHOWN else []
    return [f"params.yaml was changed: {'; '.join([*changed[:SHOWN], *more])}."] if changed else []


def _params() -> str:
    from distill_dsl.contract.params import PARAMS_FILE

    return PARAMS_FILE.read_text(encoding="utf-8") if PARAMS_FILE.is_file() else ""


def _stale(pipeline: Pipeline, experiment: str, said: Callable[[], Status]) -> list[str]:
    """The stages behind a page that `dvc repro` would run, other than those that only show what is there."""
    from distill_dsl.runtime.reports.page.ledger import before, needs_of

    behind = before(f"report-{experiment}", needs_of(pipeline)) - {f"report-{experiment}"}
    stale = [name for name in said() if name in behind]
    if not stale:
        return []
    names = ", ".join([*stale[:SHOWN], *([f"and {len(stale) - SHOWN} more"] if len(stale) > SHOWN else [])])
    return [
        f"Out of date, so that numbers may be of older settings: {names}. `dvc repro`, then `mtd report`, mends it."
    ]


def _written(pipeline: Pipeline, experiment: str, folder: Path, warnings: Callable[[], list[str]]) -> Path:
    """One page, drawn from the files that are here; `warnings` are asked for when all else is read."""
    from rich.console import Console

    from distill_dsl.contract.params import read_settings
    from distill_dsl.contract.runs import parse_asked, parse_run
    from distill_dsl.contract.settings import ExperimentSettings
    from distill_dsl.runtime.reports.page.build import write_page
    from distill_dsl.runtime.reports.study import read_study

    said = pipeline.options(f"report-{experiment}")
    runs, thoughts = list(map(parse_run, said["run"])), list(map(parse_asked, said.get("thoughts", ())))
    with Console(stderr=True).status(f"writing the page of {experiment}"):
        study = read_study(experiment, read_settings(ExperimentSettings, experiment), runs, thoughts, said["test"])
        told = warnings()
        path = write_page(study, pipeline, pipeline.options("spec")["specs"], told, folder)
    for warning in told:
        complain(f"note: {warning}")
    return path

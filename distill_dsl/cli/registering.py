"""`mtd register`: trained students go into MLflow's model registry, ready to be served."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from distill_dsl.cli.output import complain, failures
from distill_dsl.cli.solving import By, run_named, strategies_of
from distill_dsl.contract.failure import Failure

if TYPE_CHECKING:
    from distill_dsl.runtime.serving.registry import Registered
    from distill_dsl.runtime.solving.runs import SolvedRun
    from distill_dsl.runtime.tracking.pipeline import Pipeline

Whom = Annotated[
    str | None,
    typer.Option(
        "--run",
        help="Whom to register, as the report and MLflow name it: quickstart-etd-tiny-s1, or etd-tiny-s1. "
        "Without it, of each experiment the run with the best dev score.",
        show_default=False,
    ),
]
Every = Annotated[bool, typer.Option("--all", help="Register every trained student of the project.")]


def register(run: Whom = None, every: Every = False, by: By = None) -> None:
    """Put a trained student into MLflow's model registry: questions in, answers out, for `mlflow models serve`."""
    with failures():
        if run is not None and every:
            raise Failure("`--run` names one student and `--all` means every one", help="give one of the two")
        # Imported here, as below, because no other command needs it.
        from distill_dsl.runtime.solving.runs import solved_runs
        from distill_dsl.runtime.tracking.pipeline import read_pipeline

        pipeline = read_pipeline()
        runs = solved_runs(pipeline)
        chosen = runs if every else [run_named(runs, run)] if run is not None else _best(runs)
        _tell(_register(runs, chosen, by, pipeline))


def _best(runs: Sequence[SolvedRun]) -> list[SolvedRun]:
    """Of each experiment the run with the best dev score; its only run, whatever its score."""
    from distill_dsl.runtime.serving.registry import dev_score

    found = []
    for experiment in dict.fromkeys(run.experiment for run in runs):
        own = [run for run in runs if run.experiment == experiment]
        scored = [(score, run) for run in own if (score := dev_score(run)) is not None]
        if not scored and len(own) > 1:
            raise Failure(
                f"the students of {experiment} have no dev score by which one would be the best",
                where=experiment,
                help="name one with `--run`, or register all with `--all` (`dev_problems` above 0 gives scores)",
            )
        found.append(max(scored, key=lambda pair: pair[0])[1] if scored else own[0])
    return found


def _register(runs: Sequence[SolvedRun], chosen: Sequence[SolvedRun], by: str | None, pipeline: Pipeline) -> Registered:
    from rich.console import Console

    from distill_dsl.runtime.serving.registry import register as into_registry

    # All of them first: a mistake in `--by` is told before anything is registered.
    wanted = [(run, strategies_of(run, by)) for run in chosen]
    with Console(stderr=True).status("registering") as status:
        return into_registry(wanted, runs, pipeline, lambda run: status.update(f"registering {run.run.trained}"))


def _tell(found: Registered) -> None:
    """What is registered now, and how it is served."""
    entries, best = found.entries, found.best
    for entry in entries:
        dev = "" if entry.dev is None else f", {100 * entry.dev:.1f} % of dev"
        known = "" if entry.fresh else " (as it was)"
        print(f"{entry.name} version {entry.version}{known}: {entry.alias} by {entry.strategy}{dev}")
    for name, alias in best.items():
        if alias is None:
            complain(f"no version of {name} has a dev score, so that none is called the best")
        else:
            print(f"{name}@best is {alias}")
    served = next((f"{one.name}@best" for one in entries if best[one.name] == one.alias), None)
    named = served or f"{entries[0].name}@{entries[0].alias}"
    print(f"\nserve it, from anywhere:\n  {_serving(f'models:/{named}')}")


def _serving(model: str) -> str:
    """The command that serves a model from anywhere on this machine."""
    from distill_dsl.runtime.tracking.place import VARIABLE, shown, tracking_uri

    told = shlex.quote(shown(tracking_uri()))
    return f"{VARIABLE}={told} mlflow models serve -m {model} --env-manager local --port 5001"

"""`mtd track`, `mtd doctor`, and the stage programs that `dvc repro` runs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from distill_dsl.cli.output import failures, on_disk, stop_on_errors
from distill_dsl.compiler import compile_spec
from distill_dsl.compiler.emit.plots import keep_templates
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import spec_mark, write_text
from distill_dsl.contract.vocabulary import StageKind

if TYPE_CHECKING:
    from distill_dsl.runtime.sandbox.doctor import Examination

stages = typer.Typer(help="The stage programs that `dvc repro` runs.", no_args_is_help=True)


def track() -> None:
    """Bring MLflow up to date with the files of every experiment in dvc.yaml."""
    # Imported here because MLflow takes seconds to import and no other command needs it.
    from distill_dsl.runtime.stages import track as program

    with failures():
        program.again()


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False) -> None:
    """Show what walls stand around programs on this machine, each proved by an attack, and what to do for the rest.

    Exit code 0 where programs are executed, 1 where they are refused.
    """
    # Imported here because the compiler's commands run where no program can be executed.
    from distill_dsl.runtime.sandbox.doctor import examine

    with failures():
        examination = examine()
    if as_json:
        print(json.dumps(asdict(examination), indent=2))
    else:
        _print_examination(examination)
    raise typer.Exit(0 if examination.enough else 1)


@stages.command(StageKind.SPEC)
def spec_stage(specs: Annotated[list[Path], typer.Option("--specs")]) -> None:
    """Fail when the spec says something else than dvc.yaml."""
    compiled = stop_on_errors(compile_spec(specs[0]))
    assert compiled.emitted is not None
    meant = (on_disk("dvc.yaml") or {}).get("stages", {}).get("spec", {}).get("meta", {}).get("mtd", {}).get("digest")
    with failures():
        if meant != compiled.emitted.digest:
            raise Failure(
                f"{specs[0]} has changed since dvc.yaml was written from it",
                where=str(specs[0]),
                help=f"run `mtd compile {specs[0]}`, then `dvc repro` again",
            )
        write_text(spec_mark(), "The spec and dvc.yaml agree.\n")
        # Who compiled before `dvc init` has none yet, and `dvc plots` fails without them.
        keep_templates(Path())


Name = Annotated[str, typer.Option()]
Names = Annotated[list[str], typer.Option()]
Number = Annotated[int, typer.Option()]
Optional = Annotated[str | None, typer.Option()]
Several = Annotated[list[str] | None, typer.Option()]
HeldOut = Annotated[bool, typer.Option("--held-out")]


@stages.command(StageKind.FETCH)
def fetch_stage(data: Name, split: Names) -> None:
    """Read the splits of one data set."""
    from distill_dsl.runtime.stages import fetch

    with failures():
        fetch.run(data=data, splits=split)


@stages.command(StageKind.ASK)
def ask_stage(teacher: Name, data: Name, split: Name, thought: Name, trained: Optional = None) -> None:
    """Have a teacher write thoughts of one format."""
    from distill_dsl.runtime.stages import ask

    with failures():
        ask.run(teacher=teacher, data=data, split=split, thought=thought, trained=trained)


@stages.command(StageKind.VERIFY)
def verify_stage(teacher: Name, data: Name, split: Name, thought: Name) -> None:
    """Execute thoughts and compare them with gold."""
    from distill_dsl.runtime.stages import verify

    with failures():
        verify.run(teacher=teacher, data=data, split=split, thought=thought)


@stages.command(StageKind.MIX)
def mix_stage(mix: Name, thoughts: Names, without: Several = None) -> None:
    """Join verified thoughts into a training set."""
    from distill_dsl.runtime.stages import mix as program

    with failures():
        program.run(mix=mix, thoughts=thoughts, without=without or [])


@stages.command(StageKind.TRAIN)
def train_stage(mix: Name, student: Name, seed: Number, base: Optional = None) -> None:
    """Train one student on one mix."""
    from distill_dsl.runtime.stages import train

    with failures():
        train.run(mix=mix, student=student, seed=seed, base=base)


@stages.command(StageKind.SOLVE)
def solve_stage(
    mix: Name,
    student: Name,
    seed: Number,
    experiment: Name,
    test: Names,
    thought: Names,
    held_out: HeldOut = False,
) -> None:
    """Have a trained student write thoughts for every test."""
    from distill_dsl.runtime.stages import solve

    with failures():
        solve.run(
            mix=mix,
            student=student,
            seed=seed,
            experiment=experiment,
            tests=test,
            thoughts=thought,
            held_out=held_out,
        )


@stages.command(StageKind.RANK)
def rank_stage(
    mix: Name, student: Name, seed: Number, experiment: Name, test: Names, thought: Names, verifier: Name
) -> None:
    """Have a verifier say of every prediction how likely it is right."""
    from distill_dsl.runtime.stages import rank

    with failures():
        rank.run(
            mix=mix,
            student=student,
            seed=seed,
            experiment=experiment,
            tests=test,
            thoughts=thought,
            verifier=verifier,
        )


@stages.command(StageKind.SCORE)
def score_stage(
    mix: Name,
    student: Name,
    seed: Number,
    experiment: Name,
    test: Names,
    thought: Names,
    verifier: Several = None,
    held_out: HeldOut = False,
) -> None:
    """Execute predictions and apply every strategy."""
    from distill_dsl.runtime.stages import score

    with failures():
        score.run(
            mix=mix,
            student=student,
            seed=seed,
            experiment=experiment,
            tests=test,
            thoughts=thought,
            verifiers=verifier or [],
            held_out=held_out,
        )


@stages.command(StageKind.REPORT)
def report_stage(experiment: Name, run: Names, thoughts: Names, test: Names) -> None:
    """Write an experiment's tables and plots."""
    from distill_dsl.runtime.stages import report

    with failures():
        report.run(experiment=experiment, runs=run, thoughts=thoughts, tests=test)


@stages.command(StageKind.TRACK)
def track_stage(experiment: Name, run: Names) -> None:
    """Project an experiment's files into MLflow."""
    from distill_dsl.runtime.stages import track as program

    with failures():
        program.run(experiment=experiment, runs=run)


def _print_examination(examination: Examination) -> None:
    """The machine, a row a layer, and what to do."""
    console = Console(highlight=False)
    for what, value in examination.machine.items():
        console.print(Text.assemble((f"{what:<14}", "dim"), value))
    table = Table("layer", "stands?", "what came of an attack on it alone", "what it stops", box=None, pad_edge=False)
    for finding in examination.findings:
        name = f"{finding.layer}{' *' if finding.required else ''}"
        style = "" if finding.stands else "bold red" if finding.required else "yellow"
        table.add_row(*(Text(cell, style) for cell in (name, finding.state, finding.evidence, finding.stops)))
    console.print("", table, "", Text(f"level: {examination.level} (* required)"), sep="\n")
    for remedy in dict.fromkeys(finding.remedy for finding in examination.findings if finding.remedy):
        lacking = ", ".join(finding.layer for finding in examination.findings if finding.remedy == remedy)
        console.print(Text(f"for {lacking}: {remedy}", style="yellow"))

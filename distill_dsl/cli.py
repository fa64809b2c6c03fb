"""`mtd`: arguments in, diagnostics out, exit code.

Exit codes: 0 all is well; 1 the spec, the files on disk or a stage's input have errors; 2 the
command line itself is wrong.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from distill_dsl.compiler import Compiled, check_spec, compile_spec
from distill_dsl.compiler.diagnostics import Diagnostic, has_errors, render
from distill_dsl.compiler.emit.ignore import ignore_local
from distill_dsl.compiler.emit.params_yaml import flat
from distill_dsl.compiler.emit.write import parsed, stale, write
from distill_dsl.compiler.plan import explain
from distill_dsl.compiler.plan.build import Plan
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import spec_mark, write_text
from distill_dsl.contract.vocabulary import StageKind

if TYPE_CHECKING:
    from distill_dsl.runtime.sandbox.doctor import Examination

INTERRUPTED: Final = 130
"""Exit code of a command that a person stopped with Ctrl-C."""

app = typer.Typer(
    help="Compile `.mtd` specs to DVC pipelines that distil reasoning into small language models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
stages = typer.Typer(help="The stage programs that `dvc repro` runs.", no_args_is_help=True)
app.add_typer(stages, name="stage", hidden=True)

Spec = Annotated[Path, typer.Argument(help="The spec, such as specs/quickstart.mtd.", show_default=False)]
Discard = Annotated[bool, typer.Option("--discard-edits", help="Write over values changed by hand in params.yaml.")]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the files on disk differ.")]


@app.command()
def check(spec: Spec) -> None:
    """Read a spec and report every mistake in it."""
    _stop_on_errors(check_spec(spec))
    _say(f"{spec}: no errors")


@app.command("compile")
def compile_(spec: Spec, check: Check = False, discard_edits: Discard = False) -> None:
    """Write dvc.yaml and params.yaml for a spec."""
    compiled = _stop_on_errors(compile_spec(spec))
    assert compiled.plan is not None and compiled.emitted is not None
    with _failures():
        found = (
            stale(compiled.emitted, Path()) if check else write(compiled.emitted, Path(), discard_edits=discard_edits)
        )
    _show(found, compiled)
    if found:
        raise typer.Exit(1)
    if not check:
        with _failures():
            ignored = ignore_local(Path())
        if ignored:
            _say(f"added to .gitignore: {' '.join(ignored)}")
    verb = "are what" if check else "written:"
    tail = f"{spec} compiles to" if check else f"{explain.summary(compiled.plan)}; run them with `dvc repro`"
    _say(f"dvc.yaml and params.yaml {verb} {tail}")


@app.command()
def plan(spec: Spec) -> None:
    """Show the stages of a spec, what each depends on, and which would run now and why."""
    compiled = _stop_on_errors(compile_spec(spec))
    assert compiled.plan is not None and compiled.emitted is not None
    reasons = explain.reasons(
        compiled.plan,
        flat(parsed(compiled.emitted.params)),
        (_on_disk("dvc.yaml") or {}).get("stages", {}),
        flat(_on_disk("params.yaml") or {}),
        _dvc_status(),
    )
    _print_plan(compiled.plan, reasons)


@app.command()
def track() -> None:
    """Bring MLflow up to date with the files of every experiment in dvc.yaml."""
    # Imported here because MLflow takes seconds to import and no other command needs it.
    from distill_dsl.runtime.stages import track as program

    with _failures():
        program.again()


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False) -> None:
    """Show what walls stand around programs on this machine, each proved by an attack, and what to do for the rest.

    Exit code 0 where programs are executed, 1 where they are refused.
    """
    # Imported here because the compiler's commands run where no program can be executed.
    from distill_dsl.runtime.sandbox.doctor import examine

    with _failures():
        examination = examine()
    if as_json:
        print(json.dumps(asdict(examination), indent=2))
    else:
        _print_examination(examination)
    raise typer.Exit(0 if examination.enough else 1)


@stages.command(StageKind.SPEC)
def spec_stage(specs: Annotated[list[Path], typer.Option("--specs")]) -> None:
    """Fail when the spec says something else than dvc.yaml."""
    compiled = _stop_on_errors(compile_spec(specs[0]))
    assert compiled.emitted is not None
    meant = (_on_disk("dvc.yaml") or {}).get("stages", {}).get("spec", {}).get("meta", {}).get("mtd", {}).get("digest")
    with _failures():
        if meant != compiled.emitted.digest:
            raise Failure(
                f"{specs[0]} has changed since dvc.yaml was written from it",
                where=str(specs[0]),
                help=f"run `mtd compile {specs[0]}`, then `dvc repro` again",
            )
        write_text(spec_mark(), "The spec and dvc.yaml agree.\n")


Name = Annotated[str, typer.Option()]
Names = Annotated[list[str], typer.Option()]


@stages.command(StageKind.FETCH)
def fetch_stage(data: Name, split: Names) -> None:
    """Read the splits of one data set."""
    from distill_dsl.runtime.stages import fetch

    with _failures():
        fetch.run(data=data, splits=split)


@stages.command(StageKind.ASK)
def ask_stage(teacher: Name, data: Name, split: Name, thought: Name) -> None:
    """Have a teacher write thoughts of one format."""
    from distill_dsl.runtime.stages import ask

    with _failures():
        ask.run(teacher=teacher, data=data, split=split, thought=thought)


@stages.command(StageKind.VERIFY)
def verify_stage(teacher: Name, data: Name, split: Name, thought: Name) -> None:
    """Execute thoughts and compare them with gold."""
    from distill_dsl.runtime.stages import verify

    with _failures():
        verify.run(teacher=teacher, data=data, split=split, thought=thought)


@stages.command(StageKind.MIX)
def mix_stage(mix: Name, thoughts: Names) -> None:
    """Join verified thoughts into a training set."""
    from distill_dsl.runtime.stages import mix as program

    with _failures():
        program.run(mix=mix, thoughts=thoughts)


@stages.command(StageKind.TRAIN)
def train_stage(mix: Name, student: Name, seed: Annotated[int, typer.Option()]) -> None:
    """Fine-tune one student on one mix."""
    from distill_dsl.runtime.stages import train

    with _failures():
        train.run(mix=mix, student=student, seed=seed)


@stages.command(StageKind.SOLVE)
def solve_stage(
    mix: Name, student: Name, seed: Annotated[int, typer.Option()], experiment: Name, test: Names, thought: Names
) -> None:
    """Have a trained student write thoughts for every test."""
    from distill_dsl.runtime.stages import solve

    with _failures():
        solve.run(mix=mix, student=student, seed=seed, experiment=experiment, tests=test, thoughts=thought)


@stages.command(StageKind.SCORE)
def score_stage(
    mix: Name, student: Name, seed: Annotated[int, typer.Option()], experiment: Name, test: Names, thought: Names
) -> None:
    """Execute predictions and apply every strategy."""
    from distill_dsl.runtime.stages import score

    with _failures():
        score.run(mix=mix, student=student, seed=seed, experiment=experiment, tests=test, thoughts=thought)


@stages.command(StageKind.REPORT)
def report_stage(experiment: Name, run: Names) -> None:
    """Write an experiment's tables and plots."""
    from distill_dsl.runtime.stages import report

    with _failures():
        report.run(experiment=experiment, runs=run)


@stages.command(StageKind.TRACK)
def track_stage(experiment: Name, run: Names) -> None:
    """Project an experiment's files into MLflow."""
    from distill_dsl.runtime.stages import track as program

    with _failures():
        program.run(experiment=experiment, runs=run)


def main() -> NoReturn:
    """The entry point of the command `mtd`."""
    try:
        app()
    except SystemExit as stop:
        # Typer makes this code of a KeyboardInterrupt, and says nothing.
        if stop.code == INTERRUPTED:
            _complain("interrupted; what is finished is kept, and the same command goes on from there")
        raise
    except BrokenPipeError:
        # The reader of our output (`mtd plan | head`) went away: that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(0)


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except Failure as failure:
        _complain(f"error: {failure}")
        raise typer.Exit(1) from failure


def _stop_on_errors(compiled: Compiled) -> Compiled:
    _show(compiled.diagnostics, compiled)
    if has_errors(compiled.diagnostics):
        raise typer.Exit(1)
    return compiled


def _show(diagnostics: list[Diagnostic] | tuple[Diagnostic, ...], compiled: Compiled) -> None:
    if diagnostics:
        console = Console(stderr=True)
        text = render(diagnostics, compiled.sources, color=console.is_terminal)
        print(text, file=sys.stderr)


def _on_disk(name: str) -> dict[str, Any] | None:
    path = Path(name)
    return parsed(path.read_text(encoding="utf-8")) if path.is_file() else None


def _dvc_status() -> dict[str, list[Any]]:
    """What DVC says of the pipeline on disk; nothing where there is none yet."""
    if not Path("dvc.yaml").is_file():
        return {}
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "status", "--json"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        _complain(f"`dvc status` failed, so only changes of the spec are shown: {done.stderr.strip()}")
        return {}
    status: dict[str, list[Any]] = json.loads(done.stdout or "{}")
    return status


def _print_plan(plan: Plan, reasons: explain.Reasons) -> None:
    """A line a stage with what it waits for; a bullet and the reasons where it would run."""
    console = Console(soft_wrap=True, highlight=False)
    for name, others in explain.waits_for(plan).items():
        waits = (
            f"  <- {', '.join(others[:4])}{f' and {len(others) - 4} more' if len(others) > 4 else ''}" if others else ""
        )
        runs = name in reasons
        console.print(Text.assemble(("* " if runs else "  "), (name, "bold" if runs else "dim"), (waits, "dim")))
        shown = reasons.get(name, [])
        for reason in [*shown[:6], *([f"and {len(shown) - 6} more reasons"] if len(shown) > 6 else [])]:
            console.print(Text(f"      {reason}", style="yellow"))
    console.print(Text(f"{explain.summary(plan)}; {len(reasons)} would run (*)"))


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


def _complain(text: str) -> None:
    console = Console(stderr=True, soft_wrap=True)
    console.print(Text(text, style="bold red" if console.is_terminal else ""))


def _say(text: str) -> None:
    Console(soft_wrap=True).print(Text(text))

"""`mtd plan`: what it costs, what would run, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from distill_dsl.cli.output import complain, stop_on_errors
from distill_dsl.cli.standing import compiled_spec, dvc_status, standing, surroundings
from distill_dsl.compiler import Compiled, compile_spec
from distill_dsl.compiler.emit.params_yaml import params_document
from distill_dsl.compiler.emit.write import stale
from distill_dsl.compiler.plan.document import plan_document
from distill_dsl.compiler.plan.explain import waits_for
from distill_dsl.compiler.plan.forecast import Forecast, forecast
from distill_dsl.compiler.plan.graph import stage_graph
from distill_dsl.compiler.plan.mermaid import mermaid
from distill_dsl.compiler.plan.outlook import Outlook, outlooks
from distill_dsl.compiler.plan.places import places
from distill_dsl.compiler.plan.reasons import Meant
from distill_dsl.compiler.plan.tree import tree
from distill_dsl.compiler.plan.words import Line, grouped, listed, only_spec, paragraph

OptionalSpec = Annotated[
    Path | None,
    typer.Argument(help="The spec; without it, the one that dvc.yaml was written from.", show_default=False),
]
All = Annotated[bool, typer.Option("--all", "--verbose", help="List every stage.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print all of it as JSON (docs/plan.md).")]
AsTree = Annotated[bool, typer.Option("--tree", help="Show each stage below the last one that it reads from.")]
AsMermaid = Annotated[bool, typer.Option("--mermaid", help="Print the stages as a Mermaid graph.")]
ExitCode = Annotated[bool, typer.Option("--exit-code", help="Exit with 3 where something would run.")]

SOMETHING_RUNS: Final = 3
STYLES: Final = {"strong": "bold", "faint": "dim", "warn": "yellow", "": ""}


def plan(
    spec: OptionalSpec = None,
    every: All = False,
    as_json: AsJson = False,
    as_tree: AsTree = False,
    as_mermaid: AsMermaid = False,
    exit_code: ExitCode = False,
) -> None:
    """Show what a spec costs, which stages would run now, and why."""
    spec = spec_or_last(spec)
    with dvc_status() as said:
        compiled = stop_on_errors(compile_spec(spec))
        disk = standing()  # DVC works in the meantime
        disk = replace(disk, status=said())
    assert compiled.plan is not None and compiled.model is not None and compiled.emitted is not None
    found = outlooks(compiled.plan, meant_by(compiled), disk)
    before = waits_for(compiled.plan)
    around = surroundings(found, compiled.plan.blocks, quoted=not (as_mermaid or as_tree))
    costs = forecast(compiled.model, compiled.plan, around)
    gone = [name for name in disk.stages if name not in found]
    uncompiled = bool(stale(compiled.emitted, Path()))
    if as_json:
        print(json.dumps(plan_document(str(spec), costs, found, before, gone, uncompiled), indent=2))
    elif as_mermaid:
        print(mermaid(stage_graph(compiled.plan, found, every=every)), end="")
    elif as_tree:
        show_lines(tree(stage_graph(compiled.plan, found, every=True)))
    else:
        lines = listed(found, before) if every else grouped(found)
        show_lines([*paragraph(costs, found), *lines, *_hints(spec, costs, found, gone, uncompiled)])
    if exit_code and not only_spec(found):
        raise typer.Exit(SOMETHING_RUNS)


def meant_by(compiled: Compiled) -> Meant:
    """What a compiled spec says, for the comparison with what ran."""
    assert compiled.plan is not None and compiled.model is not None and compiled.analysis is not None
    return Meant(
        compiled.plan.blocks,
        params_document(compiled.plan),
        compiled.model.params,
        places(compiled.analysis, compiled.sources),
    )


def _hints(spec: Path, costs: Forecast, found: dict[str, Outlook], gone: Sequence[str], uncompiled: bool) -> list[Line]:
    """What is to be done next."""
    lines = [Line("")]
    other = compiled_spec()
    if gone:
        whose = f", which was written from {other}" if other is not None and other != spec else ""
        shown = f"{', '.join(gone[:3])}{f' and {len(gone) - 3} more' if len(gone) > 3 else ''}"
        lines.append(Line(f"No part of this spec, but of dvc.yaml{whose}: {shown}. Their files stay.", "faint"))
    if uncompiled:
        lines.append(Line(f"dvc.yaml is not what the spec says yet: `mtd compile {spec}`, then `dvc repro`.", "faint"))
    elif not only_spec(found):
        lines.append(Line("Run it with `dvc repro`.", "faint"))
    return lines if len(lines) > 1 else []


def spec_or_last(spec: Path | None) -> Path:
    """The spec that was named, or the one that dvc.yaml was written from."""
    found = spec or compiled_spec()
    if found is None:
        complain("error: no spec is named, and there is no dvc.yaml that says which one it was written from")
        raise typer.Exit(1)
    return found


def show_lines(lines: Sequence[Line]) -> None:
    """Print lines in their tones; in plain text where the output is no terminal."""
    console = Console(soft_wrap=True, highlight=False)
    for line in lines:
        console.print(Text(line.text, STYLES[line.tone]))

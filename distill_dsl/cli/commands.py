"""The commands of `mtd` and their options, by Typer."""

from __future__ import annotations

import typer

from distill_dsl.cli import (
    check,
    comparing,
    compiling,
    contrasting,
    editing,
    explaining,
    formatting,
    graphing,
    planning,
    registering,
    reporting,
    running,
    solving,
    starting,
    storing,
)

app = typer.Typer(
    help="Compile `.mtd` specs to DVC pipelines that distil reasoning into small language models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(starting.init)
app.command()(check.check)
app.command("compile")(compiling.compile_)
app.command()(planning.plan)
app.command()(graphing.graph)
app.command()(comparing.diff)
app.command()(contrasting.compare)
app.command()(formatting.fmt)
app.command()(editing.lsp)
app.command()(explaining.explain)
app.command()(solving.solve)
app.command()(registering.register)
app.command()(reporting.report)
app.command()(running.track)
app.command()(running.doctor)
app.add_typer(storing.store, name="store")
app.add_typer(running.stages, name="stage", hidden=True)

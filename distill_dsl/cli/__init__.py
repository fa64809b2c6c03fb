"""`mtd`: arguments in, diagnostics out, exit code.

Exit codes: 0 all is well; 1 the spec, the files on disk or a stage's input have errors; 2 the
command line itself is wrong.
"""

from __future__ import annotations

import os
import sys
from typing import Final, NoReturn

import typer

from distill_dsl.cli import check, compiling, planning, running
from distill_dsl.cli.output import complain

INTERRUPTED: Final = 130
"""Exit code of a command that a person stopped with Ctrl-C."""

app = typer.Typer(
    help="Compile `.mtd` specs to DVC pipelines that distil reasoning into small language models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(check.check)
app.command("compile")(compiling.compile_)
app.command()(planning.plan)
app.command()(running.track)
app.command()(running.doctor)
app.add_typer(running.stages, name="stage", hidden=True)


def main() -> NoReturn:
    """The entry point of the command `mtd`."""
    try:
        app()
    except SystemExit as stop:
        # Typer makes this code of a KeyboardInterrupt, and says nothing.
        if stop.code == INTERRUPTED:
            complain("interrupted; what is finished is kept, and the same command goes on from there")
        raise
    except BrokenPipeError:
        # The reader of our output (`mtd plan | head`) went away: that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(0)

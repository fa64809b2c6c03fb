"""`mtd check`: every mistake of a spec."""

from __future__ import annotations

from typing import Annotated

import typer

from distill_dsl.cli.output import Spec
from distill_dsl.cli.quick import checked

Data = Annotated[bool, typer.Option("--data", help="Also read the problems and recordings that are at hand.")]


def check(spec: Spec, data: Data = False) -> None:
    """Read a spec and report every mistake in it."""
    raise typer.Exit(checked(spec, data))

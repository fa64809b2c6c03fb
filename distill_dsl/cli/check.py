"""`mtd check`: every mistake of a spec."""

from __future__ import annotations

import typer

from distill_dsl.cli.output import Spec
from distill_dsl.cli.quick import checked


def check(spec: Spec) -> None:
    """Read a spec and report every mistake in it."""
    raise typer.Exit(checked(spec))

"""`mtd check`: every mistake of a spec."""

from __future__ import annotations

from distill_dsl.cli.output import Spec, say, stop_on_errors
from distill_dsl.compiler import check_spec


def check(spec: Spec) -> None:
    """Read a spec and report every mistake in it."""
    stop_on_errors(check_spec(spec))
    say(f"{spec}: no errors")

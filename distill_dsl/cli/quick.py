"""`mtd check SPEC` as editors and hooks call it at every save: without what makes a command line.

Only that form is served here. Every other command line, and every mistake in one, is Typer's, whose
command `check` calls the same function.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from distill_dsl.cli.printing import say, show
from distill_dsl.compiler import check_spec
from distill_dsl.compiler.diagnostics import has_errors


def served(arguments: Sequence[str]) -> int | None:
    """The exit code of a plain `mtd check SPEC`; None where the arguments say anything else."""
    match arguments:
        case ["check", spec] if not spec.startswith("-"):
            return checked(Path(spec))
    return None


def checked(spec: Path, data: bool = False) -> int:
    """Print every mistake of a spec, with `data` also those of its data; the exit code."""
    compiled = check_spec(spec)
    if data:
        # Imported here because what reads data takes longer to import than a spec to check.
        from distill_dsl.cli.inspecting import with_data

        compiled = with_data(compiled)
    show(compiled.diagnostics, compiled)
    if has_errors(compiled.diagnostics):
        return 1
    say(f"{spec}: no errors")
    return 0

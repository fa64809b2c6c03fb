"""`mtd check SPEC` as editors and hooks call it at every save: without what makes a command line.

Only that form is served here. Every other command line, and every mistake in one, is Typer's, whose
command `check` calls the same function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from distill_dsl.cli.printing import say, show
from distill_dsl.compiler import Compiled, check_spec
from distill_dsl.compiler.diagnostics import has_errors, ordered


def served(arguments: Sequence[str]) -> int | None:
    """The exit code of a plain `mtd check SPEC`; None where the arguments say anything else."""
    match arguments:
        case ["check", spec] if not spec.startswith("-") and not Path(spec).is_dir():
            return checked(Path(spec))
    return None


def found_in(spec: Path, data: bool = False) -> Compiled:
    """What is wrong with a spec, with `data` also with its data, in the order in which it is shown."""
    compiled = check_spec(spec)
    if data:
        # Imported here because what reads data takes longer to import than a spec to check.
        from distill_dsl.cli.inspecting import with_data

        compiled = with_data(compiled)
    return replace(compiled, diagnostics=tuple(ordered(compiled.diagnostics, list(compiled.sources))))


def checked(spec: Path, data: bool = False) -> int:
    """Print every mistake of a spec, with `data` also those of its data; the exit code."""
    compiled = found_in(spec, data)
    show(compiled.diagnostics, compiled)
    if has_errors(compiled.diagnostics):
        return 1
    say(f"{spec}: no errors")
    return 0

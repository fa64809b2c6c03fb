"""`mtd check SPEC` as editors and hooks call it at every save: without what makes a command line.

Only that form is served here. Every other command line, and every mistake in one, is Typer's, whose
command `check` calls the same function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from distill_dsl.cli.printing import say, show
from distill_dsl.compiler import Compiled, check_spec
from distill_dsl.compiler.diagnostics import has_errors, ordered
from distill_dsl.contract.settings import FileSource, RecordedTeacher

READ_UNASKED: Final = 20_000_000
"""Bytes of data that a check reads without being asked to: a few seconds. More waits for `--data`."""


def served(arguments: Sequence[str]) -> int | None:
    """The exit code of a plain `mtd check SPEC`; None where the arguments say anything else."""
    match arguments:
        case ["check", spec] if not spec.startswith("-") and not Path(spec).is_dir():
            return checked(Path(spec))
    return None


def found_in(spec: Path, data: bool | None = None) -> Compiled:
    """What is wrong with a spec, in the order in which it is shown.

    Its data is read, too, where `data` says so, or where nobody says that it is not and it lies in local files.
    """
    compiled = check_spec(spec)
    if data or (data is None and _in_files(compiled)):
        # Imported here because what reads data takes longer to import than a spec to check.
        from distill_dsl.cli.inspecting import with_data

        compiled = with_data(compiled, thorough=bool(data))
    return replace(compiled, diagnostics=tuple(ordered(compiled.diagnostics, list(compiled.sources))))


def _in_files(compiled: Compiled) -> bool:
    """Whether an experiment's data or recordings lie in local files, of a size that is read in no time."""
    if compiled.model is None or has_errors(compiled.diagnostics):
        return False
    sources = [data.settings.source for data in compiled.model.data.values()]
    models = [teacher.settings.model for teacher in compiled.model.teachers.values()]
    named = [path for one in sources if isinstance(one, FileSource) for path in one.splits.values()]
    named += [path for one in models if isinstance(one, RecordedTeacher) for path in one.files.values()]
    sizes = [Path(path).stat().st_size for path in dict.fromkeys(named) if Path(path).is_file()]
    return 0 < sum(sizes) <= READ_UNASKED


def checked(spec: Path, data: bool | None = None) -> int:
    """Print every mistake of a spec and of its data (see `found_in`); the exit code."""
    compiled = found_in(spec, data)
    told(compiled, str(spec))
    return 1 if has_errors(compiled.diagnostics) else 0


def told(compiled: Compiled, what: str) -> None:
    """Print what was found in some specs, or that they have no errors."""
    show(compiled.diagnostics, compiled)
    if not has_errors(compiled.diagnostics):
        say(f"{what}: no errors")

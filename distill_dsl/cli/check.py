"""`mtd check`: every mistake of some specs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from distill_dsl.cli.fixing import ROUNDS, fixed
from distill_dsl.cli.formats import PRINTERS, Format, as_short
from distill_dsl.cli.output import failures
from distill_dsl.cli.printing import complain
from distill_dsl.cli.quick import found_in, told
from distill_dsl.compiler import Compiled
from distill_dsl.compiler.diagnostics import Diagnostic, has_errors
from distill_dsl.compiler.source import Source

Specs = Annotated[list[Path], typer.Argument(help="Specs, or folders of them.", show_default=False)]
Data = Annotated[
    bool | None,
    typer.Option(
        "--data/--no-data",
        help="Read the problems and recordings that are at hand, or none; by default, local files of up to 20 MB.",
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 where there are warnings, too.")]
Fix = Annotated[bool, typer.Option("--fix", help="Write those fixes into the specs that leave no doubt.")]
As = Annotated[Format, typer.Option("--format", help="How to print what is found.")]


def check(specs: Specs, data: Data = None, strict: Strict = False, fix: Fix = False, format: As = Format.TEXT) -> None:
    """Read specs and report every mistake in them."""
    files = listed(specs)
    if not files:
        complain(f"there is no spec in {' '.join(map(str, specs))}")
        raise typer.Exit(2)
    with failures():
        if fix:
            mend(files)
        compiled = together([found_in(file, data) for file in files])
    found = compiled.diagnostics
    if format is Format.TEXT:
        told(compiled, str(files[0]) if len(files) == 1 else f"{len(files)} specs")
    else:
        typer.echo(PRINTERS[format](found, compiled.sources), nl=False)
    raise typer.Exit(1 if has_errors(found) or (strict and found) else 0)


def listed(specs: Sequence[Path]) -> list[Path]:
    """Each spec once; a folder stands for all specs below it. A folder called like a spec is left to be reported."""
    files: list[Path] = []
    for spec in specs:
        inside = spec.is_dir() and (len(specs) > 1 or any(spec.rglob("*.mtd")))
        files += sorted(path for path in spec.rglob("*.mtd") if path.is_file()) if inside else [spec]
    return list(dict.fromkeys(files))


def together(parts: Sequence[Compiled]) -> Compiled:
    """What was found in some specs. A file that several import is looked at with each, and reported once."""
    sources: dict[str, Source] = {}
    found: dict[Diagnostic, None] = {}
    for part in parts:
        sources.update(part.sources)
        found.update(dict.fromkeys(part.diagnostics))
    return Compiled(sources, tuple(found))


def mend(files: Sequence[Path]) -> None:
    """Fix what leaves no doubt, and what that uncovers, and say what was done."""
    for _ in range(ROUNDS):
        compiled = together([found_in(file, data=False) for file in files])
        done = fixed(compiled.diagnostics, compiled.sources)
        for each in done:
            line = as_short([each], compiled.sources).rstrip("\n")
            typer.echo(f"fixed: {line} ({each.help})", err=True)
        if not done:
            return

"""`mtd compile`: `dvc.yaml` and `params.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distill_dsl.cli.output import Spec, failures, say, show, stop_on_errors
from distill_dsl.compiler import compile_spec
from distill_dsl.compiler.emit.ignore import ignore_local
from distill_dsl.compiler.emit.write import stale, write
from distill_dsl.compiler.plan import explain

Discard = Annotated[bool, typer.Option("--discard-edits", help="Write over values changed by hand in params.yaml.")]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if the files on disk differ.")]


def compile_(spec: Spec, check: Check = False, discard_edits: Discard = False) -> None:
    """Write dvc.yaml and params.yaml for a spec."""
    compiled = stop_on_errors(compile_spec(spec))
    assert compiled.plan is not None and compiled.emitted is not None
    with failures():
        found = (
            stale(compiled.emitted, Path()) if check else write(compiled.emitted, Path(), discard_edits=discard_edits)
        )
    show(found, compiled)
    if found:
        raise typer.Exit(1)
    if not check:
        with failures():
            ignored = ignore_local(Path())
        if ignored:
            say(f"added to .gitignore: {' '.join(ignored)}")
    verb = "are what" if check else "written:"
    tail = f"{spec} compiles to" if check else f"{explain.summary(compiled.plan)}; run them with `dvc repro`"
    say(f"dvc.yaml and params.yaml {verb} {tail}")

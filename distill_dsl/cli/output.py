"""What the commands share: their argument, exit codes, and what is on disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from distill_dsl.cli.printing import complain, say, show
from distill_dsl.compiler import Compiled
from distill_dsl.compiler.diagnostics import has_errors
from distill_dsl.compiler.emit.write import parsed
from distill_dsl.contract.failure import Failure

__all__ = ["Spec", "complain", "failures", "on_disk", "say", "show", "stop_on_errors"]

Spec = Annotated[Path, typer.Argument(help="The spec, such as specs/quickstart.mtd.", show_default=False)]


@contextmanager
def failures() -> Iterator[None]:
    try:
        yield
    except Failure as failure:
        complain(f"error: {failure}")
        raise typer.Exit(1) from failure


def stop_on_errors(compiled: Compiled) -> Compiled:
    show(compiled.diagnostics, compiled)
    if has_errors(compiled.diagnostics):
        raise typer.Exit(1)
    return compiled


def on_disk(name: str) -> dict[str, Any] | None:
    path = Path(name)
    return parsed(path.read_text(encoding="utf-8")) if path.is_file() else None

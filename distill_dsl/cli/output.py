"""What all commands share: printing, exit codes, and what is on disk."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from distill_dsl.compiler import Compiled
from distill_dsl.compiler.diagnostics import Diagnostic, has_errors, render
from distill_dsl.compiler.emit.write import parsed
from distill_dsl.contract.failure import Failure

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


def show(diagnostics: list[Diagnostic] | tuple[Diagnostic, ...], compiled: Compiled) -> None:
    if diagnostics:
        console = Console(stderr=True)
        text = render(diagnostics, compiled.sources, color=console.is_terminal)
        print(text, file=sys.stderr)


def on_disk(name: str) -> dict[str, Any] | None:
    path = Path(name)
    return parsed(path.read_text(encoding="utf-8")) if path.is_file() else None


def complain(text: str) -> None:
    console = Console(stderr=True, soft_wrap=True)
    console.print(Text(text, style="bold red" if console.is_terminal else ""))


def say(text: str) -> None:
    Console(soft_wrap=True).print(Text(text))

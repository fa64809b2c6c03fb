"""`mtd lsp`: the language server, for editors."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

import typer

from distill_dsl.cli.printing import complain

Port = Annotated[int | None, typer.Option("--tcp", metavar="PORT", help="Listen on 127.0.0.1, not on stdin.")]
Stdio = Annotated[bool, typer.Option("--stdio", help="Talk over stdin and stdout, as without any option.")]


def lsp(tcp: Port = None, stdio: Stdio = False) -> None:
    """Start the language server, which editors talk to over stdin and stdout."""
    if tcp is not None and stdio:
        complain("error: give either --tcp or --stdio")
        raise typer.Exit(2)
    if find_spec("pygls") is None:
        complain("error: the language server needs pygls; install it with `pip install 'distill-dsl[lsp]'`")
        raise typer.Exit(1)
    # Imported here because the protocol's types take a third of a second, and pygls may be missing.
    from distill_dsl.editor import server

    server.serve(tcp)

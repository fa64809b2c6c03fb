"""What commands print, and where: results to one stream, everything else to the other.

`rich` and `typer` take longer to import than a spec to check, so that nothing here needs them to be
imported, but for what a person seldom sees.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from distill_dsl.compiler import Compiled
from distill_dsl.compiler.diagnostics import Diagnostic, report


def show(diagnostics: Sequence[Diagnostic], compiled: Compiled) -> None:
    """Print diagnostics with the lines that they speak of."""
    if diagnostics:
        print(report(diagnostics, compiled.sources, color=in_color(sys.stderr)), file=sys.stderr)


def say(text: str) -> None:
    """Print what came of a command."""
    print(text)


def complain(text: str) -> None:
    """Print why a command came to nothing."""
    # Imported here because it is only needed when something went wrong.
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True, soft_wrap=True).print(Text(text, style="bold red" if in_color(sys.stderr) else ""))


def in_color(stream: TextIO) -> bool:
    """Whether colours are wanted there: on a terminal, unless NO_COLOR or FORCE_COLOR say otherwise."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()

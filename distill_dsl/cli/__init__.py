"""`mtd`: arguments in, diagnostics out, exit code.

Exit codes: 0 all is well; 1 the spec, the files on disk or a stage's input have errors; 2 the
command line itself is wrong.
"""

from __future__ import annotations

import os
import sys
from typing import Final, NoReturn

from distill_dsl.cli import quick
from distill_dsl.cli.printing import complain

INTERRUPTED: Final = 130
"""Exit code of a command that a person stopped with Ctrl-C."""


def main() -> NoReturn:
    """The entry point of the command `mtd`."""
    try:
        _run(sys.argv[1:])
    except (SystemExit, KeyboardInterrupt) as stop:
        code = INTERRUPTED if isinstance(stop, KeyboardInterrupt) else stop.code
        # Typer makes this code of a KeyboardInterrupt, and says nothing.
        if code == INTERRUPTED:
            complain("interrupted; what is finished is kept, and the same command goes on from there")
        sys.exit(code)
    except BrokenPipeError:
        # The reader of our output (`mtd plan | head`) went away: that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(0)


def _run(arguments: list[str]) -> None:
    code = quick.served(arguments)
    if code is not None:
        sys.exit(code)
    # Imported here because what makes a command line takes longer than to check a spec.
    from distill_dsl.cli.commands import app

    app(arguments)

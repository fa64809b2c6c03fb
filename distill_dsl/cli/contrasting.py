"""`mtd compare`: what changed between two revisions or two runs, and whether the results tell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from distill_dsl.cli.output import complain, failures

if TYPE_CHECKING:
    from distill_dsl.runtime.comparing.shown import Part

First = Annotated[
    str,
    typer.Argument(
        metavar="REV|RUN",
        help="A revision of git, an experiment of DVC, or a run: as the report names it, etd-tiny-s1; etd-tiny for all "
        "of its seeds; HEAD~1:etd-tiny at a revision; or MLflow's id.",
        show_default=False,
    ),
]
Second = Annotated[
    str | None,
    typer.Argument(
        metavar="[REV2|RUN2]", help="What it is compared with; without it, the working tree.", show_default=False
    ),
]
All = Annotated[bool, typer.Option("--all", help="Show every line, also what is noise or the same.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print all of it as JSON (docs/compare.md).")]
AsMarkdown = Annotated[bool, typer.Option("--markdown", help="Print it as Markdown.")]

STYLES: Final = {"strong": "bold", "faint": "dim", "warn": "yellow", "good": "green", "bad": "red", "": ""}


WIDEST: Final = 1000
"""Columns of a table that goes into a file: no cell is broken there."""


def compare(
    first: First, second: Second = None, every: All = False, as_json: AsJson = False, as_markdown: AsMarkdown = False
) -> None:
    """Show what changed in a spec's own words beside what changed in the results, with tests of significance."""
    if as_json and as_markdown:
        complain("error: --json and --markdown are two forms: name one")
        raise typer.Exit(2)
    # Imported here, as below, because no other command needs what compares.
    from distill_dsl.cli.sayings import sayings
    from distill_dsl.runtime.comparing.contrast import contrasted
    from distill_dsl.runtime.comparing.document import document
    from distill_dsl.runtime.comparing.shown import markdown, parts

    with failures(), contrasted(first, second) as contrast:
        said = sayings(contrast.before, contrast.after)
        contrast = replace(contrast, notes=(*said.notes, *contrast.notes))
        if as_json:
            print(json.dumps(document(contrast, [one.document for one in said.found]), indent=2, ensure_ascii=False))
            return
        found = parts(contrast, list(map(str, said.found)), every=every)
        if as_markdown:
            print(markdown(found), end="")
        else:
            _show(found)


def _show(found: Sequence[Part]) -> None:
    """On the terminal, in colour where it has some; where it is none, as wide as it takes."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from distill_dsl.runtime.comparing.shown import Grid, Heading, Words

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=WIDEST)
    for part in found:
        match part:
            case Heading(text):
                console.print(Text(f"\n{text}", "bold"))
            case Words(text, tone):
                console.print(Text(text, STYLES[tone]), soft_wrap=True)
            case Grid(head, body, tones, left):
                table = Table(box=None, pad_edge=False)
                for place, name in enumerate(head):
                    said = place < left
                    table.add_column(name, justify="left" if said or not name else "right", no_wrap=not said)
                for line, tone in zip(body, tones, strict=True):
                    table.add_row(*(Text(cell, STYLES[tone]) for cell in line))
                console.print(table)

"""`mtd explain`: what a code means, and how to do without it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from distill_dsl.cli.printing import complain, in_color, say
from distill_dsl.compiler.diagnostics import GROUPS, Code, did_you_mean
from distill_dsl.compiler.explanations import found, page

Word = Annotated[str | None, typer.Argument(metavar="CODE", help="Such as MTD012, 12 or quotes.", show_default=False)]


def explain(code: Word = None) -> None:
    """Tell what a code means, why the language is so, and what to write instead; without one, list all."""
    if code is None:
        say(listed())
        return
    meant = found(code)
    if meant is None:
        near = did_you_mean(code.upper(), [each.number for each in Code]) or did_you_mean(
            code.lower(), [each.title for each in Code]
        )
        complain(f"there is no code {code}" + (f"; did you mean {near}?" if near else "; `mtd explain` lists them"))
        raise typer.Exit(2)
    if in_color(sys.stdout):
        Console(width=min(Console().width, 120)).print(Markdown(page(meant)))
    else:
        say(page(meant).rstrip("\n"))


def listed() -> str:
    """Every code by group, with its name and its meaning."""
    lines: list[str] = []
    for group, numbers in GROUPS.items():
        members = sorted((code for code in Code if int(code.number[3:]) in numbers), key=lambda code: code.number)
        lines += [*([""] if lines else []), f"{group}:"]
        lines += [f"  {code.number}  {code.title:<19} {code.meaning}" for code in members]
    return "\n".join(lines)

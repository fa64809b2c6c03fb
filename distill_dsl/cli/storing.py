"""`mtd store`: what the completion store holds, into and out of files, verified and pruned."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from distill_dsl.cli.output import complain, failures, on_disk, say
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import ARTIFACTS, atomic, numbered_lines
from distill_dsl.contract.vocabulary import StageKind

if TYPE_CHECKING:
    from distill_dsl.runtime.teachers.stock import Held, Request, Sampled
    from distill_dsl.runtime.teachers.store import Store

store = typer.Typer(help="The completions that were bought from teachers, kept for every spec.", no_args_is_help=True)

Model = Annotated[str | None, typer.Option(help="Only those of this model.")]
Teacher = Annotated[str | None, typer.Option(help="Only those bought for the teacher of this name.")]
Before = Annotated[str | None, typer.Option(help="Only those bought before this date (2026-01-31).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON (docs/teachers.md).")]
File = Annotated[str, typer.Argument(help="A file of JSON lines; `-` is the standard input or output.")]

COMPLETIONS: Final = ARTIFACTS / "completions"
SHOWN: Final = 5
"""Conflicts and files that are named; the others are counted."""


@store.command("list")
def list_(model: Model = None, teacher: Teacher = None, as_json: AsJson = False) -> None:
    """A row for each server, model and teacher: completions, tokens, dollars, dates."""
    # Imported here, as below, because no other command needs what reads the store.
    from distill_dsl.runtime.teachers.stock import Selection, held

    with _opened() as kept:
        rows = [] if kept is None else held(kept, Selection(model, teacher))
    if as_json:
        print(json.dumps([msgspec.to_builtins(row) for row in rows], indent=2))
    elif not rows:
        say("The store holds no completions." if model is teacher is None else "The store holds no such completions.")
    else:
        table = _table(rows)
        # As wide as it has to be: a terminal wraps lines better than a table folds names.
        Console(width=Console(width=9999).measure(table).maximum, highlight=False).print(table)


@store.command()
def count(model: Model = None, teacher: Teacher = None) -> None:
    """How many completions there are."""
    from distill_dsl.runtime.teachers.stock import Selection, counted

    with _opened() as kept:
        number = 0 if kept is None else counted(kept, Selection(model, teacher))
    say(str(number))


@store.command()
def show(
    key: Annotated[str, typer.Argument(help="The key of a request, or its first characters.")], as_json: AsJson = False
) -> None:
    """What one request asked, and all that was answered."""
    from distill_dsl.runtime.teachers.stock import found

    with _opened() as kept:
        if kept is None:
            raise Failure("there are no completions yet", help="the key is `prompt` of a row of completions")
        request = found(kept, key)
    if as_json:
        print(json.dumps(msgspec.to_builtins(request), indent=2, ensure_ascii=False))
    else:
        _print_request(request)


@store.command("export")
def export_(file: File, model: Model = None, teacher: Teacher = None) -> None:
    """Write completions as JSON lines, a request each, by their keys."""
    from distill_dsl.runtime.teachers.stock import Selection
    from distill_dsl.runtime.teachers.transfer import exported

    with _opened() as kept:
        lines = iter(()) if kept is None else exported(kept, Selection(model, teacher))
        if file == "-":
            for line in lines:
                sys.stdout.buffer.write(line)
            return
        number = 0
        with atomic(Path(file), "wb") as stream:
            for line in lines:
                stream.write(line)
                number += 1
    say(f"{number:,} requests with their completions are in {file}.")


@store.command("import")
def import_(file: File, as_json: AsJson = False) -> None:
    """Add the completions of a file; those that are there already stay."""
    from distill_dsl.runtime.teachers.store import opened
    from distill_dsl.runtime.teachers.transfer import imported

    with failures(), opened() as kept:
        lines = enumerate(sys.stdin.buffer, start=1) if file == "-" else numbered_lines(Path(file))
        done = imported(kept, "the standard input" if file == "-" else file, lines)
    if as_json:
        print(json.dumps(asdict(done), indent=2))
        return
    say(f"{done.added:,} completions were added; {done.known:,} were there already.")
    if done.conflicts:
        more = f" and {len(done.conflicts) - SHOWN:,} more" if len(done.conflicts) > SHOWN else ""
        said = "; ".join(done.conflicts[:SHOWN])
        complain(f"warning: {len(done.conflicts):,} differ from what the store holds, which stays: {said}{more}")


@store.command()
def verify(as_json: AsJson = False) -> None:
    """Look at the whole store: the file's structure, every key against its question, every value.

    Exit code 0 where all is sound, 1 where something is not.
    """
    from distill_dsl.runtime.teachers.stock import Verified, verified

    with _opened() as kept:
        found = Verified(0, 0, ()) if kept is None else verified(kept)
    if as_json:
        print(json.dumps(asdict(found), indent=2))
    else:
        for fault in found.faults:
            complain(f"error: {fault}")
        sound = f"{len(found.faults):,} faults" if found.faults else "all sound"
        say(f"{found.completions:,} completions of {found.prompts:,} requests: {sound}.")
    raise typer.Exit(1 if found.faults else 0)


@store.command()
def prune(
    model: Model = None,
    teacher: Teacher = None,
    before: Before = None,
    unused: Annotated[
        bool, typer.Option("--unused", help="Only those that no file in artifacts/completions comes from.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without, it is only said what it would come to.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take completions out for which all that is given holds, and compact the file. They cannot be had again."""
    from distill_dsl.runtime.teachers.pruning import Pruned, pruned, used_by
    from distill_dsl.runtime.teachers.stock import Selection

    with _opened() as kept:
        if model is teacher is before is None and not unused:
            raise Failure(
                "it is not said which completions are to go", help="give --model, --teacher, --before or --unused"
            )
        used = used_by(_files()) if unused else None
        which = Selection(model, teacher, _date(before))
        done = Pruned(0, 0.0, 0, 0) if kept is None else pruned(kept, which, used, really=yes)
    if as_json:
        print(json.dumps(asdict(done) | {"done": yes}, indent=2))
        return
    worth = f"{done.completions:,} completions, bought for {_dollars(done.dollars, done.unpriced, done.completions)}"
    if not done.completions:
        say("There are no such completions.")
    elif yes:
        say(f"{worth}, were taken out; the store is {done.freed / 1e6:,.1f} MB smaller.")
    else:
        say(f"{worth}, would be taken out. Nothing was: that takes `--yes`.")


# --- what they share ----------------------------------------------------------------------------


@contextmanager
def _opened() -> Iterator[Store | None]:
    """The project's store, where there is one; reading makes none."""
    from distill_dsl.runtime.teachers.store import opened, store_path

    with failures():
        if not store_path().exists():
            yield None
            return
        with opened() as kept:
            yield kept


def _files() -> list[Path]:
    """All files of completions; one of dvc.yaml that is not here may refer to anything."""
    stages = (on_disk("dvc.yaml") or {}).get("stages", {})
    outs = [
        Path(out if isinstance(out, str) else next(iter(out)))
        for name, stage in stages.items()
        if name.startswith(f"{StageKind.ASK}-")
        for out in stage.get("outs", [])
    ]
    missing = [str(path) for path in outs if not path.exists()]
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        raise Failure(
            f"dvc.yaml has completions that are not here: {', '.join(missing[:SHOWN])}{more}",
            help="`dvc checkout`, `dvc pull` or `dvc repro` brings them; nothing was changed",
        )
    return sorted({*outs, *COMPLETIONS.glob("*.jsonl")})


def _date(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\dZ?)?)?", text):
        raise Failure(f"`{text}` is no date", help="write it as 2026-01-31, or with a time in UTC: 2026-01-31T12:00")
    return text


# --- tables -------------------------------------------------------------------------------------


def _table(rows: list[Held]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("server", "model", "teacher"):
        table.add_column(name, no_wrap=True)
    for name in ("prompts", "completions", "cut off", "tokens in", "tokens out", "dollars"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("first", no_wrap=True)
    table.add_column("last", no_wrap=True)
    for row in rows:
        numbers = (row.prompts, row.completions, row.truncated, row.input, row.output)
        table.add_row(
            *(Text(name) for name in (row.provider, row.model, row.teacher)),
            *(f"{number:,}" for number in numbers),
            _dollars(row.dollars, row.unpriced, row.completions),
            row.first[:10],
            row.last[:10],
        )
    return table


def _dollars(dollars: float, unpriced: int, of: int) -> str:
    """`$12.34`, `unknown`, or `$12.34 and 3 at an unknown price`."""
    if of and unpriced == of:
        return "unknown"
    return f"${dollars:,.2f}" + (f" and {unpriced:,} at an unknown price" if unpriced else "")


def _print_request(request: Request) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(request.key, style="bold"))
    for name, value in request.question.items():
        if name != "messages":
            console.print(Text.assemble((f"{name:<12}", "dim"), value if isinstance(value, str) else json.dumps(value)))
    for message in request.question.get("messages", ()):
        console.print("", Text(message["role"], style="dim"), Text(message["content"]), sep="\n")
    for row in request.completions:
        console.print("", Text(_head(row), style="dim"), Text(row.text or row.reason or ""), sep="\n")


def _head(row: Sampled) -> str:
    """`sample 0, at most 512 tokens: for chatgpt, 2026-01-31T12:00:00Z, 812 + 101 tokens, $0.000215`."""
    parts = [f"for {row.teacher}", row.bought or ""]
    if row.input is not None and row.output is not None:
        parts.append(f"{row.input:,} + {row.output:,} tokens")
    parts.append("price unknown" if row.cost is None else f"${row.cost:.6f}")
    if row.finish:
        parts.append({"length": "cut off", "filter": "withheld"}.get(row.finish, row.finish))
    return f"sample {row.sample}, at most {row.max_tokens:,} tokens: {', '.join(parts)}"

"""`mtd fmt`: every spec in its one layout."""

from __future__ import annotations

import difflib
import io
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Final

import typer

from distill_dsl.cli.printing import complain, in_color, say, show
from distill_dsl.compiler import Compiled
from distill_dsl.compiler.diagnostics import Code, Diagnostic, error
from distill_dsl.compiler.diagnostics.excerpt import printable
from distill_dsl.compiler.language.format import formatted
from distill_dsl.compiler.source import LARGEST, Source, Unreadable, not_text, read_source
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import write_text

STDIN: Final = "-"

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Files, folders with `*.mtd` in them or below, or `-` for stdin to stdout. Without any: specs."
    ),
]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file would change.")]
Diff = Annotated[bool, typer.Option("--diff", help="Write nothing; show what would change.")]


class State(Enum):
    """What became of a file."""

    SAME = "same"
    CHANGED = "changed"
    LEFT = "left alone, for it has errors"


@dataclass(frozen=True)
class Layout:
    """A file's text before and after. `after` is None where the file has errors."""

    source: Source
    before: bytes
    after: str | None

    @property
    def state(self) -> State:
        if self.after is None:
            return State.LEFT
        return State.SAME if self.after.encode() == self.before else State.CHANGED


def fmt(paths: Paths = None, check: Check = False, diff: Diff = False) -> None:
    """Lay out specs in the one way that there is; comments, order and meaning stay."""
    states: list[State] = []
    files = list(_files(paths or [Path("specs")]))
    for path in files:
        layout = _layout(path)
        state = State.LEFT if layout is None else layout.state
        if layout is not None and layout.after is not None:
            state = _delivered(path, layout, check, diff)
        states.append(state)
    if files != [Path(STDIN)]:
        print(_summary(states, check or diff), file=sys.stderr if diff else sys.stdout)
    if State.LEFT in states or (check and State.CHANGED in states):
        raise typer.Exit(1)


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """All specs that the paths name, each once, in the order given and by name within a folder."""
    seen: set[str] = set()
    for path in paths:
        for file in _below(path) if path.is_dir() else [path]:
            real = STDIN if file == Path(STDIN) else os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                yield file


def _below(folder: Path) -> Iterator[Path]:
    """The specs of a folder and those below it; what is hidden, such as copies under `.dvc`, is none of them."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place) / name for name in sorted(names) if name.endswith(".mtd"))


def _layout(path: Path) -> Layout | None:
    """The layout of a file; None, and diagnostics are shown, where it cannot be read."""
    read = _stdin() if path == Path(STDIN) else _from_disk(path)
    if isinstance(read, Unreadable):
        wrong = error(Code.UNREADABLE_FILE, f"the file {path.as_posix()} {read.value}", None, "check the path")
        _show([wrong], None)
        return None
    source, before = read
    after, found = formatted(source)
    _show(found, source)
    return Layout(source, before, after)


def _from_disk(path: Path) -> tuple[Source, bytes] | Unreadable:
    source = read_source(path)
    return source if isinstance(source, Unreadable) else (source, path.read_bytes())


def _stdin() -> tuple[Source, bytes] | Unreadable:
    data = sys.stdin.buffer.read(LARGEST + 1)
    if len(data) > LARGEST:
        return Unreadable.TOO_LARGE
    try:
        return Source("<stdin>", data.decode("utf-8-sig")), data
    except UnicodeDecodeError as wrong:
        return not_text(data, wrong.start)


def _show(found: Sequence[Diagnostic], source: Source | None) -> None:
    show(found, Compiled({source.path: source} if source else {}, ()))


def _delivered(path: Path, layout: Layout, check: bool, diff: bool) -> State:
    """Write the layout of a file, or say what would be written."""
    assert layout.after is not None
    if diff:
        sys.stdout.write(_difference(layout, in_color(sys.stdout)))
    elif path == Path(STDIN) and not check:
        sys.stdout.buffer.write(layout.after.encode())
        sys.stdout.buffer.flush()
    elif layout.state is State.CHANGED:
        if not check and not _written(path, layout.after):
            return State.LEFT
        say(f"{layout.source.path} {'would change' if check else 'changed'}")
    return layout.state


def _written(path: Path, text: str) -> bool:
    """Write a file in place of the old one, as what a link leads to and with the same permissions."""
    target = path.resolve()
    try:
        mode = stat.S_IMODE(target.stat().st_mode)
        write_text(target, text)
        target.chmod(mode)
    except (Failure, OSError) as failure:
        complain(f"error: {failure}")
        return False
    return True


def _difference(layout: Layout, color: bool) -> str:
    """What changes, as `diff -u` says it."""
    name = layout.source.path
    before, after = (io.StringIO(text).readlines() for text in (layout.source.text, layout.after))
    lines = difflib.unified_diff(before, after, name, name)
    whole = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return "".join(_painted(line) if color else line for line in whole)


def _painted(line: str) -> str:
    """A line of a difference for a terminal."""
    text = "\n".join(map(printable, line.removesuffix("\n").split("\n")))
    if line.startswith(("---", "+++")):
        return typer.style(text, bold=True) + "\n"
    tones = {"+": "green", "-": "red", "@": "cyan"}
    return typer.style(text, fg=tones[line[0]]) + "\n" if line[0] in tones else f"{text}\n"


def _summary(states: Sequence[State], dry: bool) -> str:
    """How many files changed, and how many have errors."""
    changed, left = states.count(State.CHANGED), states.count(State.LEFT)
    if not states:
        return "no specs there"
    text = f"{changed} of {len(states)} file{'s' if len(states) > 1 else ''} {'would change' if dry else 'changed'}"
    return f"{text}, {left} left alone because of errors" if left else text

"""Progress of stage programs: a live bar on a terminal, next to nothing in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

EVERY: Final = 60.0
"""Seconds between two lines in a log."""


class Watch(Protocol):
    """Who is told how long work goes."""

    def standing(self, text: str) -> None:
        """How it stands, in a few words; the last one counts."""

    def note(self, text: str) -> None:
        """Something that a person should know of."""


class _Unseen:
    def standing(self, text: str) -> None:
        pass

    def note(self, text: str) -> None:
        pass


UNSEEN: Final[Watch] = _Unseen()
"""Nobody is told."""


class Steps:
    """A bar; called with how many more steps are done."""

    def __init__(self, label: str, total: int, progress: Progress, lines: bool) -> None:
        self._label, self._total, self._progress = label, total, progress
        self._lines = lines and progress.disable
        self._task = progress.add_task(label, total=total, standing="")
        self._done = 0
        self._standing = ""
        self._told = time.monotonic()

    def __call__(self, done: int) -> None:
        self._done += done
        self._progress.advance(self._task, done)
        if self._lines and time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            self.note(", ".join(filter(None, [f"{self._done} of {self._total}", self._standing])))

    def standing(self, text: str) -> None:
        """Say beside the bar how it stands."""
        self._standing = text
        self._progress.update(self._task, standing=text)

    def note(self, text: str) -> None:
        """Say something once, above the bar or in the log."""
        if self._progress.disable:
            print(f"{self._label}: {text}", file=sys.stderr, flush=True)
        else:
            self._progress.console.print(f"{self._label}: {text}", markup=False, highlight=False, soft_wrap=True)


class _Rate(ProgressColumn):
    """Steps a second, or a minute where they are slow."""

    def render(self, task: Task) -> Text:
        speed = task.speed
        if not speed:
            return Text("")
        return Text(f"{speed:.1f}/s" if speed >= 1 else f"{speed * 60:.1f}/min")


@contextmanager
def steps_shown(label: str, total: int, *, lines: bool = False) -> Iterator[Steps]:
    """Show a bar for `total` steps with rate and estimated end; `lines`: in a log, a line a minute."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[standing]}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Steps(label, total, progress, lines)

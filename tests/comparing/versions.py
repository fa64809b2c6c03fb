"""A finished project in git, made up, whose files a test changes to have a second version."""

from __future__ import annotations

import atexit
import shutil
import subprocess
from collections.abc import Callable, Sequence
from contextlib import chdir
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from distill_dsl.contract import files
from distill_dsl.contract.records import Choice, Scored
from distill_dsl.contract.runs import Run
from distill_dsl.runtime.strategies.measures import measures
from tests.finished import EXPERIMENT, FORMATS, finish_runs, runs_of

IDENTITY = ("-c", "user.name=Walk", "-c", "user.email=walk@example.org")


def begun(seeds: Sequence[int] = (1, 2)) -> list[Run]:
    """The experiment of `tests.finished` in the working directory, committed as `v1`."""
    shutil.copytree(made(tuple(seeds)), Path(), dirs_exist_ok=True, symlinks=True)
    return runs_of(seeds)


@cache
def made(seeds: tuple[int, ...]) -> Path:
    """The project that tests get copies of: writing it takes longer."""
    folder = TemporaryDirectory(prefix="mtd-versions-")
    atexit.register(folder.cleanup)
    with chdir(folder.name):
        write(seeds)
    return Path(folder.name)


def write(seeds: Sequence[int]) -> None:
    finish_runs(runs_of(seeds))
    git("init", "--quiet", "--initial-branch", "main")
    git("config", "core.excludesFile", "")
    commit("v1")


def commit(tag: str) -> str:
    """Commit all, and tag it; the commit's hash."""
    git("add", "--all")
    git(*IDENTITY, "commit", "--quiet", "--allow-empty", "--message", tag)
    git("tag", tag)
    return git("rev-parse", "HEAD")


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def rescored(run: Run, change: Callable[[Scored, int], Scored | None]) -> None:
    """Write the scored rows of a run anew, and the metrics that are counted from them; `None` drops a problem."""
    cell = run.solved(EXPERIMENT)
    rows = list(files.read_rows(files.scored_file(cell), Scored))
    by_test: dict[str, list[Scored]] = {}
    for place, row in enumerate(rows):
        one = change(row, place)
        if one is not None:
            by_test.setdefault(row.test, []).append(one)
    files.write_rows(files.scored_file(cell), [row for found in by_test.values() for row in found])
    scores = {test: measures(found, FORMATS[run.mix]) for test, found in by_test.items()}
    files.write_json(files.scores_file(cell), scores)


def given(row: Scored, strategy: str, *, right: bool) -> Scored:
    """The row with a strategy that is right, or wrong."""
    choice: Choice = row.choices[strategy]
    verdict = "correct" if right else "wrong"
    return msgspec.structs.replace(
        row, choices=row.choices | {strategy: msgspec.structs.replace(choice, verdict=verdict)}
    )


def edited(path: str, old: str, new: str) -> None:
    """Change a text file."""
    text = Path(path).read_text(encoding="utf-8")
    assert old in text
    Path(path).write_text(text.replace(old, new), encoding="utf-8")

"""What is compared: revisions of git, experiments of DVC by name, runs, and runs at a revision.

HEAD~1            a revision: all of its runs
plush-yaws        an experiment that `dvc exp run` made
etd-tiny-s1       a run of the working tree; `etd-tiny` is all of its seeds
HEAD~1:etd-tiny   a run, or all seeds of one, at a revision; `:etd-tiny` in the working tree
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from distill_dsl.contract.failure import Failure

WORKING_TREE: Final = "the working tree"

MLFLOW_ID: Final = re.compile(r"[0-9a-f]{32}")
"""How MLflow names its runs; git's own names are of 40 such letters, or a few."""


@dataclass(frozen=True)
class Side:
    """One of the two that are compared."""

    text: str
    """As the user wrote it."""
    revision: str | None = None
    """As the user wrote it; `None` is the working tree."""
    commit: str | None = None
    """What the revision is to git."""
    run: str | None = None
    """The run, or all seeds of one; `None` is every run."""
    mlflow: str | None = None
    """The run of MLflow that it was found by."""

    @property
    def title(self) -> str:
        """What it is called in what is said of it."""
        place = WORKING_TREE if self.revision is None else self.revision
        return place if self.run is None else f"{self.run} of {place}"


IsRun = Callable[[str], bool]
"""Whether the working tree has a run of that name."""


def side_of(text: str, is_run: IsRun) -> Side:
    """What one argument names. A name that is both a revision's and a run's has to say which it means."""
    if MLFLOW_ID.fullmatch(text):
        return Side(text, mlflow=text)
    revision, colon, run = text.partition(":")
    if colon:
        return Side(text, revision or None, commit_of(revision) if revision else None, run or None)
    commit = found_commit(text)
    if commit is not None and is_run(text):
        raise Failure(
            f"`{text}` is a revision and a run",
            where=text,
            help=f"write `{text}:` for the revision, `:{text}` for the run",
        )
    if commit is not None:
        return Side(text, text, commit)
    if not is_run(text):
        raise unknown(text)
    return Side(text, run=text)


def sides_of(first: str, second: str | None, is_run: IsRun) -> tuple[Side, Side]:
    """Both sides. Without a second it is the working tree; a run that only one side names is meant by both."""
    one = side_of(first, is_run)
    other = Side(WORKING_TREE) if second is None else side_of(second, is_run)
    return (one, other) if one.mlflow or other.mlflow else agreed(first, one, other)


def agreed(first: str, one: Side, other: Side) -> tuple[Side, Side]:
    """Sides that are found: a run that only one names is that of both, and nobody is compared with itself."""
    one, other = replace(one, run=one.run or other.run), replace(other, run=other.run or one.run)
    if (one.commit, one.run) == (other.commit, other.run):
        raise Failure(
            f"{one.title} would be compared with itself",
            where=first,
            help="name a second run, or a revision: `mtd compare HEAD`, `mtd compare etd-tiny cotd-tiny`",
        )
    return one, other


# --- git ----------------------------------------------------------------------------------------


def commit_of(revision: str) -> str:
    """The commit of a revision that must be there."""
    found = found_commit(revision)
    if found is None:
        raise unknown(revision)
    return found


def found_commit(revision: str) -> str | None:
    """The commit that git, or an experiment of DVC, calls so."""
    said = git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return said.decode().strip() if said else experiment_commit(revision)


def experiment_commit(name: str) -> str | None:
    """The commit of an experiment by its name. DVC keeps it as refs/exps/<baseline's commit>/<name>.

    Of several with the same name the one that was made from HEAD is meant.
    """
    if not re.fullmatch(r"[\w.-]+", name):
        return None
    listed = git("for-each-ref", "--format=%(objectname) %(refname)", f"refs/exps/*/*/{name}") or b""
    refs = [line.partition(" ")[::2] for line in listed.decode().splitlines()]
    if len(refs) > 1:
        head = (git("rev-parse", "HEAD") or b"").decode().strip()
        here = [(commit, ref) for commit, ref in refs if "".join(ref.split("/")[2:4]) == head]
        if len(here) != 1:
            commits = " or ".join(commit[:10] for commit, _ in refs)
            raise Failure(
                f"{len(refs)} experiments are called `{name}`", where=name, help=f"name one by its commit: {commits}"
            )
        refs = here
    return refs[0][0] if refs else None


def in_repository() -> bool:
    """Whether there are revisions at all."""
    return git("rev-parse", "--is-inside-work-tree") is not None


def unknown(text: str) -> Failure:
    """Neither a revision nor a run."""
    if not in_repository():
        return Failure(
            f"`{text}` is no run, and this folder is in no git repository",
            where=text,
            help="`git init` makes it one; what is not in git has no earlier version",
        )
    return Failure(
        f"`{text}` is no revision of git, no experiment of DVC, and no run of this project",
        where=text,
        help="`git log --oneline` lists revisions, `dvc exp list` experiments; runs are called as in the report: "
        "etd-tiny-s1, or etd-tiny for all of its seeds",
    )


def git(*arguments: str, given: bytes | None = None) -> bytes | None:
    """What git prints; nothing where it fails, or is not there."""
    try:
        done = subprocess.run(["git", *arguments], input=given, capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None

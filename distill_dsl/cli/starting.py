"""`mtd init`: a project in an empty folder that runs; in any other folder, what it lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files as packaged
from pathlib import Path
from typing import Annotated, Final

import typer

from distill_dsl.cli.output import failures, say, show, stop_on_errors
from distill_dsl.compiler import compile_spec
from distill_dsl.compiler.emit.ignore import ignore_local
from distill_dsl.compiler.emit.write import write
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.files import unwritable, write_text

Folder = Annotated[
    Path, typer.Argument(help="Where the project goes; made if it is not there.", show_default="this folder")
]
NoGit = Annotated[bool, typer.Option("--no-git", help="Do without git: nothing is versioned but DVC's cache.")]

FIRST: Final = Path("specs/first.mtd")
"""The spec that is compiled, where nothing is yet."""


@dataclass(frozen=True)
class Begun:
    """What `mtd init` did, by paths relative to the project."""

    made: tuple[str, ...]
    kept: tuple[str, ...]
    """Files that were there, and were left as they are."""
    compiled: bool


def init(folder: Folder = Path(), no_git: NoGit = False) -> None:
    """Begin a project: git, DVC, a spec that runs, prompts. Nothing that is there is changed."""
    with failures():
        _enter(folder)
        begun = begin(versioned=not no_git)
    _tell(folder, begun)


def begin(*, versioned: bool = True) -> Begun:
    """Make the working directory a project. A `Failure` says what stands in the way; what was made stays."""
    repositories = [*_git(), *_dvc()] if versioned else _dvc(scm=False)
    texts = dict(starting_files())
    # Whoever has specs of their own lacks no example.
    if any(path not in texts for path in Path("specs").glob("*.mtd")):
        texts = {path: text for path, text in texts.items() if path.parts[0] != "specs"}
    missing = {path: text for path, text in texts.items() if not path.exists()}
    for path, text in missing.items():
        write_text(path, text)
    ignored = [".gitignore"] if ignore_local(Path()) else []
    compiled = FIRST in texts and not Path("dvc.yaml").exists() and not Path("params.yaml").exists()
    written = _compile() if compiled else []
    kept = tuple(path.as_posix() for path in texts if path not in missing)
    return Begun((*repositories, *(path.as_posix() for path in missing), *ignored, *written), kept, compiled)


def starting_files() -> Iterator[tuple[Path, str]]:
    """The files of a new project, in the order of their paths, from the package."""
    root = packaged("distill_dsl") / "starting"
    waiting = [(Path(), root)]
    while waiting:
        place, folder = waiting.pop(0)
        for one in sorted(folder.iterdir(), key=lambda each: each.name):
            if one.is_dir():
                waiting.append((place / one.name, one))
            else:
                yield place / one.name, one.read_text(encoding="utf-8")


def _enter(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.chdir(folder)
    except (FileExistsError, NotADirectoryError) as error:
        raise Failure(
            f"{folder} is a file", where=str(folder), help="name a folder: `mtd init my-experiment`"
        ) from error
    except OSError as error:
        raise unwritable(folder, error) from error


def _git() -> list[str]:
    """A repository, where the folder is in none."""
    if shutil.which("git") is None:
        raise Failure("there is no git on this machine", help="install it, or begin without: `mtd init --no-git`")
    if _run("git", "rev-parse", "--is-inside-work-tree", check=False).returncode == 0:
        return []
    _run("git", "init", "--quiet")
    return [".git/"]


def _dvc(*, scm: bool = True) -> list[str]:
    """DVC's own folder; that of a project within a larger repository is told apart from the repository's."""
    if Path(".dvc").is_dir():
        return []
    how = ("--no-scm",) if not scm else () if Path(".git").exists() else ("--subdir",)
    _run(sys.executable, "-m", "dvc", "init", "--quiet", *how)
    return [".dvc/"]


def _run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        name = "dvc init" if command[0] == sys.executable else " ".join(command[:2])
        raise Failure(f"`{name}` failed: {said}", where=str(Path.cwd()), help="mend that, then run `mtd init` again")
    return done


def _compile() -> list[str]:
    compiled = stop_on_errors(compile_spec(FIRST))
    assert compiled.emitted is not None
    found = write(compiled.emitted, Path())
    show(found, compiled)
    if found:
        raise typer.Exit(1)
    return ["dvc.yaml", "params.yaml"]


def _tell(folder: Path, begun: Begun) -> None:
    if not begun.made:
        say("the project is complete; nothing was changed")
        return
    say(f"made: {' '.join(begun.made)}")
    if begun.kept:
        say(f"left as they are: {' '.join(begun.kept)}")
    if not begun.compiled:
        say("next: mtd check specs")
        return
    say("\nnext:")
    if folder != Path():
        say(f"  cd {folder}")
    say("  dvc repro        # about two minutes; no key, no GPU, no download")
    say("  mtd report       # a page with tables, figures and every answer")

"""The files of a version laid out as a folder, so that whatever reads a project can read any of its revisions.

What git holds is written there. What DVC holds is linked to where it lies: the working tree's own
file where it is the one that `dvc.lock` recorded, else DVC's cache. Nothing is fetched.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Mapping
from contextlib import chdir
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import PARAMS_FILE, RENEW, read_mapping
from distill_dsl.runtime.comparing.naming import WORKING_TREE, Side, git
from distill_dsl.runtime.tracking.pipeline import DVC_FILE, LOCK_FILE, Pipeline, read_pipeline

CORE: Final = (DVC_FILE, LOCK_FILE, PARAMS_FILE)


@dataclass(frozen=True)
class Layout:
    """One version's files in a folder of their own."""

    folder: Path
    pipeline: Pipeline
    values: Mapping[str, Any]
    """The content of params.yaml."""
    at: str
    """What the version is called."""

    def lay(self, paths: Iterable[Path], commit: str | None) -> list[Path]:
        """Lay out the files that are at hand; returns those that are not."""
        wanted = [path for path in dict.fromkeys(paths) if not (self.folder / path).exists()]
        outside = next((path for path in wanted if ".." in path.parts), None)
        if outside is not None:
            raise Failure(f"dvc.yaml at {self.at} names a file outside of the project: {outside}", where=self.at)
        held = {} if commit is None else blobs(commit, wanted)
        for path in wanted:
            target = self.folder / path
            if path in held and self._meant(path, held[path]):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(held[path])
            elif (place := self._found(path, commit)) is not None:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(place)
        return [path for path in wanted if not (self.folder / path).exists()]

    def _meant(self, path: Path, data: bytes) -> bool:
        """Whether a file in git is the one that dvc.lock recorded: one may have been committed without the other."""
        md5 = self.pipeline.hashes.get(path.as_posix())
        return md5 is None or hashlib.md5(data, usedforsecurity=False).hexdigest() == md5

    def _found(self, path: Path, commit: str | None) -> Path | None:
        """Where a file of this version lies on this machine."""
        md5 = self.pipeline.hashes.get(path.as_posix())
        if path.is_file() and (md5_of(path) == md5 if md5 else commit is None):
            return path.absolute()
        return cached(md5) if md5 else None


def laid_out(side: Side, folder: Path) -> Layout:
    """Begin a version's folder with what says which other files there are."""
    at = side.revision or WORKING_TREE
    held = blobs(side.commit, CORE) if side.commit else {path: path.read_bytes() for path in CORE if path.is_file()}
    if DVC_FILE not in held or PARAMS_FILE not in held:
        lacking = DVC_FILE if DVC_FILE not in held else PARAMS_FILE
        raise Failure(
            f"there is no {lacking} at {at}",
            where=at,
            help="`mtd compile SPEC` writes it" if side.commit is None else "only what was committed can be compared",
        )
    folder.mkdir(parents=True)
    for path, data in held.items():
        (folder / path).write_bytes(data)
    try:
        with chdir(folder):
            return Layout(folder, read_pipeline(), read_mapping(PARAMS_FILE, help=RENEW), at)
    except Failure as failure:
        raise Failure(f"at {at}, {failure.summary}", where=f"{at}: {failure.where}", help=failure.help) from failure


def blobs(commit: str, paths: Iterable[Path]) -> dict[Path, bytes]:
    """The contents of files at a commit; those that git does not hold there are left out."""
    asked = list(paths)
    lines = "".join(f"{commit}:./{path.as_posix()}\n" for path in asked)
    said = git("cat-file", "--batch", given=lines.encode()) or b""
    found = {}
    for path in asked:
        head, _, said = said.partition(b"\n")
        kind, _, size = head.decode().rpartition(" ")
        if kind.endswith(" blob"):
            found[path], said = said[: int(size)], said[int(size) + 1 :]
    return found


def md5_of(path: Path) -> str:
    """A file's hash as DVC has it."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest()


def cached(md5: str) -> Path | None:
    """Where a content lies in DVC's cache, if it does."""
    place = cache_path(md5)
    return place if place is not None and place.is_file() else None


def cache_path(md5: str) -> Path | None:
    """Where it would lie, by DVC's own settings; nowhere outside a project of DVC."""
    store = cache_of(Path.cwd())
    return None if store is None else Path(store.oid_to_path(md5))


@cache
def cache_of(root: Path) -> Any:
    """DVC's cache on this machine; `None` outside a project of DVC."""
    # Imported here because it takes a second, and only what is not in the working tree needs it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of packages that DVC brings
        from dvc.exceptions import NotDvcRepoError
        from dvc.repo import Repo

        try:
            with Repo(str(root)) as repo:
                return repo.cache.local
        except NotDvcRepoError:
            return None

"""What dvc.yaml and dvc.lock know of a run: where its spec stands, what made its data, and its hashes.

Read by stage name, since none of it may stand in a stage's command or params: moving a block in a
spec must re-run nothing. DVC writes dvc.lock after every stage, so that within `dvc repro` it
already holds the stages before this one.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.params import read_mapping

DVC_FILE: Final = Path("dvc.yaml")
LOCK_FILE: Final = Path("dvc.lock")

MEND: Final = "mend it or make it anew"


@dataclass(frozen=True)
class Pipeline:
    """The stages by name, and DVC's md5 of every output by path."""

    stages: dict[str, dict[str, Any]]
    hashes: dict[str, str]
    locked: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The stages as dvc.lock holds them: what each of them read and wrote when it last ran."""

    def stage(self, name: str) -> dict[str, Any]:
        """One stage of dvc.yaml."""
        if name not in self.stages:
            raise Failure(f"dvc.yaml has no stage `{name}`", where=str(DVC_FILE), help="run `mtd compile` on the spec")
        return self.stages[name]

    def options(self, name: str) -> dict[str, list[str]]:
        """What a stage's command says: `--thoughts a --thoughts b` -> `{"thoughts": ["a", "b"]}`."""
        words = shlex.split(str(self.stage(name)["cmd"]))
        found: dict[str, list[str]] = {}
        for key, value in pairwise(words):
            if key.startswith("--"):
                found.setdefault(key[2:], []).append(value)
        return found

    def place(self, name: str) -> tuple[str, int] | None:
        """Spec file and line that declare what a stage is about."""
        meta = (self.stage(name).get("meta") or {}).get("mtd") or {}
        return (str(meta["file"]), int(meta["line"])) if {"file", "line"} <= meta.keys() else None

    def md5(self, path: Path) -> str | None:
        """DVC's md5 of an output, a folder's ending in `.dir`; of a file nobody ran, its content's."""
        known = self.hashes.get(path.as_posix())
        if known is None and path.is_file():
            return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        return known

    def before(self, name: str) -> list[str]:
        """A stage and all that made what it read, when they last ran, in the order of dvc.yaml."""
        makers = {path: maker for maker in self.locked for path, _ in self.files(maker, "outs")}
        found, waiting = set(), [name]
        while waiting:
            stage = waiting.pop()
            if stage not in found:
                found.add(stage)
                waiting += [makers[path] for path, _ in self.files(stage, "deps") if path in makers]
        return [stage for stage in self.stages if stage in found]

    def files(self, name: str, way: str) -> Iterator[tuple[str, str]]:
        """Path and md5 of what a stage read (`deps`) or wrote (`outs`) when it last ran."""
        for file in self.locked.get(name, {}).get(way) or ():
            if "md5" in file:
                yield str(file["path"]), str(file["md5"])


def read_pipeline() -> Pipeline:
    """dvc.yaml, which must be there, and dvc.lock, which is not before the first run."""
    stages = dict(read_mapping(DVC_FILE, help=MEND).get("stages") or {})
    locked = read_mapping(LOCK_FILE, help=MEND).get("stages") or {} if LOCK_FILE.exists() else {}
    outs = [out for stage in locked.values() for out in stage.get("outs") or ()]
    return Pipeline(stages, {str(out["path"]): str(out["md5"]) for out in outs if "md5" in out}, dict(locked))

"""The project's folder, as far as a spec can be held against it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from posixpath import normpath
from typing import Any, Final

from distill_dsl.compiler.emit import HEADER_START
from distill_dsl.compiler.model.rules.paths import Place
from distill_dsl.contract import files

MOST: Final = 20_000
"""Files that are looked at for one of a like name."""

SKIPPED: Final = frozenset({"artifacts", "node_modules", "__pycache__", "mlartifacts", "venv"})
"""Folders that hold no files for a spec to name."""


@dataclass(frozen=True)
class Disk:
    """A `Project` on disk. What `mtd compile` wrote is not read: its outputs lie in one known folder."""

    root: Path

    def place(self, path: str) -> Place:
        """What is at the path; a path that can be none, such as one with a NUL, holds nothing."""
        here = self.root / path
        try:
            if here.is_dir():
                return Place.FOLDER
            if not here.exists():
                return Place.NOTHING
        except (OSError, ValueError):
            return Place.NOTHING
        return Place.FILE if os.access(here, os.R_OK) else Place.DENIED

    def expected(self, path: str) -> bool:
        """Whether DVC knows how to bring the path in: by a `.dvc` file, or as the output of a stage."""
        plain = Path(normpath(path))
        if plain.parts[:1] == files.ARTIFACTS.parts:
            return True
        above = [folder for folder in plain.parents if ".." not in folder.parts]
        tracked = any(self.place(f"{part}.dvc") is Place.FILE for part in (plain, *above[:-1]))
        return tracked or any(self._makes(folder, plain) for folder in above)

    def files(self) -> list[str]:
        """The paths of the project's files, folder by folder; none that is hidden."""
        return self._files

    @cached_property
    def _files(self) -> list[str]:
        found: list[str] = []
        for folder, below, names in os.walk(self.root):
            below[:] = sorted(name for name in below if name not in SKIPPED and not name.startswith("."))
            here = Path(folder).relative_to(self.root).as_posix()
            start = "" if here == "." else f"{here}/"
            found += [start + name for name in sorted(names) if not name.startswith(".")]
            if len(found) >= MOST:
                return found[:MOST]
        return found

    def _makes(self, folder: Path, path: Path) -> bool:
        """Whether a stage that somebody wrote into the folder's `dvc.yaml` has the path as output."""
        try:
            text = (self.root / folder / "dvc.yaml").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return False
        if text.startswith(HEADER_START):
            return False
        # Imported here because YAML takes longer to import than a spec to check, and is rarely needed.
        from distill_dsl.compiler.emit.write import parsed

        below = path.relative_to(folder).as_posix()
        return any(re.match(f"(?:{pattern})(?:/|$)", below) for pattern in _outputs((parsed(text) or {}).get("stages")))


def _outputs(node: Any, workdir: str = "") -> Iterator[str]:
    """Patterns of the outputs in a document of DVC, from its folder; `${...}` stands for anything."""
    if not isinstance(node, dict):
        return
    workdir = str(node.get("wdir", workdir))
    for key, value in node.items():
        if key in ("outs", "metrics", "plots") and isinstance(value, list):
            for out in value:
                name = next(iter(out)) if isinstance(out, dict) and out else out
                yield ".*".join(map(re.escape, re.split(r"\$\{.*?\}", normpath(f"{workdir or '.'}/{name}"))))
        else:
            yield from _outputs(value, workdir)

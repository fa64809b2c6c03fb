"""The project around a spec, asked once for each path: a keystroke must not wait for the disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from distill_dsl.compiler.disk import Disk
from distill_dsl.compiler.model.rules.paths import Place

SIGNS: Final = (".dvc", "dvc.yaml", ".git", "pyproject.toml")
"""What the root of a project holds, the surest sign first."""


def root_of(spec: Path) -> Path | None:
    """The folder from which `mtd` is most likely called: paths of specs are taken from there."""
    above = spec.parents
    for sign in SIGNS:
        for folder in above:
            if (folder / sign).exists():
                return folder
    return None


@dataclass(frozen=True)
class Remembered:
    """A project of which each answer is kept."""

    disk: Disk
    _places: dict[str, Place] = field(default_factory=dict)
    _expected: dict[str, bool] = field(default_factory=dict)

    def place(self, path: str) -> Place:
        """What is, or was when first asked, at the path."""
        if path not in self._places:
            self._places[path] = self.disk.place(path)
        return self._places[path]

    def expected(self, path: str) -> bool:
        """Whether DVC knows how to bring the path in."""
        if path not in self._expected:
            self._expected[path] = self.disk.expected(path)
        return self._expected[path]

    @cached_property
    def _files(self) -> list[str]:
        return self.disk.files()

    def files(self) -> list[str]:
        """The paths of the project's files."""
        return self._files

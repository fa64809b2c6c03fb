"""The texts that are open in an editor, and what the compiler makes of them and of the files they import."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Final

from distill_dsl.compiler.diagnostics import Diagnostic, has_errors
from distill_dsl.compiler.disk import Disk
from distill_dsl.compiler.language.parse import lexed
from distill_dsl.compiler.language.tokens import Token
from distill_dsl.compiler.model.aliases import home_of
from distill_dsl.compiler.model.load import Program, load
from distill_dsl.compiler.model.resolve import Analysis, analysed
from distill_dsl.compiler.model.review import reviewed
from distill_dsl.compiler.model.rules.paths import Project
from distill_dsl.compiler.model.scope import Mention
from distill_dsl.compiler.source import LARGEST, Source, Span, Unreadable, read_source
from distill_dsl.editor.project import Remembered, root_of

Stamp = tuple[int, int] | None
"""Time of the last change and size of a file; `None` where there is none."""


def real(path: Path) -> str:
    """What makes two paths one file; a path that can be no file stands for itself."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return str(path)


@dataclass(frozen=True)
class View:
    """A spec with its imports, as the compiler sees it. `reads` are the files that it asked for."""

    path: Path
    program: Program
    sources: Mapping[str, Source]
    diagnostics: tuple[Diagnostic, ...]
    analysis: Analysis
    reads: Mapping[Path, Source | Unreadable] = field(repr=False)

    @cached_property
    def source(self) -> Source:
        """The text of the spec itself; an empty one where it cannot be read."""
        return self.source_of(self.path)

    def source_of(self, path: Path) -> Source:
        """The text of a file of the program."""
        read = self.reads.get(path)
        return read if isinstance(read, Source) else Source(path.as_posix(), "")

    @cached_property
    def tokens(self) -> list[Token]:
        """The tokens of the spec itself."""
        return lexed(self.source)

    @cached_property
    def definitions(self) -> dict[tuple[str, str], Span]:
        """Where each block, param and alias is defined."""
        return {key: name.span for key, name in self.analysis.scope.definitions.items()}

    @cached_property
    def mentions(self) -> list[Mention]:
        """Every place of the program that names a block, param or alias, definitions first."""
        defined = [Mention(kind, name, span) for (kind, name), span in self.definitions.items()]
        return list(dict.fromkeys([*defined, *self.analysis.scope.mentions]))

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """Home of names -> how the spec itself calls it: `c_` -> `c.`."""
        prefixes = {"": ""}
        for alias in self.program.aliases:
            prefixes[home_of(alias.home, alias.text)] = f"{prefixes.get(alias.home, '')}{alias.text}."
        return prefixes

    @cached_property
    def files(self) -> frozenset[str]:
        """The real paths of all files of the program."""
        return frozenset(map(real, self.reads))

    def shown(self, kind: str, key: str) -> str | None:
        """How the spec itself writes a name: `c.small`; `None` where it cannot."""
        name = self.analysis.scope.definitions[kind, key]
        prefix = self.prefixes.get(name.home)
        return None if prefix is None else prefix + name.text

    def names(self, kind: str) -> dict[str, str]:
        """The names of a kind as the spec writes them, each with its key."""
        keys = [key for each, key in self.definitions if each == kind]
        return {shown: key for key in keys if (shown := self.shown(kind, key)) is not None}

    def here(self, span: Span) -> bool:
        """Whether a span lies in the spec itself."""
        return span.path == self.path.as_posix()


@dataclass(frozen=True)
class Documents:
    """The open texts by real path. Frozen: a change makes a new one, so that work in progress is not disturbed.

    `paths` are the names under which they were opened, and their versions.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[Path, int | None] = field(default_factory=dict)

    def opened(self, path: Path, text: str, version: int | None = None) -> Documents:
        """With a text opened or changed."""
        return Documents({**self.texts, real(path): text}, {**self.paths, path: version})

    def closed(self, path: Path) -> Documents:
        """With a text closed: from now on the file on disk counts."""
        texts = {at: text for at, text in self.texts.items() if at != real(path)}
        return Documents(texts, {at: version for at, version in self.paths.items() if at != path})


@dataclass
class Desk:
    """Views of specs, each kept until one of its files changes."""

    _sources: dict[Path, tuple[str | Stamp, Source | Unreadable]] = field(default_factory=dict)
    _views: dict[Path, View] = field(default_factory=dict)
    _roots: dict[Path, Path | None] = field(default_factory=dict)
    _projects: dict[Path, Remembered] = field(default_factory=dict)

    def view(self, documents: Documents, path: Path) -> View:
        """What the compiler makes of a spec now."""
        known = self._views.get(path)
        if known is not None and all(self._read(documents, at) is read for at, read in known.reads.items()):
            return known
        reads: dict[Path, Source | Unreadable] = {}

        def read(at: Path) -> Source | Unreadable:
            reads[at] = self._read(documents, at)
            return reads[at]

        made = self._views[path] = _view(path, load(path, read), reads, self._project(path))
        return made

    def _project(self, path: Path) -> Project | None:
        if path not in self._roots:
            self._roots[path] = root_of(path)
        root = self._roots[path]
        if root is None:
            return None
        if root not in self._projects:
            self._projects[root] = Remembered(Disk(root))
        return self._projects[root]

    def look_again(self) -> None:
        """Ask the disk anew: files may have come or gone."""
        self._roots.clear()
        self._projects.clear()
        self._views.clear()

    def text(self, documents: Documents, path: Path) -> Source | Unreadable:
        """The text of a file: what is open, else what is on disk."""
        return self._read(documents, path)

    def keep(self, paths: Iterable[Path]) -> None:
        """Forget what was read for others than these specs, once that is much."""
        if len(self._views) > MOST_SPECS:
            self._views = {path: view for path, view in self._views.items() if path in set(paths)}
            self._sources.clear()

    def _read(self, documents: Documents, path: Path) -> Source | Unreadable:
        """The same object as long as the text is the same."""
        text = documents.texts.get(real(path))
        state = _stamp(path) if text is None else text
        known = self._sources.get(path)
        if known is not None and known[0] == state:
            return known[1]
        read = read_source(path) if text is None else _opened(path, text)
        self._sources[path] = state, read
        return read


def _view(
    path: Path,
    loaded: tuple[Program, Mapping[str, Source], list[Diagnostic]],
    reads: Mapping[Path, Source | Unreadable],
    project: Project | None,
) -> View:
    program, sources, found = loaded
    analysis = analysed(program)
    found = [*found, *analysis.diagnostics]
    if analysis.model is not None and not has_errors(found):
        found += reviewed(program, analysis, project)
    return View(path, program, sources, tuple(found), analysis, reads)


def _opened(path: Path, text: str) -> Source | Unreadable:
    """An open text is under the same limit as a file."""
    return Unreadable.TOO_LARGE if len(text) > LARGEST else Source(path.as_posix(), text)


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return None
    return status.st_mtime_ns, status.st_size


# --- what is reported where ---------------------------------------------------------------------


def roots(views: Sequence[View]) -> list[View]:
    """The open specs that no other open spec imports; of those that import each other in a circle, all."""
    return [view for view in views if not any(_above(other, view) for other in views)]


def _above(other: View, view: View) -> bool:
    return real(view.path) in other.files and real(other.path) not in view.files


def reported(views: Sequence[View]) -> dict[str, list[Diagnostic]]:
    """What is wrong with the open specs and the files that they import, by real path, each once."""
    found: dict[str, dict[Diagnostic, None]] = {}
    for view in roots(views):
        for path, read in view.reads.items():
            if isinstance(read, Source):
                found.setdefault(real(path), {})
        for each in view.diagnostics:
            span = each.span or Span(view.path.as_posix(), 0, 0)
            found.setdefault(real(Path(span.path)), {})[replace(each, span=span)] = None
    return {path: list(each) for path, each in found.items()}


# --- specs that nobody has opened ---------------------------------------------------------------

ENDING: Final = ".mtd"
MOST_SPECS: Final = 500
MOST_FOLDERS: Final = 5000
"""How much of a workspace is searched for specs: a home folder opened by mistake must not take minutes."""
SKIPPED: Final = frozenset({"node_modules", "site-packages", "artifacts", "__pycache__", "venv"})


def specs_in(folders: Iterable[Path]) -> list[Path]:
    """The specs in some folders and below, hidden and foreign ones left out."""
    return list(islice((path for folder in folders for path in _walk(folder)), MOST_SPECS))


def _walk(folder: Path) -> Iterator[Path]:
    for place, inner, files in islice(os.walk(folder), MOST_FOLDERS):
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name not in SKIPPED)
        yield from (Path(place, name) for name in sorted(files) if name.endswith(ENDING))

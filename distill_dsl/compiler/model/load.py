"""A spec and all that it imports, as one program."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from distill_dsl.compiler.diagnostics import Code, Diagnostic, error, ordered
from distill_dsl.compiler.language.nodes import Import, Spec
from distill_dsl.compiler.language.parse import parse
from distill_dsl.compiler.source import Source, Span, Unreadable, read_source

Edges = Mapping[str, Sequence[tuple[str, Span]]]
"""Real path of a file -> the real paths that it imports, and where."""

Read = Callable[[Path], Source | Unreadable]
"""How a file is read: from disk, or from an editor's open document."""


@dataclass(frozen=True)
class Program:
    """The trees of all files in the order of loading, the main spec first."""

    specs: tuple[Spec, ...]

    @property
    def damaged(self) -> bool:
        """Whether some file is missing or could not be read in full: then absence proves little."""
        return any(spec.damaged for spec in self.specs)


def load(path: Path, read: Read = read_source) -> tuple[Program, dict[str, Source], list[Diagnostic]]:
    """Read a spec and its imports, each file once; sources by the path under which they are shown."""
    specs: dict[str, Spec] = {}  # by real path, so that `a.mtd` and `x/../a.mtd` are one
    sources: dict[str, Source] = {}
    found: list[Diagnostic] = []
    edges: dict[str, list[tuple[str, Span]]] = {}
    waiting: list[tuple[Path, Span | None]] = [(path, None)]
    for at, asked in waiting:  # grows while it is walked
        real = _real(at)
        if real in specs:
            continue
        specs[real], source, more = _read(at, asked, read)
        found += more
        if source is not None:
            sources[source.path] = source
        imports = [(_beside(at, each.path.value), each.path.span) for each in _imports(specs[real])]
        edges[real] = [(_real(file), span) for file, span in imports]
        waiting += imports
    found += _circles(edges)
    shown = [spec.path for spec in specs.values()]
    return Program(tuple(specs.values())), sources, ordered(found, shown)


def _read(path: Path, asked: Span | None, read: Read) -> tuple[Spec, Source | None, list[Diagnostic]]:
    source = read(path)
    if isinstance(source, Unreadable):
        help = "the path is taken from the folder of the importing file" if asked else "check the path"
        wrong = error(Code.UNREADABLE_FILE, f"the file {path.as_posix()} {source.value}", asked, help)
        return Spec(path.as_posix(), (), damaged=True, unread=True), None, [wrong]
    spec, found = parse(source)
    return spec, source, found


def _real(path: Path) -> str:
    """What makes two paths one file; a path that can be no file stands for itself."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return str(path)


def _imports(spec: Spec) -> list[Import]:
    return [statement for statement in spec.statements if isinstance(statement, Import)]


def _beside(file: Path, relative: str) -> Path:
    return Path(os.path.normpath(file.parent / relative))


def _circles(edges: Edges) -> list[Diagnostic]:
    """Each import that leads back to a file above it, found by walking down from the main spec."""
    found: list[Diagnostic] = []
    left: set[str] = set()
    above: dict[str, Span | None] = {}
    main = next(iter(edges))
    above[main] = None
    trail = [(main, iter(edges[main]))]
    while trail:
        file, imports = trail[-1]
        target, span = next(imports, (None, None))
        if target is None or span is None:
            trail.pop()
            above.pop(file)
            left.add(file)
        elif target in above:
            found.append(_circle(target, span, above))
        elif target not in left:
            above[target] = span
            trail.append((target, iter(edges[target])))
    return found


def _circle(target: str, span: Span, above: Mapping[str, Span | None]) -> Diagnostic:
    """`above` holds the files from the main spec down to the importing one, with where each is imported."""
    files = list(above)
    places = [above[file] for file in files[files.index(target) + 1 :]]
    labels = tuple((place, "imported here") for place in places if place is not None)
    summary = "this file imports itself" + (" through others" if labels else "")
    return error(Code.IMPORT_CYCLE, summary, span, "move what both need into a third file", labels)

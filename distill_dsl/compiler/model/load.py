"""A spec and all that it imports, as one program."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from distill_dsl.compiler.diagnostics import Code, Diagnostic, error, ordered
from distill_dsl.compiler.language.nodes import Import, Name, Spec
from distill_dsl.compiler.language.parse import parse
from distill_dsl.compiler.model.aliases import at_home, home_of
from distill_dsl.compiler.source import Source, Span, Unreadable, read_source

Edges = Mapping[str, Sequence[tuple[str, Span]]]
"""Real path of a file -> the real paths that it imports, and where."""

Read = Callable[[Path], Source | Unreadable]
"""How a file is read: from disk, or from an editor's open document."""


MOST: Final = 500
"""Files of a program, each counted once for every alias under which it is reached."""


@dataclass(frozen=True)
class Program:
    """The trees of all files in the order of loading, the main spec first.

    `aliases` holds where each alias is given, `mentions` where it is used.
    """

    specs: tuple[Spec, ...]
    aliases: tuple[Name, ...] = ()
    mentions: tuple[Name, ...] = ()

    @property
    def paths(self) -> list[str]:
        """Each file once."""
        return list(dict.fromkeys(spec.path for spec in self.specs))

    @property
    def damaged(self) -> bool:
        """Whether some file is missing or could not be read in full: then absence proves little."""
        return any(spec.damaged for spec in self.specs)


@dataclass(frozen=True)
class _Asked:
    """A file to be read: what asks for it, the home of its names, and the files above it."""

    path: Path
    place: Span | None = None
    home: str = ""
    above: frozenset[str] = frozenset()


def load(path: Path, read: Read = read_source) -> tuple[Program, dict[str, Source], list[Diagnostic]]:
    """Read a spec and its imports, each file once; sources by the path under which they are shown."""
    files: dict[str, tuple[Spec, Source | None]] = {}  # by real path, so that `a.mtd` and `x/../a.mtd` are one
    specs: dict[tuple[str, str], Spec] = {}
    found: list[Diagnostic] = []
    edges: dict[str, list[tuple[str, Span]]] = {}
    homes: dict[tuple[str, str], str] = {}
    aliases: list[Name] = []
    waiting = [_Asked(path)]
    for asked in waiting:  # grows while it is walked
        real = _real(asked.path)
        if (real, asked.home) in specs or real in asked.above:
            continue
        if len(specs) == MOST:
            found.append(_too_many(asked))
            break
        if real not in files:
            spec, source, more = _read(asked.path, asked.place, read)
            files[real] = spec, source
            found += more
        specs[real, asked.home] = replace(files[real][0], home=asked.home)
        imports = _imports(specs[real, asked.home])
        edges[real] = [(_real(_beside(asked.path, each.path.value)), each.path.span) for each in imports]
        for each in imports:
            waiting.append(_asked(asked, each, asked.above | {real}))
            if each.alias is not None:
                aliases.append(replace(each.alias, home=asked.home))
                homes.setdefault((asked.home, each.alias.text), waiting[-1].home)
    found += _circles(edges)
    homed = [at_home(spec, homes) for spec in specs.values()]
    mentions = tuple(name for _, names in homed for name in names)
    program = Program(tuple(spec for spec, _ in homed), tuple(aliases), mentions)
    sources = {source.path: source for _, source in files.values() if source is not None}
    return program, sources, ordered(found, program.paths)


def _asked(asked: _Asked, each: Import, above: frozenset[str]) -> _Asked:
    """What an import asks for. Only under an alias, a file can be read anew each time around a circle."""
    path = _beside(asked.path, each.path.value)
    if each.alias is None:
        return _Asked(path, each.path.span, asked.home, asked.above)
    return _Asked(path, each.path.span, home_of(asked.home, each.alias.text), above)


def _too_many(asked: _Asked) -> Diagnostic:
    help = "import a file once, without alias, where all may share its names"
    return error(Code.TOO_MANY_FILES, f"this program has more than {MOST} files", asked.place, help)


def _read(path: Path, asked: Span | None, read: Read) -> tuple[Spec, Source | None, list[Diagnostic]]:
    source = read(path)
    if isinstance(source, Unreadable):
        usual = "the path is taken from the folder of the importing file" if asked else "check the path"
        help = source.help or usual
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
            trail.append((target, iter(edges.get(target, ()))))
    return found


def _circle(target: str, span: Span, above: Mapping[str, Span | None]) -> Diagnostic:
    """`above` holds the files from the main spec down to the importing one, with where each is imported."""
    files = list(above)
    places = [above[file] for file in files[files.index(target) + 1 :]]
    labels = tuple((place, "imported here") for place in places if place is not None)
    summary = "this file imports itself" + (" through others" if labels else "")
    return error(Code.IMPORT_CYCLE, summary, span, "move what both need into a third file", labels)

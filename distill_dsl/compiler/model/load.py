"""A spec and all that it imports, as one program."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from distill_dsl.compiler.diagnostics import Code, Diagnostic, error, ordered
from distill_dsl.compiler.language.nodes import Import, Spec
from distill_dsl.compiler.language.parse import parse
from distill_dsl.compiler.source import Source, Span, Unreadable, read_source


@dataclass(frozen=True)
class Program:
    """The trees of all files in the order of loading, the main spec first."""

    specs: tuple[Spec, ...]

    @property
    def damaged(self) -> bool:
        """Whether some file is missing or could not be read in full: then absence proves little."""
        return any(spec.damaged for spec in self.specs)


def load(path: Path) -> tuple[Program, dict[str, Source], list[Diagnostic]]:
    """Read a spec and its imports, each file once; sources by the path under which they are shown."""
    loader = _Loader()
    loader.visit(path, None, ())
    paths = list(loader.sources)
    return Program(tuple(loader.specs)), loader.sources, ordered(loader.found, paths)


class _Loader:
    """The files met so far. Identity is the real path, so that `a.mtd` and `../x/a.mtd` are one."""

    def __init__(self) -> None:
        self.specs: list[Spec] = []
        self.sources: dict[str, Source] = {}
        self.found: list[Diagnostic] = []
        self.seen: set[str] = set()

    def visit(self, path: Path, asked: Span | None, above: tuple[tuple[str, Span | None], ...]) -> None:
        """Load one file, then what it imports; `above` holds the importing files, outermost first."""
        waiting: list[tuple[Path, Span | None, tuple[tuple[str, Span | None], ...]]] = [(path, asked, above)]
        while waiting:
            path, asked, above = waiting.pop(0)
            real = os.path.realpath(path)
            if any(real == other for other, _ in above):
                self._circle(path, asked, above)
            elif real not in self.seen:
                self.seen.add(real)
                spec = self._one(path, asked)
                inner = (*above, (real, asked))
                imports = [s for s in spec.statements if isinstance(s, Import)]
                folder = Path(spec.path).parent
                waiting += [(_joined(folder, s.path.value), s.path.span, inner) for s in imports]

    def _one(self, path: Path, asked: Span | None) -> Spec:
        source = read_source(path)
        if isinstance(source, Unreadable):
            help = "the path is taken from the folder of the importing file" if asked else "check the path"
            self.found.append(error(Code.UNREADABLE_FILE, f"the file {path.as_posix()} {source.value}", asked, help))
            spec = Spec(path.as_posix(), (), damaged=True, unread=True)
        else:
            spec, found = parse(source)
            self.sources[source.path] = source
            self.found += found
        self.specs.append(spec)
        return spec

    def _circle(self, path: Path, asked: Span | None, above: tuple[tuple[str, Span | None], ...]) -> None:
        first = next(at for at, (other, _) in enumerate(above) if other == os.path.realpath(path))
        labels = tuple((span, "imported here") for _, span in above[first + 1 :] if span is not None)
        summary = f"{path.as_posix()} imports itself" + (" through other files" if labels else "")
        self.found.append(error(Code.IMPORT_CYCLE, summary, asked, "move what both need into a third file", labels))


def _joined(folder: Path, relative: str) -> Path:
    return Path(os.path.normpath(folder / relative))

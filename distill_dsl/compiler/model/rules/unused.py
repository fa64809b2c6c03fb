"""What the main file defines and no experiment needs. Imported files are libraries: nobody uses all of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os.path import normpath
from pathlib import PurePath
from typing import Final

from distill_dsl.compiler.diagnostics import Advice, Code, Diagnostic, warning
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model.load import Program
from distill_dsl.compiler.model.scope import IMPORT, PARAM, Scope
from distill_dsl.compiler.source import Span

Key = tuple[str, str]
"""(kind, name) of a definition."""

DEFINING: Final = nodes.Block | nodes.Param


def unused(program: Program, scope: Scope) -> list[Diagnostic]:
    """Warnings for the main file of a program without errors; a file without experiment is a library itself."""
    if not scope.blocks["experiment"]:
        return []
    used = _reached(scope)
    return [*_definitions(program, scope, used), *_imports(program, scope, used)]


def _reached(scope: Scope) -> set[Key]:
    """All that the experiments name, and what that names, and so on; a copied block is named by its copy."""
    names = _names(scope)
    reached: set[Key] = set()
    waiting: list[Key] = [("experiment", name) for name in scope.blocks["experiment"]]
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting += names.get(key, [])
    return reached


def _names(scope: Scope) -> dict[Key, list[Key]]:
    """Block -> what stands in it by name. A file that is read under two aliases has its blocks in two homes."""
    owners: dict[str, list[tuple[Span, Key]]] = {}
    for kind, blocks in scope.blocks.items():
        for name, block in blocks.items():
            owners.setdefault(block.span.path, []).append((block.span, (kind, name)))
    found: dict[Key, list[Key]] = {}
    for mention in scope.mentions:
        for span, owner in owners.get(mention.span.path, []):
            named = (mention.kind, mention.name)
            if span.start <= mention.span.start < span.end and _sees(scope, owner, named):
                found.setdefault(owner, []).append(named)
    return found


def _sees(scope: Scope, owner: Key, named: Key) -> bool:
    """Whether what is named lies in the home of the block, or in one that opens from there."""
    return scope.definitions[named].home.startswith(scope.definitions[owner].home)


def _definitions(program: Program, scope: Scope, used: set[Key]) -> Iterator[Diagnostic]:
    main = program.specs[0].path
    wholes = {each.name.span: each.span for each in program.specs[0].statements if isinstance(each, DEFINING)}
    named = {(mention.kind, mention.name) for mention in scope.mentions}
    for (kind, name), place in scope.definitions.items():
        if place.span.path != main or kind in ("experiment", IMPORT):
            continue
        if kind == PARAM and (kind, name) not in named:
            help = Advice("delete it, or write its name as the value of a key", "", span=wholes[place.span])
            yield warning(Code.UNUSED, f"no block uses the param `{place.text}`", place.span, help)
        elif kind != PARAM and (kind, name) not in used:
            help = Advice("delete it, or add it to an experiment", "", span=wholes[place.span])
            yield warning(Code.UNUSED, f"no experiment uses the {kind} `{place.text}`", place.span, help)


def _imports(program: Program, scope: Scope, used: set[Key]) -> Iterator[Diagnostic]:
    files = _files_behind(program)
    main = program.specs[0]
    needed = [place for key, place in scope.definitions.items() if key in used]
    for each in main.statements:
        if not isinstance(each, nodes.Import) or _beside(main.path, each.path.value) not in files:
            continue
        behind = files[_beside(main.path, each.path.value)]
        home = f"{each.alias.text}_" if each.alias else ""
        if not any(place.span.path in behind and place.home.startswith(home) for place in needed):
            what = f"`{each.alias.text}` is never used" if each.alias else "no experiment uses anything of this file"
            span = each.alias.span if each.alias else each.path.span
            yield warning(Code.UNUSED, what, span, Advice("delete the import", "", span=each.span))


def _files_behind(program: Program) -> dict[str, set[str]]:
    """File -> itself and all that it imports, by the paths under which they are shown."""
    edges: Mapping[str, set[str]] = {
        spec.path: {_beside(spec.path, each.path.value) for each in spec.statements if isinstance(each, nodes.Import)}
        for spec in program.specs
    }
    behind: dict[str, set[str]] = {}
    for path in edges:
        waiting, found = [path], set[str]()
        while waiting:
            here = waiting.pop()
            if here not in found:
                found.add(here)
                waiting += edges.get(here, ())
        behind[path] = found
    return behind


def _beside(file: str, relative: str) -> str:
    return PurePath(normpath(PurePath(file).parent / relative)).as_posix()

"""Specs and files at a revision of git."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from distill_dsl.compiler import Compiled, compile_spec
from distill_dsl.compiler.diagnostics import Code, Diagnostic, error
from distill_dsl.compiler.model.load import Read
from distill_dsl.compiler.source import LARGEST, Source, Span, Unreadable, not_text
from distill_dsl.runtime.comparing.naming import git


def unknown(revisions: Iterable[str]) -> list[Diagnostic]:
    """What is wrong with the revisions themselves."""
    if git("rev-parse", "--is-inside-work-tree") is None:
        help = "`git init` makes it one; what is not in git has no earlier version"
        return [error(Code.NO_REVISION, "this folder is in no git repository", None, help)]
    return [
        error(Code.NO_REVISION, f"git knows no revision `{revision}`", None, "`git log --oneline` lists them")
        for revision in revisions
        if git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}") is None
    ]


def compiled_at(revision: str, spec: Path) -> Compiled:
    """The spec as it was; its files are called `REV:path` in what is said of it."""
    read = reader(revision)
    if isinstance(read(spec), Unreadable):
        help = f"it may have had another name: `git log --follow -- {spec.as_posix()}`"
        missing = error(Code.NO_REVISION, f"there is no {spec.as_posix()} at {revision}", None, help)
        return Compiled({}, (missing,))
    done = compile_spec(spec, read)
    sources = {f"{revision}:{path}": Source(f"{revision}:{path}", each.text) for path, each in done.sources.items()}
    return replace(done, sources={**done.sources, **sources}, diagnostics=_called(done.diagnostics, revision))


def reader(revision: str) -> Read:
    """Files as they are at the revision."""

    def read(path: Path) -> Source | Unreadable:
        relative = os.path.relpath(path).replace(os.sep, "/")
        data = git("cat-file", "blob", f"{revision}:{relative if relative.startswith('../') else f'./{relative}'}")
        if data is None:
            return Unreadable.MISSING
        if len(data) > LARGEST:
            return Unreadable.TOO_LARGE
        try:
            return Source(path.as_posix(), data.decode("utf-8-sig"))
        except UnicodeDecodeError as wrong:
            return not_text(data, wrong.start)

    return read


def moved(old: str, new: str | None, paths: Iterable[str]) -> frozenset[str]:
    """The paths whose content differs between two revisions, or a revision and the working tree.

    Data that DVC tracks is compared by its `.dvc` file. What git does not know is left out.
    """
    asked = {name: path for path in paths for name in (path, f"{path}.dvc")}
    if not asked:
        return frozenset()
    revisions = [old] if new is None else [old, new]
    said = git("diff", "--name-only", "--relative", "-z", *revisions, "--", *asked)
    names = (said or b"").decode().split("\0")
    return frozenset(asked[name] for name in names if name in asked)


def _called(diagnostics: Iterable[Diagnostic], revision: str) -> tuple[Diagnostic, ...]:
    def there(span: Span) -> Span:
        return Span(f"{revision}:{span.path}", span.start, span.end)

    return tuple(
        replace(
            each,
            span=there(each.span) if each.span else None,
            labels=tuple((there(span), text) for span, text in each.labels),
            fix=None,  # an earlier version is not mended
        )
        for each in diagnostics
    )


def sources_of(*versions: Compiled) -> Mapping[str, Source]:
    """The sources of several versions."""
    return {path: source for each in versions for path, source in each.sources.items()}

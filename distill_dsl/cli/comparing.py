"""`mtd diff`: what changed in a spec since a revision, and what it does to the stages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from distill_dsl.cli.output import show
from distill_dsl.cli.planning import All, AsJson, show_lines, spec_or_last
from distill_dsl.cli.revisions import compiled_at, moved, unknown
from distill_dsl.compiler import Compiled, compile_spec
from distill_dsl.compiler.diagnostics import has_errors
from distill_dsl.compiler.emit.params_yaml import params_document
from distill_dsl.compiler.plan.compare import Version, changes
from distill_dsl.compiler.plan.difference import Compared, compared, document, lines
from distill_dsl.compiler.plan.effects import Difference, Pipeline, file_changes
from distill_dsl.compiler.plan.places import places

Revision = Annotated[str, typer.Argument(metavar="REV", help="The earlier version, such as HEAD.", show_default=False)]
SpecOrRevision = Annotated[
    str | None,
    typer.Argument(metavar="[SPEC]", help="The spec; without it, the one of dvc.yaml.", show_default=False),
]
Later = Annotated[
    str | None,
    typer.Argument(metavar="[REV2]", help="The later version; without it, the working tree.", show_default=False),
]

WORKING_TREE = "the working tree"


def diff(
    rev: Revision, spec: SpecOrRevision = None, rev2: Later = None, every: All = False, as_json: AsJson = False
) -> None:
    """Show what changed in a spec since a revision, and which stages come, go or run anew."""
    if spec is not None and rev2 is None and not spec.endswith(".mtd"):
        spec, rev2 = None, spec  # `mtd diff v1 v2`
    path = spec_or_last(None if spec is None else Path(spec))
    wrong = unknown([rev] if rev2 is None else [rev, rev2])
    if wrong:
        show(wrong, Compiled({}, ()))
        raise typer.Exit(1)
    before = _sound(compiled_at(rev, path))
    after = _sound(compile_spec(path) if rev2 is None else compiled_at(rev2, path))
    found = _compared(path, (rev, rev2), before, after)
    if as_json:
        print(json.dumps(document(found), indent=2))
    else:
        show_lines(lines(found, every=every))


def _sound(compiled: Compiled) -> Compiled:
    """Warnings are left to `mtd check`: here they would stand twice."""
    if has_errors(compiled.diagnostics):
        show(compiled.diagnostics, compiled)
        raise typer.Exit(1)
    return compiled


def _compared(spec: Path, revisions: tuple[str, str | None], before: Compiled, after: Compiled) -> Compared:
    old, new = _pipeline(before), _pipeline(after)
    made = {path for one in new.wirings.values() for path in (*one.outs, *one.kept, *one.metrics)}
    outside = sorted({path.as_posix() for one in new.wirings.values() for path in one.deps if path not in made})
    difference = Difference(old, new, moved(*revisions, outside))
    said = [*changes(_version(before), _version(after)), *file_changes(difference)]
    return compared(str(spec), revisions[0], revisions[1] or WORKING_TREE, said, difference)


def _pipeline(compiled: Compiled) -> Pipeline:
    assert compiled.plan is not None
    return Pipeline(compiled.plan, params_document(compiled.plan))


def _version(compiled: Compiled) -> Version:
    assert compiled.model is not None and compiled.analysis is not None
    return Version(compiled.model, places(compiled.analysis, compiled.sources))

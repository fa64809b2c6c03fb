"""Act one: a spec becomes a plan, and a plan becomes `dvc.yaml` and `params.yaml`.

    source -> language (tree) -> model (typed) -> plan (stages) -> emit (YAML)

Pure: no torch, no network, no clock. Each step returns its value and diagnostics; nothing here
prints, or raises for a user's mistake. `compile_spec` is the whole walk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from distill_dsl.compiler.diagnostics import Diagnostic, has_errors
from distill_dsl.compiler.disk import Disk
from distill_dsl.compiler.model.entities import Model, Value
from distill_dsl.compiler.model.load import Read, load
from distill_dsl.compiler.model.resolve import Analysis, analysed, resolve
from distill_dsl.compiler.model.review import reviewed
from distill_dsl.compiler.model.rules import without_experiment
from distill_dsl.compiler.source import Source, read_source

if TYPE_CHECKING:
    from distill_dsl.compiler.emit.write import Emitted
    from distill_dsl.compiler.plan.build import Plan


@dataclass(frozen=True)
class Compiled:
    """What came of a spec; later steps are None where an earlier one found errors."""

    sources: Mapping[str, Source]
    diagnostics: tuple[Diagnostic, ...]
    model: Model | None = None
    plan: Plan | None = None
    emitted: Emitted | None = None
    analysis: Analysis | None = None
    """Names and places, for those who speak of the spec."""


def check_spec(path: Path) -> Compiled:
    """Read a spec and all it imports, and check everything that can be known before it runs."""
    program, sources, diagnostics = load(path)
    analysis = analysed(program)
    diagnostics += analysis.diagnostics
    if not has_errors(diagnostics):
        diagnostics += reviewed(program, analysis, Disk(Path()))
    return Compiled(sources, tuple(diagnostics), analysis.model, analysis=analysis)


def compile_spec(path: Path, read: Read = read_source) -> Compiled:
    """The whole walk: read, resolve, plan, emit. Nothing is written."""
    # Imported here because a check at every save of a spec needs neither, and they take as long as it.
    from distill_dsl.compiler.emit.write import emit
    from distill_dsl.compiler.plan.build import build

    program, sources, diagnostics = load(path, read)

    def variant(changed: Mapping[str, Value]) -> tuple[Model | None, list[Diagnostic]]:
        return resolve(program, changed)

    analysis = analysed(program)
    model = analysis.model
    diagnostics += analysis.diagnostics
    if model is None or has_errors(diagnostics):
        return Compiled(sources, tuple(diagnostics))

    diagnostics += without_experiment(model)
    if not has_errors(diagnostics):
        diagnostics += reviewed(program, analysis, Disk(Path()))
    plan, found = build(model, variant, sources)
    diagnostics += found
    if has_errors(diagnostics):
        return Compiled(sources, tuple(diagnostics), model)
    return Compiled(sources, tuple(diagnostics), model, plan, emit(plan), analysis)

"""What a model without errors still deserves to be told: warnings, and its paths held against the project."""

from __future__ import annotations

from distill_dsl.compiler.diagnostics import Diagnostic, ordered
from distill_dsl.compiler.model.load import Program
from distill_dsl.compiler.model.resolve import Analysis
from distill_dsl.compiler.model.rules import WARNINGS, Checked
from distill_dsl.compiler.model.rules.paths import Project, missing_paths
from distill_dsl.compiler.model.rules.unused import unused


def reviewed(program: Program, analysis: Analysis, project: Project | None = None) -> list[Diagnostic]:
    """Warnings, and errors of paths where there is a project to look at; nothing while the spec has errors."""
    if analysis.model is None:
        return []
    checked = Checked(analysis.model, analysis.blocks)
    found = [diagnostic for rule in WARNINGS for diagnostic in rule(checked)]
    found += unused(program, analysis.scope)
    found += missing_paths(checked, project) if project is not None else []
    return ordered(found, program.paths)

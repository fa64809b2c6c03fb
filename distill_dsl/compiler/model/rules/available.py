"""What can be read and checked, and not be run."""

from __future__ import annotations

from distill_dsl.compiler.diagnostics import Code, Diagnostic, error
from distill_dsl.compiler.model.entities import Model
from distill_dsl.compiler.source import Span


def without_experiment(model: Model) -> list[Diagnostic]:
    """A spec to be imported has no experiment; compiling it would replace a pipeline by nothing."""
    if model.experiments:
        return []
    help = "add an `experiment` block, or compile the spec that imports this one"
    start = Span(model.files[0], 0, 0)
    return [error(Code.NO_EXPERIMENT, "this spec has no experiment, and so nothing to run", start, help)]

"""What is wrong with a spec, as data (`found`), and the one place where that becomes text (`render`)."""

from __future__ import annotations

from distill_dsl.compiler.diagnostics.codes import GROUPS, Code, Severity
from distill_dsl.compiler.diagnostics.found import (
    Advice,
    Diagnostic,
    Edit,
    Help,
    Labels,
    edited,
    error,
    has_errors,
    ordered,
    warning,
)
from distill_dsl.compiler.diagnostics.near import did_you_mean, distance, suggestion
from distill_dsl.compiler.diagnostics.render import closing, render, report

__all__ = [
    "GROUPS",
    "Advice",
    "Code",
    "Diagnostic",
    "Edit",
    "Help",
    "Labels",
    "Severity",
    "closing",
    "did_you_mean",
    "distance",
    "edited",
    "error",
    "has_errors",
    "ordered",
    "render",
    "report",
    "suggestion",
    "warning",
]

"""What the language has and this version cannot run."""

from __future__ import annotations

from distill_dsl.compiler.diagnostics import Code, Diagnostic, error
from distill_dsl.compiler.model.entities import Model
from distill_dsl.compiler.source import Span
from distill_dsl.contract.settings import TransformersTeacher


def without_experiment(model: Model) -> list[Diagnostic]:
    """A spec to be imported has no experiment; compiling it would replace a pipeline by nothing."""
    if model.experiments:
        return []
    help = "add an `experiment` block, or compile the spec that imports this one"
    start = Span(model.files[0], 0, 0)
    return [error(Code.NO_EXPERIMENT, "this spec has no experiment, and so nothing to run", start, help)]


def unavailable(model: Model) -> list[Diagnostic]:
    """Constructs that the language has and this version cannot run, each with what to use instead."""
    found: list[Diagnostic] = []
    for teacher in model.teachers.values():
        if isinstance(teacher.settings.model, TransformersTeacher):
            help = "serve the model (vLLM, llama.cpp, Ollama) and use `openai(..., base_url: ...)`"
            found.append(error(Code.NOT_YET, "`transformers(...)` cannot teach yet", teacher.span, help))
        if teacher.budget is not None:
            help = "leave it out, and mind `samples` and the size of the splits"
            found.append(error(Code.NOT_YET, "`budget` is not watched yet", teacher.span, help))
    return found

"""What the language has and this version cannot run."""

from __future__ import annotations

from distill_dsl.compiler.diagnostics import Code, Diagnostic, error
from distill_dsl.compiler.model.entities import Model
from distill_dsl.compiler.source import Span
from distill_dsl.contract.settings import Ranked, ReasoningGymSource, TransformersTeacher
from distill_dsl.contract.vocabulary import AnswerKind


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
    for data in model.data.values():
        if isinstance(data.settings.source, ReasoningGymSource):
            help = 'use `synthetic("arithmetic", ...)`, or export the task to a file and use `file(...)`'
            found.append(error(Code.NOT_YET, "`reasoning_gym(...)` cannot be read yet", data.span, help))
    for teacher in model.teachers.values():
        if isinstance(teacher.settings.model, TransformersTeacher):
            help = "serve the model (vLLM, llama.cpp, Ollama) and use `openai(..., base_url: ...)`"
            found.append(error(Code.NOT_YET, "`transformers(...)` cannot teach yet", teacher.span, help))
        if teacher.budget is not None:
            help = "leave it out, and mind `samples` and the size of the splits"
            found.append(error(Code.NOT_YET, "`budget` is not watched yet", teacher.span, help))
    for thought in model.thoughts.values():
        if thought.settings.answer is AnswerKind.PROGRAM_EQUATIONS:
            help = "use `python` or `equations`"
            found.append(error(Code.NOT_YET, "`answer = program_equations` cannot be executed yet", thought.span, help))
    for experiment in model.experiments.values():
        if any(isinstance(answer, Ranked) for answer in experiment.settings.answers):
            summary = "`ranked(...)` needs a trained verifier, which this version cannot train yet"
            help = "use `confident(...)` or `vote(...)`"
            found.append(error(Code.NOT_YET, summary, experiment.span, help))
    return found

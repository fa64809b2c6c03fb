"""The `gold` teacher: what the data set itself says, for the baselines that distillation is measured by.

A student of its rationales is fine-tuned as anybody would without a teacher; one of its answers alone
learns to answer without thinking. Both are prose; programs and equations are written from the same
solutions by the `solution` teacher.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import GoldTeacher
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.teachers.annotations import Unreadable, without_annotations
from distill_dsl.runtime.teachers.solution import prose


def ask_gold(
    model: GoldTeacher, thought: str, kind: AnswerKind, problems: Iterable[Problem], progress: Callable[[int], None]
) -> Iterator[Completion]:
    """One completion a problem, in order: there is one gold."""
    for problem in problems:
        text = _written(model, kind, problem)
        if isinstance(text, Unreadable):
            yield Completion(problem=problem.id, thought=thought, text=None, reason=text.reason)
        else:
            yield Completion(problem=problem.id, thought=thought, text=text)
        progress(1)


def answer_sentence(answer: str) -> str:
    """`The answer is 18.`, which every reader of prose knows as the answer."""
    return f"The answer is {answer}."


def _written(model: GoldTeacher, kind: AnswerKind, problem: Problem) -> str | Unreadable:
    if kind is not AnswerKind.TEXT:
        return Unreadable(f"a data set's own solution is prose, not {kind}")
    if model.write == "answer":
        return answer_sentence(problem.answer)
    return _rationale(problem)


def _rationale(problem: Problem) -> str | Unreadable:
    """The worked solution in one paragraph, which ends by stating the answer."""
    text = without_annotations(problem.rationale) if problem.rationale else ""
    if not text and problem.solution:
        text = prose(problem.solution)  # synthetic problems tell theirs step by step
    if not text:
        return Unreadable("the problem has no rationale")
    closing = answer_sentence(problem.answer)
    return text if text.endswith(closing) else f"{text} {closing}"

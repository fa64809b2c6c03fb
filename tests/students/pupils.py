"""Tiny students and examples; no hub, no file outside the test's own folder."""

from __future__ import annotations

from transformers import set_seed

from distill_dsl.contract.records import Example
from distill_dsl.contract.settings import ScratchBase, StudentSettings
from distill_dsl.runtime.students.batches import prompt
from distill_dsl.runtime.students.models import Student, scratch_student

CUES = {"cot": "Let's think step by step.", "pot": "Let's break down the code step by step"}


def examples(count: int = 40) -> list[Example]:
    """Sums in two formats, one with line breaks and indentation."""
    rows = []
    for number in range(count):
        a, b = 1 + number % 7, 2 + number % 5
        question = f"Ann has {a} pens and buys {b} more. How many pens does she have?"
        texts = {
            "cot": f"She has {a} + {b} = {a + b} pens. The answer is {a + b}.",
            "pot": f"if True:\n    ans = {a} + {b}",
        }
        rows += [
            Example(problem=f"p{number}", thought=thought, question=question, cue=CUES[thought], text=text)
            for thought, text in texts.items()
        ]
    return rows


def texts_of(rows: list[Example]) -> list[str]:
    """All that a tokenizer is trained on."""
    return [text for row in rows for text in (prompt(row.question, row.cue), row.text)]


def tiny(architecture: str = "t5", digits: str = "split") -> ScratchBase:
    """The smallest base that still learns."""
    return ScratchBase(architecture=architecture, width=16, layers=1, heads=2, vocabulary=400, digits=digits)


def settings(**changes: object) -> StudentSettings:
    """A training of a second."""
    fields: dict[str, object] = {
        "base": tiny(),
        "steps": 12,
        "batch": 8,
        "learning_rate": 0.01,
        "warmup": 0.1,
        "evaluations": 4,
    }
    return StudentSettings(**(fields | changes))  # type: ignore[arg-type]


def student(architecture: str = "t5", seed: int = 1, digits: str = "split") -> Student:
    """An untrained tiny student."""
    set_seed(seed)
    return scratch_student(tiny(architecture, digits), texts_of(examples()), dropout=None)

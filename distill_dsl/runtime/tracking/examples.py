"""A run's predictions for reading: tables that MLflow lays side by side, and ten right and ten wrong of each test."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from distill_dsl.contract.files import read_rows
from distill_dsl.contract.records import Judged, Scored
from distill_dsl.contract.settings import ExperimentSettings
from distill_dsl.contract.strategies import headline_key, keyed, strategy_key, strategy_title
from distill_dsl.contract.vocabulary import HELD_OUT

SHOWN: Final = 200
"""Problems of each test in the table of predictions, which MLflow's UI loads whole. All are in the JSONL."""

EXAMPLES: Final = 10
"""Right ones, and wrong ones, of each test."""

Cells = dict[str, str | None]


def example_files(scored: Path, settings: ExperimentSettings, judged: str) -> dict[str, bytes]:
    """`predictions.json` and `examples.json`, tables in MLflow's form, and `examples/<test>.md`.

    `judged` is the strategy that says what is right.
    """
    rows = [row for row in read_rows(scored, Scored) if row.test != HELD_OUT]
    tests = {test: [row for row in rows if row.test == test] for test in dict.fromkeys(row.test for row in rows)}
    some = {test: picked(found, judged) for test, found in tests.items()}
    return {
        "predictions.json": table([cells(row, judged) for found in tests.values() for row in found[:SHOWN]]),
        "examples.json": table([cells(row, judged) for found in some.values() for row in found]),
        **{f"examples/{test}.md": told(test, found, judged, settings).encode() for test, found in some.items()},
    }


def headline(settings: ExperimentSettings, scores: Iterable[str]) -> str:
    """The key of the strategy that stands for a run. `scores` are a test's, of strategies and of `thoughts`."""
    usable = keyed(settings.answers, scores)
    return headline_key(usable, settings.headline) if usable else ""


def picked(rows: Sequence[Scored], strategy: str) -> list[Scored]:
    """The first right and the first wrong ones, in the order of the test."""
    right = [row for row in rows if is_right(row, strategy)]
    wrong = [row for row in rows if not is_right(row, strategy)]
    return [*right[:EXAMPLES], *wrong[:EXAMPLES]]


def is_right(row: Scored, strategy: str) -> bool:
    """Whether the strategy has the problem right."""
    return strategy in row.choices and row.choices[strategy].verdict == "correct"


# --- tables -------------------------------------------------------------------------------------


def table(rows: Sequence[Cells]) -> bytes:
    """A table as MLflow's `log_table` writes it."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    document = {"columns": columns, "data": [[row.get(name) for name in columns] for row in rows]}
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")


def cells(row: Scored, strategy: str) -> Cells:
    """A problem with the headline's answer, each format's first thought and each strategy's answer.

    MLflow's evaluation view lays runs side by side by the first column and shows the second.
    """
    choice = row.choices.get(strategy)
    found: Cells = {
        "question": row.question,
        "answer": None if choice is None else choice.answer,
        "gold": row.gold,
        "outcome": "right" if is_right(row, strategy) else "wrong",
        "test": row.test,
        "problem": row.problem,
    }
    for thought in first_thoughts(row):
        found |= {thought.thought: thought.text, f"{thought.thought} verdict": thought.verdict}
    return found | {f"{key} answer": one.answer for key, one in row.choices.items()}


def first_thoughts(row: Scored) -> list[Judged]:
    """One thought a format: the greedy one."""
    return [thought for thought in row.thoughts if thought.sample == 0]


# --- text ---------------------------------------------------------------------------------------


def told(test: str, rows: Sequence[Scored], strategy: str, settings: ExperimentSettings) -> str:
    """The examples of one test as Markdown."""
    titles = {strategy_key(one): strategy_title(one) for one in settings.answers}
    title = titles.get(strategy, strategy)
    parts = [
        f"# {test}",
        f"The first {EXAMPLES} problems that `{title}` has right, and the first {EXAMPLES} that it has wrong.",
    ]
    for name, wanted in (("Right", True), ("Wrong", False)):
        found = [row for row in rows if is_right(row, strategy) is wanted]
        parts += [f"## {name}", *(problem_told(row, strategy) for row in found)] if found else []
    return "\n\n".join(parts) + "\n"


def problem_told(row: Scored, strategy: str) -> str:
    """One problem: question, gold, the answer and the thoughts behind it."""
    choice = row.choices.get(strategy)
    chosen = f"from {choice.thought}" if choice is not None and choice.thought else "no format was chosen"
    answer = "none" if choice is None or choice.answer is None else f"{inline(choice.answer)} ({chosen})"
    parts = [f"### {row.problem}", fenced(row.question), f"gold {inline(row.gold)}, answer {answer}"]
    for thought in first_thoughts(row):
        detail = f": {thought.detail}" if thought.detail else ""
        parts += [f"{thought.thought}, {inline(thought.verdict + detail)}", fenced(thought.text)]
    return "\n\n".join(parts)


def fenced(text: str) -> str:
    """A block that shows a text as it is, whatever signs a student has written."""
    fence = "`" * max(3, longest_ticks(text) + 1)
    return f"{fence}text\n{text}\n{fence}"


def inline(text: str) -> str:
    """A text as it is, within a line."""
    fence = "`" * (longest_ticks(text) + 1)
    return f"{fence} {' '.join(text.split())} {fence}" if "`" in text else f"`{' '.join(text.split())}`"


def longest_ticks(text: str) -> int:
    """The length of the longest run of backticks."""
    return max(map(len, re.findall("`+", text)), default=0)

"""What recorded thoughts of real models come to: a Markdown table, one line a file.

    python -m benchmarks.recordings [--data ../shared/data] [--differing]

Each file is read as the teacher `recorded` reads it and matched to the problems of its data set, once
by id and once by question alone; every completion is executed and compared with gold. `--differing`
also lists the rows that the file's own checker judged otherwise.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import RecordedTeacher
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.tables import read_table
from distill_dsl.runtime.teachers.recorded import Matching, read_recording
from distill_dsl.runtime.thoughts.execute import execute
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.judging import judge, kinds_of, restricted

TABLES: Final = {
    "gsmsys-train": "gsm8k/train.jsonl.gz",
    "gsm8k-train": "gsm8k/train.jsonl.gz",
    "gsm8k-test": "gsm8k/test.jsonl",
    "svamp-train": "svamp/train.jsonl",
    "asdiv-all": "asdiv/all.jsonl",
}
"""Part of a recording's name -> the table of its problems."""
TIMEOUT, MEMORY, TOLERANCE = 5.0, 512 << 20, 0.001


@dataclass(frozen=True)
class Judged:
    """A recorded completion and what became of it."""

    problem: Problem
    text: str
    execution: Execution
    verdict: str


def main() -> None:
    parser = argparse.ArgumentParser(description="what recorded thoughts of real models come to")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("DISTILL_SHARED", "../shared")) / "data")
    parser.add_argument(
        "--differing", action="store_true", help="list rows that the file's own checker judged otherwise"
    )
    options = parser.parse_args()
    print("| recording | rows | matched by id | by question | answered | executed | right | right of rows | else |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---|")
    for path in sorted((options.data / "recorded").glob("*.jsonl.gz")):
        judged = _line(path, options.data / "problems")
        if options.differing:
            _differing(path, judged)


def _line(path: Path, folder: Path) -> list[Judged]:
    name = path.name.removesuffix(".jsonl.gz")
    problems = _problems(folder / next(table for part, table in TABLES.items() if part in name))
    kind = _kind(name)
    by_id, texts = _matched(path, kind, problems, "id")
    by_question, _ = _matched(path, kind, problems, "no such column")
    judged = _judged(kind, texts)
    right = sum(one.verdict == "correct" for one in judged)
    answered = sum(bool(one.text.strip()) for one in judged)
    executed = sum(one.execution.answer is not None for one in judged)
    others = Counter(one.verdict for one in judged if one.verdict != "correct").most_common(4)
    rest = ", ".join(f"{count:,} {verdict}" for verdict, count in others)
    matched = f"{by_id.by_id:,} | {by_question.by_question:,}"
    share = f"{right / by_id.rows:.2%}".replace("%", " %")
    print(f"| {name} | {by_id.rows:,} | {matched} | {answered:,} | {executed:,} | {right:,} | {share} | {rest} |")
    return judged


def _problems(path: Path) -> list[Problem]:
    return [
        Problem(id=str(row["id"]), question=str(row["question"]), answer=str(row["answer"]))
        for _, row in read_table(path)
    ]


def _kind(name: str) -> AnswerKind:
    if name.endswith("cot"):
        return AnswerKind.TEXT
    if name.endswith("pot"):
        return AnswerKind.PYTHON
    return AnswerKind.PROGRAM_EQUATIONS if name.startswith("SAT-LM") else AnswerKind.EQUATIONS


def _matched(
    path: Path, kind: AnswerKind, problems: Sequence[Problem], column: str
) -> tuple[Matching, list[tuple[Problem, str]]]:
    """How the rows were matched by what `column` holds, and the problems with their texts."""
    found = read_recording(RecordedTeacher(files={"t": str(path)}, problem=column), "t", kind, problems)
    return found.matching, [(problem, text) for problem in problems for text in found.texts.get(problem.id, ())]


def _judged(kind: AnswerKind, texts: Sequence[tuple[Problem, str]]) -> list[Judged]:
    """As the verify stage does: of answers only those of a kind that the data set asks for count."""
    kinds = kinds_of(problem.answer for problem, _ in texts)
    found = execute(kind, [text for _, text in texts], timeout=TIMEOUT, memory=MEMORY)
    executions = [restricted(execution, kinds) for execution in found]
    return [
        Judged(problem, text, one, judge(one, problem.answer, TOLERANCE))
        for (problem, text), one in zip(texts, executions, strict=True)
    ]


def _differing(path: Path, judged: Sequence[Judged]) -> None:
    """Rows whose file says otherwise of whether they are right."""
    said: dict[tuple[str, str], Any] = {
        (str(row["id"]), str(row["text"])): row["source_ok"] for _, row in read_table(path) if "source_ok" in row
    }
    for one in judged:
        other = said.get((one.problem.id, one.text))
        if other is not None and other != (one.verdict == "correct"):
            answer = one.execution.answer or one.execution.detail
            print(f"    {one.problem.id}: gold {one.problem.answer}, {one.verdict} here ({answer}), there {other}")


if __name__ == "__main__":
    main()

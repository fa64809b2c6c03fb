"""The `recorded` teacher: completions that somebody already has, in a table of any kind.

A row belongs to the problem whose id it gives, else to the problem with the same question (case,
punctuation and spaces apart). The first `samples` rows of a problem are taken, in file order.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import RecordedTeacher
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.tables import read_table

EVERY_THOUGHT: Final = "*"


def ask_recorded(
    model: RecordedTeacher,
    samples: int,
    thought: str,
    kind: AnswerKind,
    problems: Sequence[Problem],
    progress: Callable[[int], None],
) -> Iterator[Completion]:
    """Up to `samples` completions a problem; one row without text where there is none."""
    path = _path(model, thought)
    rows = [(place, row) for place, row in read_table(path) if _is_of(row, model, thought, kind)]
    texts, first = _by_problem(rows, model, problems)
    if not texts:
        theirs = f"ids such as `{first}`" if first else f"no rows of the kind `{thought}`"
        raise Failure(
            f"no completion of {path} belongs to any problem",
            where=str(path),
            help=f"the file has {theirs}, the problems have ids such as `{problems[0].id if problems else 'none'}`;"
            " the file needs either those ids or a `question` column with the same questions",
        )
    return _completions(thought, texts, samples, problems, progress)


def _completions(
    thought: str,
    texts: Mapping[str, list[str]],
    samples: int,
    problems: Sequence[Problem],
    progress: Callable[[int], None],
) -> Iterator[Completion]:
    for problem in problems:
        for sample, text in enumerate(texts.get(problem.id, ())[:samples]):
            yield Completion(problem=problem.id, thought=thought, sample=sample, text=text)
        if problem.id not in texts:
            yield Completion(problem=problem.id, thought=thought, text=None, reason="nothing is recorded for it")
        progress(1)


def _path(model: RecordedTeacher, thought: str) -> Path:
    name = model.files.get(thought, model.files.get(EVERY_THOUGHT))
    if name is None:
        raise Failure(
            f"no file is named for the thought `{thought}`",
            help=f'recorded(...) names files for {", ".join(model.files) or "no thought"}; add `{thought}: "path"`',
        )
    return Path(name)


def _is_of(row: Mapping[str, Any], model: RecordedTeacher, thought: str, kind: AnswerKind) -> bool:
    """Whether the row is of the thought: by its file's key, or by its `kind` in a file for all."""
    return thought in model.files or row.get("kind") in (thought, str(kind))


def _by_problem(
    rows: Sequence[tuple[str, Mapping[str, Any]]], model: RecordedTeacher, problems: Sequence[Problem]
) -> tuple[dict[str, list[str]], str | None]:
    """Problem id -> its texts in file order, and the id of the first row."""
    ids = {problem.id for problem in problems}
    questions = {_normal(problem.question): problem.id for problem in problems}
    texts: dict[str, list[str]] = defaultdict(list)
    first: str | None = None
    for place, row in rows:
        own = str(row.get(model.problem) or "")
        first = first or own or str(row.get("question") or place)[:60]
        problem = own if own in ids else questions.get(_normal(str(row.get("question") or "")))
        if problem is not None:
            texts[problem].append(_text(row, model, place))
    return dict(texts), first


def _text(row: Mapping[str, Any], model: RecordedTeacher, place: str) -> str:
    if not isinstance(row.get(model.text), str):
        raise Failure(
            f"the row has no text in the column `{model.text}`; it has {', '.join(map(str, row))}",
            where=place,
            help='name the column of the completion: recorded("...", text: "completion")',
        )
    return str(row[model.text])


def _normal(question: str) -> str:
    return re.sub(r"\W+", " ", question).strip().casefold()

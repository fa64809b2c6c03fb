"""The `recorded` teacher: completions that somebody already has, in a table of any kind.

A row belongs to the problem whose id it gives, else to the problem with the same question (case,
punctuation and spaces apart). The first `samples` rows of a problem are taken, in file order. In a
file for every thought, the column `kind` says of which thought a row is, by name or by answer.
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
    table = list(read_table(path))
    rows = [(place, row) for place, row in table if _is_of(row, model, thought, kind)]
    if not rows:
        raise Failure(
            f"no row of {path} is of the thought `{thought}`: none has `{thought}` or `{kind}` in a column `kind`",
            where=str(path),
            help=f'add that column, or name a file for the thought: recorded({thought}: "{path}")',
        )
    texts = _by_problem(rows, model, problems)
    if not texts:
        raise _strangers(path, rows[0][1], model, problems)
    return _completions(thought, texts, samples, problems, progress)


def _strangers(path: Path, row: Mapping[str, Any], model: RecordedTeacher, problems: Sequence[Problem]) -> Failure:
    """The failure of a file whose rows belong to no problem; `row` is its first."""
    own = _id(row, model)
    if own or "question" in row:
        theirs = f"ids such as `{own}`" if own else f"questions such as `{str(row['question'])[:60]}`"
        help = "the file needs either those ids or a `question` column with the same questions"
    else:
        theirs = f"the columns {', '.join(map(str, row))}, and so neither `{model.problem}` nor `question`"
        help = 'name the column that holds the id: recorded("...", problem: "...")'
    return Failure(
        f"no completion of {path} belongs to any problem",
        where=str(path),
        help=f"the file has {theirs}; the problems have ids such as `{problems[0].id if problems else 'none'}`; {help}",
    )


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
) -> dict[str, list[str]]:
    """Problem id -> its texts in file order."""
    ids = {problem.id for problem in problems}
    questions = {_normal(problem.question): problem.id for problem in problems}
    texts: dict[str, list[str]] = defaultdict(list)
    for place, row in rows:
        own = _id(row, model)
        problem = own if own in ids else questions.get(_normal(str(row.get("question") or "")))
        if problem is not None:
            texts[problem].append(_text(row, model, place))
    return dict(texts)


def _id(row: Mapping[str, Any], model: RecordedTeacher) -> str:
    """The problem's id as the row gives it, which may be a number; empty where it gives none."""
    own = row.get(model.problem)
    return "" if own is None else str(own)


def _text(row: Mapping[str, Any], model: RecordedTeacher, place: str) -> str:
    text = row.get(model.text)
    if isinstance(text, str):
        return text
    if model.text in row:
        raise Failure(
            f"the completion in the column `{model.text}` is no text: {'null' if text is None else str(text)[:60]}",
            where=place,
            help="fill it in, or take the row out: a problem without a row counts as missing",
        )
    raise Failure(
        f"there is no column `{model.text}`; there are {', '.join(map(str, row))}",
        where=place,
        help='name the column of the completion: recorded("...", text: "completion")',
    )


def _normal(question: str) -> str:
    return re.sub(r"\W+", " ", question).strip().casefold()

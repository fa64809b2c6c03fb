"""The `recorded` teacher: completions that somebody already has, in a table of any kind or a data set of the hub.

A row belongs to the problem whose id it gives, else to that of its question (see `matching`). The
first `samples` completions of a problem are taken, in the table's order; a row may hold several. In a
table for every thought, a column says of which thought a row is, by name or by answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import RecordedTeacher
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.hub import load_split
from distill_dsl.runtime.tables import read_table
from distill_dsl.runtime.teachers.matching import How, Index, Match

EVERY_THOUGHT: Final = "*"
SHOWN: Final = 5
"""Ids that are named of those that did not match."""

Row = Mapping[str, Any]
Placed = tuple[str, Row]


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """What of a recording belongs to the problems of a split, in numbers of rows where nothing else is said."""

    thought: str
    rows: int
    """Rows of the thought; others of the table are not counted."""
    by_id: int
    by_question: int
    """Without an id of the split."""
    reworded: int
    """Of those by id: with the problem's question in other words."""
    disagreeing: int
    """With the id of one problem and the question of another: they belong to that other one, if it is of the split."""
    strangers: int
    """Of no problem."""
    completions: int
    """Texts of the rows that belong to problems."""
    covered: int
    """Problems with a completion."""
    uncovered: int
    """Problems without one."""
    commit: str | None = None
    """The commit of the hub's data set."""
    first_strangers: tuple[str, ...] = ()
    """Ids of the first rows of no problem, or else their places."""
    first_disagreeing: tuple[str, ...] = ()
    first_uncovered: tuple[str, ...] = ()
    """Ids of problems."""

    def lines(self) -> list[str]:
        """The same for people, one matter a line; what fits needs no words."""
        matched = self.by_id + self.by_question
        how = f"{self.by_id:,} by id, {self.by_question:,} by question"
        found = [f"{matched:,} of {self.rows:,} recorded {self.thought} belong to a problem: {how}"]
        if self.strangers:
            found.append(f"{self.strangers:,} belong to none: {_some(self.first_strangers, self.strangers)}")
        if self.disagreeing:
            which = _some(self.first_disagreeing, self.disagreeing)
            found.append(f"{self.disagreeing:,} have the id of one problem and another question: {which}")
        if self.reworded:
            found.append(f"{self.reworded:,} have the question of their id in other words")
        if self.uncovered:
            of = f"{self.uncovered:,} of {self.covered + self.uncovered:,} problems"
            found.append(f"{of} have no recorded {self.thought}: {_some(self.first_uncovered, self.uncovered)}")
        return found


@dataclass(frozen=True)
class Recording:
    """The completions of a recording by problem, and how they got there."""

    texts: Mapping[str, Sequence[str]]
    """Problem id -> its texts in the table's order."""
    matching: Matching
    strangers: frozenset[str]
    """Places of rows that belong to no problem."""


def ask_recorded(
    model: RecordedTeacher,
    samples: int,
    thought: str,
    kind: AnswerKind,
    problems: Sequence[Problem],
    progress: Callable[[int], None],
) -> Iterator[Completion]:
    """Up to `samples` completions a problem; one row without text where there is none."""
    texts = read_recording(model, thought, kind, problems).texts
    return _completions(thought, texts, samples, problems, progress)


def matching(model: RecordedTeacher, thought: str, kind: AnswerKind, problems: Sequence[Problem]) -> Matching:
    """What of the recording belongs to the problems; raises `Failure` as asking does."""
    return read_recording(model, thought, kind, problems).matching


def read_recording(model: RecordedTeacher, thought: str, kind: AnswerKind, problems: Sequence[Problem]) -> Recording:
    """The whole recording of a thought, matched to the problems.

    Raises `Failure` where it cannot be read, has no row of the thought, a row without a text, or
    nothing for any of the problems.
    """
    rows, commit = rows_of(model, thought, kind)
    index = Index(problems)
    texts: dict[str, list[str]] = defaultdict(list)
    matches: list[Match] = []
    strangers, disagreeing = {}, {}
    for place, row in rows:
        own = _id(row, model)
        match = index.match(own, str(row.get(model.question) or ""))
        matches.append(match)
        for problem in match.problems:
            texts[problem] += _texts(row, model, place)
        if not match.problems:
            strangers[place] = own or place
        if match.disagrees:
            disagreeing[place] = own
    found = {name: some for name, some in texts.items() if some}
    if not found:
        raise _belongs_nowhere(model, thought, kind, problems)
    uncovered = [problem.id for problem in problems if problem.id not in found]
    counts = Matching(
        thought=thought,
        rows=len(matches),
        by_id=sum(match.how is How.ID for match in matches),
        by_question=sum(match.how is How.QUESTION for match in matches),
        reworded=sum(match.reworded for match in matches),
        disagreeing=len(disagreeing),
        strangers=len(strangers),
        completions=sum(map(len, found.values())),
        covered=len(problems) - len(uncovered),
        uncovered=len(uncovered),
        commit=commit,
        first_strangers=tuple(list(strangers.values())[:SHOWN]),
        first_disagreeing=tuple(list(disagreeing.values())[:SHOWN]),
        first_uncovered=tuple(uncovered[:SHOWN]),
    )
    return Recording(found, counts, frozenset(strangers))


def rows_of(model: RecordedTeacher, thought: str, kind: AnswerKind) -> tuple[Iterator[Placed], str | None]:
    """The rows of a thought with their places, and the commit of the hub that they are of, where one is known."""
    if model.dataset is None:
        path = _path(model, thought)
        return _some_of(read_table(path), model, thought, kind, str(path)), None
    loaded = load_split(model.dataset, model.config, model.split, model.revision)
    return _some_of(loaded.rows, model, thought, kind, model.dataset), loaded.commit


def _some_of(
    rows: Iterator[Placed], model: RecordedTeacher, thought: str, kind: AnswerKind, name: str
) -> Iterator[Placed]:
    """The rows of the thought: by the key of their file, else by the column that says of which thought a row is.

    A data set cannot be given that column by those who only use it: where it has none, all of it is of the thought.
    """
    found = False
    for place, row in rows:
        free = thought in model.files or (model.dataset is not None and model.kind_column not in row)
        if free or row.get(model.kind_column) in (thought, str(kind)):
            found = True
            yield place, row
    if not found:
        column = model.kind_column
        raise Failure(
            f"no row of {name} is of the thought `{thought}`: none has `{thought}` or `{kind}` in a column `{column}`",
            where=name,
            help=f'add that column, or name a file for the thought: recorded({thought}: "{name}")'
            if model.dataset is None
            else 'name the column that tells thoughts apart: recorded(dataset: "...", kind: "...")',
        )


def _completions(
    thought: str,
    texts: Mapping[str, Sequence[str]],
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


def _belongs_nowhere(model: RecordedTeacher, thought: str, kind: AnswerKind, problems: Sequence[Problem]) -> Failure:
    """The failure of a recording without a completion for any problem."""
    _, row = next(rows_of(model, thought, kind)[0])
    name = model.dataset or str(_path(model, thought))
    own = _id(row, model)
    if own or model.question in row:
        theirs = f"ids such as `{own}`" if own else f"questions such as `{str(row[model.question])[:60]}`"
        help = f"the rows need either those ids or a column `{model.question}` with the same questions"
    else:
        theirs = f"the columns {', '.join(map(str, row))}, and so neither `{model.problem}` nor `{model.question}`"
        help = 'name the column that holds the id: recorded("...", problem: "...")'
    ours = problems[0].id if problems else "none"
    return Failure(
        f"no completion of {name} belongs to any problem",
        where=name,
        help=f"the rows have {theirs}; the problems have ids such as `{ours}`; {help}",
    )


def _id(row: Row, model: RecordedTeacher) -> str:
    """The problem's id as the row gives it, which may be a number; empty where it gives none."""
    own = row.get(model.problem)
    if isinstance(own, float) and own.is_integer():  # a column of whole numbers with gaps
        own = int(own)
    return "" if own is None else str(own)


def _texts(row: Row, model: RecordedTeacher, place: str) -> list[str]:
    """The completions of a row: one text, or a list of them."""
    if model.text not in row:
        raise Failure(
            f"there is no column `{model.text}`; there are {', '.join(map(str, row))}",
            where=place,
            help='name the column of the completion: recorded("...", text: "completion")',
        )
    said = row[model.text]
    texts = said if isinstance(said, list) else [said]
    for text in texts:
        if not isinstance(text, str):
            raise Failure(
                f"the completion in the column `{model.text}` is no text: {'null' if text is None else str(text)[:60]}",
                where=place,
                help="fill it in, or take the row out: a problem without a row counts as missing",
            )
    return texts


def _some(names: Sequence[str], all: int) -> str:
    return ", ".join(names) + (f" and {all - len(names):,} more" if all > len(names) else "")

"""Rows of a table read as problems: which column holds what, and what is wrong with a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Checker, Problem
from distill_dsl.contract.settings import DataSettings

Row = Mapping[str, Any]

QUESTIONS: Final = (
    ("question",), ("Body", "Question"), ("body", "question"), ("Question",), ("problem",), ("sQuestion",),
    ("input",), ("query",), ("prompt",),
)  # fmt: skip
"""Known homes of the question, tried in order; SVAMP and ASDiv keep it in two columns."""
ANSWERS: Final = (
    "answer", "Answer", "gold", "final_ans", "final_answer", "lSolutions", "target", "output", "label",
)  # fmt: skip
IDS: Final = ("id", "ID", "iIndex", "idx")
RATIONALES: Final = ("rationale", "solution", "explanation")


def problems(rows: Iterable[tuple[str, Row]], settings: DataSettings, name: str) -> list[Problem]:
    """Problems of `(place, row)` pairs, where a place is such as `file:12`.

    Rows without an id of their own are called `<name>-<n>`. Raises `Failure` for a row without
    question or answer, for two rows with one id, and for a table without rows.
    """
    found: list[Problem] = []
    places: dict[str, str] = {}
    for number, (place, row) in enumerate(rows):
        problem = _problem(row, settings, place, f"{name}-{number}")
        if problem.id in places:
            raise Failure(
                f"two rows have the id `{problem.id}`",
                where=f"{place}, first in {places[problem.id]}",
                help="make the ids unique, or name another id column: columns = {id: ...}",
            )
        places[problem.id] = place
        found.append(problem)
    if not found:
        raise Failure(f"{name} holds no rows", help="check the path and the split")
    return found


def _problem(row: Row, settings: DataSettings, place: str, unnamed: str) -> Problem:
    question = _question(row, settings, place)
    answer, rationale = _answer(row, settings, place)
    name = _id(row, settings, place) or unnamed
    return Problem(id=name, question=question, answer=answer, rationale=rationale, checker=_checker(row, place))


def _checker(row: Row, place: str) -> Checker | None:
    """What judges answers, where the row says so: `"checker": {"name": ..., "data": {...}}`."""
    stated = row.get("checker")
    if not isinstance(stated, Mapping) or "name" not in stated:
        return None
    try:
        return msgspec.convert(stated, Checker)
    except msgspec.ValidationError as error:
        help = 'write `"checker": {"name": "entry point:task", "data": {...}}`'
        raise Failure(f"the checker is not stated as one: {error}", where=place, help=help) from error


def _question(row: Row, settings: DataSettings, place: str) -> str:
    if settings.columns.question:
        names: tuple[str, ...] = (settings.columns.question,)
    else:
        # ASDiv-like tables have `body` and `question`: both are needed.
        fitting = [names for names in QUESTIONS if all(name in row for name in names)]
        if not fitting:
            raise _no_column("question", row, place)
        names = max(fitting, key=len)
    text = " ".join(_text(row, name, place) for name in names).strip()
    if not text:
        raise Failure("the question is empty", where=place, help="fill it in or take the row out")
    return text


def _answer(row: Row, settings: DataSettings, place: str) -> tuple[str, str | None]:
    name = settings.columns.answer or next((name for name in ANSWERS if name in row), None)
    if name is None:
        raise _no_column("answer", row, place)
    text = _text(row, name, place)
    rationale = _rationale(row, settings, place)
    if settings.answer_after:
        before, marker, after = text.rpartition(settings.answer_after)
        if not marker:
            raise Failure(
                f"the answer has no `{settings.answer_after}`",
                where=place,
                help=f'`answer = after("{settings.answer_after}")` needs the marker in column `{name}` of every row',
            )
        text, rationale = after, rationale or before.strip() or None
    if not text.strip():
        raise Failure("the answer is empty", where=place, help="fill it in or take the row out")
    return text.strip(), rationale


def _rationale(row: Row, settings: DataSettings, place: str) -> str | None:
    wanted = settings.columns.rationale
    name = wanted or next((name for name in RATIONALES if isinstance(row.get(name), str)), None)
    if name is None or (wanted is None and not row[name]):
        return None
    return _text(row, name, place).strip() or None


def _id(row: Row, settings: DataSettings, place: str) -> str | None:
    if settings.columns.id:
        return _text(row, settings.columns.id, place)
    name = next((name for name in IDS if row.get(name) not in (None, "")), None)
    return None if name is None else _text(row, name, place)


def _text(row: Row, name: str, place: str) -> str:
    if name not in row:
        raise Failure(
            f"there is no column `{name}`; there are {', '.join(map(str, row)) or 'none'}",
            where=place,
            help="`columns = ...` in the data block names the columns that the table has; each row needs them",
        )
    value = row[name]
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    match value:
        case None:
            return ""
        case str():
            return value
        case bool() | list() | tuple() | dict():
            raise Failure(f"column `{name}` holds no text or number: {str(value)[:80]}", where=place)
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def _no_column(wanted: str, row: Row, place: str) -> Failure:
    return Failure(
        f"no column for `{wanted}`; there are {', '.join(map(str, row)) or 'none'}",
        where=place,
        help='name it in the data block: columns = {question: "...", answer: "..."}',
    )

"""Worked examples in a prompt: which rows of the user's file a problem is shown, and in which order.

An exemplar file is any table (JSONL as a rule): a question and one text for each thought, under the
thought's name or under the kind of its answer (`text`, `python`, `equations`), and perhaps an `id`.
No choice depends on the thought or on another problem, so that formats are shown the same problems.
How alike two questions are hangs on these two alone, so that a row that is edited changes only the
prompts that held it or hold it now: all others are asked for nothing again.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import Exemplars, ThoughtSettings
from distill_dsl.runtime.tables import Row, read_table

PIECE: Final = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|[^\w\s.,;:?!'\"’‘“”()–—-]")
"""A number, a word, or a sign that bears on what is asked: `3 + 4` is no other spelling of `3 * 4`."""
NO_DIGITS: Final = re.compile(r"\D+")
NUMBER: Final = "0"
"""Stands for every number where questions are compared: a problem of the same kind has other numbers."""
PICKED: Final = 8
"""How many exemplars are shown where a spec says neither how many nor which."""
DIGITS: Final = 9
"""Decimals of a likeness that count; what differs by rounding only is alike, and the earlier row goes first."""


class Exemplar(NamedTuple):
    """One row of the file, for one thought."""

    id: str
    """The row's `id`, else its number in the file, from 1."""
    question: str
    text: str


Ranking = Callable[[str, int | None], Iterable[int]]
"""Question, and the place that is left out -> places in the list of exemplars, best first."""


def chooser(settings: Exemplars, thought: str, format: ThoughtSettings) -> Callable[[Problem], list[Exemplar]]:
    """What gives the exemplars that a problem is shown, in the order in which they are shown.

    The problem's own question is never among them, for its text tells the answer: they are picked
    from the others. Where too few are left, as where all rows are to be picked, one less is shown.
    """
    listed = list(_listed(settings, thought, format))
    pick = settings.pick or len(settings.rows) or PICKED
    _check_enough(settings, pick, len(listed))
    _check_distinct(settings, listed)
    own = _finder([exemplar.question for exemplar in listed])
    ranking = _ranking(settings, [exemplar.question for exemplar in listed], pick)

    def chosen(problem: Problem) -> list[Exemplar]:
        places = list(islice(ranking(problem.question, own(problem.question)), pick))
        # What a model reads last bears most on what it writes, so the most alike stands next to the question.
        return [listed[at] for at in (reversed(places) if settings.by == "nearest" else places)]

    return chosen


def _finder(questions: Sequence[str]) -> Callable[[str], int | None]:
    """Question -> its place among these, in whatever spelling."""
    places = {_pieces(question): at for at, question in enumerate(questions)}
    # Few problems have the digits of an exemplar, and to see that takes a fifth of the time.
    digits = {_digits(question) for question in questions}
    return lambda question: places.get(_pieces(question)) if _digits(question) in digits else None


def _ranking(settings: Exemplars, questions: Sequence[str], pick: int) -> Ranking:
    drawn = _drawn(settings.seed, settings.rows or range(1, len(questions) + 1))
    match settings.by:
        case "order":
            return lambda question, without: _others(range(len(questions)), without)
        case "random":
            return lambda question, without: _others(drawn, without)
        case "nearest":
            nearest = _nearest(tuple(questions), pick + 1)
            return lambda question, without: _others(nearest(question), without)
        case "diverse":
            return _spread(questions, pick, drawn)
        case _:
            raise Failure(
                f"`{settings.by}` is no way to pick exemplars",
                where=settings.file,
                help="known: order, random, nearest, diverse",
            )


def _others(places: Iterable[int], without: int | None) -> Iterator[int]:
    return (at for at in places if at != without)


def _drawn(seed: int, rows: Sequence[int]) -> list[int]:
    """All places in a drawn order that no version of Python changes, and a row that is added hardly."""
    return sorted(range(len(rows)), key=lambda at: hashlib.sha256(f"{seed} {rows[at]}".encode()).digest())


@lru_cache(maxsize=4)  # a plan asks the same for each of several formats
def _nearest(questions: tuple[str, ...], count: int) -> Callable[[str], tuple[int, ...]]:
    """Question -> the places of those most like it, by the cosine of their vectors."""
    columns, vectors = _vectors(questions)
    by_word = vectors.tocsc()

    # The product of the question's vector and those of the exemplars, but for the length of the
    # former, which changes no order. scikit-learn takes three times as long for one text at a time.
    @cache
    def ranking(question: str) -> tuple[int, ...]:
        likeness = np.zeros(len(questions))
        for kind, times in Counter(_kinds(question)).items():
            if (column := columns.get(kind)) is not None:
                held = slice(by_word.indptr[column], by_word.indptr[column + 1])
                likeness[by_word.indices[held]] += (1 + math.log(times)) * by_word.data[held]
        order = np.argsort(-likeness.round(DIGITS), kind="stable")
        return tuple(order[:count].tolist())

    return ranking


def _spread(questions: Sequence[str], pick: int, drawn: Sequence[int]) -> Ranking:
    """Greedy k-centre (Gonzalez, 1985): each next place is the one least like all before it."""
    _, vectors = _vectors(questions)

    @cache
    def centres(without: int | None) -> list[int]:
        places = list(islice(_others(drawn, without), 1))
        likeness = _likeness(vectors, places or [0])  # (exemplars,): to the most alike of the places
        while len(places) < min(pick, len(questions) - (without is not None)):
            likeness[places if without is None else [*places, without]] = 2.0  # never again
            places.append(int(likeness.argmin()))
            likeness = np.maximum(likeness, _likeness(vectors, places[-1:]))
        return places

    usual = centres(None)
    # What is no centre bears on none: few problems need centres of their own.
    return lambda question, without: centres(without) if without in usual else usual


def _likeness(vectors: Any, place: list[int]) -> Any:
    return (vectors @ vectors[place].T).toarray()[:, 0].round(DIGITS)


def _vectors(questions: Sequence[str]) -> tuple[dict[str, int], Any]:
    """Word -> column, and one row of length 1 a question: (questions, words).

    A word weighs 1 + log of how often it stands there, whatever the other questions are: weights by how
    rare a word is would move with every edit, and find problems of the same calculation less often
    (docs/teachers.md).
    """
    # A second of import time, and most picks need none of it.
    from sklearn.feature_extraction.text import TfidfVectorizer

    counting = TfidfVectorizer(analyzer=_kinds, use_idf=False, sublinear_tf=True)
    vectors = counting.fit_transform(questions)
    return counting.vocabulary_, vectors


def _kinds(question: str) -> list[str]:
    return [NUMBER if piece[:1].isdigit() else piece for piece in _pieces(question)]


def _pieces(question: str) -> tuple[str, ...]:
    """What two spellings of one question have in common; case, blanks and marks of writing make no other question."""
    text = unicodedata.normalize("NFKC", question).casefold()
    return tuple(piece.replace(",", "") for piece in PIECE.findall(text)) or (text.strip(),)


def _digits(question: str) -> str:
    """What equal pieces have in common, too."""
    return NO_DIGITS.sub("", question if question.isascii() else unicodedata.normalize("NFKC", question))


def _listed(settings: Exemplars, thought: str, format: ThoughtSettings) -> Iterator[Exemplar]:
    """The rows to pick from: those that the spec lists, in its order, or all."""
    rows = list(read_table(Path(settings.file)))
    for number in settings.rows or range(1, len(rows) + 1):
        if number > len(rows):
            raise Failure(
                f"row {number} is to be picked from, the file has {len(rows)}",
                where=settings.file,
                help="rows are counted from 1, without a CSV's head",
            )
        yield _exemplar(*rows[number - 1], number, thought, str(format.answer))


def _exemplar(place: str, row: Row, number: int, thought: str, kind: str) -> Exemplar:
    question, text = row.get("question"), row.get(thought, row.get(kind))
    if not isinstance(question, str) or not isinstance(text, str) or not question.strip() or not text.strip():
        raise Failure(
            f"the exemplar lacks a question or a text for the thought `{thought}`",
            where=place,
            help=f"each row needs `question` and either `{thought}` or `{kind}`; `rows: [...]` leaves others out",
        )
    id = row.get("id")
    if id is None:
        id = number
    if isinstance(id, bool) or not isinstance(id, str | int) or not str(id).strip():
        raise Failure("the exemplar's `id` is no name", where=place, help="it is a text or a whole number, or left out")
    return Exemplar(str(id).strip(), question.strip(), text.strip())


def _check_enough(settings: Exemplars, pick: int, there: int) -> None:
    if there < pick:
        raise Failure(
            f"{pick} exemplars are to be picked, "
            + (f"`rows` lists {there}" if settings.rows else f"the file has {there}"),
            where=settings.file,
            help=f"add some, or write `pick: {there}`",
        )


def _check_distinct(settings: Exemplars, listed: Sequence[Exemplar]) -> None:
    """Two rows with one id could not be told apart in what is kept; one question twice is a slip."""
    ids: set[str] = set()
    questions: dict[tuple[str, ...], str] = {}
    for exemplar in listed:
        if exemplar.id in ids:
            raise Failure(
                f"two exemplars are called `{exemplar.id}`",
                where=settings.file,
                help="each needs an `id` of its own, or none; without one a row goes by its number",
            )
        ids.add(exemplar.id)
        other = questions.setdefault(_pieces(exemplar.question), exemplar.id)
        if other != exemplar.id:
            raise Failure(
                f"the exemplars {other} and {exemplar.id} have the same question",
                where=settings.file,
                help="keep one of them; `rows: [...]` in the spec leaves rows out",
            )

"""Worked examples in a prompt: which rows of the user's file a problem is shown, and in which order.

An exemplar file is any table (JSONL as a rule): a question and one text for each thought, under the
thought's name or under the kind of its answer (`text`, `python`, `equations`), and perhaps an `id`.
No choice depends on the thought or on another problem, so that formats are shown the same problems
and editing the text of a row changes only the prompts that hold it.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
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


Ranking = Callable[[str], Sequence[int]]
"""Question -> places in the list of exemplars, best first; at least one more than are to be picked, if there are."""


def chooser(settings: Exemplars, thought: str, format: ThoughtSettings) -> Callable[[Problem], list[Exemplar]]:
    """What gives the exemplars that a problem is shown, in the order in which they are shown.

    The problem's own question is never among them, for its text tells the answer: the next one takes
    its place. Where there is no other, as where all rows of the file are picked, one less is shown.
    """
    listed = list(_listed(settings, thought, format))
    pick = settings.pick or len(settings.rows) or PICKED
    _check_enough(settings, pick, len(listed))
    _check_distinct(settings, listed)
    own = {_pieces(exemplar.question): at for at, exemplar in enumerate(listed)}
    ranking = _ranking(settings, [exemplar.question for exemplar in listed], pick + 1)

    def chosen(problem: Problem) -> list[Exemplar]:
        leaking = own.get(_pieces(problem.question))
        places = list(islice((at for at in ranking(problem.question) if at != leaking), pick))
        # What a model reads last bears most on what it writes, so the most alike stands next to the question.
        return [listed[at] for at in (reversed(places) if settings.by == "nearest" else places)]

    return chosen


def _ranking(settings: Exemplars, questions: Sequence[str], count: int) -> Ranking:
    match settings.by:
        case "order":
            return _always(range(len(questions)))
        case "random":
            return _always(_drawn(settings.seed, len(questions)))
        case "diverse":
            return _always(_spread(questions, count, _drawn(settings.seed, len(questions))[0]))
        case "nearest":
            return _nearest(tuple(questions), count)
        case _:
            raise Failure(
                f"`{settings.by}` is no way to pick exemplars",
                where=settings.file,
                help="known: order, random, nearest, diverse",
            )


def _always(places: Sequence[int]) -> Ranking:
    return lambda question: places


def _drawn(seed: int, count: int) -> list[int]:
    """All places in a drawn order that no version of Python changes, and a row that is added hardly."""
    return sorted(range(count), key=lambda at: hashlib.sha256(f"{seed} {at}".encode()).digest())


@lru_cache(maxsize=4)  # a plan asks the same for each of several formats
def _nearest(questions: tuple[str, ...], count: int) -> Ranking:
    """The most alike by the cosine of TF-IDF vectors, whose weights the questions of the exemplars give."""
    weighing, vectors = _vectors(questions)
    by_word = vectors.tocsc()
    columns, weights = weighing.vocabulary_, weighing.idf_

    # What `weighing.transform` and a product of matrices would give, up to the length of the question's
    # own vector, which changes no order: for one question after the other they take six times as long.
    @cache
    def ranking(question: str) -> tuple[int, ...]:
        likeness = np.zeros(len(questions))
        for kind, times in Counter(_kinds(question)).items():
            if (column := columns.get(kind)) is not None:
                held = slice(by_word.indptr[column], by_word.indptr[column + 1])
                likeness[by_word.indices[held]] += (1 + math.log(times)) * weights[column] * by_word.data[held]
        order = np.argsort(-likeness.round(DIGITS), kind="stable")
        return tuple(order[:count].tolist())

    return ranking


def _spread(questions: Sequence[str], count: int, first: int) -> list[int]:
    """Greedy k-centre: each next place is the one least like all before it (Gonzalez, 1985)."""
    _, vectors = _vectors(questions)
    places = [first]
    likeness = _likeness(vectors, first)  # (exemplars,): to the most alike of the places
    while len(places) < min(count, len(questions)):
        likeness[places] = 2.0  # never again
        places.append(int(likeness.argmin()))
        likeness = likeness.clip(min=_likeness(vectors, places[-1]))
    return places


def _likeness(vectors: Any, at: int) -> Any:
    return (vectors @ vectors[at].T).toarray()[:, 0].round(DIGITS)


def _vectors(questions: Sequence[str]) -> tuple[Any, Any]:
    """The fitted weighing, and one row of length 1 a question: (questions, words)."""
    # A second of import time, and most picks need none of it.
    from sklearn.feature_extraction.text import TfidfVectorizer

    weighing = TfidfVectorizer(analyzer=_kinds, sublinear_tf=True)
    return weighing, weighing.fit_transform(questions)


def _kinds(question: str) -> list[str]:
    return [NUMBER if piece[:1].isdigit() else piece for piece in _pieces(question)]


def _pieces(question: str) -> tuple[str, ...]:
    """What two spellings of one question have in common; case, blanks and marks of writing make no other question."""
    text = unicodedata.normalize("NFKC", question).casefold()
    return tuple(piece.replace(",", "") for piece in PIECE.findall(text)) or (text.strip(),)


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

"""Which problem a recorded row belongs to: that of its id, else that of its question."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from distill_dsl.contract.records import Problem

ALIKE: Final = 0.5
"""Share of the words of the shorter question that both have, from which on one is the other in new words.
Of two different problems of GSM8K or SVAMP they have a fifth in common, of the same reworded most."""
LOOKALIKES: Final = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухΑΒΕΖΗΙΚΜΝΟΡΤΥΧο\u2010\u2011\u2012\u2013\u2014\u2015\u2212",
    "ABESIJKMHOPCTYXaesijopcyxABEZHIKMNOPTYXo" + "-" * 7,
)
"""Letters of other alphabets that look like Latin ones, and the many dashes."""
_LABEL: Final = re.compile(r"\s*(?:\*\*|#+\s*)?(?:q|question|problem)\s*:[*\s]*", re.IGNORECASE)
_NEXT_LABEL: Final = re.compile(r"\s(?:\*\*|#+\s*)?(?:a|answer|solution)\s*:[*\s]*$", re.IGNORECASE)
_THOUSANDS: Final = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
_PROSE: Final = re.compile(r"[\"'`‘’‚“”„«»…$£€¥]|[.,;:?!]+(?=[\s\"'‘’“”)]|$)|(?<=\w)-(?=[^\W\d_])")
"""Marks that one copy of a question has and another lacks. Signs of a formula or a picture tell questions apart."""
_LOOSE_SPACE: Final = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
_WORD: Final = re.compile(r"\d+|[^\W\d_]+")


class How(StrEnum):
    """How a row was matched."""

    ID = "id"
    QUESTION = "question"
    NOT = "not"


class Match(NamedTuple):
    """The problems that a row belongs to: one, several that ask the same, or none."""

    problems: tuple[str, ...]
    how: How
    disagrees: bool = False
    """Its id is of one problem, and its question another one."""
    reworded: bool = False
    """Its question is that of its id in other words."""


class Index:
    """The problems of a split, to be found by id and by question."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self._questions = {problem.id: problem.question for problem in problems}
        self._alike: dict[str, list[str]] = defaultdict(list)
        for name, question in self._questions.items():
            self._alike[normal(question)].append(name)

    def match(self, own: str, question: str) -> Match:
        """The problem of the id `own`, unless the question is another; else those of the question.

        A completion answers the question that was asked: where that is word for word another problem's,
        it belongs there, and where it is none of ours, nowhere. Either part may be empty.
        """
        named = self._questions.get(own)
        if named is not None and question in ("", named):
            return Match((own,), How.ID)
        key = normal(question)
        if named is not None and key in ("", normal(named)):
            return Match((own,), How.ID)
        asked = self._of_question(question, key)
        if named is None:
            return Match(asked, How.QUESTION if asked else How.NOT)
        if asked:
            return Match(asked, How.QUESTION, disagrees=True)
        if alike(question, named):
            return Match((own,), How.ID, reworded=True)
        return Match((), How.NOT, disagrees=True)

    def _of_question(self, question: str, key: str) -> tuple[str, ...]:
        """The problems that ask just that; else those that ask it but for marks, if they ask the same."""
        found = self._alike.get(key, []) if key else []
        forms = {name: plain(self._questions[name]) for name in found}
        asked = plain(question) if found else ""
        same = [name for name in found if forms[name] == asked]
        return tuple(same or (found if len(set(forms.values())) == 1 else ()))


def normal(question: str) -> str:
    """A question without what copies of it differ in: case, accents, look-alike letters, spaces, marks of prose."""
    text = _LABEL.sub("", _NEXT_LABEL.sub("", plain(question)), count=1)
    text = _THOUSANDS.sub(lambda number: number[0].replace(",", ""), text)
    return _LOOSE_SPACE.sub("", _PROSE.sub(" ", text).strip())


def plain(question: str) -> str:
    """A question with one form for each character, and one space between words."""
    text = question
    for _ in range(2):  # some sets were escaped twice
        text = html.unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).translate(LOOKALIKES)
        text = "".join(char for char in text if not _unseen(char))
    return " ".join(text.casefold().split())


def _unseen(char: str) -> bool:
    """Accents of Latin, Greek and Cyrillic letters, and signs without a look of their own."""
    return "\u0300" <= char <= "\u036f" or unicodedata.category(char) == "Cf"


def alike(one: str, other: str) -> bool:
    """Whether two questions may be one in different words."""
    words, others = set(_WORD.findall(plain(one))), set(_WORD.findall(plain(other)))
    return len(words & others) >= ALIKE * min(len(words), len(others))

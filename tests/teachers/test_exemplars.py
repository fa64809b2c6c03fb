"""Which exemplars a problem is shown: by order, drawn, nearest, diverse; never its own. And mistakes in their file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from string import ascii_lowercase
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import Exemplars, OpenaiTeacher, TeacherSettings, ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.tables import read_table
from distill_dsl.runtime.teachers import exemplars as module
from distill_dsl.runtime.teachers.exemplars import chooser
from distill_dsl.runtime.teachers.prompts import prompter

OURS = Path(__file__).parents[2] / "prompts" / "exemplars.jsonl"
QUESTIONS = [row["question"] for _, row in read_table(OURS)]
NEW = "How many dollars do 9 tickets cost if adults pay $12 and children pay $7?"
POT = ThoughtSettings(answer=AnswerKind.PYTHON, cue="C", prompt=str(OURS.with_name("python.jinja2")))
WAYS = ("order", "random", "nearest", "diverse")

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of exemplars: a question alone gets a program."""

    def written(*rows: str | dict[str, Any], name: str = "exemplars") -> str:
        return write_to(tmp_path, name, *rows)

    return written


def write_to(folder: Path, name: str, *rows: str | dict[str, Any]) -> str:
    full = [row(one) if isinstance(one, str) else one for one in rows]
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in full), encoding="utf-8")
    return str(path)


def row(question: str, **more: Any) -> dict[str, Any]:
    return {"question": question, "python": "ans = 1"} | more


def ids(exemplars: Exemplars, question: str = NEW) -> list[str]:
    found = chooser(exemplars, "pot", POT)(Problem(id="p", question=question, answer="1"))
    return [exemplar.id for exemplar in found]


def numbers(exemplars: Exemplars, question: str = NEW) -> list[int]:
    """Rows of our file, from 0."""
    names = [row["id"] for _, row in read_table(OURS)]
    return [names.index(id) for id in ids(exemplars, question)]


def likeness(questions: Sequence[str]) -> np.ndarray[Any, Any]:
    """Cosines of all questions with each other, as scikit-learn computes them: (questions, questions)."""
    weighing = TfidfVectorizer(analyzer=module._kinds, use_idf=False, sublinear_tf=True)
    return np.asarray(cosine_similarity(weighing.fit_transform(questions)))


# --- the ways -----------------------------------------------------------------------------------


def test_the_first_or_the_listed_rows_in_their_order(write: Write) -> None:
    path = write("One?", row("Two?", id="two"), row("Three?", id=30), "Four?")
    assert ids(Exemplars(file=path, pick=3)) == ["1", "two", "30"]
    assert ids(Exemplars(file=path, rows=(4, 1, 3))) == ["4", "1", "30"]
    assert ids(Exemplars(file=path, rows=(4, 1, 3), pick=2)) == ["4", "1"]


def test_eight_are_picked_where_nothing_is_said() -> None:
    assert numbers(Exemplars(file=str(OURS))) == list(range(8))


def test_drawn_ones_are_the_same_for_all_problems() -> None:
    drawn = [numbers(Exemplars(file=str(OURS), by="random", seed=seed)) for seed in range(1, 21)]
    # The bytes of hashes, not of some version's generator: a study that is repeated years later draws these.
    assert (
        drawn[0]
        == sorted(range(24), key=lambda at: sha256(b"1 %d" % (at + 1)).hexdigest())[:8]
        == [0, 15, 23, 19, 10, 18, 5, 22]
    )
    assert all(len(set(one)) == 8 for one in drawn) and len({tuple(one) for one in drawn}) == 20
    assert {at for one in drawn for at in one} == set(range(24))
    assert numbers(Exemplars(file=str(OURS), by="random", seed=1), "Something else?") == drawn[0]


def test_a_row_that_is_added_changes_a_draw_by_itself_at_most(write: Write) -> None:
    before = ids(Exemplars(file=write(*QUESTIONS[:-1]), by="random"))
    after = ids(Exemplars(file=write(*QUESTIONS), by="random"))
    assert [id for id in after if id != "24"] == before[: 8 - after.count("24")]


def test_the_most_alike_stand_last(write: Write) -> None:
    path = write(
        "A train goes 30 miles an hour. How far does it go in 4 hours?",
        "Ann has 3 apples and buys 4 more. How many apples has she?",
        "A baker sells 20 loaves a day. How many loaves does he sell in 5 days?",
        "Tom has 18 apples and eats 2. How many apples has he?",
    )
    nearest = Exemplars(file=path, pick=2, by="nearest")
    assert ids(nearest, "Zoe has 111 apples and buys 5 more. How many apples has she?") == ["4", "2"]
    assert ids(nearest, "A train goes 70 miles in an hour. How far in 2 hours?")[-1] == "1"


def test_of_equally_alike_ones_the_first_rows_are_taken(write: Write) -> None:
    letters = (one + other for one in ascii_lowercase for other in ascii_lowercase)
    path = write(*(f"{word} is nothing{' much' * (number % 3)}?" for number, word in enumerate(letters)))
    assert ids(Exemplars(file=path, pick=4, by="nearest"), "Surely nothing?") == ["10", "7", "4", "1"]


def test_questions_that_differ_by_numbers_alone_are_still_different_rows(write: Write) -> None:
    path = write(*(f"Ann has {number} cats?" for number in range(20)))
    for way in WAYS:
        assert len(set(ids(Exemplars(file=path, pick=20, by=way)))) == 20


@settings(max_examples=40)
@given(st.sampled_from(QUESTIONS), st.integers(1, 23), st.lists(st.sampled_from("how many dollars 12 cups a".split())))
def test_nearest_is_what_the_cosine_says(question: str, pick: int, more: list[str]) -> None:
    asked = " ".join([question[: len(question) // 2], *more])
    weighing = TfidfVectorizer(analyzer=module._kinds, use_idf=False, sublinear_tf=True)
    vectors = weighing.fit_transform(QUESTIONS)
    cosines = cosine_similarity(weighing.transform([asked]), vectors)[0]
    found = numbers(Exemplars(file=str(OURS), pick=pick, by="nearest"), asked)
    assert len(set(found)) == pick
    assert list(cosines[found]) == pytest.approx(sorted(cosines)[-pick:], abs=1e-6)


@pytest.mark.parametrize("seed", range(1, 6))
def test_diverse_ones_are_far_from_each_other(seed: int) -> None:
    found = numbers(Exemplars(file=str(OURS), pick=6, by="diverse", seed=seed))
    cosines = likeness(QUESTIONS)
    assert found[0] == numbers(Exemplars(file=str(OURS), pick=1, by="random", seed=seed))[0]
    for place in range(1, 6):
        nearest = cosines[:, found[:place]].max(axis=1)
        assert nearest[found[place]] == pytest.approx(nearest.min(), abs=1e-6)


def test_diverse_ones_come_from_every_kind_of_problem(write: Write) -> None:
    kinds = ("train {} miles hours", "baker {} loaves dozens", "garden {} fence meters")
    words = ("red", "tall", "quick", "merry")
    path = write(*(kind.format(word) for word in words for kind in kinds))
    for seed in range(1, 9):
        found = ids(Exemplars(file=path, pick=3, by="diverse", seed=seed))
        assert {(int(id) - 1) % 3 for id in found} == {0, 1, 2}, seed


def test_all_formats_are_shown_the_same_problems(write: Write) -> None:
    path = write(*({"question": question, "python": "ans = 1", "text": "T."} for question in QUESTIONS))
    cot = ThoughtSettings(answer=AnswerKind.TEXT, cue="C", prompt="-")
    for way in WAYS:
        problem, exemplars = Problem(id="p", question=NEW, answer="1"), Exemplars(file=path, by=way)
        told, programmed = chooser(exemplars, "cot", cot)(problem), chooser(exemplars, "pot", POT)(problem)
        assert [one.question for one in told] == [one.question for one in programmed]
        assert {one.text for one in told} == {"T."} and {one.text for one in programmed} == {"ans = 1"}


# --- a problem's own question -------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_a_problem_is_never_shown_itself(way: str) -> None:
    exemplars = Exemplars(file=str(OURS), pick=5, by=way)
    for at, question in enumerate(QUESTIONS):
        others = tuple(number for number in range(1, 25) if number != at + 1)
        found = numbers(exemplars, question)
        assert len(set(found)) == 5 and at not in found
        assert found == numbers(Exemplars(file=str(OURS), pick=5, by=way, rows=others), question)


@pytest.mark.parametrize(
    "spelling",
    [
        "Ann’s  cat has 1,200 fleas.\nHow many are 3 + 4 fleas?",
        "ann's cat has 1200 fleas; how many are 3 + 4 fleas",
        "Ann's cat has \uff11\uff12\uff10\uff10 fleas. How many are 3 + 4 fleas?",
        "\u201cAnn's cat has 1200 fleas. How many are 3\u00a0+\u00a04 \ufb02eas?\u201d",
    ],
)
def test_another_spelling_is_the_same_question(write: Write, spelling: str) -> None:
    path = write("Ann's cat has 1200 fleas. How many are 3 + 4 fleas?", "Other?")
    assert ids(Exemplars(file=path, pick=1), spelling) == ["2"]
    assert ids(Exemplars(file=path, pick=1), spelling.replace("+", "*")) == ["1"]


@pytest.mark.parametrize("way", WAYS)
def test_one_less_is_shown_where_no_other_is_left(write: Write, way: str) -> None:
    path = write("One?", "Two?", "Three?")
    assert sorted(ids(Exemplars(file=path, pick=3, by=way), "two")) == ["1", "3"]
    assert ids(Exemplars(file=path, rows=(3, 2), by=way), "two") == ["3"]
    assert ids(Exemplars(file=path, rows=(2,), by=way), "two") == []


# --- what a text changes ------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_another_text_changes_only_the_prompts_that_hold_it(write: Write, way: str) -> None:
    problems = [Problem(id=str(at), question=f"{text} Again?", answer="1") for at, text in enumerate(QUESTIONS)]

    def prompts(text: str) -> list[Any]:
        path = write(*QUESTIONS[:9], {"id": "edited", "question": QUESTIONS[9], "python": text}, *QUESTIONS[10:])
        teacher = TeacherSettings(model=OpenaiTeacher(model="m"), exemplars=Exemplars(file=path, by=way))
        return list(map(prompter(teacher, "pot", POT), problems))

    before, after = prompts("ans = 1"), prompts("ans = 2 - 1")
    changed = [one.text != other.text for one, other in zip(before, after, strict=True)]
    assert [one.exemplars for one in before] == [one.exemplars for one in after]
    assert changed == ["edited" in one.exemplars for one in before]
    assert way != "nearest" or 0 < sum(changed) < len(problems)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(WAYS),
    st.integers(0, 23),
    st.sampled_from([*QUESTIONS[:3], NEW, "Kim pays $3 for a cup.", "How many pages does the bus have?"]),
    st.integers(1, 12),
)
def test_another_question_changes_only_the_prompts_that_held_it_or_hold_it_now(
    way: str, at: int, question: str, pick: int
) -> None:
    asked = [f"{text} How many dollars?" for text in QUESTIONS] + QUESTIONS
    with TemporaryDirectory() as folder:
        before, after = (
            write_to(Path(folder), name, *(row(text, id=f"q{n}") for n, text in enumerate(texts)))
            for name, texts in (("a", QUESTIONS), ("b", [*QUESTIONS[:at], f"{question} Edited!", *QUESTIONS[at + 1 :]]))
        )
        choosers = [chooser(Exemplars(file=path, by=way, pick=pick), "pot", POT) for path in (before, after)]
    for text in asked:
        problem = Problem(id="p", question=text, answer="1")
        old, new = ([exemplar.id for exemplar in choose(problem)] for choose in choosers)
        assert old == new or f"q{at}" in {*old, *new}


# --- mistakes -----------------------------------------------------------------------------------


def test_the_text_of_the_thought_goes_before_that_of_its_kind(write: Write) -> None:
    path = write(row("Q?", pot="ans = 2"))
    (mine,) = chooser(Exemplars(file=path, pick=1), "pot", POT)(Problem(id="p", question="?", answer="1"))
    (other,) = chooser(Exemplars(file=path, pick=1), "code", POT)(Problem(id="p", question="?", answer="1"))
    assert (mine.text, other.text) == ("ans = 2", "ans = 1")


@pytest.mark.parametrize(
    ("rows", "settings", "says", "where"),
    [
        (["A?"], {}, "8 exemplars are to be picked, the file has 1", ""),
        (["A?", "B?"], {"pick": 3}, "3 exemplars are to be picked, the file has 2", ""),
        (["A?", "B?"], {"pick": 2, "rows": (2,)}, "2 exemplars are to be picked, `rows` lists 1", ""),
        (["A?", "B?"], {"rows": (1, 3)}, "row 3 is to be picked from, the file has 2", ""),
        ([], {}, "holds no rows", ""),
        (
            ["A?", {"question": "B?", "text": "T"}],
            {"pick": 1},
            "lacks a question or a text for the thought `pot`",
            ":2",
        ),
        (["A?", row("B?", python=" ")], {"pick": 1}, "lacks a question or a text", ":2"),
        ([row(" ")], {"pick": 1}, "lacks a question or a text", ":1"),
        ([row("A?", python=["ans = 1"])], {"pick": 1}, "lacks a question or a text", ":1"),
        ([row("A?", id="x"), row("B?", id="x ")], {"pick": 1}, "two exemplars are called `x`", ""),
        (["A?", row("B?", id=1)], {"pick": 1}, "two exemplars are called `1`", ""),
        ([row("A?", id=["x"])], {"pick": 1}, "`id` is no name", ":1"),
        ([row("A?", id=True)], {"pick": 1}, "`id` is no name", ":1"),
        (["How many?", "Other?", "how many"], {"pick": 1}, "exemplars 1 and 3 have the same question", ""),
        (["A?"], {"pick": 1, "by": "nearby"}, "`nearby` is no way to pick exemplars", ""),
    ],
)
def test_mistakes_are_named(write: Write, rows: list[Any], settings: dict[str, Any], says: str, where: str) -> None:
    path = write(*rows)
    with pytest.raises(Failure) as caught:
        chooser(Exemplars(file=path, **settings), "pot", POT)
    assert says in str(caught.value) and f"{path}{where}" in str(caught.value)


def test_rows_leave_out_what_is_wrong_elsewhere(write: Write) -> None:
    path = write("A?", {"question": "B?"}, "a", "C?")
    assert ids(Exemplars(file=path, rows=(4, 1))) == ["4", "1"]


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="does not exist"):
        chooser(Exemplars(file=str(tmp_path / "none.jsonl")), "pot", POT)


@pytest.mark.parametrize("way", WAYS)
def test_any_text_can_be_compared(write: Write, way: str) -> None:
    path = write("?", "!!", "٣ + ٤", "何人いますか", "😀", "_")
    assert len(ids(Exemplars(file=path, pick=4, by=way), "\ud7ff \u0000 何人")) == 4

"""What of each test stands in what the students learned from: the same questions, and those that are nearly so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from distill_dsl.contract import files
from distill_dsl.contract.records import Example, Problem
from distill_dsl.contract.runs import name_of
from distill_dsl.runtime.reports.grid import markdown_table
from distill_dsl.runtime.reports.results import title_of
from distill_dsl.runtime.sources.overlap import LIKE, Pair, Questions, words_of

if TYPE_CHECKING:  # a study holds what is read here
    from distill_dsl.runtime.reports.study import Study

SHOWN: Final = 60
"""Characters of a question in the report."""


@dataclass(frozen=True)
class Shared:
    """One test against one mix."""

    mix: str
    """Its key in params.yaml, which holds what is varied."""
    test: str
    """As files name it."""
    problems: int
    """Of the test."""
    learned: int
    """Problems that the mix has examples of, those for the dev loss included."""
    same: int
    """Problems of the test that are among these word by word."""
    near: int
    """Others that nearly are."""
    pairs: tuple[Pair, ...] = ()
    """Which: the same first, then those that nearly are, each in the order of the test."""


def read_overlaps(mixes: Sequence[str], tests: Sequence[str]) -> tuple[Shared, ...]:
    """Every test against every mix, from their files. Mixes of one study share most of their problems, so each
    problem of a test is looked up once in all of them together."""
    learned = {mix: _learned(mix) for mix in dict.fromkeys(mixes)}
    every = Questions(list({question: one for own in learned.values() for question, one in own.items()}.values()))
    asked = {test: files.read_test(test) for test in tests}
    alike = {test: [_alike(problem, every) for problem in problems] for test, problems in asked.items()}
    return tuple(
        _shared(mix, test, own, problems, alike[test])
        for mix, own in learned.items()
        for test, problems in asked.items()
    )


def _learned(mix: str) -> dict[str, Problem]:
    """Question -> problem, of the problems of a mix that it has an example of."""
    examples = (one for part in ("train", "dev") for one in files.read_rows(files.mix_file(mix, part), Example))
    return {one.question: Problem(id=one.problem, question=one.question, answer="") for one in examples}


class Alike(NamedTuple):
    """A question that is the same as a test's, or nearly so."""

    question: str
    same: bool
    likeness: float


def _alike(problem: Problem, learned: Questions) -> list[Alike]:
    words = words_of(problem.question)
    return [
        Alike(learned.problems[at].question, learned.texts[at] == words, likeness)
        for at, likeness in learned.alike(words).items()
    ]


def _shared(
    mix: str, test: str, learned: Mapping[str, Problem], problems: Sequence[Problem], alike: Sequence[Sequence[Alike]]
) -> Shared:
    same: list[Pair] = []
    near: list[Pair] = []
    for problem, found in zip(problems, alike, strict=True):
        own = [one for one in found if one.question in learned]
        if own:
            best = max(own, key=lambda one: (one.same, one.likeness))
            (same if best.same else near).append(Pair(problem, learned[best.question], best.likeness))
    return Shared(mix, test, len(problems), len(learned), len(same), len(near), (*same, *near))


def overlap_parts(study: Study) -> list[str]:
    """A section of the report: what is shared, or that nothing is."""
    found = [one for one in study.overlaps if one.pairs]
    like = f"the same numbers and {LIKE:.0%} of the words of both"
    if not found:
        none = f"No problem of a test is in what the students learned from: neither word by word nor nearly ({like})."
        return ["## Overlap", none]
    body = list(dict.fromkeys(tuple(_row(one)) for one in found))
    return [
        "## Overlap",
        (
            "Problems of the tests that are also in what the students learned from: the `same` word by word, or "
            f"`nearly` ({like}). `overlap.csv` names them; `without = ...` in a mix leaves them out."
        ),
        markdown_table(["mix", "test", "problems", "same", "nearly", "such as"], body, left=2),
    ]


def overlap_lines(overlaps: Sequence[Shared]) -> list[str]:
    """A line for each test of which some mix has problems: the mix that has most of them."""
    lines = []
    for test in dict.fromkeys(one.test for one in overlaps if one.pairs):
        worst = max((one for one in overlaps if one.test == test), key=lambda one: len(one.pairs))
        lines.append(
            f"{name_of(worst.mix)} was trained on {len(worst.pairs)} of the {worst.problems} problems of "
            f"{title_of(test)} ({worst.same} word by word); `without` in a mix leaves them out"
        )
    return lines


def _row(one: Shared) -> Iterator[str]:
    first = one.pairs[0].problem
    words = " ".join(first.question.split())
    yield from (name_of(one.mix), title_of(one.test))
    yield from (f"{one.problems:,}", f"{one.same:,}", f"{one.near:,}")
    yield f"`{first.id}`: {words[:SHOWN].rstrip()}{'...' if len(words) > SHOWN else ''}"

"""The word problems: every family, many draws, checked against sympy; splits that share nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from random import Random

import pytest
import sympy

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import SyntheticSource
from distill_dsl.contract.vocabulary import SYNTHETIC_SPLITS
from distill_dsl.runtime.sources.arithmetic import SPLITS, TRIES, generate, usable
from distill_dsl.runtime.sources.arithmetic.families import FAMILIES
from distill_dsl.runtime.sources.arithmetic.family import NAME, Drawn, Family, draw_numbers, figure, tell
from distill_dsl.runtime.sources.arithmetic.words import PARTS

LARGEST = 1000
FIGURE = re.compile(r"\d+(?:\.\d+)?")
SMALL = SyntheticSource(sizes={"train": 400, "dev": 60, "test": 120}, largest=30)


def figures(text: str) -> list[str]:
    words = {word: str(k) for k, word in PARTS.items()}
    return [
        words.get(found.removeprefix("one "), found)
        for found in re.findall(rf"\d+(?:\.\d+)?|\bone (?:{'|'.join(words)})\b", text.lower())
    ]


def draws(family: Family, count: int) -> Iterator[tuple[Drawn, dict[str, str]]]:
    rng = Random(f"test:{family.name}")
    found = 0
    for _ in range(TRIES * count):
        drawn = draw_numbers(family, rng, LARGEST)
        if drawn is not None:
            yield tell(family, rng, *drawn), {name: figure(drawn[0][name]) for name in family.shown}
            found += 1
        if found == count:
            return
    pytest.fail(f"{family.name} gives only {found} problems up to {LARGEST}")


def solved(equations: tuple[str, ...]) -> sympy.Expr:
    names = sorted({name for equation in equations for name in NAME.findall(equation)})
    symbols = {name: sympy.Symbol(name) for name in names}
    pairs = [[sympy.sympify(side, locals=symbols, rational=True) for side in line.split("=")] for line in equations]
    solutions = sympy.solve([left - right for left, right in pairs], list(symbols.values()), dict=True)
    assert len(solutions) == 1, equations
    return solutions[0][symbols["ans"]]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_steps_and_equations_give_the_answer(family: Family) -> None:
    for drawn, _ in draws(family, 12):
        values: dict[str, Fraction] = {}
        for step in drawn.solution.steps:
            exact = re.sub(r"\d+(?:\.\d+)?", r"F('\g<0>')", step.expression)
            values[step.name] = eval(exact, {"F": Fraction}, values)
            assert figure(values[step.name]) == step.value
            assert 0 < values[step.name] <= LARGEST
            assert family.decimals or values[step.name].denominator == 1
            assert step.sentence.count("{}") == 1
        assert drawn.answer == drawn.solution.steps[-1].value
        assert solved(drawn.solution.equations) == sympy.Rational(drawn.answer)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_text_tells_all_numbers_and_the_solution_uses_no_others(family: Family) -> None:
    for drawn, shown in draws(family, 12):
        told = figures(drawn.question)
        assert set(shown.values()) <= set(told)
        written = {"1", "2", "3", "4", "7", "12", "60", "100"}  # pairs, legs, weeks, dozens, hours, percent
        for formula in (*drawn.solution.equations, *(step.expression for step in drawn.solution.steps)):
            assert set(FIGURE.findall(formula)) <= set(told) | written, drawn
        assert "{" not in drawn.question
        assert len(drawn.question.split()) <= 42


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_tables_are_well_formed(family: Family) -> None:
    names = [name for name, _, _ in family.steps]
    assert len(set(names)) == len(names) and not set(names) & set(family.numbers)
    assert family.equations[-1].startswith("ans = ") and "ans" not in names
    for _, expression, _ in family.steps:
        assert len(re.findall(r"[-+*/]", expression)) == 1, "one operation a step"
    for text in family.texts:
        assert Family(family.name, (text,), family.numbers, family.steps, family.equations).shown == family.shown


def test_there_are_enough_families_of_every_length() -> None:
    assert len(FAMILIES) >= 40
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    assert {len(family.steps) for family in FAMILIES} == {1, 2, 3, 4, 5}


def test_the_vocabulary_is_small() -> None:
    words: set[str] = set()
    for family in FAMILIES:
        for drawn, _ in draws(family, 30):
            sentences = " ".join(step.sentence for step in drawn.solution.steps)
            words.update(re.findall(r"[a-z]+", f"{drawn.question} {sentences}".lower()))
    assert len(words) <= 300


def test_small_numbers_serve_most_families() -> None:
    assert len(usable(SMALL)) >= 0.9 * len(FAMILIES)
    for problem in (p for rows in generate(SMALL, ["train", "dev", "test"]).values() for p in rows):
        assert all(float(f) <= 30 for f in FIGURE.findall(problem.question))


def keys(problems: list[Problem]) -> set[tuple[str, ...]]:
    return {(p.family or "", *sorted(figures(p.question))) for p in problems}


def test_splits_share_neither_text_nor_numbers() -> None:
    rows = generate(SMALL, ["train", "dev", "test"])
    other = generate(SyntheticSource(sizes=SMALL.sizes, largest=30, seed=2), ["test"])
    assert {split: len(found) for split, found in rows.items()} == SMALL.sizes
    for one, two in (("train", "dev"), ("train", "test"), ("dev", "test")):
        assert not {p.question for p in rows[one]} & {p.question for p in rows[two]}
        assert not keys(rows[one]) & keys(rows[two])
    assert not keys(rows["train"]) & keys(other["test"])
    assert len({p.question for p in rows["train"]}) == 400


def test_the_same_seed_gives_the_same_problems_whatever_else_is_asked() -> None:
    alone = generate(SMALL, ["test"])["test"]
    assert alone == generate(SMALL, ["train", "test"])["test"]
    longer = SyntheticSource(sizes={"test": 200}, largest=30)
    assert [p.question for p in generate(longer, ["test"])["test"]][:100] == [p.question for p in alone][:100]
    assert alone != generate(SyntheticSource(sizes=SMALL.sizes, largest=30, seed=2), ["test"])["test"]
    assert alone[0].id == "arithmetic-test-0"


def test_held_out_families_appear_in_test_only() -> None:
    source = SyntheticSource(sizes={"train": 60, "test": 60}, families=("gain", "lose", "share"), held_out=("share",))
    rows = generate(source, ["train", "test"])
    assert {p.family for p in rows["train"]} == {"gain", "lose"}
    assert {p.family for p in rows["test"]} == {"gain", "lose", "share"}


def test_the_number_of_steps_is_kept() -> None:
    rows = generate(SyntheticSource(sizes={"train": 100}, steps=(3, 4)), ["train"])["train"]
    assert {len(p.solution.steps) for p in rows if p.solution} == {3, 4}


def test_the_compiler_knows_the_splits_that_are_drawn() -> None:
    assert tuple(SPLITS) == SYNTHETIC_SPLITS


@pytest.mark.parametrize(
    ("source", "split", "says"),
    [
        (SyntheticSource(sizes={"train": 5000}, families=("square_side",), largest=12), "train", "only "),
        (SyntheticSource(sizes={"train": 5}, families=("gian",)), "train", "`gian`"),
        (SyntheticSource(sizes={"train": 5}, steps=(6, 9)), "train", "6 to 9 steps"),
        (SyntheticSource(sizes={"extra": 5}), "extra", "no split `extra`"),
        (SyntheticSource(sizes={"train": 5}), "test", "no size"),
        (SyntheticSource(sizes={"train": 5}, generator="geometry"), "train", "`geometry`"),
    ],
)
def test_what_cannot_be_made_is_said(source: SyntheticSource, split: str, says: str) -> None:
    with pytest.raises(Failure, match=re.escape(says)):
        generate(source, [split])

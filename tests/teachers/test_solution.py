"""Thoughts written from solutions and from annotated rationales, executed for real."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.contract.records import Problem, Solution, Step
from distill_dsl.contract.settings import SyntheticSource
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.sources.arithmetic import generate
from distill_dsl.runtime.tables import read_table
from distill_dsl.runtime.teachers.annotations import Unreadable, read_rationale, without_annotations
from distill_dsl.runtime.teachers.calculations import calculations, formula, holds, percent_number, plain_number
from distill_dsl.runtime.teachers.solution import ask_solution, program, system, written
from distill_dsl.runtime.thoughts.execute import execute
from distill_dsl.runtime.thoughts.judging import judge

WRITTEN = tuple(AnswerKind)

CLIPS = (
    "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\n"
    "Natalia sold 48+24 = <<48+24=72>>72 clips altogether in April and May."
)


def problem(rationale: str | None, answer: str = "72") -> Problem:
    return Problem(id="p", question="?", answer=answer, rationale=rationale)


def texts(kind: AnswerKind, problems: Sequence[Problem]) -> list[str | None]:
    return [row.text for row in ask_solution("t", kind, problems, lambda done: None)]


def right(kind: AnswerKind, problems: Sequence[Problem]) -> list[str]:
    """The ids of the problems whose thought gives the gold answer."""
    written = {one.id: text for one, text in zip(problems, texts(kind, problems), strict=True) if text is not None}
    results = list(execute(kind, list(written.values()), timeout=5.0, memory=2**29))
    found = dict(zip(written, results, strict=True))
    return [one.id for one in problems if one.id in found and judge(found[one.id], one.answer, 1e-3) == "correct"]


@pytest.mark.parametrize("kind", WRITTEN)
def test_every_synthetic_thought_is_right(kind: AnswerKind) -> None:
    problems = generate(SyntheticSource(sizes={"train": 300}, largest=200), ["train"])["train"]
    assert right(kind, problems) == [one.id for one in problems]


def test_the_formats_of_an_annotated_rationale() -> None:
    assert texts(AnswerKind.TEXT, [problem(CLIPS)]) == [
        (
            "Natalia sold 48/2 = 24 clips in May. Natalia sold 48+24 = 72 clips altogether in April and May. "
            "The answer is 72."
        )
    ]
    assert texts(AnswerKind.PYTHON, [problem(CLIPS)]) == ["clips = 48 / 2\nans = 48 + clips"]
    assert texts(AnswerKind.EQUATIONS, [problem(CLIPS)]) == ["clips * 2 = 48\nclips_2 = 48 + clips\nans = clips_2"]


@pytest.mark.parametrize(
    ("rationale", "answer", "wanted"),
    [
        # An operand that equals two results is the most recent one that is not used yet.
        ("<<2*3=6>>6 a\n<<3+3=6>>6 b\n<<6+6=12>>12 c", "12", "ans = amount_2 + amount"),
        ("so $<<10*2=20>>20 saved\n20 - 5 = $<<20-5=15>>15 left", "15", "ans = saved - 5"),
        ("so <<.5*4=2>>2 cups", "2", "ans = 0.5 * 4"),
        ("so <<1,000+20%=1,000.2>>1,000.2 grams", "1000.2", "ans = 1000 + 20 / 100"),
        ("so <<2(3+4)=14>>14 hats", "14", "ans = 2 * (3 + 4)"),
        ("so <<2*3=6=6>>6 hats", "6", "ans = 2 * 3"),
        ("so <<5-8=-3>>-3 degrees", "-3", "ans = 5 - 8"),
        ("so <<007*2=14>>14 hats", "14", "ans = 7 * 2"),
        ("so <<1/3=.33>>.33 cups\n.33*300 = <<.33*300=99>>99 cups", "99", "ans = cups * 300"),
        ("so <<560//10=56>>56 rows", "56", "ans = 560 // 10"),
        # Not annotated, but written out, with units: read where it holds.
        ("<<60-20=40>>40 bags more.\nHe needs 40 bags / 10 bags = 4 days.", "4", "ans = bags / 10"),
        ("First 100% - 20% = 80%\nThen <<80/4=20>>20", "20", "ans = amount / 4"),
        ("He has 3 + 4 = 8 hats, <<3+5=8>>8 in truth", "8", "ans = 3 + 5"),
        # The answer is the last step with the gold value: what follows it is an aside.
        ("<<2+2=4>>4 hats\n<<4*2=8>>8 is a check", "4", "ans = 2 + 2"),
    ],
)
def test_rationales_become_programs(rationale: str, answer: str, wanted: str) -> None:
    solution = read_rationale(rationale, answer)
    assert not isinstance(solution, Unreadable), solution
    assert program(solution).splitlines()[-1] == wanted
    assert solution.equations[-1] == f"ans = {solution.steps[-1].name}"


@pytest.mark.parametrize("word", ["print", "class", "sum", "ans", "lambda", "floor"])
def test_names_never_hide_what_a_program_knows(word: str) -> None:
    solution = read_rationale(f"<<1+1=2>>2 {word}", "2")
    assert not isinstance(solution, Unreadable)
    assert solution.steps[0].name == f"{word}_count"


@pytest.mark.parametrize(
    ("rationale", "reason"),
    [
        (None, "neither a solution nor a rationale"),
        ("Let x be her age, so x = 5.", "no calculation"),
        ("<<two+2=4>>4 hats", "<<two+2=4>>"),
        ("<<2+=4>>4 hats", "`2+=4`"),
        ("<<2+2>>4 hats", "<<2+2>>"),
    ],
)
def test_what_cannot_be_read_says_why(rationale: str | None, reason: str) -> None:
    (row,) = ask_solution("pot", AnswerKind.PYTHON, [problem(rationale)], lambda done: None)
    assert row.text is None and reason in (row.reason or "")


def test_a_name_without_a_value_is_an_unknown() -> None:
    equations = ("ivo = 3 * petra", "ivo - 10 = petra + 10", "solve * 2 = ivo", "ans = ivo")
    solution = Solution(steps=(Step(name="ivo", expression="3 * 10", value="30"),), equations=equations)
    assert written(solution, AnswerKind.PROGRAM_EQUATIONS).splitlines() == [
        "petra = unknown()",
        "ivo = 3 * petra",
        "equation(ivo - 10, petra + 10)",
        "solve_count = unknown()",
        "equation(solve_count * 2, ivo)",
        "ans = ivo",
    ]


def test_prose_needs_no_annotation() -> None:
    assert texts(AnswerKind.TEXT, [problem("Let x be her age\nso x = 5.", "5")]) == [
        "Let x be her age. so x = 5. The answer is 5."
    ]
    assert without_annotations("a <<1+1=2>>2\n\nb!") == "a 2. b!"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("so 8 blue nails / 20 total nails * 100% = 40%", [("8 / 20 * 100", "40%")]),
        ("It is 12 hours, 3 = 3, and 4 x 5 = 20.", [("4 * 5", "20")]),
        ("5 + 6 = 11 - 2 = 9", [("5 + 6", "11"), ("11 - 2", "9")]),
        ("$1,200 × (2 + 1) = $3,600", [("1200 * (2 + 1)", "$3,600")]),
        ("3 pounds * $4/pound = $12", [("3 * 4", "$12")]),
        ("at 10:30-12 he ate 5 of 6.", []),
    ],
)
def test_calculations_are_found_in_prose(text: str, found: list[tuple[str, str]]) -> None:
    assert [(formula(one.tokens, plain_number), one.stated) for one in calculations(text)] == found
    assert all(holds(one, plain_number) or holds(one, percent_number) for one in calculations(text))


@given(st.text(alphabet="0123456789.,+-*/()=x$% ab<>\n", max_size=60))
def test_no_rationale_is_too_odd(text: str) -> None:
    solution = read_rationale(text, "1")
    if not isinstance(solution, Unreadable):
        compile(program(solution), "thought", "exec")
        assert len(system(solution).splitlines()) == len(solution.steps) + 1


def test_gsm8k_annotations_are_right_for_well_over_nine_in_ten(benchmark_data: Path) -> None:
    rows = read_table(benchmark_data / "problems" / "gsm8k" / "train.jsonl.gz")
    problems = [
        Problem(id=row["id"], question=row["question"], answer=row["answer"], rationale=row["rationale"])
        for _, row in list(rows)[:600]
    ]
    for kind in WRITTEN:
        assert len(right(kind, problems)) >= 0.96 * len(problems), kind

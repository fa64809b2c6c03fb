"""The generated programs of the benchmarks are what they say, and their rivals read answers as they should."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from benchmarks.execution import Score
from benchmarks.programs_of_models import FULL_MIX, Program, mix
from benchmarks.rivals import Rival, available, monty, number, ours, pool_in_chunks, pool_with_alarms

MEMORY = 256 << 20


def test_programs_are_different_in_exact_shares_and_the_same_for_the_same_seed() -> None:
    programs = mix(1000, FULL_MIX, 3)
    assert len({program.text for program in programs}) == 1000
    assert Counter(program.kind for program in programs) == {"arithmetic": 870, "sympy": 100, "loop": 20, "bomb": 10}
    assert programs == mix(1000, FULL_MIX, 3)
    assert programs[:20] != mix(1000, FULL_MIX, 4)[:20]


def test_arithmetic_has_about_ten_lines() -> None:
    lengths = [program.text.count("\n") + 1 for program in mix(300, {}, 0)]
    assert 8 <= sum(lengths) / len(lengths) <= 12


def test_every_program_knows_its_answer() -> None:
    programs = mix(300, {"sympy": 0.3}, 11)
    score = Score()
    with pool_in_chunks(10.0, MEMORY) as run:
        score.count(programs, run([program.text for program in programs]))
    assert (score.right, score.wrong, score.none) == (300, 0, 0)


@pytest.mark.parametrize("rival", [pool_with_alarms, ours])
def test_loops_and_bombs_have_no_answer(rival: Rival) -> None:
    programs = mix(12, {"loop": 0.5, "bomb": 0.5}, 5)
    with rival(0.5, MEMORY) as run:
        assert run([program.text for program in programs]) == [None] * 12


@pytest.mark.skipif(not available("pydantic-monty"), reason="pydantic-monty is not installed")
def test_monty_gives_the_same_answers_without_sympy() -> None:
    programs = mix(100, {"sympy": 0.1}, 6)
    score = Score()
    with monty(5.0, MEMORY) as run:
        score.count(programs, run([program.text for program in programs]))
    assert (score.right, score.wrong, score.none) == (90, 0, 10)


def test_the_number_that_a_program_said() -> None:
    assert number("The answer is 7") == 7
    assert number("1/3") == Fraction(1, 3)
    assert number(1e-07) == Fraction(1, 10**7)
    assert number("none") is None


def test_an_answer_where_there_is_none_is_wrong() -> None:
    score = Score()
    endless = Program("while True: pass", None, "loop")
    known = Program("ans = 2", Fraction(2), "arithmetic")
    score.count([endless, endless, known, known, known], [None, Fraction(1), None, Fraction(3), Fraction(2)])
    assert (score.right, score.wrong, score.none) == (1, 2, 1)

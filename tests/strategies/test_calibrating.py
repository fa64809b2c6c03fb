"""What is learned of thoughts on held-out problems: it finds what is there, and survives what is not."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Judged, Steps
from distill_dsl.contract.strategies import Confident, Single, Strategy, Vote, strategy_key
from distill_dsl.runtime.strategies.calibrating import agreement, believed, learn, seen
from distill_dsl.runtime.strategies.choices import Learned, choices, learned, with_confidence
from distill_dsl.runtime.strategies.reliability import ece

MEMBERS = ("pot", "cot")


def same(answer: str) -> str:
    return answer


def thought(
    name: str,
    answer: str | None,
    *,
    right: bool = False,
    sample: int = 0,
    logprob: float = -0.1,
    tokens: int = 10,
    notes: tuple[str, ...] = (),
    steps: Steps | None = None,
) -> Judged:
    return Judged(
        thought=name,
        sample=sample,
        text="",
        tokens=tokens,
        logprob=logprob,
        answer=answer,
        verdict="correct" if right else "error:name" if answer is None else "wrong",
        notes=notes,
        steps=steps,
    )


def problems(seed: int, count: int) -> list[list[Judged]]:
    """Programs are right in 80 %, prose in 40 %; what is right is likelier text; wrong answers differ.

    Surprise is log-normal, so that the log-odds of being right are linear in its logarithm.
    """
    source = random.Random(seed)
    made = []
    for _ in range(count):
        rows = []
        for name, share in (("pot", 0.8), ("cot", 0.4)):
            right = source.random() < share
            answer = "7" if right else str(source.randint(100, 199))
            surprise = source.lognormvariate(-3.0 if right else -1.5, 1.0)
            rows.append(thought(name, answer, right=right, logprob=-surprise))
        made.append(rows)
    return made


def pairs(rows: Sequence[Sequence[Judged]], *, together: bool) -> tuple[list[float], list[bool]]:
    """Confidence and verdict of each thought of other problems than were learned from."""
    calibration = learn(problems(1, 300), MEMBERS, same, together=together)
    found = [row for one in rows for row in believed(one, calibration, same)]
    return [row.confidence or 0.0 for row in found], [row.verdict == "correct" for row in found]


@pytest.mark.parametrize("together", [False, True])
def test_what_is_said_of_new_problems_is_so(together: bool) -> None:
    sure, right = pairs(problems(2, 1000), together=together)
    assert sum(sure) == pytest.approx(sum(right), rel=0.08)
    assert ece(sure, right) < 0.06


def test_each_format_is_trusted_as_it_deserves_and_likelier_text_more() -> None:
    calibration = learn(problems(1, 300), MEMBERS, same)
    likely, unlikely, prose = (
        calibration.confidences([row], same)[0] or 0.0
        for row in (thought("pot", "7"), thought("pot", "7", logprob=-0.4), thought("cot", "7"))
    )
    assert likely > unlikely
    assert likely > prose


def test_agreement_counts_only_together() -> None:
    agreed = [thought("pot", "7"), thought("cot", "7")]
    alone = [thought("pot", "7"), thought("cot", "8")]
    for together in (False, True):
        calibration = learn(problems(1, 300), MEMBERS, same, together=together)
        one, other = (calibration.confidences(rows, same)[0] or 0.0 for rows in (agreed, alone))
        assert (one > other + 0.05) == together
        assert (one == other) == (not together)


def test_what_is_seen_of_a_thought() -> None:
    row = thought("cot", "-2.5", logprob=-1.0, tokens=0, notes=("last number",), steps=Steps(right=0, wrong=1))
    assert seen(row) == [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0]
    ruled = thought("eot", "3", logprob=-1.0, tokens=0, notes=("read as assignments in order",))
    assert seen(ruled) == [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0]


def test_agreement_is_counted_among_other_formats_other_samples_and_rivals() -> None:
    pool = [
        thought("pot", "7"),
        thought("pot", "7", sample=1),
        thought("pot", "8", sample=2),
        thought("cot", "8"),
        thought("cot", None, sample=1),
        thought("eot", "7"),
    ]
    assert agreement(pool[0], pool, same) == pytest.approx([1 / 3, 1 / 2, 2 / 5])
    assert agreement(pool[3], pool, same) == pytest.approx([1 / 4, 0.0, 3 / 5])
    assert agreement(pool[0], pool[:1], same) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(("right", "expected"), [(True, 21 / 22), (False, 1 / 22)])
def test_where_all_or_none_are_right_the_rule_of_succession_speaks(right: bool, expected: float) -> None:
    rows = [[thought("pot", "7", right=right), thought("cot", "7", right=right)] for _ in range(10)]
    calibration = learn(rows, MEMBERS, same, together=True)
    assert calibration.confidences(rows[0], same) == pytest.approx([expected] * 2, abs=1e-6)


def test_where_nothing_was_answered_nothing_is_known() -> None:
    calibration = learn([[thought("pot", None), thought("cot", None)]], MEMBERS, same)
    assert calibration.confidences([thought("pot", "7"), thought("cot", None)], same) == [0.5, None]


def test_a_format_that_never_answered_is_trusted_between_the_others_and_nothing() -> None:
    rows = [[pair[0], thought("cot", None)] for pair in problems(1, 100)]
    calibration = learn(rows, MEMBERS, same)
    found = calibration.confidences([thought("pot", "7"), thought("cot", "7")], same)
    assert all(one is not None and 0.5 < one < 1 for one in found)


def test_a_thought_of_another_format_has_no_confidence() -> None:
    calibration = learn(problems(1, 20), MEMBERS, same)
    assert calibration.confidences([thought("eot", "7")], same) == [None]


@given(st.lists(st.lists(st.tuples(st.sampled_from(MEMBERS), st.booleans(), st.floats(-9, 0)), max_size=3), max_size=5))
@settings(deadline=None, max_examples=40)
def test_any_rows_give_probabilities(drawn: list[list[tuple[str, bool, float]]]) -> None:
    rows = [[thought(name, "7", right=right, logprob=logprob) for name, right, logprob in one] for one in drawn]
    for together in (False, True):
        calibration = learn(rows, MEMBERS, same, together=together)
        for one in rows:
            assert all(found is not None and 0 < found < 1 for found in calibration.confidences(one, same))


def test_the_order_of_rows_and_problems_does_not_matter() -> None:
    held_out = problems(1, 50)
    shuffled = [one[::-1] for one in held_out[::-1]]
    row = problems(2, 1)[0]
    first, second = (learn(rows, MEMBERS, same, together=True).confidences(row, same) for rows in (held_out, shuffled))
    assert first == pytest.approx(second, abs=2e-6)


# --- for all strategies of an experiment --------------------------------------------------------

NEEDING: tuple[Strategy, ...] = (
    Vote(members=MEMBERS, by="confidence"),
    Confident(members=MEMBERS, calibrated=True),
    Confident(members=("pot",), calibrated=True),
)


def keyed(*strategies: Strategy) -> dict[str, Strategy]:
    return {strategy_key(strategy): strategy for strategy in strategies}


def test_only_what_is_needed_is_learned() -> None:
    assert learned(keyed(Single(thought="pot")), MEMBERS, [], same) == Learned()
    known = learned(keyed(*NEEDING), MEMBERS, problems(1, 50), same)
    assert known.alone is not None
    assert (known.alone.problems, known.alone.thoughts) == (50, 100)
    assert list(known.together) == ["confident-pot-cot-calibrated", "confident-pot-calibrated"]
    assert known.together["confident-pot-calibrated"].members == ("pot",)


@pytest.mark.parametrize("strategy", NEEDING)
def test_without_held_out_problems_nothing_can_be_learned(strategy: Strategy) -> None:
    with pytest.raises(Failure, match="learns from held-out problems"):
        learned(keyed(strategy), MEMBERS, [], same)


def test_what_other_formats_say_does_not_bear_on_a_strategy_that_does_not_ask_them() -> None:
    known = learned(keyed(*NEEDING), MEMBERS, problems(1, 200), same)
    pot = thought("pot", "7")
    found = [
        choices(keyed(*NEEDING), with_confidence([pot, other], known, same), known, same)
        for other in (thought("cot", "7"), thought("cot", "8"))
    ]
    pot_alone, both = "confident-pot-calibrated", "confident-pot-cot-calibrated"
    assert found[0][pot_alone] == found[1][pot_alone]
    assert (found[0][both].sure or 0) > (found[1][both].sure or 0)


def test_calibrated_strategies_beat_the_plain_ones_where_a_format_is_weak() -> None:
    strategies = keyed(Vote(members=("cot", "pot")), *NEEDING)
    known = learned(strategies, MEMBERS, problems(1, 200), same)
    right = dict.fromkeys(strategies, 0)
    for rows in problems(2, 400):
        for name, choice in choices(strategies, with_confidence(rows, known, same), known, same).items():
            right[name] += choice.verdict == "correct"
    plain = right.pop("vote-cot-pot")
    assert min(right["vote-pot-cot-by_confidence"], right["confident-pot-cot-calibrated"]) > plain + 40

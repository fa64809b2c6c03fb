"""One sentence for each way in which a strategy comes to its answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from distill_dsl.contract.records import Judged
from distill_dsl.contract.strategies import (
    Adaptive,
    Cascade,
    Confident,
    Oracle,
    Ranked,
    Single,
    Strategy,
    Vote,
)
from distill_dsl.runtime.solving.reasons import ANSWERED, agreed, failure, samples_of, why
from distill_dsl.runtime.strategies.choose import choose
from distill_dsl.runtime.thoughts.answers import vote_key

MEMBERS = ("pot", "eot", "cot")
CRASHED = ("error:zero-division", "ZeroDivisionError: division by zero")


def row(thought: str, answer: str | None, sample: int = 0, **fields: object) -> Judged:
    verdict, detail = (ANSWERED, "") if answer is not None else ("no-answer", "no number in the text")
    given = {"text": "", "tokens": 5, "logprob": -0.1, "verdict": verdict, "detail": detail} | fields
    return Judged(thought=thought, sample=sample, answer=answer, **given)  # type: ignore[arg-type]


def three(pot: str | None, eot: str | None, cot: str | None) -> list[Judged]:
    return [row("cot", cot), row("pot", pot), row("eot", eot)]


def crashed(thought: str) -> Judged:
    return row(thought, None, verdict=CRASHED[0], detail=CRASHED[1])


def because(strategy: Strategy, rows: list[Judged]) -> str:
    return why(strategy, rows, choose(strategy, rows, vote_key), vote_key)


VOTE = Vote(members=MEMBERS)
CASCADE = Cascade(members=MEMBERS)

CASES: dict[str, tuple[Strategy, list[Judged]]] = {
    "pot and eot say 18, cot says 20: the majority decides": (VOTE, three("18", "18", "20")),
    "pot, eot and cot all say 18": (VOTE, three("18", "18", "18")),
    "pot says 1, eot says 2, cot says 3: a tie, in which pot stands first": (VOTE, three("1", "2", "3")),
    "pot says 1, eot says 2, cot says 3: a tie, which cot decides": (
        Vote(members=MEMBERS, ties="cot"),
        three("1", "2", "3"),
    ),
    "pot says 1, eot and cot say 2: 1 has the most weight, 3 of 5": (
        Vote(members=MEMBERS, weights={"pot": 3.0}),
        three("1", "2", "2"),
    ),
    "only pot says 18 (eot gave no answer (no number in the text) and cot gave no answer (no number in the text))": (
        VOTE,
        three("18", None, None),
    ),
    "pot gave no answer (no number in the text), eot gave no answer (no number in the text) and cot gave no answer "
    "(no number in the text), so there is no answer": (VOTE, three(None, None, None)),
    "3 say 4, 1 says 5, 1 gave no answer: the majority decides": (
        Vote(members=("pot",)),
        [*(row("pot", answer, sample) for sample, answer in enumerate(["4", "5", "4", "4", None]))],
    ),
    "2 say 4, 1 says 5, 1 says 6, 1 says 7: the most votes decide": (
        Vote(members=("pot",)),
        [*(row("pot", answer, sample) for sample, answer in enumerate(["4", "5", "4", "6", "7"]))],
    ),
    "pot stands first and has an answer, so the others do not count": (CASCADE, three("1", "2", "3")),
    "pot did not run (ZeroDivisionError), so eot answers": (
        CASCADE,
        [crashed("pot"), row("eot", "2"), row("cot", "3")],
    ),
    "pot did not run (ZeroDivisionError) and eot gave no answer (no number in the text), so cot answers": (
        CASCADE,
        [crashed("pot"), row("eot", None), row("cot", "3")],
    ),
    "only cot is asked, and it says 20": (Single(thought="cot"), three("18", "18", "20")),
    "pot did not run (ZeroDivisionError), so there is no answer": (Single(thought="pot"), [crashed("pot")]),
    "eot is written with the highest log-probability a token, -0.010, before pot -0.200 and cot -0.300": (
        Confident(members=MEMBERS),
        [row("pot", "1", logprob=-0.2), row("eot", "2", logprob=-0.01), row("cot", "3", logprob=-0.3)],
    ),
    "pot is written with the highest log-probability a token, -0.100, and no other has an answer": (
        Confident(members=MEMBERS),
        three("1", None, None),
    ),
    "cot is right with the highest probability, 90 %, before pot 60 %": (
        Confident(members=("pot", "cot"), calibrated=True),
        [row("pot", "1", confidence=0.6), row("cot", "3", confidence=0.9)],
    ),
    "pot says 1, eot and cot say 2: by how often such thoughts are right, 1 weighs 4.33 and 2 weighs 2.77": (
        Vote(members=MEMBERS, by="confidence"),
        [row("pot", "1", confidence=0.95), row("eot", "2", confidence=0.5), row("cot", "2", confidence=0.5)],
    ),
    "the verifier judge takes eot for right with 80 %, before pot 70 %": (
        Ranked(members=("pot", "eot"), by="judge", on="etd"),
        [row("pot", "1", ranks={"judge-etd": 0.7}), row("eot", "2", ranks={"judge-etd": 0.8})],
    ),
    "the scores of the verifier judge add up to 1.30 for 1 and 0.80 for 2": (
        Ranked(members=MEMBERS, by="judge", on="etd", vote=True),
        [
            row("pot", "1", ranks={"judge-etd": 0.7}),
            row("eot", "2", ranks={"judge-etd": 0.8}),
            row("cot", "1", ranks={"judge-etd": 0.6}),
        ],
    ),
    "pot, eot and cot all say 7: they agree, so one thought of each is enough": (
        Adaptive(members=MEMBERS),
        three("7", "7", "7"),
    ),
    "at first pot says 7, eot says 8; of 4 thoughts, 2 say 7, 2 say 8: a tie, in which pot stands first": (
        Adaptive(members=("pot", "eot")),
        [row("pot", "7"), row("eot", "8"), row("pot", "8", 1), row("eot", "7", 1)],
    ),
    "an oracle knows the gold answer, and here there is none": (Oracle(members=MEMBERS), three("1", "1", "1")),
}


@pytest.mark.parametrize("sentence", CASES)
def test_the_reason_is_told_in_a_sentence(sentence: str) -> None:
    strategy, rows = CASES[sentence]
    assert because(strategy, rows) == sentence


@pytest.mark.parametrize(
    ("verdict", "detail", "words"),
    [
        ("timeout", "processor time", "was stopped (it ran too long)"),
        ("memory", "", "was stopped (it took too much memory)"),
        ("denied", "PermissionError: no", "was stopped (it tried what no program may)"),
        (
            "error:inconsistent",
            "these contradict one another: line 1",
            "failed (these contradict one another)",
        ),
        ("error:name", "NameError: name 'foo' is not defined", "did not run (NameError)"),
        ("no-answer", "", "gave no answer"),
        ("error:other", "", "failed (other)"),
    ],
)
def test_every_failure_has_words(verdict: str, detail: str, words: str) -> None:
    assert failure(row("pot", None, verdict=verdict, detail=detail)) == words


ANSWERS = some.sampled_from(["1", "2", "1.0", None])
STRATEGIES = some.sampled_from(
    [
        VOTE,
        CASCADE,
        Single(thought="eot"),
        Vote(members=MEMBERS, weights={"pot": 2.0}, ties="cot"),
        Vote(members=MEMBERS, by="confidence"),
        Vote(members=("eot",), samples=2),
        Confident(members=MEMBERS),
        Confident(members=MEMBERS, calibrated=True, samples=1),
        Ranked(members=MEMBERS, by="judge", on="etd"),
        Ranked(members=MEMBERS, by="judge", on="etd", vote=True),
        Adaptive(members=MEMBERS, ties="eot"),
    ]
)


@given(STRATEGIES, some.lists(some.tuples(ANSWERS, some.floats(0, 1)), min_size=9, max_size=9))
def test_a_reason_is_one_line_and_names_the_answer_that_was_chosen(
    strategy: Strategy, drawn: list[tuple[str | None, float]]
) -> None:
    rows = [
        row(thought, answer, sample, confidence=share, logprob=share - 1, ranks={"judge-etd": share})
        for (answer, share), (thought, sample) in zip(
            drawn, [(name, sample) for name in MEMBERS for sample in range(3)], strict=True
        )
    ]
    choice = choose(strategy, rows, vote_key)
    told = why(strategy, rows, choice, vote_key)
    assert "\n" not in told and not told.endswith(".")
    if choice.answer is None:
        assert told.endswith("so there is no answer")
    else:
        same = [answer for answer in ("1", "2", "1.0") if vote_key(answer) == vote_key(choice.answer)]
        assert any(answer in told for answer in same) or str(choice.thought) in told


def test_agreement_needs_an_answer_of_every_member() -> None:
    assert agreed(three("1", "1.0", "1"), MEMBERS, vote_key)
    assert not agreed(three("1", "1", None), MEMBERS, vote_key)
    assert not agreed(three("1", "1", "2"), MEMBERS, vote_key)
    assert not agreed([row("pot", "1")], MEMBERS, vote_key)
    assert not agreed(three(None, None, None), MEMBERS, vote_key)


def test_strategies_of_first_thoughts_look_at_no_others() -> None:
    assert samples_of(CASCADE) == samples_of(Single(thought="pot")) == 1
    assert samples_of(Vote(members=MEMBERS, samples=3)) == 3
    assert samples_of(Adaptive(members=MEMBERS)) is None

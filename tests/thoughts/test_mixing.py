"""Mixes: counts add up, choices hang on names and seeds, weights hold, teachers leave each other alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.contract import files
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Example, Problem, Thought
from distill_dsl.contract.settings import MixSettings, ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.stages import mix as stage
from distill_dsl.runtime.thoughts.mixing import Counts, Written, content_marks, copies, distinct, draw, mix

FORMATS = {
    "cot": ThoughtSettings(answer=AnswerKind.TEXT, cue="think", prompt="p"),
    "pot": ThoughtSettings(answer=AnswerKind.PYTHON, cue="code", prompt="p"),
}
WRONG = ["wrong", "no-answer", "error:name", "wrong-steps"]
VERDICTS = ["correct", *WRONG, "timeout", "memory", "denied", "missing"]


def problems(count: int) -> list[Problem]:
    return [Problem(id=f"p{n}", question=f"question {n}", answer="1") for n in range(count)]


def thought(problem: int, name: str, sample: int, verdict: str = "correct", text: str | None = None) -> Thought:
    text = f"ans = {sample} + 0" if text is None else text
    return Thought(problem=f"p{problem}", thought=name, sample=sample, text=text, verdict=verdict)


texts = st.sampled_from([f"{name} = {value}" for name in ("ans", "ANS") for value in range(6)] + ["", " "])
rows = st.lists(
    st.builds(
        thought, st.integers(0, 9), st.sampled_from(["cot", "pot"]), st.integers(0, 5), st.sampled_from(VERDICTS), texts
    ),
    max_size=60,
)


def written(thoughts: Sequence[Thought], teacher: str = "llm") -> list[Written]:
    return [Written(name, teacher, [row for row in thoughts if row.thought == name]) for name in FORMATS]


def said(row: Thought | Example) -> tuple[str, str, str]:
    return row.problem, row.thought, " ".join(row.text.lower().split())


def summed(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())


@given(rows, rows, st.integers(1, 3), st.booleans(), st.floats(0, 1), st.floats(0.1, 3), st.integers(0, 99))
def test_every_thought_is_kept_or_dropped_for_a_reason(
    thoughts: list[Thought],
    others: list[Thought],
    cap: int,
    deduplicate: bool,
    dev: float,
    weight: float,
    seed: int,
) -> None:
    settings = MixSettings(
        thoughts={"cot": 1.0, "pot": weight}, per_problem=cap, deduplicate=deduplicate, dev=dev, seed=seed, limit=7
    )
    mixed = mix(problems(10), [*written(thoughts), *written(others, "self")], FORMATS, settings)
    for teacher, own in (("llm", thoughts), ("self", others)):
        for name in FORMATS:
            counts = mixed.counts[name][teacher]
            assert counts.thoughts == counts.kept + counts.dropped.total() == sum(row.thought == name for row in own)
            assert counts.wrong <= sum(count for verdict, count in counts.dropped.items() if verdict in WRONG)
    total = summed(mixed.count(name) for name in FORMATS)
    assert (total.train, total.dev, total.wrong) == (len(mixed.train), len(mixed.dev), len(mixed.wrong))
    for part in (mixed.dev, mixed.wrong):
        assert all(count <= 2 * cap for count in Counter((row.problem, row.thought) for row in part).values())


@given(rows, rows, st.integers(0, 99))
def test_no_problem_is_both_learned_and_measured(thoughts: list[Thought], others: list[Thought], seed: int) -> None:
    settings = MixSettings(thoughts={"cot": 1, "pot": 1}, dev=0.5, seed=seed, limit=8)
    mixed = mix(problems(10), [*written(thoughts), *written(others, "self")], FORMATS, settings)
    learned = {row.problem for row in (*mixed.train, *mixed.wrong)}
    held_out = {problem.id for problem in mixed.held_out}
    assert not learned & held_out
    assert {row.problem for row in mixed.dev} <= held_out
    assert learned | held_out <= {problem.id for problem in problems(8)}


@given(rows, st.integers(1, 2))
def test_wrong_thoughts_are_distinct_and_never_right_ones(thoughts: list[Thought], cap: int) -> None:
    settings = MixSettings(thoughts={"cot": 1, "pot": 1}, per_problem=cap, dev=0.3)
    mixed = mix(problems(10), written(thoughts), FORMATS, settings)
    found = list(map(said, mixed.wrong))
    right = {said(row) for row in thoughts if row.verdict == "correct"}
    assert len(found) == len(set(found))
    held_out = {problem.id for problem in mixed.held_out}
    usable = {
        said(row)
        for row in thoughts
        if row.verdict in WRONG and row.text.strip() and row.problem not in held_out and said(row) not in right
    }
    assert set(found) <= usable
    most = Counter(key[:2] for key in usable)
    assert Counter(key[:2] for key in found) == {key: min(count, cap) for key, count in most.items()}


def test_what_met_a_limit_is_not_called_wrong() -> None:
    verdicts = ["wrong", "timeout", "memory", "output", "denied", "error:syntax", "missing", "no-answer"]
    thoughts = [thought(0, "pot", n, verdict) for n, verdict in enumerate(verdicts)]
    mixed = mix(problems(1), written(thoughts), FORMATS, MixSettings(thoughts={"pot": 1}, per_problem=9, dev=0))
    assert [row.text for row in mixed.wrong] == ["ans = 0 + 0", "ans = 5 + 0", "ans = 7 + 0"]
    assert mixed.wrong[0] == Example(problem="p0", thought="pot", question="question 0", cue="code", text="ans = 0 + 0")


@given(rows, st.integers(0, 99))
def test_adding_a_problem_changes_no_other(thoughts: list[Thought], seed: int) -> None:
    settings = MixSettings(thoughts={"cot": 0.5, "pot": 1.5}, dev=0.3, seed=seed)
    fewer = mix(problems(9), written([row for row in thoughts if row.problem != "p9"]), FORMATS, settings)
    more = mix(problems(10), written(thoughts), FORMATS, settings)
    for part in ("train", "dev", "wrong"):
        assert [row for row in getattr(more, part) if row.problem != "p9"] == getattr(fewer, part)
    assert [problem for problem in more.held_out if problem.id != "p9"] == fewer.held_out


@given(rows, rows, st.integers(0, 99), st.booleans())
def test_adding_a_teacher_changes_nothing_of_the_first_one(
    thoughts: list[Thought], others: list[Thought], seed: int, deduplicate: bool
) -> None:
    settings = MixSettings(
        thoughts={"cot": 0.5, "pot": 1.5}, teachers={"self": 2.5}, dev=0.3, seed=seed, deduplicate=deduplicate
    )
    alone = mix(problems(10), written(thoughts), FORMATS, settings)
    joined = mix(problems(10), [*written(thoughts), *written(others, "self")], FORMATS, settings)
    for name in FORMATS:
        first, among = alone.counts[name]["llm"], joined.counts[name]["llm"]
        assert (first.kept, first.dropped, first.train, first.dev) == (
            among.kept,
            among.dropped,
            among.train,
            among.dev,
        )
    assert joined.held_out == alone.held_out
    for part in ("train", "dev"):
        assert not Counter(getattr(alone, part)) - Counter(getattr(joined, part))


@given(rows, rows, st.integers(0, 99))
def test_teachers_who_write_of_different_problems_may_stand_in_any_order(
    thoughts: list[Thought], others: list[Thought], seed: int
) -> None:
    settings = MixSettings(thoughts={"cot": 0.5, "pot": 1.5}, teachers={"self": 1.5}, dev=0.3, seed=seed)
    first = written([row for row in thoughts if row.problem < "p5"])
    second = written([row for row in others if row.problem >= "p5"], "self")
    one, other = (mix(problems(10), own, FORMATS, settings) for own in ([*first, *second], [*second, *first]))
    assert (one.train, one.dev, one.wrong, one.held_out) == (other.train, other.dev, other.wrong, other.held_out)


def test_what_an_earlier_teacher_wrote_is_not_new() -> None:
    first = written([thought(0, "pot", 0, text="ans = 1 + 1"), thought(0, "pot", 1, "wrong", text="ans = 3")])
    second = written(
        [
            thought(0, "pot", 0, text="ans = 1+1  # the same"),
            thought(0, "pot", 1, text="ans = 4 - 2"),
            thought(0, "pot", 2, "wrong", text="ans = 3"),
        ],
        "self",
    )
    mixed = mix(problems(1), [*first, *second], FORMATS, MixSettings(thoughts={"pot": 1}, dev=0))
    assert [row.text for row in mixed.train] == ["ans = 1 + 1", "ans = 4 - 2"]
    assert mixed.counts["pot"]["self"].dropped == {"duplicate": 1, "wrong": 1}
    assert [row.text for row in mixed.wrong] == ["ans = 3"]


def test_the_cap_is_each_teachers_own() -> None:
    first = written([thought(0, "pot", n) for n in range(3)])
    second = written([thought(0, "pot", n) for n in range(3, 6)], "self")
    mixed = mix(problems(1), [*first, *second], FORMATS, MixSettings(thoughts={"pot": 1}, per_problem=2, dev=0))
    assert [row.text[6] for row in mixed.train] == ["0", "1", "3", "4"]


@pytest.mark.parametrize(("weight", "expected"), [(1, 400), (2, 800), (0.5, 200), (1.25, 500)])
def test_weights_repeat_or_thin_out(weight: float, expected: int) -> None:
    thoughts = written([thought(n, "cot", 0) for n in range(400)])
    mixed = mix(problems(400), thoughts, FORMATS, MixSettings(thoughts={"cot": weight}, dev=0))
    assert len(mixed.train) == pytest.approx(expected, abs=25 if weight % 1 else 0)


@pytest.mark.parametrize(("format", "teacher"), [(1, 3), (2, 1.5), (6, 0.5)])
def test_a_teachers_weight_multiplies_that_of_the_format(format: float, teacher: float) -> None:
    settings = MixSettings(thoughts={"cot": format}, teachers={"self": teacher}, dev=0)
    thoughts = [thought(n, "cot", 0) for n in range(100)]
    assert len(mix(problems(100), written(thoughts, "self"), FORMATS, settings).train) == 300
    assert len(mix(problems(100), written(thoughts), FORMATS, settings).train) == 100 * format


def test_a_whole_weight_is_exact() -> None:
    assert [copies(3, chance) for chance in (0.0, 0.5, 0.999)] == [3, 3, 3]
    assert [copies(0.5, chance) for chance in (0.0, 0.49, 0.5)] == [1, 1, 0]


def test_draws_hang_on_seed_and_names_and_nothing_else() -> None:
    assert draw(1, "a", "b") == draw(1, "a", "b")
    assert len({draw(1, "ab"), draw(1, "a", "b"), draw(2, "ab"), draw(1, "ba")}) == 4
    assert 0.45 < sum(draw(1, str(n)) for n in range(1000)) / 1000 < 0.55


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (
            AnswerKind.TEXT,
            "She sold 48 / 2 = 24 clips.\nThe answer is 24.",
            "In May 48/2=24 were sold. The answer is 24.",
        ),
        (AnswerKind.TEXT, "The  answer is FOUR", "the answer is four"),
        (AnswerKind.PYTHON, "a = 48 / 2  # May\nans = a", "a = 48/2\n\nans = a\n"),
        (AnswerKind.EQUATIONS, "% eggs:\na = 16\nans = a + 1", "a=16\nans = a+1"),
        (AnswerKind.EQUATIONS, "x + y = 3\nx = 1\nans = y", "x = 1\nx + y = 3\nans = y"),
    ],
)
def test_thoughts_that_say_the_same_share_a_mark(kind: AnswerKind, one: str, other: str) -> None:
    assert content_marks(one, kind) & content_marks(other, kind)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (AnswerKind.TEXT, "First 2 + 3 = 5. Then 5 * 2 = 10.", "First 2 * 2 = 4. Then 4 + 6 = 10."),
        (AnswerKind.PYTHON, "ans = 2 + 3", "ans = 3 + 2"),
        (AnswerKind.EQUATIONS, "ans = 2 + 3", "ans = 5"),
    ],
)
def test_thoughts_that_calculate_differently_share_none(kind: AnswerKind, one: str, other: str) -> None:
    assert not content_marks(one, kind) & content_marks(other, kind)


def test_duplicates_are_dropped_only_when_asked_for() -> None:
    thoughts = written([thought(0, "pot", n, text="ans = 1") for n in range(3)])
    both = [
        mix(problems(1), thoughts, FORMATS, MixSettings(thoughts={"pot": 1}, dev=0, deduplicate=flag))
        for flag in (True, False)
    ]
    assert [len(mixed.train) for mixed in both] == [1, 3]
    assert both[0].count("pot").dropped == {"duplicate": 2}


# --- the stage ----------------------------------------------------------------------------------

PARAMS = """\
thought:
  cot: {answer: text, cue: think, prompt: none}
  pot: {answer: python, cue: code, prompt: none}
mix:
  again: {thoughts: {cot: 1.0, pot: 2.0}, teachers: {self: 3.0}, dev: 0.25, seed: 3}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(PARAMS, encoding="utf-8")
    return tmp_path


def item(thought: str, teacher: str, data: str = "a") -> str:
    return f"thought={thought},teacher={teacher},data={data},split=train"


@given(rows)
def test_distinct_thoughts_are_those_that_a_mix_without_a_cap_keeps(thoughts: list[Thought]) -> None:
    settings = MixSettings(thoughts={"cot": 1.0, "pot": 1.0}, per_problem=1000, dev=0.0)
    mixed = mix(problems(10), written(thoughts), FORMATS, settings)
    for name in FORMATS:
        own = [row for row in thoughts if row.thought == name]
        assert len(distinct(own, FORMATS[name].answer)) == mixed.count(name).kept


def pot_kept(counts: dict[str, Any], teacher: str) -> int:
    return int(counts["thoughts"]["pot"]["teachers"][teacher]["kept"])


def test_the_stage_writes_each_part_and_counts_by_teacher(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files.write_rows(files.problems_file("a", "train"), problems(20))
    files.write_rows(files.thoughts_file("llm-a-train-cot"), [thought(n, "cot", 0) for n in range(20)])
    files.write_rows(files.thoughts_file("llm-a-train-pot"), [thought(n, "pot", 0) for n in range(20)])
    again = [thought(n, "pot", 1, "correct" if n % 2 else "wrong", f"ans = {n}") for n in range(20)]
    files.write_rows(files.thoughts_file("self-paths_2-a-train-pot"), again)
    stage.run(mix="again", thoughts=[item("cot", "llm"), item("pot", "llm"), item("pot", "self-paths_2")], without=[])
    train, dev, wrong = (
        list(files.read_rows(files.mix_file("again", part), Example)) for part in ("train", "dev", "wrong")
    )
    held_out = [row.id for row in files.read_rows(files.mix_file("again", "held_out"), Problem)]
    counts = files.read_json(files.mix_counts_file("again"))
    assert 0 < len(held_out) < 20 and {row.problem for row in dev} == set(held_out)
    own = [row for row in again if row.problem not in held_out]
    assert [row.text for row in wrong] == [row.text for row in own if row.verdict == "wrong"]
    assert counts["problems"] == 20 and counts["held_out"] == len(held_out)
    assert counts["kept"] == {
        "llm-a-train-cot": 20,
        "llm-a-train-pot": pot_kept(counts, "llm"),
        "self-paths_2-a-train-pot": pot_kept(counts, "self"),
    }
    assert "teachers" not in counts["thoughts"]["cot"]
    pot = counts["thoughts"]["pot"]
    assert pot["teachers"]["llm"]["train"] == 2 * (20 - len(held_out))
    assert pot["teachers"]["self"]["train"] == 6 * sum(row.verdict == "correct" for row in own)
    for key in ("thoughts", "kept", "train", "dev", "wrong"):
        assert pot[key] == sum(one[key] for one in pot["teachers"].values())
    assert counts["train"] == len(train) == counts["thoughts"]["cot"]["train"] + pot["train"]
    assert f"by llm {pot['teachers']['llm']['train']} + self" in capsys.readouterr().out


def test_problems_of_two_data_sets_with_one_id_are_told_apart(project: Path) -> None:
    for data in ("a", "b"):
        own = [Problem(id=f"p{n}", question=f"{data} {n}", answer="1") for n in range(20)]
        files.write_rows(files.problems_file(data, "train"), own)
        right = [thought(n, "cot", 0, text=f"It is in {data}.") for n in range(20)]
        files.write_rows(files.thoughts_file(f"llm-{data}-train-cot"), right)
    stage.run(mix="again", thoughts=[item("cot", "llm", "a"), item("cot", "llm", "b")], without=[])
    found = [row for part in ("train", "dev") for row in files.read_rows(files.mix_file("again", part), Example)]
    assert len(found) == 40
    kept = files.read_json(files.mix_counts_file("again"))["kept"]
    assert kept == {"llm-a-train-cot": 20, "llm-b-train-cot": 20}
    assert all(row.question[0] == row.text[-2] for row in found)
    assert {row.problem for row in found} == {f"{split}p{n}" for split in ("", "b.train/") for n in range(20)}


def test_a_mix_without_any_example_says_why(project: Path) -> None:
    files.write_rows(files.problems_file("a", "train"), problems(2))
    files.write_rows(files.thoughts_file("llm-a-train-cot"), [thought(n, "cot", 0, "wrong") for n in range(2)])
    with pytest.raises(Failure, match="none of its 2 thoughts") as failure:
        stage.run(mix="again", thoughts=[item("cot", "llm")], without=[])
    assert "2 cot (wrong)" in failure.value.help

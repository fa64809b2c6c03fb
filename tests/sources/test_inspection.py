"""What the data says of a spec before anything runs, and where in the spec it is said."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distill_dsl.cli import quick
from distill_dsl.cli.inspecting import inspected, with_data
from distill_dsl.cli.quick import checked
from distill_dsl.compiler import check_spec
from distill_dsl.compiler.diagnostics import Code, Diagnostic
from distill_dsl.compiler.model.entities import SplitRef
from distill_dsl.contract.records import Problem
from distill_dsl.runtime.sources.overlap import LIKE, Questions, overlap, repeated, words_of

SPEC = """\
data a { source = file(train: "train.jsonl", test: "test.jsonl") }
teacher t { model = recorded(cot: "cot.jsonl") }
thought cot { answer = text }
mix m { problems = a.train   teacher = t   thoughts = cot }
student s { base = scratch("t5") }
experiment e {
  students = [s]
  mixes = [m]
  tests = [a.test]
  answers = [cot]
}
"""

Row = Mapping[str, object]
TRAIN = [{"id": f"r{n}", "question": f"Ann has {n} pens and buys {n + 30} more. How many?", "answer": 2 * n + 30}
         for n in range(8)]  # fmt: skip
TEST = [{"id": f"t{n}", "question": f"Bob sees {n} birds on {n + 2} trees. How many birds?", "answer": n}
        for n in range(5)]  # fmt: skip
TEXTS = [{"id": row["id"], "text": "The answer is 5."} for row in TRAIN]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without anything to be said of its data."""
    monkeypatch.chdir(tmp_path)
    for name, rows in (("train", TRAIN), ("test", TEST), ("cot", TEXTS)):
        write(tmp_path / f"{name}.jsonl", rows)
    return tmp_path


def write(path: Path, rows: Iterable[Row]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def look(project: Path, text: str = SPEC) -> tuple[Diagnostic, ...]:
    (project / "main.mtd").write_text(text, encoding="utf-8")
    return with_data(check_spec(Path("main.mtd"))).diagnostics


def said(project: Path, text: str = SPEC) -> list[tuple[str, Code, str]]:
    """Severity and code of each diagnostic, and the text under its carets."""
    by_number = {code.number: code for code in Code}
    found = []
    for each in look(project, text):
        assert each.span is not None
        assert each.help
        found.append((str(each.severity), by_number[each.code], text[each.span.start : each.span.end]))
    return found


def summaries(project: Path, text: str = SPEC) -> list[str]:
    return [each.summary for each in look(project, text)]


def test_nothing_is_said_of_good_data(project: Path) -> None:
    assert said(project) == []


def test_sizes_are_known(project: Path) -> None:
    (project / "main.mtd").write_text(SPEC.replace('test.jsonl") }', 'test.jsonl") limit = 4 }'))
    analysis = check_spec(Path("main.mtd")).analysis
    assert analysis is not None
    inspection = inspected(analysis)
    assert inspection.size(SplitRef("a", "train")) == 4
    assert len(inspection.problems[SplitRef("a", "train")]) == 8
    assert inspection.size(SplitRef("a", "dev")) is None


# --- overlap ------------------------------------------------------------------------------------


def test_a_problem_that_is_trained_on(project: Path) -> None:
    copy = {**TEST[1], "question": str(TRAIN[3]["question"]).upper().replace(".", " !")}
    write(project / "test.jsonl", [TEST[0], copy, *TEST[2:]])
    assert said(project) == [("error", Code.LEAKED_PROBLEMS, "a.test")]
    (found,) = look(project)
    assert found.summary.startswith("1 of 5 problems of `a.test` are also trained on, such as “ANN HAS 3 PENS")
    assert "`t1`" in (found.help or "")
    place, label = found.labels[0]
    assert SPEC[place.start : place.end] == "a.train"
    assert label == "as `r3` of `a.train` here"


def test_the_same_words_with_other_numbers_are_another_problem(project: Path) -> None:
    write(project / "test.jsonl", [{**TEST[0], "question": str(TRAIN[3]["question"]).replace("33", "34")}])
    assert said(project) == []


def test_a_problem_in_other_words(project: Path) -> None:
    write(project / "test.jsonl", [{**TEST[0], "question": str(TRAIN[3]["question"]).replace("Ann", "Eve")}])
    assert said(project) == [("warning", Code.NEAR_PROBLEMS, "a.test")]
    assert "`r3` of `a.train`" in look(project)[0].labels[0][1]


def test_what_a_limit_leaves_out_is_not_trained_on(project: Path) -> None:
    write(project / "test.jsonl", [{**TEST[0], "question": TRAIN[3]["question"]}])
    for text, leaked in (("limit = 3 }", []), ("limit = 4 }", [Code.LEAKED_PROBLEMS])):
        of_mix = SPEC.replace("thoughts = cot }", f"thoughts = cot {text}")
        assert [code for _, code, _ in said(project, of_mix)] == leaked


def test_joined_splits_and_several_files(project: Path) -> None:
    write(project / "more.jsonl", [{**TEST[2], "id": "m"}])
    text = SPEC.replace("data a", 'data b { source = file("more.jsonl") }\ndata a').replace(
        "a.train ", "a.train + b.all "
    )
    text = text.replace('test.jsonl") }', 'test.jsonl") whole = train + test }').replace("[a.test]", "[b.all]")
    assert [code for _, code, _ in said(project, text)] == [Code.TEST_IS_TRAINING]
    text = text.replace("[b.all]", "[a.test]").replace("whole = train + test", "")
    write(project / "cot.jsonl", [*TEXTS, {"id": "m", "text": "The answer is 2."}])
    assert [each for each in said(project, text) if each[0] == "error"] == [("error", Code.LEAKED_PROBLEMS, "a.test")]
    place = look(project, text)[-1].labels[0][0]
    assert text[place.start : place.end] == "b.all"


# --- teachers -----------------------------------------------------------------------------------


def test_a_recording_with_gaps(project: Path) -> None:
    write(project / "cot.jsonl", TEXTS[2:])
    assert said(project) == [("warning", Code.MISSING_COMPLETIONS, '"cot.jsonl"')]
    assert summaries(project) == ["the recording has no cot for 2 of 8 problems of `a.train`"]
    assert "`r0`, `r1`" in (look(project)[0].help or "")


def test_a_recording_of_other_problems(project: Path) -> None:
    write(project / "cot.jsonl", [{"id": "x", "text": "y"}])
    assert said(project) == [("error", Code.UNFIT_DATA, '"cot.jsonl"')]


def test_completions_of_unknown_problems_and_beyond_the_samples(project: Path) -> None:
    write(project / "cot.jsonl", [*TEXTS, {"id": "x", "text": "y"}, *TEXTS[:1]])
    assert said(project) == [("warning", Code.STRAY_COMPLETIONS, '"cot.jsonl"')] * 2
    assert sorted(summaries(project)) == [
        "1 of 10 recorded cot belong to no problem of `a.train`",
        "of up to 2 recorded cot a problem, 1 is taken",
    ]
    assert said(
        project, SPEC.replace("recorded(", "recorded(").replace('"cot.jsonl")', '"cot.jsonl") samples = 2')
    ) == [("warning", Code.STRAY_COMPLETIONS, '"cot.jsonl"')]


def test_a_limit_makes_no_stranger_of_a_completion(project: Path) -> None:
    assert said(project, SPEC.replace('test.jsonl") }', 'test.jsonl") limit = 4 }')) == []


def test_a_recording_for_every_thought(project: Path) -> None:
    write(project / "cot.jsonl", [{**row, "kind": "text"} for row in TEXTS] + [{"id": "x", "kind": "pot", "text": ""}])
    assert said(project, SPEC.replace("cot: ", "")) == []


def test_solutions_that_are_not_there(project: Path) -> None:
    text = SPEC.replace('recorded(cot: "cot.jsonl")', "solution()")
    assert said(project, text) == [("error", Code.MISSING_COMPLETIONS, "cot")]
    write(project / "train.jsonl", [{**row, "rationale": "1+1=<<1+1=2>>2"} for row in TRAIN[1:]] + TRAIN[:1])
    assert said(project, text) == [("warning", Code.MISSING_COMPLETIONS, "cot")]
    assert "neither a solution nor a rationale" in (look(project, text)[0].help or "")


def test_rationales_that_are_not_there(project: Path) -> None:
    text = SPEC.replace('recorded(cot: "cot.jsonl")', "gold()")
    assert said(project, text) == [("error", Code.MISSING_COMPLETIONS, "cot")]
    assert said(project, text.replace("gold()", "gold(write: answer)")) == []
    write(project / "train.jsonl", [{**row, "rationale": "1+1=<<1+1=2>>2"} for row in TRAIN[1:]] + TRAIN[:1])
    assert said(project, text) == [("warning", Code.MISSING_COMPLETIONS, "cot")]
    assert "the problem has no rationale" in (look(project, text)[0].help or "")


# --- files --------------------------------------------------------------------------------------


def test_columns_that_are_not_there(project: Path) -> None:
    write(project / "test.jsonl", [{"words": "x"}])
    assert said(project) == [("error", Code.UNFIT_DATA, '"test.jsonl"')]
    assert "test.jsonl:1" in summaries(project)[0]


@pytest.mark.parametrize("text", ["", "\n", '{"question": "a", "answer": 1'])
def test_files_that_hold_nothing_or_are_cut_off(project: Path, text: str) -> None:
    (project / "test.jsonl").write_text(text)
    assert said(project) == [("error", Code.UNFIT_DATA, '"test.jsonl"')]


def test_gold_that_is_no_answer(project: Path) -> None:
    gold = "She sold half as many clips in May as in April, and what she sold in both months is asked for here."
    rows = [{**row, "answer": gold} for row in TEST]
    write(project / "test.jsonl", rows)
    assert said(project) == [("error", Code.UNFIT_DATA, '"test.jsonl"')]
    assert "after(" in (look(project)[0].help or "")
    write(project / "test.jsonl", [*rows[:1], *TEST[1:]])
    assert said(project) == [("warning", Code.UNFIT_DATA, '"test.jsonl"')]


def test_questions_that_stand_there_twice(project: Path) -> None:
    write(project / "train.jsonl", [*TRAIN, {**TRAIN[0], "id": "r8"}, {**TRAIN[1], "id": "r9", "answer": 7}])
    write(project / "cot.jsonl", [*TEXTS, *({"id": name, "text": "The answer is 5."} for name in ("r8", "r9"))])
    assert said(project) == [("warning", Code.REPEATED_PROBLEMS, '"train.jsonl"')]
    assert summaries(project) == ["2 of 10 problems of `a.train` repeat a question, 1 of them with another answer"]


def test_a_limit_beyond_the_size(project: Path) -> None:
    text = SPEC.replace('test.jsonl") }', 'test.jsonl") limit = 8 }')
    assert said(project, text) == [("warning", Code.IDLE_SETTING, "limit = 8")]
    assert summaries(project, text) == ["`limit` changes nothing: `a.test` has 5 problems"]


def test_a_split_of_another_size(project: Path) -> None:
    text = SPEC.replace('test.jsonl") }', 'test.jsonl") sizes = { train: 8, test: 1319 } }')
    assert said(project, text) == [("error", Code.UNFIT_DATA, "sizes = { train: 8, test: 1319 }")]
    assert summaries(project, text) == ["`a.test` has 5 problems, not 1,319"]


def test_what_is_not_there_is_not_read(project: Path) -> None:
    (project / "test.jsonl").unlink()
    (project / "cot.jsonl").unlink()
    assert {code for _, code, _ in said(project)} == {Code.NO_SUCH_PATH}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("some/where", [("error", Code.LEAKED_PROBLEMS, "a.test")]), ("else/where", []), (None, [])],
)
def test_problems_of_the_hub_are_those_that_were_fetched_with_these_settings(
    project: Path, name: str | None, expected: list[tuple[str, Code, str]]
) -> None:
    text = SPEC.replace('file(train: "train.jsonl", test: "test.jsonl")', 'hf("some/where")')
    (project / "artifacts" / "problems" / "a").mkdir(parents=True)
    leaked = {"id": "t", "question": TRAIN[3]["question"], "answer": "5"}
    write(project / "artifacts/problems/a/train.jsonl", [{**row, "answer": str(row["answer"])} for row in TRAIN])
    write(project / "artifacts/problems/a/test.jsonl", [leaked])
    if name is not None:
        (project / "params.yaml").write_text(f"data: {{a: {{source: {{kind: hf, name: {name}}}}}}}\n")
    assert said(project, text) == expected


def test_problems_that_are_made_share_nothing(project: Path) -> None:
    made = 'synthetic("arithmetic", train: 300, test: 100, largest: 30)'
    text = SPEC.replace('file(train: "train.jsonl", test: "test.jsonl")', made)
    text = text.replace('recorded(cot: "cot.jsonl")', "solution()")
    assert said(project, text) == []


def test_the_command(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project / "test.jsonl", [{**TEST[0], "question": TRAIN[3]["question"]}])
    (project / "main.mtd").write_text(SPEC)
    assert checked(Path("main.mtd"), data=False) == 0
    for data in (None, True):
        assert checked(Path("main.mtd"), data) == 1
        assert "error[MTD081]: 1 of 1 problem of `a.test`" in capsys.readouterr().err


def test_what_two_mixes_lack_is_told_once(project: Path) -> None:
    write(project / "cot.jsonl", TEXTS[1:])
    text = SPEC.replace("student s", "mix n = m { seed = 2 }\nstudent s").replace("[m]", "[m, n]")
    assert said(project, text) == [("warning", Code.MISSING_COMPLETIONS, '"cot.jsonl"')]


def test_what_solutions_give_is_tried_only_when_asked_for(project: Path) -> None:
    (project / "main.mtd").write_text(SPEC.replace('recorded(cot: "cot.jsonl")', "solution()"), encoding="utf-8")
    compiled = check_spec(Path("main.mtd"))
    assert [each.code for each in with_data(compiled).diagnostics] == [Code.MISSING_COMPLETIONS.number]
    assert with_data(compiled, thorough=False).diagnostics == ()


def test_much_data_is_read_only_when_asked_for(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(project / "test.jsonl", [{**TEST[0], "question": TRAIN[3]["question"]}])
    (project / "main.mtd").write_text(SPEC)
    monkeypatch.setattr(quick, "READ_UNASKED", 10)
    assert checked(Path("main.mtd")) == 0
    assert checked(Path("main.mtd"), data=True) == 1


# --- likeness -----------------------------------------------------------------------------------

QUESTIONS = st.lists(st.sampled_from(["a", "b", "c", "d", "1", "2"]), max_size=12).map(" ".join)


def likeness(one: str, other: str) -> float:
    """The definition, without any index."""
    mine, theirs = Counter(words_of(one)), Counter(words_of(other))
    numbers = [Counter({word: n for word, n in bag.items() if word.isdigit()}) for bag in (mine, theirs)]
    union = (mine | theirs).total()
    return (mine & theirs).total() / union if union and numbers[0] == numbers[1] else 0.0


@given(st.lists(QUESTIONS, max_size=6), QUESTIONS, st.sampled_from([LIKE, 0.1, 0.5, 0.7, 0.9, 1.0]))
def test_the_index_finds_what_comparing_all_finds(others: list[str], question: str, like: float) -> None:
    problems = [Problem(id=str(at), question=text, answer="1") for at, text in enumerate(others)]
    found = overlap([Problem(id="x", question=question, answer="1")], Questions(problems, like))
    best = max((likeness(question, other) for other in others), default=0.0)
    if any(words_of(other) == words_of(question) for other in others):
        assert [pair.likeness for pair in found.same] == [1.0]
        assert not found.near
    else:
        assert [pair.likeness for pair in found.near] == ([best] if best >= like else [])


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("Seven red apples, two green ones.", "7 red apples, 2 green ones."),
        ("Twenty-one of thirty-two boys", "21 of 32 boys"),
        ("Twenty girls, one of them Ann", "20 girls, one of them Ann"),
        ("ninety nine, fifty", "99, 50"),
        ("$1,200 for nineteen", "$1200 for 19"),
        ("sixty", "60"),
    ],
)
def test_numbers_in_words_are_numbers(words: str, digits: str) -> None:
    assert words_of(words) == words_of(digits)
    assert words_of("one of them") != words_of("1 of them")


def benchmark(data: Path, name: str) -> list[Problem]:
    from distill_dsl.contract.settings import DataSettings, FileSource
    from distill_dsl.runtime.sources.file import read_splits

    source = FileSource(splits={"all": str(data / "problems" / name)})
    return read_splits(source, ["all"], DataSettings(source=source)).problems["all"]


def test_benchmarks(benchmark_data: Path) -> None:
    """GSM8K and SVAMP keep their splits apart; MultiArith does not, and is partly in ASDiv."""
    names = ("gsm8k/train.jsonl.gz", "svamp/train.jsonl", "multiarith/train.jsonl", "asdiv/all.jsonl")
    gsm8k, svamp, multiarith, asdiv = (Questions(benchmark(benchmark_data, name)) for name in names)
    start = time.process_time()
    found = overlap(benchmark(benchmark_data, "gsm8k/test.jsonl"), gsm8k)
    assert time.process_time() - start < 5
    assert (len(found.same), len(found.near)) == (0, 0)
    found = overlap(benchmark(benchmark_data, "svamp/test.jsonl"), svamp)
    assert (len(found.same), len(found.near)) == (0, 4)
    tests = benchmark(benchmark_data, "multiarith/test.jsonl")
    assert [len(overlap(tests, others).same) for others in (multiarith, asdiv, gsm8k)] == [5, 25, 0]
    asked = [*tests, *benchmark(benchmark_data, "multiarith/train.jsonl")]
    assert len(overlap(asked, Questions(benchmark(benchmark_data, "asdiv/pal2096.jsonl"))).same) == 82
    assert [len(repeated(others.problems)) for others in (multiarith, asdiv, gsm8k)] == [12, 1, 0]

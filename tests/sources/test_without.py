"""Problems of tests are left out of what is learned, and the report measures what of them is still there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from distill_dsl.cli.inspecting import with_data
from distill_dsl.compiler import check_spec
from distill_dsl.compiler.diagnostics import Code
from distill_dsl.contract import files, params
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Example, Problem, Thought
from distill_dsl.contract.settings import MixSettings, ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.reports.overlap import read_overlaps
from distill_dsl.runtime.stages import mix as stage
from distill_dsl.runtime.thoughts.mixing import Written, mix

STORY = "Tom has {} red pens in his bag and finds {} more of them on the way to school. How many pens has he now?"
ITEM = "thought=cot,teacher=llm,data=a,split=train"


def problem(name: str, one: int, other: int, story: str = STORY) -> Problem:
    return Problem(id=name, question=story.format(one, other), answer=str(one + other))


LEARNED = [problem(f"p{n}", n, n + 1) for n in range(12)]
TESTED = [
    problem("t0", 3, 4, STORY.upper()),  # p3 in capitals
    problem("t1", 5, 6, STORY.replace("Tom", "Eve")),  # nearly p5
    problem("t2", 70, 80),  # other numbers: another problem
]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    params._read.cache_clear()
    files.write_rows(files.problems_file("a", "train"), LEARNED)
    files.write_rows(files.problems_file("a", "test"), TESTED)
    rows = [Thought(problem=p.id, thought="cot", text=f"It is {p.answer}.", verdict="correct") for p in LEARNED]
    files.write_rows(files.thoughts_file("llm-a-train-cot"), rows)
    return tmp_path


def mixed(project: Path, without: list[str], more: str = "") -> list[str]:
    """The problems that the mix has examples of."""
    (project / "params.yaml").write_text(
        f"thought: {{cot: {{answer: text, cue: think, prompt: none}}}}\n"
        f"mix: {{m: {{thoughts: {{cot: 1.0}}, dev: 0.2{more}}}}}\n",
        encoding="utf-8",
    )
    params._read.cache_clear()
    stage.run(mix="m", thoughts=[ITEM], without=without)
    parts = [list(files.read_rows(files.mix_file("m", part), Example)) for part in ("train", "dev")]
    held_out = [row.id for row in files.read_rows(files.mix_file("m", "held_out"), Problem)]
    assert {row.problem for row in parts[1]} == set(held_out)
    return sorted(row.problem for part in parts for row in part)


def ids(*but: int) -> list[str]:
    return sorted(f"p{n}" for n in range(12) if n not in but)


def test_problems_of_other_splits_are_left_out(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mixed(project, []) == ids()
    assert files.read_json(files.mix_counts_file("m"))["left_out"] == 0
    assert mixed(project, ["a-test"]) == ids(3, 5)
    counts = files.read_json(files.mix_counts_file("m"))
    assert (counts["problems"], counts["left_out"]) == (12, 2)
    assert counts["without"] == {"a-test": {"same": 1, "near": 1}}
    assert counts["thoughts"]["cot"]["dropped"] == {"left-out": 2}
    assert "m: 1 problems stand in a-test and 1 nearly do; they are left out" in capsys.readouterr().out


def test_how_like_two_questions_are_is_set_by_near(project: Path) -> None:
    assert mixed(project, ["a-test"], ", near: 1.0") == ids(3)
    assert mixed(project, ["a-test"], ", near: 0.99") == ids(3)
    assert mixed(project, ["a-test"], ", near: 0.9") == ids(3, 5)


def test_a_limit_counts_what_is_left(project: Path) -> None:
    assert mixed(project, ["a-test"], ", limit: 4") == ["p0", "p1", "p2", "p4"]
    dropped = files.read_json(files.mix_counts_file("m"))["thoughts"]["cot"]["dropped"]
    assert dropped == {"left-out": 2, "over-limit": 6}


def test_a_mix_of_nothing_but_the_test_says_so(project: Path) -> None:
    files.write_rows(files.problems_file("a", "test"), LEARNED)
    with pytest.raises(Failure, match="no problem left: all 12 stand in a-test"):
        mixed(project, ["a-test"])


def test_adding_a_split_to_leave_out_changes_nothing_else() -> None:
    rows = [Thought(problem=p.id, thought="cot", text=f"It is {p.answer}.", verdict="correct") for p in LEARNED]
    formats = {"cot": ThoughtSettings(answer=AnswerKind.TEXT, cue="think", prompt="p")}
    settings = MixSettings(thoughts={"cot": 1.5}, dev=0.3)
    whole = mix(LEARNED, [Written("cot", "llm", rows)], formats, settings)
    less = mix(LEARNED, [Written("cot", "llm", rows)], formats, settings, {"p3", "p5"})

    def but(examples: Sequence[Example]) -> list[Example]:
        return [row for row in examples if row.problem not in ("p3", "p5")]

    assert (less.train, less.dev) == (but(whole.train), but(whole.dev))


def test_the_report_reads_what_is_shared(project: Path) -> None:
    mixed(project, [])
    (found,) = read_overlaps(["m", "m"], ["a-test"])
    assert (found.problems, found.learned, found.same, found.near) == (3, 12, 1, 1)
    assert [pair.problem.id for pair in found.pairs] == ["t0", "t1"]
    mixed(project, ["a-test"])
    (found,) = read_overlaps(["m"], ["a-test"])
    assert (found.learned, found.same, found.near) == (10, 0, 0)


SPEC = """\
data a { source = file(train: "train.jsonl", test: "test.jsonl") }
teacher r { model = gold(write: answer) }
thought cot { answer = text cue = "think" }
mix m { problems = a.train teacher = r thoughts = cot MORE }
student s { base = scratch("t5", width: 16) }
experiment x { students = [s] mixes = [m] tests = [a.test] answers = [cot] }
"""


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", {Code.LEAKED_PROBLEMS, Code.NEAR_PROBLEMS}),
        ("without = a.test", set()),
        ("without = a.test near = 0.99", {Code.NEAR_PROBLEMS}),
    ],
)
def test_checking_does_not_complain_of_what_is_left_out(project: Path, more: str, expected: set[Code]) -> None:
    for split, own in (("train", LEARNED), ("test", TESTED)):
        files.write_rows(project / f"{split}.jsonl", own)
    prompt = project / "prompts"
    prompt.mkdir()
    (project / "main.mtd").write_text(SPEC.replace("MORE", more), encoding="utf-8")
    found = with_data(check_spec(Path("main.mtd")))
    assert {each.code for each in found.diagnostics} == {code.number for code in expected}

"""What the stages verify and mix tell whoever watches them."""

from __future__ import annotations

from pathlib import Path

import pytest

from distill_dsl.contract import files
from distill_dsl.contract.records import Completion, Problem, Thought
from distill_dsl.runtime.stages import mix, verify

PARAMS = """\
thought:
  cot: {answer: text, cue: "Think.", prompt: none}
  eot: {answer: equations, cue: "Equations:", prompt: none}
mix:
  both: {thoughts: {cot: 1.0, eot: 1.0}, dev: 0.0}
"""
PROBLEMS = [Problem(id=f"p{n}", question=f"How many in box {n}?", answer=str(n)) for n in range(4)]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(PARAMS, encoding="utf-8")
    files.write_rows(files.problems_file("a", "train"), PROBLEMS)
    return tmp_path


def test_verify_says_what_became_of_the_thoughts_that_are_not_right(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = ["The answer is 0.", "The answer is 7.", "The answer is 8.", None]
    rows = [Completion(problem=f"p{n}", thought="cot", text=text, reason="lost") for n, text in enumerate(texts)]
    files.write_rows(files.completions_file("t-a-train-cot"), rows)
    verify.run(teacher="t", data="a", split="train", thought="cot")
    assert capsys.readouterr().out == (
        "cot: 1 of 4 thoughts are right, 1 of them distinct, for 25.0% of the problems; else 2 wrong, 1 missing\n"
    )


def test_mix_says_which_format_no_student_will_have_seen(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = [
        Thought(problem=p.id, thought="cot", text=f"The answer is {p.answer}.", verdict="correct") for p in PROBLEMS
    ]
    wrong = [Thought(problem=p.id, thought="eot", text="ans = 9", verdict="wrong") for p in PROBLEMS]
    files.write_rows(files.thoughts_file("t-a-train-cot"), right)
    files.write_rows(files.thoughts_file("t-a-train-eot"), wrong)
    asked = [f"thought={name},teacher=t,data=a,split=train" for name in ("cot", "eot")]
    mix.run(mix="both", thoughts=asked, without=[])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("both: no `eot` thought is usable")

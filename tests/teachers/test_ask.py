"""The ask stage: problems in, completions out, missing ones counted with their reason."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from ruamel.yaml import YAML

from distill_dsl.contract import files, params
from distill_dsl.contract.form import Settings
from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import SolutionTeacher, TeacherSettings, ThoughtSettings
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.stages import ask

PROBLEMS = [
    Problem(id="a", question="?", answer="5", rationale="<<2+3=5>>5 hats"),
    Problem(id="b", question="?", answer="5", rationale="Five of them."),
    Problem(id="c", question="?", answer="5"),
]


def test_completions_and_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    params._read.cache_clear()
    blocks: dict[str, dict[str, Settings]] = {
        "teacher": {"gold": TeacherSettings(model=SolutionTeacher())},
        "thought": {"pot": ThoughtSettings(answer=AnswerKind.PYTHON, cue="Code.", prompt="prompts/absent.jinja2")},
    }
    with (tmp_path / "params.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump(msgspec.to_builtins(blocks), stream)
    files.write_rows(files.problems_file("mine", "train"), PROBLEMS)

    ask.run(teacher="gold", data="mine", split="train", thought="pot")

    rows = list(files.read_rows(files.completions_file("gold-mine-train-pot"), Completion))
    assert [row.text for row in rows] == ["ans = 2 + 3", None, None]
    assert capsys.readouterr().out == (
        "gold, pot: 1 completions, 2 missing (the rationale has no calculation annotation, and other reasons)"
        " for 3 problems of mine.train\n"
    )

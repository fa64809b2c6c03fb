"""The ask stage: problems in, completions out, missing ones counted with their reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from ruamel.yaml import YAML

from distill_dsl.contract import files, params
from distill_dsl.contract.form import Settings
from distill_dsl.contract.records import Completion, Problem, Usage
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
    assert files.read_json(files.asked_file("gold-mine-train-pot")) == {
        "problems": 3,
        "asked": 3,
        "answered": 1,
        "truncated": 0,
        "filtered": 0,
        "missing": {
            "the rationale has no calculation annotation": 1,
            "the problem has neither a solution nor a rationale": 1,
        },
        "tokens": None,
        "cost": None,
    }


def rows(count: int, **row: Any) -> list[Completion]:
    return [Completion(problem=str(n), thought="cot", **({"text": "4"} | row)) for n in range(count)]


def test_what_completions_took_is_summed() -> None:
    tally = ask.Tally(problems=4)
    some = [
        *rows(2, usage=Usage(input=10, output=5, cost=0.25)),
        *rows(1, usage=Usage(input=0, output=5, cost=0.25), finish="length"),
        *rows(1, usage=Usage(input=0, output=0, cost=0.0), text=None, finish="filter", reason="withheld"),
        *rows(1, text=None, reason="the server refuses it"),
    ]
    assert list(tally.counted(some)) == some
    metrics = tally.metrics()
    assert metrics["tokens"] == {"input": 20, "output": 15}
    assert metrics["cost"] == 0.75
    assert (metrics["asked"], metrics["answered"], metrics["truncated"], metrics["filtered"]) == (5, 3, 1, 1)
    assert tally.summary() == "3 completions, 2 missing (withheld, and other reasons), 1 cut off, 1 withheld"


def test_what_is_not_known_of_one_is_not_known_of_all() -> None:
    tally = ask.Tally(problems=2)
    list(
        tally.counted([*rows(1, usage=Usage(input=10, output=5, cost=0.25)), *rows(1, usage=Usage(input=1, output=1))])
    )
    assert (tally.metrics()["tokens"], tally.metrics()["cost"]) == ({"input": 11, "output": 6}, None)
    list(tally.counted(rows(1)))
    assert (tally.metrics()["tokens"], tally.metrics()["cost"]) == (None, None)


def test_metrics_name_the_frequent_reasons() -> None:
    tally = ask.Tally(problems=1)
    for count in range(1, 12):
        list(tally.counted(rows(count, text=None, reason=f"reason {count}")))
    missing = tally.metrics()["missing"]
    assert len(missing) == ask.REASONS + 1
    assert missing["reason 11"] == 11
    assert missing["other reasons"] == 1 + 2 + 3

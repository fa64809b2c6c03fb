"""The specs of baselines and rounds: what they train on what, in the pipeline that they compile to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from distill_dsl.compiler import compile_spec
from distill_dsl.compiler.diagnostics import render
from distill_dsl.compiler.diagnostics.codes import Code
from distill_dsl.compiler.emit.write import parsed
from distill_dsl.compiler.language.format import formatted
from distill_dsl.compiler.source import Source
from distill_dsl.contract.runs import parse_asked, parse_run

ROOT = Path(__file__).parents[2]
Stages = dict[str, dict[str, Any]]


def pipeline(name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Stages, dict[str, Any]]:
    """The stages and params of a spec of the repository, which gives no word of warning."""
    monkeypatch.chdir(ROOT)
    done = compile_spec(Path(f"specs/{name}.mtd"))
    assert not done.diagnostics, render(done.diagnostics, done.sources, color=False)
    assert done.emitted is not None
    dvc, params = parsed(done.emitted.dvc), parsed(done.emitted.params)
    assert dvc is not None and params is not None
    return dvc["stages"], params


def asked_of(stages: Stages, mix: str) -> list[tuple[str, str, str]]:
    """Teacher, data and thought of each item of a mix, in order."""
    words = stages[f"mix-{mix}"]["cmd"].split()
    items = [parse_asked(word) for word in words if word.startswith("thought=")]
    return [(one.teacher, one.data, one.thought) for one in items]


def base_of(stages: Stages, cell: str) -> str | None:
    """The cell of the training that a training starts from."""
    words = stages[f"train-{cell}"]["cmd"].split()
    return parse_run(words[words.index("--base") + 1]).trained if "--base" in words else None


@pytest.mark.parametrize("name", ["rounds", "baselines"])
def test_what_a_stage_reads_another_one_writes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stages, _ = pipeline(name, monkeypatch)
    outs = [out for stage in stages.values() for key in ("outs", "metrics", "plots") for out in stage.get(key, [])]
    written = {path for out in outs for path in ([out] if isinstance(out, str) else out)}
    read = {path for stage in stages.values() for path in stage.get("deps", [])}
    assert all(path.startswith(("prompts/", "specs/")) for path in read - written)


def test_a_round_asks_the_student_of_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    stages, params = pipeline("rounds", monkeypatch)
    for data in ("problems", "unsolved"):
        for thought in ("cot", "pot", "eot"):
            ask = stages[f"ask-self-{data}-train-{thought}"]
            assert "artifacts/models/first-tiny-s1" in ask["deps"]
            assert "--trained mix=first,student=tiny,seed=1" in ask["cmd"]
    assert {teacher for teacher, _, _ in asked_of(stages, "again")} == {"solver", "self"}
    assert set(asked_of(stages, "wider")) == {("self", "unsolved", thought) for thought in ("cot", "pot", "eot")}
    assert params["mix"]["again"]["teachers"]["self"] == 0.5
    for thought in ("cot", "pot", "eot"):
        # The mix hears teachers in the order of its items: the first round's comes first.
        order = [teacher for teacher, _, name in asked_of(stages, "again") if name == thought]
        assert order == ["solver", "self"]


def test_students_start_where_they_should(monkeypatch: pytest.MonkeyPatch) -> None:
    stages, _ = pipeline("rounds", monkeypatch)
    assert base_of(stages, "again-tiny-s1") is None
    assert base_of(stages, "wider-next-s1") == "first-tiny-s1"
    assert base_of(stages, "again-judge-s1") == "first-tiny-s1"
    assert base_of(stages, "again-prefer-s1") == "again-tiny-s1"
    for cell in ("again-judge-s1", "again-prefer-s1"):
        assert "artifacts/mixes/again/wrong.jsonl" in stages[f"train-{cell}"]["deps"]


@pytest.mark.parametrize("name", ["rounds", "baselines"])
def test_gold_baselines_ask_nobody_else(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stages, params = pipeline(name, monkeypatch)
    assert {(teacher, thought) for teacher, _, thought in asked_of(stages, "gold_answer")} == {("answer", "direct")}
    assert {(teacher, thought) for teacher, _, thought in asked_of(stages, "gold_rationale")} == {("rationale", "cot")}
    assert params["teacher"]["answer"]["model"] == {"kind": "gold", "write": "answer"}
    assert params["teacher"]["rationale"]["model"] == {"kind": "gold", "write": "rationale"}


PAGE = (ROOT / "docs" / "rounds.md").read_text(encoding="utf-8")
SPECS = re.findall(r"```mtd\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", SPECS, ids=lambda text: re.findall(r"experiment (\w+)", text)[0])
def test_the_specs_of_the_page_compile_as_they_stand(text: str, tmp_path: Path) -> None:
    spec = tmp_path / "page.mtd"
    spec.write_text(text, encoding="utf-8")
    done = compile_spec(spec)
    assert done.emitted is not None, render(done.diagnostics, done.sources, color=False)
    # Its reader brings GSM8K's files; nothing else may be amiss.
    assert {found.code for found in done.diagnostics} <= {Code.NO_SUCH_PATH.number}
    assert formatted(Source("page.mtd", text)) == (text, [])

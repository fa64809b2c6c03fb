"""The thoughts that examples/logic writes are right by the task's own checker, and follow its puzzles."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from distill_dsl.contract.settings import ReasoningGymSource
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime.sources import gym
from distill_dsl.runtime.thoughts.execute import execute
from distill_dsl.runtime.thoughts.verdicts import judge_each

ROOT = Path(__file__).parents[2]


@pytest.fixture
def thoughts(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("logic_thoughts", ROOT / "examples" / "logic" / "thoughts.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "logic_thoughts", module)
    spec.loader.exec_module(module)
    return module


def test_formulas_and_their_truth_agree(thoughts: ModuleType) -> None:
    names = ["Zoe", "Ann"]
    claims = [
        ("->", ("telling-truth", 0), ("not", ("lying", 1))),
        ("<=>", ("lying", 0), ("telling-truth", 1)),
        ("and", ("telling-truth", 0), ("or", ("lying", 0), ("telling-truth", 1))),
    ]
    for claim in claims:
        for truthful in [(False, False), (False, True), (True, False), (True, True)]:
            value = eval(thoughts.formula(claim, names), dict(zip(names, truthful, strict=True)))
            assert value is thoughts.holds(claim, truthful), (claim, truthful)


@pytest.mark.skipif(importlib.util.find_spec("reasoning_gym") is None, reason="needs reasoning_gym")
def test_every_thought_is_right(thoughts: ModuleType) -> None:
    problems = gym.draw(ReasoningGymSource(task="knights_knaves", sizes={"train": 120}), ["train"]).problems["train"]
    written = list(thoughts.rows(problems))
    for kind in (AnswerKind.TEXT, AnswerKind.PYTHON):
        texts = [row["text"] for row in written if row["kind"] == kind]
        found = execute(kind, texts, timeout=5, memory=2**28)
        judged = judge_each(list(zip(found, problems, strict=True)), problems, 0.001)
        assert [verdict for _, verdict in judged] == ["correct"] * len(problems)

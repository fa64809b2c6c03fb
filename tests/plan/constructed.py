"""Compiled specs and the locks that a run of them would leave, made up without running anything."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from distill_dsl.cli.planning import meant_by
from distill_dsl.compiler import Compiled, compile_spec
from distill_dsl.compiler.diagnostics import render
from distill_dsl.compiler.emit.params_yaml import params_document
from distill_dsl.compiler.plan.outlook import Outlook, Standing, outlooks
from distill_dsl.compiler.plan.stages import stage_name
from distill_dsl.compiler.plan.wiring import wire

SPEC = """\
mtd 1
param w: float = 2
param patience: time = 5s
param paths: int = 4

data problems { source = synthetic("arithmetic", train: 60, test: 12, largest: 20) }
data others   { source = synthetic("arithmetic", train: 30, test: 20, seed: 2) }
teacher llm { model = openai("gpt-3.5-turbo")   samples = paths }
thought cot { answer = text }
thought pot { answer = python   timeout = patience }
thought eot { answer = equations }
mix cotd { problems = problems.train   teacher = llm   thoughts = cot }
mix etd  = cotd { thoughts = cot + pot + eot }
student small { base = scratch("t5", width: 16)   learning_rate = 5e-4 }
student large = small { base = scratch("t5", width: 32) }
experiment walk {
  students = [small, large]
  mixes    = [cotd, etd]
  tests    = [problems.test]
  answers  = [cot]
  seeds    = [1, 2, 3]
}
"""


def compiled(folder: Path, text: str = SPEC) -> Compiled:
    """The compiled spec `walk.mtd` of the folder, which must be the working folder."""
    folder.mkdir(exist_ok=True)
    (folder / "walk.mtd").write_text(text, encoding="utf-8")
    done = compile_spec(Path("walk.mtd"))
    assert done.plan is not None, render(done.diagnostics, done.sources, color=False)
    return done


def edited(*changes: tuple[str, str]) -> str:
    """The spec with some texts in the place of others."""
    text = SPEC
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def lock_of(done: Compiled, salt: str = "") -> dict[str, Any]:
    """What dvc.lock holds after a run. Hashes are made up: of the path and the salt."""
    assert done.plan is not None
    meant = meant_by(done)
    stages: dict[str, Any] = {}
    for stage in done.plan.stages:
        wiring = wire(stage, done.plan.blocks)
        outs = (*wiring.outs, *wiring.kept, *wiring.metrics)
        stages[stage_name(stage)] = {
            "cmd": wiring.command,
            "deps": [hashed(path, salt) for path in wiring.deps],
            "params": {"params.yaml": {key: meant.value(key) for key in wiring.params}},
            "outs": [hashed(path, salt) for path in sorted(outs)],
        }
    return stages


def hashed(path: Path, salt: str = "") -> dict[str, str]:
    """An entry of dvc.lock for a file."""
    return {"path": path.as_posix(), "md5": hashlib.md5(f"{path}{salt}".encode()).hexdigest()}


def after_run(before: Compiled, now: Compiled, **more: Any) -> dict[str, Outlook]:
    """The outlook of a spec where another version of it was run, and dvc.yaml is of the later one."""
    assert now.plan is not None
    stages: dict[str, Any] = {stage_name(stage): {} for stage in now.plan.stages}
    standing = Standing(stages=stages, lock=lock_of(before), exists=lambda path: True)
    return outlooks(now.plan, meant_by(now), replace(standing, **more))


def document_of(done: Compiled) -> dict[str, Any]:
    """The content of params.yaml."""
    assert done.plan is not None
    return params_document(done.plan)

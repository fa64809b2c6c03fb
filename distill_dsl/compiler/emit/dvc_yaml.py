"""The plan as the text of `dvc.yaml`: explicit stages, in the order of the walk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from distill_dsl.compiler.emit.plots import plots
from distill_dsl.compiler.plan.build import Plan
from distill_dsl.compiler.plan.stages import SpecStage, stage_name
from distill_dsl.compiler.plan.wiring import Wiring, wire

Wirings = Mapping[str, Wiring]
"""Stage name -> wiring, in the order of the plan."""

DVC_WIDTH: Final = 80
"""Where DVC breaks a long text when it writes YAML."""


def wired(plan: Plan) -> Wirings:
    """What each stage of the plan runs, reads and writes."""
    return {stage_name(stage): wire(stage, plan.blocks) for stage in plan.stages}


def dvc_document(plan: Plan, wirings: Wirings, digest: str) -> dict[str, Any]:
    """The content of `dvc.yaml`. `digest` goes to the spec stage, which compares it with the spec's."""
    stages = {
        name: _stage(wiring, stage.place.file, stage.place.line)
        for stage, (name, wiring) in zip(plan.stages, wirings.items(), strict=True)
    }
    for stage in plan.stages:
        if isinstance(stage, SpecStage):
            stages[stage_name(stage)]["meta"]["mtd"]["digest"] = digest
    return {"stages": stages, "plots": plots(plan)}


def _stage(wiring: Wiring, file: str, line: int) -> dict[str, Any]:
    uncached = {"cache": False}
    entry: dict[str, Any] = {"desc": wiring.says, "cmd": wiring.command}
    if wiring.deps:
        entry["deps"] = _texts(wiring.deps)
    if wiring.params:
        entry["params"] = sorted(wiring.params)
    if wiring.outs or wiring.kept:
        entry["outs"] = [*_texts(wiring.outs), *({path: uncached} for path in _texts(wiring.kept))]
    if wiring.metrics:
        entry["metrics"] = [{path: uncached} for path in _texts(wiring.metrics)]
    return entry | {"meta": {"mtd": {"file": file, "line": line}}}


def result_digest(wirings: Wirings, params: dict[str, Any]) -> str:
    """A hash of all that bears on results: commands, files and params, not descriptions and places."""
    stages = {name: _bearing(wiring) for name, wiring in wirings.items()}
    text = json.dumps({"stages": stages, "params": params}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _bearing(wiring: Wiring) -> list[Any]:
    outs = (*wiring.outs, *wiring.kept, *wiring.metrics)
    return [wiring.command, _texts(wiring.deps), _texts(outs), sorted(wiring.params)]


def _texts(paths: Iterable[Path]) -> list[str]:
    return [path.as_posix() for path in paths]

"""The plan at a glance: how many stages of which kind, and what each waits for."""

from __future__ import annotations

from collections import Counter
from typing import Any

from distill_dsl.compiler.plan.build import Plan
from distill_dsl.compiler.plan.stages import stage_name
from distill_dsl.compiler.plan.wiring import wire
from distill_dsl.contract.vocabulary import StageKind


def summary(plan: Plan) -> str:
    """`21 stages (1 spec, 1 fetch, 3 ask, ...)`."""
    counts = Counter(stage.kind for stage in plan.stages)
    parts = ", ".join(f"{counts[kind]} {kind.value}" for kind in StageKind if counts[kind])
    return f"{len(plan.stages)} stages ({parts})"


def waits_for(plan: Plan) -> dict[str, list[str]]:
    """Stage -> the stages whose outputs it reads."""
    wirings = {stage_name(stage): wire(stage, plan.blocks) for stage in plan.stages}
    owner = {path: name for name, one in wirings.items() for path in (*one.outs, *one.kept, *one.metrics)}
    return {name: list(dict.fromkeys(owner[d] for d in one.deps if d in owner)) for name, one in wirings.items()}


def shown(value: Any) -> str:
    """A value of `params.yaml` as a spec has it: `2.0`, `none`, `param w`."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case {"param": str(name)} if len(value) == 1:
            return f"param {name}"
        case _:
            return repr(value)

"""The plan in words: how many stages of which kind, what each waits for, which would run and why.

Pure: what is on disk and what `dvc status` said come in as values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from distill_dsl.compiler.plan.build import Plan
from distill_dsl.compiler.plan.stages import SpecStage, Stage, stage_name
from distill_dsl.compiler.plan.wiring import Wiring, wire
from distill_dsl.contract.vocabulary import StageKind

NEVER_RAN: Final = "has not run yet"

Reasons = Mapping[str, list[str]]
"""Stage that would run -> why."""


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


def reasons(
    plan: Plan,
    params: Mapping[str, Any],
    disk_stages: Mapping[str, Any],
    disk_params: Mapping[str, Any],
    status: Mapping[str, list[Any]],
) -> dict[str, list[str]]:
    """Which stages would run after `mtd compile`, and why.

    `params` and `disk_params` are flat (`student.small.epochs`); `disk_stages` are the stages of
    the dvc.yaml on disk; `status` is what `dvc status --json` says of them.
    """
    before = waits_for(plan)
    found: dict[str, list[str]] = {}
    for stage in plan.stages:
        name = stage_name(stage)
        wiring = wire(stage, plan.blocks)
        # The spec stage's output never changes, so nothing runs because of it.
        after = [other for other in before[name] if other in found and other != "spec"]
        own = list(_own_reasons(stage, wiring, params, disk_stages.get(name), disk_params))
        own = own or _status_reasons(status.get(name, []))
        if after and own != [NEVER_RAN]:
            own.append(f"after {', '.join(after[:2])}" + (f" and {len(after) - 2} more" if len(after) > 2 else ""))
        if own:
            found[name] = own
    return found


def _own_reasons(
    stage: Stage, wiring: Wiring, params: Mapping[str, Any], disk: Any, disk_params: Mapping[str, Any]
) -> Iterator[str]:
    if not isinstance(disk, dict):
        yield "new"
        return
    if disk.get("cmd") != wiring.command:
        yield "its command changed"
    if disk.get("deps", []) != [dep.as_posix() for dep in wiring.deps] and not isinstance(stage, SpecStage):
        yield "it reads other files"
    for key in wiring.params:
        yield from _changed_values(key, params, disk_params)


def _changed_values(key: str, params: Mapping[str, Any], disk_params: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*params, *disk_params}):
        old, new = disk_params.get(name), params.get(name)
        if (name == key or name.startswith(f"{key}.")) and old != new:
            yield f"{name}: {shown(old)} -> {shown(new)}"


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


def _status_reasons(entries: list[Any]) -> list[str]:
    """What DVC says in words. A missing input is left out: the stage that writes it says so itself."""
    found: list[str] = []
    for entry in entries:
        if isinstance(entry, str):
            found.append(entry)
            continue
        for path, change in entry.get("changed deps", {}).items():
            if change == "new":
                return [NEVER_RAN]
            if isinstance(change, dict):
                found += [f"{key} {how}" for key, how in change.items()]
            elif change != "deleted":
                found.append(f"{path} {change}")
        for path, change in entry.get("changed outs", {}).items():
            found.append(f"{path} {'missing' if change == 'deleted' else change}")
    return found

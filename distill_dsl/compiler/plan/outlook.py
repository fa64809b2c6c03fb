"""What would come of each stage after `mtd compile` and `dvc repro`: run, restored, or left as it is.

A stage that runs may write what it wrote before, and then nothing runs because of it: this is told
only when it has run, so that "runs" means "runs at most". Pure; DVC is the judge of files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from distill_dsl.compiler.plan.build import Plan
from distill_dsl.compiler.plan.explain import waits_for
from distill_dsl.compiler.plan.reasons import (
    NEVER_RAN,
    NEW_INPUT,
    Meant,
    Reason,
    Why,
    spec_reasons,
    status_reasons,
)
from distill_dsl.compiler.plan.stages import SpecStage, Stage, stage_name
from distill_dsl.compiler.plan.wiring import Wiring, wire


class State(StrEnum):
    """What would come of a stage."""

    RUNS = "runs"
    RESTORED = "restored"
    CURRENT = "current"


@dataclass(frozen=True)
class Standing:
    """What is on disk. The default is an empty folder."""

    stages: Mapping[str, Any] = field(default_factory=dict)
    """The stages of dvc.yaml."""
    lock: Mapping[str, Any] = field(default_factory=dict)
    """The stages of dvc.lock: what each ran with."""
    status: Mapping[str, list[Any]] = field(default_factory=dict)
    """What `dvc status --json` says, of the stages in dvc.yaml only."""
    exists: Callable[[str], bool] = lambda path: False
    runs: Callable[[str], list[Any]] = lambda output: []
    """The entries of DVC's cache of runs that wrote an output, each like one of dvc.lock, all of
    whose outputs are in DVC's cache."""


@dataclass(frozen=True)
class Outlook:
    """One stage: what would come of it and why.

    `reasons` are its own; `after` are the stages before it that would run; `roots` are the reasons
    behind all of it: its own and those of the stages before it.
    """

    stage: Stage
    state: State
    reasons: tuple[Reason, ...] = ()
    after: tuple[str, ...] = ()
    roots: tuple[Reason, ...] = ()

    @property
    def name(self) -> str:
        return stage_name(self.stage)


Hashes = dict[str, str | None]
"""Path -> the hash that it will have; None where that is known only after a run."""


def outlooks(plan: Plan, meant: Meant, standing: Standing) -> dict[str, Outlook]:
    """Each stage's outlook, in the order of the walk."""
    before = waits_for(plan)
    wirings = {stage_name(stage): wire(stage, plan.blocks) for stage in plan.stages}
    made = {path.as_posix(): name for name, one in wirings.items() for path in (*one.outs, *one.kept, *one.metrics)}
    found: dict[str, Outlook] = {}
    hashes: Hashes = {}
    for stage in plan.stages:
        name = stage_name(stage)
        wiring = wirings[name]
        own = _own(name, wiring, meant, standing, made, found)
        after = tuple(each for each in before[name] if _moves(found[each], wiring, standing.lock.get(name), hashes))
        found[name] = _outlook(stage, wiring, own, after, meant, standing, hashes, found)
    return found


def _own(
    name: str,
    wiring: Wiring,
    meant: Meant,
    standing: Standing,
    made: Mapping[str, str],
    found: Mapping[str, Outlook],
) -> list[Reason]:
    entry = standing.lock.get(name)
    own = spec_reasons(wiring, entry, meant)
    if entry is None:
        return own
    # What a stage before it will write anew needs no word of its own.
    told = {path for path, owner in made.items() if owner in found and found[owner].state is not State.CURRENT}
    reasons = list(status_reasons(standing.status.get(name, []), wiring, made))
    own += [one for one in reasons if not (one.why is Why.INPUT and one.detail in told)]
    if name not in standing.stages:  # then `dvc status` does not know of it
        own += _missing(entry, standing)
    return own


def _missing(entry: Mapping[str, Any], standing: Standing) -> Iterator[Reason]:
    for out in entry.get("outs", []):
        if not standing.exists(out["path"]):
            yield Reason(Why.OUTPUT, "its output is missing", detail=out["path"])


def _moves(upstream: Outlook, wiring: Wiring, entry: Mapping[str, Any] | None, hashes: Hashes) -> bool:
    """Whether what comes of a stage before it can change what it reads."""
    # The spec stage's output never changes, so nothing runs because of it.
    if upstream.state is State.CURRENT or isinstance(upstream.stage, SpecStage):
        return False
    if upstream.state is State.RUNS or entry is None:
        return True
    read = _hashed(entry.get("deps", []))
    return any(hashes[path] != read.get(path) for path in _texts(wiring.deps) if path in hashes)


def _outlook(
    stage: Stage,
    wiring: Wiring,
    own: list[Reason],
    after: tuple[str, ...],
    meant: Meant,
    standing: Standing,
    hashes: Hashes,
    found: Mapping[str, Outlook],
) -> Outlook:
    name = stage_name(stage)
    entry = standing.lock.get(name)
    reasons = tuple(dict.fromkeys(own))
    if not reasons and not after:
        state, run = State.CURRENT, entry
    else:
        moved: Hashes = {reason.detail: None for reason in reasons if reason.why is Why.INPUT}
        run = _restorable(wiring, entry, meant, standing, moved | hashes)
        state = State.RUNS if run is None else State.RESTORED
    kept = entry if isinstance(stage, SpecStage) else run
    written = _hashed(kept.get("outs", [])) if kept else {}
    outs = (*wiring.outs, *wiring.kept, *wiring.metrics)
    hashes |= {path: written.get(path) for path in _texts(outs)}
    return Outlook(stage, state, reasons, after, _roots(reasons, [found[each] for each in after]))


def _roots(reasons: tuple[Reason, ...], after: list[Outlook]) -> tuple[Reason, ...]:
    """The reasons behind a stage. That others never ran says little beside what changed in the spec."""
    if NEVER_RAN in reasons:
        return reasons
    inherited = [root for each in after for root in each.roots]
    changes = [root for root in inherited if root.why is not Why.NEVER]
    return tuple(dict.fromkeys([*reasons, *changes])) or ((NEW_INPUT,) if inherited else ())


def _restorable(
    wiring: Wiring, entry: Mapping[str, Any] | None, meant: Meant, standing: Standing, hashes: Hashes
) -> Mapping[str, Any] | None:
    """The run in DVC's cache with this command, these values and these inputs, if it can be told."""
    if wiring.kept or not wiring.outs:
        return None  # DVC keeps no runs of such stages
    outside = _hashed(entry.get("deps", [])) if entry else {}
    inputs = {path: hashes.get(path, outside.get(path)) for path in _texts(wiring.deps)}
    if None in inputs.values():
        return None
    values = {key: meant.value(key) for key in wiring.params}
    for run in standing.runs(wiring.outs[0].as_posix()):
        same = run.get("cmd") == wiring.command and _hashed(run.get("deps", [])) == inputs
        if same and run.get("params", {}).get("params.yaml", {}) == values:
            return run  # type: ignore[no-any-return]
    return None


def _hashed(files: list[Any]) -> dict[str, str | None]:
    """Path -> hash, of a list of dvc.lock."""
    return {each["path"]: each.get("md5") for each in files}


def _texts(paths: tuple[Path, ...]) -> list[str]:
    return [path.as_posix() for path in paths]

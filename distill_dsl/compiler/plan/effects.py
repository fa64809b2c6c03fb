"""What changes of a spec do to its stages: those that come, those that go, those that run anew.

Which stages run anew follows from what DVC gets: each stage's command, files and params, as `wire`
gives them for both versions. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, assert_never

from distill_dsl.compiler.model.fields import FIELDS
from distill_dsl.compiler.plan.build import Plan
from distill_dsl.compiler.plan.compare import Change, What
from distill_dsl.compiler.plan.explain import waits_for
from distill_dsl.compiler.plan.places import block_name
from distill_dsl.compiler.plan.stages import (
    AskStage,
    FetchStage,
    MixStage,
    RankStage,
    ReportStage,
    ScoreStage,
    SolveStage,
    SpecStage,
    Stage,
    TrackStage,
    TrainStage,
    VerifyStage,
    stage_name,
)
from distill_dsl.compiler.plan.wiring import Wiring, wire
from distill_dsl.contract.vocabulary import StageKind

SHAPED_BY: Final[Mapping[tuple[str, str], Collection[StageKind]]] = {
    ("mix", "problems"): (StageKind.MIX,),
    ("mix", "without"): (StageKind.MIX,),
    ("mix", "teacher"): (StageKind.MIX,),
    ("mix", "thoughts"): (StageKind.MIX,),
    ("experiment", "tests"): (StageKind.SOLVE, StageKind.RANK, StageKind.SCORE),
    ("experiment", "answers"): (StageKind.SOLVE, StageKind.SCORE),
    ("teacher", "model"): (StageKind.ASK,),
    ("student", "base"): (StageKind.TRAIN,),
    ("experiment", "students"): (StageKind.REPORT, StageKind.TRACK),
    ("experiment", "mixes"): (StageKind.REPORT, StageKind.TRACK),
    ("experiment", "seeds"): (StageKind.REPORT, StageKind.TRACK),
    ("experiment", "vary"): (StageKind.REPORT, StageKind.TRACK),
}
"""Key of a block -> the stages whose command and files say it; other keys are values of params.yaml."""

COUNTED: Final = (StageKind.FETCH, StageKind.ASK, StageKind.VERIFY, StageKind.MIX)
"""What a report counts beside the scores that it is about."""

Names = tuple[str, ...]
"""Stages, in the order of the walk."""


@dataclass(frozen=True)
class Effect:
    """The stages that a change adds, removes, and lets run anew at most."""

    adds: Names = ()
    removes: Names = ()
    reruns: Names = ()

    @property
    def nothing(self) -> bool:
        return not (self.adds or self.removes or self.reruns)


@dataclass(frozen=True)
class Pipeline:
    """The stages of one version. The spec stage is left out: it checks, and nothing runs because of it."""

    plan: Plan
    document: Mapping[str, Any]
    """The content of params.yaml."""

    @cached_property
    def stages(self) -> dict[str, Stage]:
        return {stage_name(stage): stage for stage in self.plan.stages if not isinstance(stage, SpecStage)}

    @cached_property
    def wirings(self) -> dict[str, Wiring]:
        return {name: wire(stage, self.plan.blocks) for name, stage in self.stages.items()}

    @cached_property
    def reads(self) -> dict[str, list[str]]:
        return {name: [one for one in before if one != "spec"] for name, before in waits_for(self.plan).items()}

    def value(self, key: str) -> Any:
        value: Any = self.document
        for part in key.split("."):
            value = value[part]
        return value

    def below(self, names: Iterable[str]) -> set[str]:
        """The stages and all that read what they write, however far down."""
        found = set(names)
        for name in self.stages:  # in the order of the walk
            if any(one in found for one in self.reads[name]):
                found.add(name)
        return found

    def grown(self, names: Iterable[str], new: Collection[str]) -> set[str]:
        """The new stages that the given ones read from, straight or through other new ones."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            come = {one for one in self.followed(waiting.pop()) if one in new} - found
            found |= come
            waiting += sorted(come)
        return found

    def followed(self, name: str) -> list[str]:
        """The stages that one reads from because of what it is about.

        A report and its tracking also count what teachers gave to the mixes: that is what the mixes are about.
        """
        if self.stages[name].kind not in (StageKind.REPORT, StageKind.TRACK):
            return self.reads[name]
        return [one for one in self.reads[name] if self.stages[one].kind not in COUNTED]

    def about(self, section: str, names: Collection[str]) -> set[str]:
        """The stages that are about one of the blocks."""
        return {name for name, stage in self.stages.items() if any((section, one) in subjects(stage) for one in names)}


@dataclass(frozen=True)
class Difference:
    """Two versions of a pipeline. `moved` are files outside of it that changed between the two."""

    before: Pipeline
    after: Pipeline
    moved: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def total(self) -> Effect:
        """What all changes do together."""
        return self._effect(self.own, self.added, self.removed)

    @property
    def unchanged(self) -> int:
        return len(self.after.stages) - len(self.total.adds) - len(self.total.reruns)

    @cached_property
    def added(self) -> set[str]:
        return self.after.stages.keys() - self.before.stages.keys()

    @cached_property
    def removed(self) -> set[str]:
        return self.before.stages.keys() - self.after.stages.keys()

    @cached_property
    def own(self) -> set[str]:
        """The stages of both versions that DVC gets otherwise than before."""
        common = [name for name in self.after.stages if name in self.before.stages]
        return {name for name in common if self._rewired(name) or self._values(name) or self._moved(name)}

    def _rewired(self, name: str) -> bool:
        one, other = self.before.wirings[name], self.after.wirings[name]
        return _shape(one) != _shape(other)

    def _values(self, name: str) -> set[str]:
        """The params of a stage that have other values, or are read by one version only."""
        old, new = self.before.wirings[name].params, self.after.wirings[name].params
        both = {key for key in new if key in old and self.before.value(key) != self.after.value(key)}
        return both | (set(old) ^ set(new))

    def _moved(self, name: str) -> set[str]:
        return {path.as_posix() for path in self.after.wirings[name].deps} & self.moved

    def effect(self, change: Change) -> Effect:
        """What one change does, the others being there too."""
        if not change.bears:
            return Effect()
        match change.what:
            case What.FILE:
                touched = {name for name in self.own if set(change.names) & self._moved(name)}
                return self._effect(touched, set(), set())
            case What.ADDED | What.REMOVED | What.RENAMED:
                come = self.after.about(change.section, change.names) & self.added
                gone = self.before.about(change.section, change.names) & self.removed
                return self._effect(set(), self._new(come) | come, self._old(gone) | gone)
            case What.CHANGED:
                touched = {name for name in self.own if self._touches(change, name)}
                shaped = self._shaped(change) & self.own
                return self._effect(touched | shaped, self._new(shaped), self._old(shaped))
            case _:
                assert_never(change.what)

    def _touches(self, change: Change, name: str) -> bool:
        """Whether a param of the stage holds the changed key."""
        return any(_covers(key, change) for key in self._values(name))

    def _shaped(self, change: Change) -> set[str]:
        """The stages of both versions whose command and files come from the changed key."""
        key = change.key.key if change.key else ""
        kinds = SHAPED_BY.get((change.section, key.partition(" ")[0]), ())
        about = self.after.about(change.section, change.names)
        found = {name for name in about & self.before.stages.keys() if self.after.stages[name].kind in kinds}
        return found | self._fetched(change) if key in ("problems", "without", "tests") else found

    def _fetched(self, change: Change) -> set[str]:
        """The fetch stages of the splits that came or went."""
        assert change.key is not None and change.key.before is not None and change.key.after is not None
        old, new = set(change.key.before.elements or ()), set(change.key.after.elements or ())
        data = {split.partition(".")[0] for split in old ^ new}
        return {name for name in self.own if name.startswith("fetch-") and block_name(name[6:]) in data}

    def _new(self, names: set[str]) -> set[str]:
        return self.after.grown(names, self.added)

    def _old(self, names: set[str]) -> set[str]:
        return self.before.grown(names, self.removed)

    def _effect(self, touched: set[str], adds: set[str], removes: set[str]) -> Effect:
        reruns = self.after.below(touched | adds) - self.added
        # What read from a stage that is gone was rewired, and is among those that are `own`.
        reruns |= self.after.below({name for name in self.own if set(self.before.reads[name]) & removes}) - self.added
        return Effect(
            _ordered(adds, self.after.stages),
            _ordered(removes, self.before.stages),
            _ordered(reruns, self.after.stages),
        )


def _shape(wiring: Wiring) -> tuple[str, tuple[Path, ...], tuple[Path, ...]]:
    return wiring.command, wiring.deps, (*wiring.outs, *wiring.kept, *wiring.metrics)


def _covers(param: str, change: Change) -> bool:
    """Whether `student.small` or `thought.pot.timeout` holds the changed key."""
    section, _, rest = param.partition(".")
    name, _, path = rest.partition(".")
    if section != change.section or block_name(name) not in change.names or change.key is None:
        return False
    row = next((row for row in FIELDS.get(section, ()) if row.key == change.key.key), None)
    return not path or (row is not None and path == (row.into or row.key))


def _ordered(names: Collection[str], order: Mapping[str, Stage]) -> Names:
    return tuple(name for name in order if name in names)


def subjects(stage: Stage) -> set[tuple[str, str]]:
    """Section and name of the blocks that a stage is named after."""
    match stage:
        case SpecStage():
            return set()
        case FetchStage(data=data):
            found = {("data", data)}
        case AskStage(teacher=teacher, data=data, thought=thought):
            found = {("teacher", teacher), ("data", data), ("thought", thought)}
        case VerifyStage(asked=asked):
            return subjects(asked)
        case MixStage(mix=mix):
            found = {("mix", mix)}
        case TrainStage(mix=mix, student=student):
            found = {("mix", mix), ("student", student)}
        case SolveStage(experiment=experiment, trained=trained):
            return subjects(trained) | {("experiment", experiment)}
        case RankStage(solved=solved, verifier=verifier):
            return subjects(solved) | subjects(verifier)
        case ScoreStage(solved=solved):
            return subjects(solved)
        case ReportStage(experiment=experiment):
            found = {("experiment", experiment)}
        case TrackStage(reported=reported):
            return subjects(reported)
        case _:
            assert_never(stage)
    return {(section, block_name(key)) for section, key in found}


def file_changes(difference: Difference) -> Sequence[Change]:
    """A change for each file outside of the pipeline that moved and is read."""
    read = {path.as_posix() for one in difference.after.wirings.values() for path in one.deps}
    return [Change(What.FILE, "", (path,), f"file {path} changed") for path in sorted(difference.moved & read)]

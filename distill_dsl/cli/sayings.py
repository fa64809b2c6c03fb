"""What two sides of a comparison say differently, in the words of a spec.

Between two revisions that is what their specs say differently, as `mtd diff` tells it, and what was
set in params.yaml besides (`dvc exp run -S`). Between two runs it is what bears on them: their
student, mix, teachers, data and thoughts, value by value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from distill_dsl.cli.revisions import compiled_at, moved
from distill_dsl.compiler import Compiled, compile_spec
from distill_dsl.compiler.diagnostics import has_errors
from distill_dsl.compiler.model.fields import FIELDS
from distill_dsl.compiler.plan.compare import Change, Version, What, changes
from distill_dsl.compiler.plan.keys import KeyChange, changed_keys, recorded_keys
from distill_dsl.compiler.plan.places import block_name, places
from distill_dsl.compiler.plan.spelling import Said, bare
from distill_dsl.compiler.plan.stages import Place, stage_name
from distill_dsl.contract.params import filled

if TYPE_CHECKING:
    from distill_dsl.runtime.comparing.version import Version as Measured

SECTIONS: Final = ("data", "teacher", "thought", "mix", "student", "experiment")
SIGNS: Final = {What.ADDED: "+ ", What.REMOVED: "- "}


@dataclass(frozen=True)
class Saying:
    """One thing that is said differently."""

    text: str
    place: Place | None = None
    by: str = "spec"
    """`spec`, `params.yaml` (a value set there alone), `file` (one that stages read), `code`, `run`."""

    def __str__(self) -> str:
        where = f" ({self.place.file}:{self.place.line})" if self.place else ""
        return f"{self.text}{where}{' (set in params.yaml)' if self.by == 'params.yaml' else ''}"

    @property
    def document(self) -> dict[str, Any]:
        """As a plain value."""
        found: dict[str, Any] = {"by": self.by, "text": self.text}
        return found | ({"file": self.place.file, "line": self.place.line} if self.place else {})


@dataclass(frozen=True)
class Sayings:
    """All of them, and what could not be told."""

    found: tuple[Saying, ...]
    notes: tuple[str, ...] = ()


def sayings(before: Measured, after: Measured) -> Sayings:
    """What is said differently by the two sides."""
    if before.side.run is not None and after.side.run is not None:
        return Sayings((*between_runs(before, after), *common(before, after)))
    old, new = compiled_of(before), compiled_of(after)
    notes = [*spec_notes(before, old), *spec_notes(after, new)]
    told = [] if has_errors(old.diagnostics) or has_errors(new.diagnostics) else changes(sound(old), sound(new))
    by_hand = list(value_changes(before.layout.values, after.layout.values))
    by_spec = [said_of(one, idle=not reached(one, by_hand)) for one in told if one.bears]
    return Sayings((*by_spec, *set_by_hand(by_hand, told), *common(before, after)), tuple(notes))


def said_of(change: Change, *, idle: bool) -> Saying:
    """A change of the spec; `idle` where params.yaml does not have it."""
    tail = " (not in params.yaml, so that no result is of it)" if idle else ""
    return Saying(f"{SIGNS.get(change.what, '')}{change.text}{tail}", change.place)


def reached(change: Change, values: Iterable[KeyChange]) -> bool:
    """Whether a changed value is in params.yaml, too; what is no value there is taken to be."""
    keys = {row.key for row in FIELDS.get(change.section, ()) if row.placed} or {""}
    if change.key is None or change.key.key not in keys:
        return True
    return any(
        (one.section, one.key) == (change.section, change.key.key)
        and block_name(one.name) in change.names
        and (one.section == "param" or one.after == change.key.after)
        for one in values
    )


def common(before: Measured, after: Measured) -> Iterator[Saying]:
    """What is told of revisions and of runs alike: files that stages read, and newer code."""
    if before.side.commit != after.side.commit:
        old, new = before.side.commit, after.side.commit
        outside = sorted(outside_of(before) & outside_of(after))
        for path in sorted(moved(old, new, outside) if old else moved(new or "HEAD", None, outside)):
            yield Saying(f"file {path} changed", by="file")
    ones, others = (version.layout.values.get("version") or {} for version in (before, after))
    for kind in ones:
        if kind in others and ones[kind] != others[kind]:
            yield Saying(f"code of the {kind} stages: version {ones[kind]} -> {others[kind]}", by="code")


def outside_of(version: Measured) -> set[str]:
    """Files that stages read and no stage writes; the spec itself is told in its own words."""
    stages = version.layout.pipeline.stages
    made = {path for stage in stages.values() for path in listed(stage, "outs") | listed(stage, "metrics")}
    read = {path for name, stage in stages.items() if name != "spec" for path in listed(stage, "deps")}
    return read - made


def listed(stage: Mapping[str, Any], key: str) -> set[str]:
    """The paths under `deps` or `outs`; an entry with options is a mapping."""
    return {next(iter(one)) if isinstance(one, dict) else str(one) for one in stage.get(key) or ()}


# --- the specs ----------------------------------------------------------------------------------


def compiled_of(version: Measured) -> Compiled:
    """The spec that a version's dvc.yaml was written from, as it was then."""
    spec = Path(version.layout.pipeline.options("spec")["specs"][0])
    commit = version.side.commit
    return compile_spec(spec) if commit is None else compiled_at(commit[:10], spec)


def sound(compiled: Compiled) -> Version:
    """A spec without errors."""
    assert compiled.model is not None and compiled.analysis is not None
    return Version(compiled.model, places(compiled.analysis, compiled.sources))


def spec_notes(version: Measured, compiled: Compiled) -> Iterator[str]:
    """Where a spec cannot be read, or is not what ran."""
    at = version.layout.at
    if has_errors(compiled.diagnostics):
        first = next(one.summary for one in compiled.diagnostics if has_errors([one]))
        yield f"{at}: its spec does not compile here ({first}), so that only the values of params.yaml are compared"
        return
    assert compiled.plan is not None
    if {stage_name(stage) for stage in compiled.plan.stages} != set(version.layout.pipeline.stages):
        mend = "; `mtd compile` and `dvc repro` bring them up to date" if version.side.commit is None else ""
        yield f"{at}: its spec has other stages than the dvc.yaml that its results come from{mend}"


# --- params.yaml --------------------------------------------------------------------------------


def set_by_hand(values: Iterable[KeyChange], told: Iterable[Change]) -> Iterator[Saying]:
    """Values of params.yaml that differ where the specs do not say so, each once for all variants of a block."""
    known = {
        (change.section, name, change.key.key, change.key.after)
        for change in told
        if change.key is not None
        for name in change.names
    }
    seen: dict[str, None] = {}
    for one in values:
        change = KeyChange(one.section, block_name(one.name), one.key, one.before, one.after)
        if (change.section, change.name, change.key, change.after) not in known:
            seen[str(change)] = None
    return (Saying(text, by="params.yaml") for text in seen)


def value_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[KeyChange]:
    """Every value of a block that both have, or of a param."""
    ones, others = (values.get("param") or {} for values in (old, new))
    for name in ones:
        if name in others and ones[name] != others[name]:
            yield KeyChange("param", name, "", Said(bare(ones[name])), Said(bare(others[name])))
    for section in SECTIONS:
        mine, theirs = (values.get(section) or {} for values in (old, new))
        for name in mine:
            if name in theirs and mine[name] != theirs[name]:
                words = recorded_keys(section, mine[name], ones), recorded_keys(section, theirs[name], others)
                yield from changed_keys(section, name, *words, {})


# --- two runs -----------------------------------------------------------------------------------


def between_runs(before: Measured, after: Measured) -> Iterator[Saying]:
    """What bears on the one and the other otherwise."""
    for old, new in zip(before.contenders, after.contenders, strict=False):
        for what, one, other in (
            ("seeds", old.seeds, new.seeds),
            *((name, one, dict(new.group.varied).get(name)) for name, one in old.group.varied),
        ):
            if one != other:
                yield Saying(f"{what} {shown(one)} -> {shown(other)}", by="run")
        keys = (("experiment", old.experiment, new.experiment), ("student", old.group.student, new.group.student))
        for section, one, other in (*keys, ("mix", old.group.mix, new.group.mix)):
            yield from block_sayings(section, (one, before), (other, after))
    for section in ("teacher", "data"):
        ones, others = (asked_of(section, side) for side in (before, after))
        yield from taught_sayings(section, (ones, before), (others, after))
    thoughts = [dict.fromkeys(one.asked.thought for one in side.taught) for side in (before, after)]
    for name in thoughts[0]:
        if name in thoughts[1]:
            yield from block_sayings("thought", (name, before), (name, after))


def asked_of(section: str, side: Measured) -> list[str]:
    """The teachers, or data, that a side's mixes are made of: keys of params.yaml."""
    return list(dict.fromkeys(one.asked.teacher if section == "teacher" else one.asked.data for one in side.taught))


def taught_sayings(
    section: str, before: tuple[list[str], Measured], after: tuple[list[str], Measured]
) -> Iterator[Saying]:
    """Of teachers, or data: one against one, else those of both and who else there is."""
    (ones, old), (others, new) = before, after
    if len(ones) == len(others) == 1:
        yield from block_sayings(section, (ones[0], old), (others[0], new))
        return
    for name in ones:
        if name in others:
            yield from block_sayings(section, (name, old), (name, new))
    names = [", ".join(map(block_name, dict.fromkeys(each))) for each in (ones, others)]
    if names[0] != names[1]:
        yield Saying(f"{section} {names[0]} -> {names[1]}", by="run")


def block_sayings(section: str, before: tuple[str, Measured], after: tuple[str, Measured]) -> Iterator[Saying]:
    """The values of one block against those of another, which may be of another name."""
    (one, old), (other, new) = before, after
    mine, theirs = block_words(section, one, old), block_words(section, other, new)
    names = block_name(one), block_name(other)
    head = f"{section} {names[0]}" if names[0] == names[1] else f"{section} {names[0]} -> {names[1]}"
    tails = [change.tail for change in changed_keys(section, one, mine, theirs, {})]
    if names[0] != names[1] and not tails:
        yield Saying(head, by="run")
    for tail in tails:
        yield Saying(f"{head}: {tail}", by="run")


def block_words(section: str, name: str, version: Measured) -> dict[str, Said]:
    """Key -> value in the words of a spec, params filled in: two runs may have other values of one param."""
    values = version.layout.values
    return recorded_keys(section, filled((values.get(section) or {}).get(name) or {}, values.get("param") or {}), {})


def shown(value: object) -> str:
    """Seeds as a list, a value as it is, nothing as `not given`."""
    if value is None:
        return "not given"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

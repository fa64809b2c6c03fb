"""Why a stage would run: what it ran with, by `dvc.lock`, against what the spec says now.

`params.yaml` may have been written anew without a run since, so that only the lock tells what a
stage ran with. Pure: the lock and what `dvc status` said come in as values.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from distill_dsl.compiler.model.entities import Param
from distill_dsl.compiler.plan.keys import KeyChange, changed_keys, defaults, recorded_keys, spelled_keys
from distill_dsl.compiler.plan.places import Places
from distill_dsl.compiler.plan.spelling import Said, bare, param_value
from distill_dsl.compiler.plan.stages import Place
from distill_dsl.compiler.plan.wiring import Blocks, Wiring


class Why(StrEnum):
    """The kind of a reason."""

    NEVER = "never ran"
    KEY = "key"
    PARAM = "param"
    VERSION = "version"
    COMMAND = "command"
    FILES = "files"
    INPUT = "input"
    OUTPUT = "output"


@dataclass(frozen=True)
class Reason:
    """One reason in words, with its place in the spec where it has one.

    `detail` is what differs from stage to stage; stages are grouped without it.
    """

    why: Why
    text: str
    place: Place | None = None
    detail: str = ""
    change: KeyChange | None = None


NEVER_RAN: Final = Reason(Why.NEVER, "never ran")
NEW_INPUT: Final = Reason(Why.NEVER, "what it reads was never made")
"""The reason behind a stage that ran before, where one that it reads from never did."""

ABSENT: Final = object()


@dataclass(frozen=True)
class Meant:
    """What the spec says: settings by block, the values of params.yaml, the params with their types."""

    blocks: Blocks
    document: Mapping[str, Any]
    params: Mapping[str, Param]
    places: Places

    def value(self, key: str) -> Any:
        """The value at `student.small` or `thought.pot.timeout`."""
        value: Any = self.document
        for part in key.split("."):
            value = value[part]
        return value


def spec_reasons(wiring: Wiring, entry: Mapping[str, Any] | None, meant: Meant) -> list[Reason]:
    """What the spec says otherwise than when the stage ran. `entry` is the stage's in `dvc.lock`."""
    if entry is None:
        return [NEVER_RAN]
    recorded: dict[str, Any] = entry.get("params", {}).get("params.yaml", {})
    found = list(dict.fromkeys(_changed_params(wiring, recorded, meant)))
    if entry.get("cmd") != wiring.command:
        found += _changed_command(str(entry.get("cmd", "")), wiring.command, found, meant.places)
    return found or list(_changed_files(wiring, entry) or _more_params(wiring, recorded))


# --- params -------------------------------------------------------------------------------------


def _changed_params(wiring: Wiring, recorded: Mapping[str, Any], meant: Meant) -> Iterator[Reason]:
    """Keys that were not recorded at all follow from another change: of the model that needs them."""
    old_params = {key.removeprefix("param."): value for key, value in recorded.items() if key.startswith("param.")}
    for key in wiring.params:
        old, new = recorded.get(key, ABSENT), meant.value(key)
        if old is ABSENT or old == new:
            continue
        section, _, rest = key.partition(".")
        if section == "version":
            yield Reason(Why.VERSION, f"its code is {'newer' if new > old else 'older'} (version {old} -> {new})")
        elif section == "param":
            yield _changed_param(rest, old, new, meant)
        else:
            name, _, path = rest.partition(".")
            yield from _changed_block(section, name, path, old, old_params, meant)


def _changed_param(name: str, old: Any, new: Any, meant: Meant) -> Reason:
    kind = meant.params[name].type
    spelled = [Said(param_value(kind, one) if type(one) is type(new) else bare(one)) for one in (old, new)]
    change = KeyChange("param", name, "", spelled[0], spelled[1])
    return Reason(Why.PARAM, str(change), meant.places("param", name, ""), change=change)


def _changed_block(
    section: str, name: str, path: str, old: Any, old_params: Mapping[str, Any], meant: Meant
) -> Iterator[Reason]:
    block = meant.blocks[section, name]
    before = recorded_keys(section, {path: old} if path else old if isinstance(old, dict) else {}, old_params)
    after = spelled_keys(section, block.settings, block.references)
    if path:
        after = {key: said for key, said in after.items() if key in before}
    changes = list(changed_keys(section, name, before, after, {} if path else defaults(section)))
    for change in changes:
        yield Reason(Why.KEY, str(change), meant.places(section, name, change.key), change=change)
    if not changes:
        yield Reason(Why.KEY, f"{section} {name}: recorded by another version in another form")


def _more_params(wiring: Wiring, recorded: Mapping[str, Any]) -> Iterator[Reason]:
    more = [key for key in wiring.params if key not in recorded]
    if more:
        yield Reason(Why.KEY, f"it reads more settings: {', '.join(more)}")


# --- command and files --------------------------------------------------------------------------


def _changed_command(old: str, new: str, known: Sequence[Reason], places: Places) -> Iterator[Reason]:
    """The options that differ, as changes of the block that they come from."""
    before, after = _options(old), _options(new)
    if before is None or after is None:
        yield Reason(Why.COMMAND, "its command changed")
        return
    keyed = {(reason.change.section, reason.change.name) for reason in known if reason.change}
    for option in after:
        told = _told(option, before.get(option, []), after[option], after)
        if told is None:
            continue
        section, name, key, tail = told
        if not section:
            yield Reason(Why.COMMAND, tail)
        elif (section, name) not in keyed:
            yield Reason(Why.COMMAND, f"{section} {name}: {tail}", places(section, name, key))


def _options(command: str) -> dict[str, list[str]] | None:
    """Option -> its values, of a command that this package writes."""
    words = shlex.split(command)
    if words[:2] != ["mtd", "stage"] or len(words) % 2 == 0:
        return None
    found: dict[str, list[str]] = {"kind": [words[2]]}
    for option, value in zip(words[3::2], words[4::2], strict=True):
        found.setdefault(option.removeprefix("--"), []).append(value)
    return found


def _told(
    option: str, before: list[str], after: list[str], options: Mapping[str, list[str]]
) -> tuple[str, str, str, str] | None:
    """Section, name and key of the block that an option comes from, and the change in words."""
    old, new = (tuple(map(_WORDS.get(option, str), values)) for values in (before, after))
    if old == new:
        return None
    come, gone = [one for one in new if one not in old], [one for one in old if one not in new]
    section, key, label = _SAID_BY.get(option, ("", "", f"its command changed: --{option}"))
    owner = section if section in options else "experiment"
    name = options.get(owner, [""])[0]
    parts = [f"{sign} {_counted(ones)}" for sign, ones in (("+", come), ("-", gone)) if ones]
    return section, name, key, f"{label} {' '.join(parts) or 'in another order'}"


_SAID_BY: Final = {
    "split": ("data", "source", "splits"),
    "thoughts": ("mix", "problems", "problems and teacher"),
    "test": ("experiment", "tests", "tests"),
    "thought": ("mix", "thoughts", "thoughts"),
    "run": ("experiment", "students", "trainings"),
    "trained": ("teacher", "model", "whose training"),
    "base": ("student", "base", "what it starts from"),
    "verifier": ("experiment", "answers", "verifiers"),
}
"""Option of a stage's command -> the section and key that it comes from, and what it lists."""


def _cell(run: str) -> str:
    """`etd-small-s1` of `mix=etd,student=small,seed=1`."""
    return "-".join(part.partition("=")[2] for part in run.replace("seed=", "seed=s").split(","))


_WORDS: Final = {
    "thoughts": lambda value: "-".join(part.partition("=")[2] for part in value.split(",")[1:]),
    "test": lambda value: ".".join(value.rsplit("-", 1)),
    **dict.fromkeys(("run", "trained", "base", "verifier"), _cell),
}
"""Option -> how one of its values is told."""


def _counted(ones: Sequence[str]) -> str:
    unique = list(dict.fromkeys(ones))
    return ", ".join(unique[:3]) + (f" and {len(unique) - 3} more" if len(unique) > 3 else "")


def _changed_files(wiring: Wiring, entry: Mapping[str, Any]) -> list[Reason]:
    found = []
    outs = (*wiring.outs, *wiring.kept, *wiring.metrics)
    for verb, key, paths in (("reads", "deps", wiring.deps), ("writes", "outs", outs)):
        old, new = {each["path"] for each in entry.get(key, [])}, {path.as_posix() for path in paths}
        parts = [f"{sign} {_counted(sorted(ones))}" for sign, ones in (("+", new - old), ("-", old - new)) if ones]
        if parts:
            found.append(Reason(Why.FILES, f"it {verb} other files: {' '.join(parts)}"))
    return found


# --- dvc status ---------------------------------------------------------------------------------


def status_reasons(entries: Sequence[Any], wiring: Wiring, made: Mapping[str, str]) -> Iterator[Reason]:
    """What DVC says of a stage's files. `made` is path -> the stage that writes it.

    Params and commands are left out: `spec_reasons` compares them with the spec itself.
    """
    for entry in entries:
        if isinstance(entry, dict):
            for path, change in entry.get("changed deps", {}).items():
                yield from _input(path, change, wiring, made)
            for path, change in entry.get("changed outs", {}).items():
                yield _output(path, change)


def _input(path: str, change: Any, wiring: Wiring, made: Mapping[str, str]) -> Iterator[Reason]:
    """A missing file that a stage writes is left out: that stage says so itself."""
    if not isinstance(change, str) or Path(path) not in wiring.deps or change == "new":
        return
    if path not in made:
        yield Reason(Why.INPUT, f"{path} {'is missing' if change == 'deleted' else 'changed'}", detail=path)
    elif change != "deleted":
        yield Reason(Why.INPUT, "what it reads is newer than what it last ran with", detail=path)


def _output(path: str, change: Any) -> Reason:
    words = {"deleted": "is missing", "modified": "was changed since", "not in cache": "is not in DVC's cache"}
    return Reason(Why.OUTPUT, f"its output {words.get(str(change), str(change))}", detail=path)

"""What two versions of a spec say differently, block by block and key by key. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from distill_dsl.compiler.model.entities import Entity, Experiment, Mix, Model, Param
from distill_dsl.compiler.model.fields import FIELDS
from distill_dsl.compiler.plan.keys import KeyChange, spelled_keys
from distill_dsl.compiler.plan.places import Places
from distill_dsl.compiler.plan.spelling import Said, Spelling, listed, number, param_value
from distill_dsl.compiler.plan.stages import Place


class What(StrEnum):
    """The kind of a change."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    CHANGED = "changed"
    FILE = "file"


@dataclass(frozen=True)
class Change:
    """One change of the spec. `names` are several where several blocks change alike.

    `bears`: whether it can bear on a result. `place` is in the later version, and where something is
    gone in the earlier one.
    """

    what: What
    section: str
    names: tuple[str, ...]
    text: str
    key: KeyChange | None = None
    place: Place | None = None
    bears: bool = True


@dataclass(frozen=True)
class Version:
    """One version of a spec."""

    model: Model
    places: Places


KINDS: Final = ("param", "data", "teacher", "thought", "mix", "student", "experiment")

Keys = Mapping[str, Said]

DESCRIPTIVE: Final = frozenset(
    row.key for section in KINDS for row in FIELDS.get(section, ()) if not row.bears
) | frozenset(("least", "most", "choices"))
"""Keys that say something to people or to the checker, and nothing to a stage."""


def changes(before: Version, after: Version) -> list[Change]:
    """All that differs, params first, then by kind and in the order of the spec."""
    return [change for kind in KINDS for change in _of_kind(kind, before, after)]


def _of_kind(kind: str, before: Version, after: Version) -> Iterator[Change]:
    old = {name: keys_of(kind, entity, before.model) for name, entity in table(before.model, kind).items()}
    new = {name: keys_of(kind, entity, after.model) for name, entity in table(after.model, kind).items()}
    renamed = _renamed(old, new)
    for name in new:
        if name in renamed.values():
            was = next(one for one, other in renamed.items() if other == name)
            text = f"{kind} {was} is called {name} now"
            yield Change(What.RENAMED, kind, (was, name), text, place=after.places(kind, name, ""))
        elif name not in old:
            yield Change(What.ADDED, kind, (name,), f"{kind} {name}", place=after.places(kind, name, ""))
    for name in old:
        if name not in new and name not in renamed:
            yield Change(What.REMOVED, kind, (name,), f"{kind} {name}", place=before.places(kind, name, ""))
    yield from _joined(change for name in new if name in old for change in _keys(kind, name, old, new, before, after))


def _renamed(old: Mapping[str, Keys], new: Mapping[str, Keys]) -> dict[str, str]:
    """Blocks that are gone, with the new one that says just the same, where there is one such pair."""
    gone, come = [name for name in old if name not in new], [name for name in new if name not in old]
    pairs = [(one, other) for one in gone for other in come if _bearing(old[one]) == _bearing(new[other])]
    ones, others = [one for one, _ in pairs], [other for _, other in pairs]
    return {one: other for one, other in pairs if ones.count(one) == 1 and others.count(other) == 1}


def _bearing(keys: Keys) -> dict[str, str]:
    return {key: said.text for key, said in keys.items() if key not in DESCRIPTIVE}


def _keys(
    kind: str, name: str, old: Mapping[str, Keys], new: Mapping[str, Keys], before: Version, after: Version
) -> Iterator[Change]:
    for key in {**old[name], **new[name]}:
        was, now = old[name].get(key), new[name].get(key)
        if was == now:
            continue
        change = KeyChange(kind, name, key, was, now)
        place = after.places(kind, name, key)
        text = _weights(kind, name, key, before.model, after.model) or change.tail
        if key in DESCRIPTIVE and key == "description":
            text = "description"
        yield Change(What.CHANGED, kind, (name,), text, change, place, key not in DESCRIPTIVE)


def _weights(kind: str, name: str, key: str, before: Model, after: Model) -> str | None:
    """`weight of pot 1 -> 2`, where the thoughts of a mix stay."""
    if kind != "mix" or key != "thoughts":
        return None
    old, new = (_terms(model.mixes[name]) for model in (before, after))
    if list(old) != list(new):
        return None
    return ", ".join(f"weight of {one} {old[one]} -> {new[one]}" for one in new if old[one] != new[one])


def _terms(mix: Mix) -> dict[str, str]:
    return {
        name: mix.references.get(f"thoughts.{name}", number(weight)) for name, weight in mix.settings.thoughts.items()
    }


def _joined(found: Iterator[Change]) -> Iterator[Change]:
    """Changes that several blocks share (a block and its copies) are one."""
    groups: dict[tuple[str, str, Said | None, Said | None], list[Change]] = {}
    for change in found:
        assert change.key is not None
        groups.setdefault((change.text, change.key.key, change.key.before, change.key.after), []).append(change)
    for (text, *_), group in groups.items():
        first = group[0]
        names = tuple(name for change in group for name in change.names)
        whole = f"{first.section} {', '.join(names)}: {text}"
        yield Change(What.CHANGED, first.section, names, whole, first.key, first.place, first.bears)


# --- keys ---------------------------------------------------------------------------------------


def table(model: Model, kind: str) -> Mapping[str, Any]:
    """The params or blocks of a kind by name."""
    return model.params if kind == "param" else model.blocks[kind]


def keys_of(kind: str, entity: Param | Entity, model: Model) -> dict[str, Said]:
    """All keys of a param or block in the words of a spec; those with a default included."""
    if isinstance(entity, Param):
        return _param_keys(entity)
    settings: Any = getattr(entity, "settings")  # noqa: B009
    found = spelled_keys(kind, settings, entity.references)
    for row in FIELDS[kind]:
        if not row.placed:
            found[row.key] = Spelling().field(row, getattr(entity, row.key))
    if isinstance(entity, Experiment):
        for name, values in entity.vary:
            type = model.params[name].type
            ones = tuple(param_value(type, value) for value in values)
            found[f"vary {name}"] = Said(listed(ones), ones)
    return found


def _param_keys(param: Param) -> dict[str, Said]:
    ones = tuple(param_value(param.type, value) for value in param.choices)
    said = {
        "": Said(param_value(param.type, param.value)),
        "type": Said(param.type),
        "description": Said(param.description),
        "choices": Said(listed(ones), ones or None),
    }
    for key, value in (("least", param.least), ("most", param.most)):
        said[key] = Said("none" if value is None else param_value(param.type, value))
    return said

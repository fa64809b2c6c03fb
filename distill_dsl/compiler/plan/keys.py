"""The keys of a block, spelled as a spec has them, and what changed in them.

Settings come from a plan, or as plain values from `dvc.lock`, where they are what a stage really
ran with. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from distill_dsl.compiler.model.fields import FIELDS, SETTINGS
from distill_dsl.compiler.plan.spelling import Said, Spelling, bare
from distill_dsl.contract.form import Settings
from distill_dsl.contract.params import filled, stated
from distill_dsl.contract.strategies import Strategy

JOINED: Final = "joined"
"""The field of data settings whose entries are keys of their own in a spec: `test = train + test`."""

MISSING: Final = "not given"


@dataclass(frozen=True)
class KeyChange:
    """A key of a block that has another value; `None` where it is not there."""

    section: str
    name: str
    key: str
    before: Said | None
    after: Said | None

    def __str__(self) -> str:
        return f"{self.section} {self.name}: {self.tail}"

    @property
    def tail(self) -> str:
        """The change without its block: `epochs 10 -> 20`, `mixes + etd2`."""
        old, new = self.before, self.after
        if old and new and old.elements is not None and new.elements is not None:
            changed = elements_changed(old.elements, new.elements)
            if changed is not None:
                return f"{self.key} {changed}"
        return f"{self.key} {old.text if old else MISSING} -> {new.text if new else MISSING}".strip()


def spelled_keys(section: str, settings: Settings, references: Mapping[str, str]) -> dict[str, Said]:
    """Key of the block -> its value in words of a spec; defaults included."""
    spelling = Spelling(references, getattr(settings, "answers", ()))
    rows = [row for row in FIELDS[section] if row.placed]
    found = {row.key: spelling.field(row, getattr(settings, row.into or row.key)) for row in rows}
    joined: dict[str, tuple[str, ...]] = getattr(settings, JOINED, {})
    return found | {split: Said(" + ".join(parts)) for split, parts in joined.items()}


def recorded_keys(section: str, raw: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Said]:
    """The same of plain values, each read on its own: other versions wrote other fields.

    `raw` holds fields of the settings by name, references to params as `{"param": name}`.
    """
    kinds = {each.name: each for each in msgspec.structs.fields(SETTINGS[section])}
    references = dict(_references(raw))
    values: dict[str, Any] = {}
    found: dict[str, Said] = {}
    for name, value in stated(raw).items():
        try:
            values[name] = msgspec.convert(filled(value, dict(params)), kinds[name].type, strict=True)
        except (KeyError, msgspec.ValidationError):
            found[name] = Said(bare(value))  # another version's form: shown as it stands
    answers: tuple[Strategy, ...] = values.get("answers", ())
    spelling = Spelling(references, answers)
    for row in FIELDS[section]:
        if row.placed and (row.into or row.key) in values:
            found[row.key] = spelling.field(row, values[row.into or row.key])
    return found | {split: Said(" + ".join(parts)) for split, parts in values.get(JOINED, {}).items()}


def defaults(section: str) -> dict[str, Said]:
    """What the keys with a default are where they are left out."""
    kind = SETTINGS[section]
    given = {each.name: _default(each) for each in msgspec.structs.fields(kind) if not each.required}
    rows = [row for row in FIELDS[section] if row.placed and (row.into or row.key) in given]
    return {row.key: Spelling().field(row, given[row.into or row.key]) for row in rows}


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return field.default if field.default is not msgspec.NODEFAULT else field.default_factory()


def changed_keys(
    section: str, name: str, before: Mapping[str, Said], after: Mapping[str, Said], unsaid: Mapping[str, Said]
) -> Iterator[KeyChange]:
    """The keys whose values differ; a key that is not there has its default, if there is one."""
    for key in {**before, **after}:
        old, new = before.get(key, unsaid.get(key)), after.get(key, unsaid.get(key))
        if old != new:
            yield KeyChange(section, name, key, old, new)


def _references(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case {"param": str(name)} if len(value) == 1:
            yield at, name
        case dict():
            for key, inner in value.items():
                yield from _references(inner, f"{at}.{key}" if at else str(key))


def elements_changed(before: tuple[str, ...], after: tuple[str, ...]) -> str | None:
    """`+ etd2 - cotd`; nothing where only the order differs or no element stays."""
    gone = [one for one in before if one not in after]
    come = [one for one in after if one not in before]
    if (not gone and not come) or len(gone) == len(before):
        return None
    return " ".join(f"{sign} {', '.join(ones)}" for sign, ones in (("+", come), ("-", gone)) if ones)

"""The plan's settings as the text of `params.yaml`: what a person changes, in the spec's own words."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

import msgspec

from distill_dsl.compiler.plan.build import Plan
from distill_dsl.compiler.plan.wiring import Block
from distill_dsl.contract.settings import ExperimentSettings
from distill_dsl.contract.strategies import Strategy, read_strategy, strategy_title

SECTION_ORDER: Final = ("data", "teacher", "spending", "thought", "mix", "student", "experiment")


def params_document(plan: Plan) -> dict[str, Any]:
    """`param`, then one section a block keyword, then the versions of the stage programs."""
    document: dict[str, Any] = {}
    if plan.params:
        document["param"] = dict(plan.params)
    for section in SECTION_ORDER:
        entries = {block.key: _entry(block) for block in plan.blocks.values() if block.section == section}
        if entries:
            document[section] = entries
    kinds = dict.fromkeys(stage.kind for stage in plan.stages)
    return document | {"version": {kind.value: plan.versions[kind] for kind in kinds if kind in plan.versions}}


def _entry(block: Block) -> dict[str, Any]:
    entry: dict[str, Any] = msgspec.to_builtins(block.settings, str_keys=True)
    if isinstance(block.settings, ExperimentSettings):
        entry["answers"] = list(map(_answer, block.settings.answers))
    for path, param in block.references.items():
        *outer, last = path.split(".")
        place = entry
        for key in outer:
            place = place[key]
        place[last] = {"param": param}
    listed: dict[str, Any] = _listed(entry)
    return listed


def _answer(strategy: Strategy) -> Any:
    """The strategy as it stands in the spec; its fields where that does not say all of it.

    Such are a weight of many digits, or a format that is called `true`.
    """
    title = strategy_title(strategy)
    try:
        says_all = msgspec.convert(read_strategy(title), type(strategy), strict=True) == strategy
    except msgspec.ValidationError:
        says_all = False
    return title if says_all else msgspec.to_builtins(strategy)


def _listed(value: Any) -> Any:
    """Tuples as lists: YAML knows only those."""
    if isinstance(value, dict):
        return {key: _listed(inner) for key, inner in value.items()}
    return [_listed(inner) for inner in value] if isinstance(value, list | tuple) else value


def params_digest(document: dict[str, Any]) -> str:
    """A hash of the values, written into the header: tells whether somebody changed them by hand."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def flat(document: Any, prefix: str = "") -> dict[str, Any]:
    """`{"student": {"small": {"epochs": 10}}}` -> `{"student.small.epochs": 10}`.

    Lists and references to params (`{"param": "w"}`) are values.
    """
    match document:
        case {"param": str()} if len(document) == 1:
            return {prefix: document}
        case dict():
            parts = (flat(inner, f"{prefix}.{key}" if prefix else str(key)) for key, inner in document.items())
            return {path: value for part in parts for path, value in part.items()}
        case _:
            return {prefix: document}

"""A run's params: every setting of the spec that bears on its predictions, by the spec's own names."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec

from distill_dsl.contract.form import Settings
from distill_dsl.contract.params import read_settings
from distill_dsl.contract.runs import Asked, Run, name_of, parse_asked
from distill_dsl.contract.settings import (
    DataSettings,
    ExperimentSettings,
    MixSettings,
    StudentSettings,
    TeacherSettings,
    ThoughtSettings,
)
from distill_dsl.runtime.masking import Mask, secrets_of
from distill_dsl.runtime.tracking.pipeline import Pipeline


def params_of(experiment: str, run: Run, pipeline: Pipeline) -> dict[str, str]:
    """`student.epochs`, `mix.thoughts.pot`, `vary.paths` and all others.

    What is scored and shown of the predictions (`answers`, `headline`, `published`) is in the
    metrics' names, and is no param: a new strategy must not look like a new run.
    """
    mix = read_settings(MixSettings, run.mix)
    asked = asked_by(run.mix, pipeline)
    names = {"teacher": unique(one.teacher for one in asked), "data": unique(one.data for one in asked)}
    params = {"student": name_of(run.student), "mix": name_of(run.mix), "seed": str(run.seed)}
    params |= {f"vary.{name}": value for name, value in run.varied}
    params |= {key: ", ".join(map(name_of, found)) for key, found in names.items()}
    params["problems"] = ", ".join(unique(f"{name_of(one.data)}.{one.split}" for one in asked))
    params |= settings("student", StudentSettings, [run.student])
    params |= settings("mix", MixSettings, [run.mix])
    params |= settings("teacher", TeacherSettings, names["teacher"])
    params |= settings("data", DataSettings, names["data"])
    for thought in mix.thoughts:
        params |= flat(msgspec.to_builtins(read_settings(ThoughtSettings, thought)), f"thought.{thought}")
    decoding = msgspec.to_builtins(read_settings(ExperimentSettings, experiment))
    params |= flat({key: decoding[key] for key in ("samples", "temperature", "max_tokens", "engine")}, "experiment")
    return params


def asked_by(mix: str, pipeline: Pipeline) -> list[Asked]:
    """The thoughts that a mix is made of, from the `--thoughts` of its stage."""
    return [parse_asked(text) for text in pipeline.options(f"mix-{mix}")["thoughts"]]


def settings(section: str, kind: type[Settings], keys: list[str]) -> dict[str, str]:
    """The settings of these blocks; a block's name is part of a setting's only where there are several."""
    found: dict[str, str] = {}
    for key in keys:
        prefix = section if len(keys) == 1 else f"{section}.{name_of(key)}"
        found |= flat(msgspec.to_builtins(read_settings(kind, key)), prefix)
    return found


def flat(value: Any, prefix: str) -> dict[str, str]:
    """Nested settings as dotted names; what is not set is left out."""
    match value:
        case None:
            return {}
        case dict():
            return {key: text for name, inner in value.items() for key, text in flat(inner, f"{prefix}.{name}").items()}
        case list() | tuple():
            return {prefix: ", ".join(map(text, value))} if value else {}
        case _:
            return {prefix: text(value)}


def text(value: Any) -> str:
    """A value as a spec has it: `3` and `0.0005` rather than `3.0` and `5e-04`."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if isfinite(value):
            return format(Decimal(repr(value)), "f").removesuffix(".0")
        case str() if "://" in value:
            # An address that a spec holds in full may let whoever reads it into a server.
            return Mask(secrets_of(value)).message(value)
        case _:
            return str(value)


def unique(names: Iterable[str]) -> list[str]:
    """The distinct names in order of first appearance."""
    return list(dict.fromkeys(names))


def shared(params: Iterable[dict[str, str]]) -> dict[str, str]:
    """What all of these runs have in common."""
    first, *others = params
    return {key: value for key, value in first.items() if all(other.get(key) == value for other in others)}

"""Reading `params.yaml`: the settings of one block, with references to params filled in.

    param:   {paths: 4}
    teacher: {chatgpt: {samples: {param: paths}, ...}}

`dvc exp run -S param.paths=8` thus changes every block that names the param, as the spec says.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.form import Settings
from distill_dsl.contract.settings import (
    DataSettings,
    ExperimentSettings,
    MixSettings,
    SpendingSettings,
    StudentSettings,
    TeacherSettings,
    ThoughtSettings,
)
from distill_dsl.contract.strategies import read_strategy, strategy_key

PARAMS_FILE: Final = Path("params.yaml")

MEND: Final = "run `mtd compile SPEC --discard-edits` to write it anew"
RENEW: Final = "mend it, or delete it and run `mtd compile SPEC` to write it anew"
"""What `mtd compile` did not write, it does not write over."""

S = TypeVar("S", bound=Settings)

SECTIONS: Final[dict[type[Settings], str]] = {
    DataSettings: "data",
    TeacherSettings: "teacher",
    SpendingSettings: "spending",
    ThoughtSettings: "thought",
    MixSettings: "mix",
    StudentSettings: "student",
    ExperimentSettings: "experiment",
}
"""Settings struct -> its section of `params.yaml`, which is also the block's keyword (`spending` is a teacher's)."""


def read_settings(kind: type[S], name: str, path: Path = PARAMS_FILE) -> S:
    """The settings of block `name` of the kind; errors are `Failure`s that name the key."""
    document = _read(path.resolve())
    section = SECTIONS[kind]
    try:
        raw = document[section][name]
    except (KeyError, TypeError) as error:
        raise Failure(f"{path} has no `{section}.{name}`", where=str(path), help=MEND) from error
    params = document.get("param")
    try:
        return msgspec.convert(stated(filled(raw, params if isinstance(params, dict) else {})), kind, strict=True)
    except KeyError as error:
        raise Failure(
            f"`{section}.{name}` in {path} names the param `{error.args[0]}`, and `param` there has no such value",
            where=str(path),
            help=MEND,
        ) from error
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        raise Failure(
            f"`{section}.{name}{place.rstrip('`')}` in {path}: {what}",
            where=str(path),
            help=f"set it to a value of that kind, or {MEND}",
        ) from error


def read_spending(teacher: str, path: Path = PARAMS_FILE) -> SpendingSettings:
    """What asking the teacher `teacher` (a block's name) may cost; nothing is said of most."""
    said = _read(path.resolve()).get(SECTIONS[SpendingSettings]) or {}
    return read_settings(SpendingSettings, teacher, path) if teacher in said else SpendingSettings()


def named_headline(experiment: str, settings: ExperimentSettings) -> str | None:
    """The key of the strategy that the experiment puts first, if it names one; a `Failure` where that is no answer."""
    keys = [strategy_key(strategy) for strategy in settings.answers]
    if settings.headline not in (None, *keys):
        raise Failure(
            f"the headline of experiment {experiment} is none of its answers: {settings.headline}",
            where=str(PARAMS_FILE),
            help=f"give one of: {', '.join(keys)}",
        )
    return settings.headline


def filled(value: Any, params: dict[str, Any]) -> Any:
    """The value with each `{param: NAME}` replaced by that param's value."""
    match value:
        case {"param": str(name)} if len(value) == 1:
            return params[name]
        case dict():
            return {str(key): filled(inner, params) for key, inner in value.items()}
        case list():
            return [filled(inner, params) for inner in value]
        case _:
            return value


def stated(raw: Any) -> Any:
    """The fields of a block, with those of each strategy in the place of how it stands in a spec."""
    match raw:
        case {"answers": list(answers)}:
            return raw | {"answers": [read_strategy(one) if isinstance(one, str) else one for one in answers]}
        case _:
            return raw


@cache
def _read(path: Path) -> dict[str, Any]:
    return read_mapping(path, help=RENEW)


def read_mapping(path: Path, *, help: str) -> dict[str, Any]:
    """A YAML document that is a mapping; `help` says how one that is none is mended.

    DVC itself reads and writes YAML with ruamel (YAML 1.2): `1e-4` is a number to both.
    """
    try:
        document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Failure(f"{path} does not exist", where=str(path), help="run `mtd compile SPEC` first") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise Failure(f"{path} is not YAML: {error}", where=str(path), help=help) from error
    if not isinstance(document, dict):
        raise Failure(f"{path} holds no mapping", where=str(path), help=help)
    return document

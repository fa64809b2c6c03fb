"""A document as YAML 1.2 in block style, laid out as DVC does when it writes YAML anew.

ruamel, with which DVC writes, decides how a text is quoted and where a long one is broken. Short
texts of plain characters leave it no choice. They are written here, in the same layout, because
they are nearly all of a `dvc.yaml`, and ruamel takes seconds for those of a thousand trainings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from io import StringIO
from math import isfinite
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.representer import RoundTripRepresenter

STEP: Final = "  "
CLEAR: Final = re.compile(r"[A-Za-z/][A-Za-z0-9_/.+*(),=: -]*(?<! )", re.ASCII)
"""Texts in which only `: ` has a meaning in YAML; it is put in quotes."""
WORDS: Final = frozenset("true false null yes no on off y n".split())
"""In one version of YAML or another, these are no texts."""
LONGEST_KEY: Final = 100


def yaml_text(document: Mapping[str, Any], header: str, *, width: int = 4096) -> str:
    """The document under the header, broken where DVC breaks it.

    `dvc exp run -S` writes `params.yaml` anew: in this layout (with the width of DVC) it changes only
    the lines of the values that it sets.
    """
    return header + ("\n".join(_mapping(document, 0, width)) + "\n" if document else _dumped(document, width))


def _mapping(mapping: Mapping[str, Any], depth: int, width: int) -> list[str]:
    lines: list[str] = []
    for key, value in mapping.items():
        lines += _entry(key, value, depth, width) or _left_to_ruamel(key, value, depth, width)
    return lines


def _entry(key: str, value: Any, depth: int, width: int) -> list[str] | None:
    """The lines of a key and its value, or None where something in them is not plain."""
    if _plain(key, LONGEST_KEY) != key:
        return None
    start = f"{STEP * depth}{key}:"
    match value:
        case str() | int() | float() | None:
            text = _scalar(value, width - len(start))
            return None if text is None else [f"{start} {text}" if text else start]
        case dict() if value:
            return [start, *_mapping(value, depth + 1, width)]
        case list() if value:
            items = _items(value, depth, width)
            return None if items is None else [start, *items]
    return None


def _items(values: Sequence[Any], depth: int, width: int) -> list[str] | None:
    """The lines of texts and mappings in a list, which stands where its key does."""
    lines: list[str] = []
    dash = f"{STEP * depth}- "
    for value in values:
        if isinstance(value, dict) and value:
            first, *others = _mapping(value, depth + 1, width)
            lines += [dash + first[len(dash) :], *others]
            continue
        text = _scalar(value, width - len(dash))
        if not text:
            return None
        lines.append(dash + text)
    return lines


def _scalar(value: Any, room: int) -> str | None:
    """A value as it is written, or None where that is for ruamel to say."""
    match value:
        case str():
            return _plain(value, room - len(" ''"))
        case bool():
            return "true" if value else "false"
        case int():
            text = str(value)
        case float() if isfinite(value):
            text = _decimal(value)
        case None:
            text = ""
        case _:
            return None
    return text if len(text) < room else None


def _decimal(value: float) -> str:
    # `5e-4` is a number to one YAML parser and a string to another; `0.0005` is a number to all.
    text = format(Decimal(repr(value)), "f")
    return text if "." in text else f"{text}.0"


def _plain(text: str, longest: int) -> str | None:
    """A clear text as it is written, in quotes where it needs them; None for any other."""
    if len(text) > longest or not CLEAR.fullmatch(text) or text.lower() in WORDS:
        return None
    return f"'{text}'" if ": " in text or text.endswith(":") else text


# --- ruamel -------------------------------------------------------------------------------------


def _left_to_ruamel(key: str, value: Any, depth: int, width: int) -> list[str]:
    """The lines of a key and its value, as deep as they stand: how long a line may be hangs on it."""
    document = {key: value}
    for _ in range(depth):
        document = {"": document}
    return _dumped(document, width).removesuffix("\n").split("\n")[depth:]


def _dumped(document: Mapping[str, Any], width: int) -> str:
    yaml = YAML()
    yaml.Representer = _PlainRepresenter
    yaml.default_flow_style = False
    yaml.width = width
    stream = StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def _plain_decimal(representer: RoundTripRepresenter, value: float) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:float", _decimal(value))


def _empty_null(representer: RoundTripRepresenter, value: None) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:null", "")


class _PlainRepresenter(RoundTripRepresenter):
    """Writes floats as plain decimals, null as nothing, and everything in full (no anchors)."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_PlainRepresenter.add_representer(float, _plain_decimal)
_PlainRepresenter.add_representer(type(None), _empty_null)

"""The form of all settings: frozen structs that know their keys, and the ranges that several share."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Count = Annotated[int, Meta(ge=1)]


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Common form of all settings: immutable and strict about unknown keys."""

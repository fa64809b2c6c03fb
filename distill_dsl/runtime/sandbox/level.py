"""How strong the walls must be before a program that a model wrote is run."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Final

from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.sandbox.layers import Layer

VARIABLE: Final = "MTD_ISOLATION"
"""The environment variable that names a weaker level."""
WEAKER: Final = "processes-and-limits-only"
"""Its value: programs may then do whatever the user may do. For machines whose kernel has no filter of calls."""
REQUIRED: Final = frozenset({Layer.SECCOMP, Layer.NO_NEW_PRIVILEGES, Layer.LIMITS})
"""Layers without which a program could reach the machine or use it up."""


def refuse_unknown_level() -> str | None:
    """The level that is asked for by name, if one is; raises `Failure` where there is none of that name."""
    chosen = os.environ.get(VARIABLE) or None
    if chosen not in (None, WEAKER):
        raise Failure(
            f"{VARIABLE} is {chosen!r}, which is no level of isolation",
            help=f"unset it, or set it to {WEAKER!r} where you trust the programs",
        )
    return chosen


def refuse_too_weak(layers: Collection[Layer]) -> None:
    """Raise `Failure` where a required layer is missing and the weaker level is not asked for by name."""
    chosen = refuse_unknown_level()
    missing = [layer.value for layer in Layer if layer in REQUIRED and layer not in layers]
    if missing and chosen != WEAKER:
        raise Failure(
            f"this machine cannot wall in programs that a model wrote: it lacks {', '.join(missing)}",
            help="run on Linux 5.3 or newer on x86-64 or ARM64, and see what `mtd doctor` says; or, where you trust "
            f"the programs as you trust your own code, set {VARIABLE}={WEAKER}",
        )

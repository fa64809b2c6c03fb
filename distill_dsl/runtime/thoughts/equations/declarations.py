"""Programs that state unknowns and constraints and compute nothing: systems in Python's clothes."""

from __future__ import annotations

import re
from typing import Final

DECLARED: Final = re.compile(r"^[ \t]*[^\W\d]\w*[ \t]*=[ \t]*Variable\(\s*\)[ \t]*(?:#.*)?$", re.MULTILINE)


def is_declarative(text: str) -> bool:
    """Whether a program declares an unknown, as in `x = Variable()`: Python cannot run it, `solve_system` reads it."""
    return DECLARED.search(text) is not None

"""How a stage program tells a user that something is wrong with what it was given."""

from __future__ import annotations


class Failure(Exception):
    """A mistake in the input or the surroundings, never a bug: shown without a traceback.

    `summary` says what is wrong, `where` names the file, line or key, `help` says what to do.
    """

    def __init__(self, summary: str, *, where: str | None = None, help: str | None = None) -> None:
        super().__init__(summary)
        self.summary = summary
        self.where = where
        self.help = help

    def __str__(self) -> str:
        lines = [self.summary]
        if self.where:
            lines.append(f"  --> {self.where}")
        if self.help:
            lines.append(f"  help: {self.help}")
        return "\n".join(lines)

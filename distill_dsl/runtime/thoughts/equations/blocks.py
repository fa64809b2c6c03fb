"""Branches that a text states its equations in: `if`, `elif`, `else`, closed by `end` or by indentation."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from distill_dsl.runtime.thoughts.equations.limits import MAX_DEPTH, Unsolved, too_large

BRANCH: Final = re.compile(r"^(if|elif|elseif|else if|else)\b\s*(.*)$")
SENTENCE: Final = re.compile(r"[.?]$|,\s+(?:then\s+)?[^\W\d]+\s+[^\W\d]+\s")
END: Final = re.compile(r"^end(?:\s?if)?\s*[;.]?$")
CONDITION_SIGNS: Final = (("&&", " and "), ("||", " or "), ("~=", "!="), ("<>", "!="))


class Condition(NamedTuple):
    """What a branch asks, and whether it is the side on which that holds."""

    line: int
    text: str
    wanted: bool


@dataclass
class Branch:
    """An open branch."""

    indent: int
    line: int
    failed: tuple[Condition, ...]
    """Conditions of the sides before this one."""
    current: Condition | None


@dataclass
class Blocks:
    """The branches that are open at a line."""

    open: list[Branch] = field(default_factory=list)
    indented: bool = False
    """Whether branches are closed by indentation: the last one was opened with a colon."""

    def conditions(self) -> tuple[Condition, ...]:
        """All that must hold for a statement here to count."""
        return tuple(
            condition
            for branch in self.open
            for condition in (*branch.failed, *((branch.current,) if branch.current else ()))
        )

    def entered(self, line: str, number: int, indent: int) -> str:
        """Open and close branches at a line; returns what else the line holds."""
        if not self.open and line[0] not in "ie":
            return line
        if END.match(line):
            if self.open:
                self.open.pop()
            return ""
        found = BRANCH.match(line)
        if found is None or (found[1] == "if" and SENTENCE.search(line)):
            self.dedented(indent)
            return line
        return self.branched(found[1], found[2], number, indent)

    def dedented(self, indent: int, keep_equal: bool = False) -> None:
        """Close the branches that a line with this indent is no part of."""
        while self.indented and self.open:
            top = self.open[-1].indent
            if indent > top or (keep_equal and indent == top):
                return
            self.open.pop()

    def branched(self, keyword: str, rest: str, number: int, indent: int) -> str:
        """Open a branch, or its next side."""
        condition, after = split_head(rest.strip())
        if keyword == "if":
            self.dedented(indent)
            self.indented = rest.rstrip().endswith(":") or bool(after)
            if len(self.open) >= MAX_DEPTH // 8:
                raise too_large(f"line {number}: branches nested too deeply")
            self.open.append(Branch(indent, number, (), Condition(number, plain_condition(condition), True)))
            return after
        self.dedented(indent, keep_equal=True)
        if not self.open:
            raise Unsolved("error:syntax", f"line {number}: `{keyword}` without `if`")
        branch = self.open[-1]
        if branch.current is not None:
            branch.failed = (*branch.failed, branch.current._replace(wanted=False))
        if keyword == "else":
            branch.current = None
            return rest.lstrip(": ")
        branch.current = Condition(number, plain_condition(condition), True)
        return after


def split_head(rest: str) -> tuple[str, str]:
    """The condition of a branch, and what follows it on the same line."""
    head, colon, after = rest.partition(":")
    if colon:
        return head.strip(), after.strip()
    head, then, after = rest.partition(" then")
    return (head.strip(), after.strip()) if then else (rest.rstrip(" ;,"), "")


def plain_condition(text: str) -> str:
    """A condition with one way of writing each sign."""
    for sign, word in CONDITION_SIGNS:
        text = text.replace(sign, word)
    return text

"""The tokens of a text together with the comments, line breaks and blank lines between them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from distill_dsl.compiler.language.tokens import Kind, Token
from distill_dsl.compiler.source import Source

_COMMENT: Final = re.compile(r"#[^\n]*")


@dataclass(frozen=True)
class Comment:
    """`# ...` without blanks at its end; `blank`: after a blank line."""

    text: str
    blank: bool = False


@dataclass(frozen=True)
class Leaf:
    """One token, the comments in the lines above it, and the one behind it in its line."""

    kind: Kind
    text: str
    before: tuple[Comment, ...] = ()
    after: str = ""
    breaks: bool = False
    """The token starts a line."""
    blank: bool = False
    """It does so after a blank line, and its last comment, if it has one, before that."""

    @property
    def bare(self) -> Leaf:
        """The token alone."""
        return replace(self, before=(), after="")

    @property
    def commented(self) -> bool:
        return bool(self.before or self.after)


def leaves(source: Source, tokens: Sequence[Token]) -> tuple[list[Leaf], tuple[Comment, ...]]:
    """Every token with what stands around it, and the comments after the last one."""
    found: list[Leaf] = []
    end = 0
    for token in tokens:
        after, before, blank = _between(source.text[end : token.span.start], bool(found))
        if after:
            found[-1] = replace(found[-1], after=after)
        found.append(Leaf(token.kind, token.text, before, breaks=token.starts_line, blank=blank))
        end = token.span.end
    after, footer, _ = _between(source.text[end:], bool(found))
    if after:
        found[-1] = replace(found[-1], after=after)
    return found, footer


def _between(gap: str, follows: bool) -> tuple[str, tuple[Comment, ...], bool]:
    """What stands between two tokens: a comment in the line of the first, others, and a blank line."""
    after, before, end = "", [], 0
    for match in _COMMENT.finditer(gap):
        lines, text = gap.count("\n", end, match.start()), match.group().rstrip()
        if follows and lines == 0:
            after = text
        else:
            before.append(Comment(text, blank=lines > 1))
        end, follows = match.end(), True
    return after, tuple(before), gap.count("\n", end) > 1

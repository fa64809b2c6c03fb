"""Which names there are, who mentions them, and what has been found wrong so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from distill_dsl.compiler.diagnostics import Advice, Code, Diagnostic, Help, error, suggestion
from distill_dsl.compiler.diagnostics.near import MOST_CANDIDATES
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.language.tokens import BLOCKS
from distill_dsl.compiler.model.aliases import Homes
from distill_dsl.compiler.model.entities import Param
from distill_dsl.compiler.source import Span

PARAM: Final = "param"
IMPORT: Final = "import"
"""Kinds of names beside the keywords of blocks; an import's name is its alias."""


@dataclass(frozen=True)
class Mention:
    """A place that names a block, a param or an alias. Of a dotted name, the part that is its name."""

    kind: str
    name: str
    """Its key: `c_small` for `c.small`."""
    span: Span


@dataclass
class Scope:
    """What values may refer to, and what has been found so far. A param of `None` is a broken one."""

    definitions: dict[tuple[str, str], nodes.Name] = field(default_factory=dict)
    """(kind, key) -> where it is defined."""
    mentions: dict[Mention, None] = field(default_factory=dict)
    """Every place that names something which is defined, in the order of reading."""
    homes: Homes = field(default_factory=dict)
    params: dict[str, Param | None] = field(default_factory=dict)
    blocks: dict[str, dict[str, nodes.Block]] = field(default_factory=lambda: {kind: {} for kind in BLOCKS})
    lost: frozenset[str] = frozenset()
    nameless: frozenset[str] = frozenset()
    """Kinds of statements that lost their name, as reported: any unknown name of the kind may be theirs."""
    unread: bool = False
    """Some file could not be read at all: any name may come from there."""
    found: list[Diagnostic] = field(default_factory=list)
    undefined: dict[tuple[str, str], int] = field(default_factory=dict)
    """(kind, key) of a name that nothing defines -> where in `found` that is said."""
    _by_kind: dict[str, list[nodes.Name]] = field(default_factory=dict)
    _sorted: int = 0

    def mention(self, kind: str, name: nodes.Name | nodes.Path) -> None:
        place = name.parts[-1].span if isinstance(name, nodes.Path) else name.span
        self.mentions[Mention(kind, name.key, place)] = None

    def report(self, code: Code, summary: str, span: Span, help: Help = None, **more: Any) -> None:
        self.found.append(error(code, summary, span, help, **more))

    def forgives(self, name: str, kind: str = PARAM) -> bool:
        """Whether an undefined name of a kind is the consequence of a mistake reported already."""
        return self.unread or name in self.lost or kind in self.nameless

    def visible(self, kind: str, home: str) -> list[str]:
        """The names of a kind as a file of that home writes them: `small`, `c.small`."""
        ways = {home: "", **{inner: f"{alias}." for (outer, alias), inner in self.homes.items() if outer == home}}
        return [ways[name.home] + name.text for name in self._names(kind) if name.home in ways]

    def _names(self, kind: str) -> list[nodes.Name]:
        """The names of a kind. They are sorted out anew where some came: each mistake in a name asks for them."""
        if self._sorted != len(self.definitions):
            self._by_kind.clear()
            for (each, _), name in self.definitions.items():
                self._by_kind.setdefault(each, []).append(name)
            self._sorted = len(self.definitions)
        return self._by_kind.get(kind, [])[:MOST_CANDIDATES]

    def nearest(self, kind: str, name: nodes.Name) -> Help:
        """The name of a kind that was most likely meant: the same one of an imported file, or a near one."""
        visible = self.visible(kind, name.home)
        same = [each for each in visible if each.endswith(f".{name.text}")]
        if len(same) == 1:
            return Advice(f"did you mean `{same[0]}`?", same[0])
        return suggestion(name.text, visible)


def article(word: str) -> str:
    """`a` or `an`."""
    return "an" if word[:1] in "aeio" else "a"


def undefined(scope: Scope, name: nodes.Name, kind: str) -> None:
    """Report a name that no block of the kind has, unless that follows from another mistake."""
    if scope.forgives(name.text, kind) or _told_already(scope, name, kind):
        return
    help = scope.nearest(kind, name)
    for other, blocks in scope.blocks.items():
        if name.key in blocks:
            label = ((blocks[name.key].head, "defined here"),)
            summary = f"`{name.text}` is {article(other)} {other}, and {article(kind)} {kind} is expected here"
            scope.report(Code.WRONG_KIND, summary, name.span, help, labels=label)
            return
    if name.key in scope.params:
        summary = f"`{name.text}` is a param, and {article(kind)} {kind} is expected here"
        scope.report(Code.WRONG_KIND, summary, name.span, help)
        return
    scope.undefined[kind, name.key] = len(scope.found)
    scope.report(Code.UNDEFINED, f"there is no {kind} `{name.text}`", name.span, help)


PLACES: Final = 3
"""Other places of an undefined name that are shown."""


def _told_already(scope: Scope, name: nodes.Name, kind: str) -> bool:
    """Whether the name was reported at another place; then this one is shown there."""
    at = scope.undefined.get((kind, name.key))
    if at is None:
        return False
    found = scope.found[at]
    if len(found.labels) < PLACES:
        scope.found[at] = replace(found, labels=(*found.labels, (name.span, "and here")))
    return True


def unknown_alias(scope: Scope, parts: Iterable[nodes.Name]) -> bool:
    """Report a dotted name that starts with what is no import; whether it did."""
    first, *others = parts
    aliases = [alias for outer, alias in scope.homes if outer == first.home]
    if not others or first.text in aliases:
        return False
    if not aliases and not _imported_whole(scope.blocks, first):
        return False
    summary = f"there is no import called `{first.text}`"
    scope.report(Code.UNDEFINED, summary, first.span, suggestion(first.text, aliases))
    return True


def _imported_whole(blocks: Mapping[str, Mapping[str, nodes.Block]], name: nodes.Name) -> bool:
    """Whether a name could only be meant as an alias: nothing else is called so."""
    return not any(name.key in each for each in blocks.values())

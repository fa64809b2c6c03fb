"""The tokens of a text without mistakes, in the shape in which they are laid out.

Unlike the syntax tree, it holds every comment and how things are written, and no meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Final

from distill_dsl.compiler.language.comments import Comment, Leaf
from distill_dsl.compiler.language.tokens import CLOSING, CONTINUING, OPENING, Kind


@dataclass(frozen=True)
class Group:
    """Brackets and the elements between them. `footer` holds the comments after the last one."""

    opening: Leaf
    elements: tuple[Element, ...]
    footer: tuple[Comment, ...]
    closing: Leaf

    @cached_property
    def broken(self) -> bool:
        """It stands on several lines: it was opened at the end of a line, or holds comments."""
        opened = bool(self.elements) and self.elements[0].breaks
        return opened or bool(self.opening.after or self.footer) or any(element.broken for element in self.elements)

    @cached_property
    def flat(self) -> str:
        """Its text in one line."""
        inside = ", ".join(element.flat for element in self.elements)
        pad = " " if inside and self.opening.kind is Kind.LBRACE else ""
        return f"{self.opening.text}{pad}{inside}{pad}{self.closing.text}"


Part = Leaf | Group


@dataclass(frozen=True)
class Element:
    """What stands between two commas, or an item of a block, with the comments that belong to it."""

    parts: tuple[Part, ...]
    before: tuple[Comment, ...]
    after: str
    breaks: bool
    blank: bool

    @cached_property
    def broken(self) -> bool:
        """It cannot stand on a line together with others."""
        return bool(self.before or self.after) or is_broken(self.parts)

    @cached_property
    def flat(self) -> str:
        """Its text in one line."""
        return flat(self.parts)


@dataclass(frozen=True)
class Statement:
    """A statement; a block's or param's body has its own place."""

    head: Element
    body: Body | None


@dataclass(frozen=True)
class Body:
    """Braces and the items between them."""

    after: str
    """The comment behind the opening brace."""
    items: tuple[Element, ...]
    footer: tuple[Comment, ...]
    open: bool
    """It stands on several lines as written, or holds comments."""


def is_broken(parts: Sequence[Part]) -> bool:
    """Whether the parts cannot stand on one line."""
    return any(_breaks(part) for part in parts)


def _breaks(part: Part) -> bool:
    if isinstance(part, Group):
        return part.broken or bool(part.opening.before or part.closing.after)
    return part.commented


def flat(parts: Sequence[Part]) -> str:
    """The text of the parts in one line."""
    pieces: list[str] = []
    for at, part in enumerate(parts):
        pieces += [space(parts[at - 1], part) if at else "", part.flat if isinstance(part, Group) else part.text]
    return "".join(pieces)


def space(one: Part, other: Part) -> str:
    """What stands between two parts in a line."""
    if isinstance(other, Group):
        called = isinstance(one, Leaf) and one.kind is Kind.WORD and other.opening.kind is Kind.LPAR
        return "" if called or _is(one, Kind.STAR) else " "
    return "" if other.kind in (Kind.COLON, Kind.STAR) or _is(one, Kind.STAR) else " "


def _is(part: Part, kind: Kind) -> bool:
    return isinstance(part, Leaf) and part.kind is kind


# --- tokens to shapes ---------------------------------------------------------------------------


def statement(leaves: Sequence[Leaf]) -> Statement:
    """The shape of a statement's tokens."""
    after = leaves[-1].after
    at = _body_start(leaves)
    if at is None:
        return Statement(element(leaves), None)
    head = [*leaves[: at - 1], replace(leaves[at - 1], after="")]
    return Statement(replace(element(head), after=after), _body(leaves[at - 1], leaves[at:]))


def _body_start(leaves: Sequence[Leaf]) -> int | None:
    """Where the brace stands that opens the body: a map follows a sign or stands within brackets."""
    depth = 0
    for at, leaf in enumerate(leaves):
        if leaf.kind is Kind.LBRACE and depth == 0 and leaves[at - 1].kind not in CONTINUING:
            return at
        depth += (leaf.kind in OPENING) - (leaf.kind in CLOSING)
    return None


def _body(last: Leaf, leaves: Sequence[Leaf]) -> Body:
    """The body in braces; comments between the head's last token and the brace move behind it."""
    brace, *inside, closing = leaves
    comments = _own_lines(last.after) + brace.before + _own_lines(brace.after)
    stays = bool(comments) and bool(last.after or not brace.before)
    after, moved = comments[0].text if stays else "", comments[stays:]
    if inside:
        inside[0] = replace(inside[0], before=moved + inside[0].before)
    footer = closing.before if inside else moved + closing.before
    starts = [at for at in range(len(inside)) if _starts_item(inside, at)]
    items = tuple(element(inside[start:end]) for start, end in pairwise([*starts, len(inside)]))
    # A comment among the items ends its line, so that what follows it starts one.
    spread = bool(inside) and any(leaf.breaks for leaf in leaves[1:])
    return Body(after, items, footer, spread or bool(comments or closing.before))


def _starts_item(inside: Sequence[Leaf], at: int) -> bool:
    if inside[at].kind is Kind.VARY:
        return True
    named = inside[at].kind is Kind.WORD and at + 1 < len(inside) and inside[at + 1].kind is Kind.EQUAL
    return named and (at == 0 or inside[at - 1].kind is not Kind.VARY)


def element(leaves: Sequence[Leaf]) -> Element:
    """The shape of the tokens between two commas; comments before and behind them are taken off."""
    first, last = leaves[0], leaves[-1]
    bare = list(leaves)
    bare[0] = replace(bare[0], before=())
    bare[-1] = replace(bare[-1], after="")
    return Element(tuple(_parts(iter(bare))), first.before, last.after, first.breaks, first.blank)


def _parts(leaves: Iterator[Leaf]) -> Iterator[Part]:
    for leaf in leaves:
        yield _group(leaf, leaves) if leaf.kind in OPENING else leaf


_ENDS: Final = CLOSING | {Kind.COMMA}


def _group(opening: Leaf, leaves: Iterator[Leaf]) -> Group:
    """The brackets that were just opened, up to their end."""
    elements: list[Element] = []
    current: list[Leaf] = []
    moved: tuple[Comment, ...] = ()  # from behind a comma to the element that follows
    broken = False  # the comma stands at the start of a line
    depth = 0
    for leaf in leaves:
        if depth == 0 and leaf.kind in _ENDS and current:
            elements.append(element(current))
        if depth == 0 and leaf.kind in CLOSING:
            return Group(opening, tuple(elements), moved + leaf.before, replace(leaf, before=()))
        if depth == 0 and leaf.kind is Kind.COMMA:
            elements[-1], moved = _with_comma(elements[-1], leaf)
            current, broken = [], leaf.breaks
            continue
        depth += (leaf.kind in OPENING) - (leaf.kind in CLOSING)
        if not current:
            leaf = replace(leaf, before=moved + leaf.before, breaks=leaf.breaks or broken)
            moved, broken = (), False
        current.append(leaf)
    raise AssertionError("a text without mistakes closes its brackets")


def _with_comma(one: Element, comma: Leaf) -> tuple[Element, tuple[Comment, ...]]:
    """Comments around a comma: one stays behind its element, others stand before the next."""
    if one.after or comma.before:
        return one, comma.before + _own_lines(comma.after)
    return replace(one, after=comma.after), ()


def _own_lines(text: str) -> tuple[Comment, ...]:
    return (Comment(text),) if text else ()

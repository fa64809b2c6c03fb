"""The syntax tree. Every node is frozen and knows its place; nothing here knows what names mean."""

from __future__ import annotations

from msgspec import Struct

from distill_dsl.compiler.source import Span


class Node(Struct, frozen=True):
    """Common form of all nodes. Structs, because to define as many dataclasses takes as long as to check a spec."""


class Name(Node, frozen=True):
    """One word. `home` is where it is looked up: the alias under which its file was imported, or nothing."""

    text: str
    span: Span
    home: str = ""

    @property
    def key(self) -> str:
        """What it is called in files, where names of all homes stand side by side."""
        return self.home + self.text


# --- values -------------------------------------------------------------------------------------


class Text(Node, frozen=True):
    """`"..."`, escapes resolved."""

    value: str
    span: Span


class Number(Node, frozen=True):
    """`4`, `0.7`, `1e-4`: an int where it is written as one."""

    value: int | float
    span: Span


class Quantity(Node, frozen=True):
    """`5s`, `512MB`, `95%`: a number and its unit, not yet joined."""

    amount: int | float
    unit: str
    span: Span


class Constant(Node, frozen=True):
    """`true`, `false`, `none`."""

    value: bool | None
    span: Span


class Path(Node, frozen=True):
    """A name, or names joined by dots: `pot`, `gsm8k.train`."""

    parts: tuple[Name, ...]
    span: Span

    @property
    def text(self) -> str:
        return ".".join(part.text for part in self.parts)

    @property
    def key(self) -> str:
        return self.parts[0].home + self.text


class List(Node, frozen=True):
    """`[a, b]`."""

    items: tuple[Value, ...]
    span: Span


class Entry(Node, frozen=True):
    """`key: value` in a map."""

    key: Path
    value: Value
    span: Span


class Map(Node, frozen=True):
    """`{ key: value, ... }`."""

    entries: tuple[Entry, ...]
    span: Span


class Argument(Node, frozen=True):
    """`value` or `key: value` in a call."""

    key: Name | None
    value: Value
    span: Span


class Call(Node, frozen=True):
    """`f(a, key: b)`."""

    name: Name
    arguments: tuple[Argument, ...]
    span: Span


class Product(Node, frozen=True):
    """`2*pot`."""

    factors: tuple[Value, ...]
    span: Span


class Sum(Node, frozen=True):
    """`cot + 2*pot`."""

    terms: tuple[Value, ...]
    span: Span


class Fallback(Node, frozen=True):
    """`pot > eot > cot`."""

    choices: tuple[Value, ...]
    span: Span


class Broken(Node, frozen=True):
    """A value that could not be read and has been reported."""

    span: Span


Value = Text | Number | Quantity | Constant | Path | List | Map | Call | Product | Sum | Fallback | Broken


# --- statements ---------------------------------------------------------------------------------


class Item(Node, frozen=True):
    """`key = value` in a block."""

    key: Name
    value: Value
    span: Span


class Vary(Node, frozen=True):
    """`vary name = [values]` in an experiment."""

    keyword: Name
    name: Path
    value: Value
    span: Span


class Block(Node, frozen=True):
    """`keyword name { items }`, or `keyword name = origin { items }`."""

    keyword: Name
    name: Name
    origin: Path | None
    items: tuple[Item | Vary, ...]
    span: Span
    damaged: bool = False
    """Some of its items could not be read (and were reported), so that absence proves nothing."""

    @property
    def head(self) -> Span:
        """Keyword to name: where a mistake of the block as a whole is shown."""
        return Span(self.span.path, self.keyword.span.start, self.name.span.end)


class Param(Node, frozen=True):
    """`param name: type = value`, or with `{ items }` that describe and limit it."""

    keyword: Name
    name: Name
    type: Name
    value: Value
    items: tuple[Item, ...]
    span: Span
    damaged: bool = False
    """Some of its items could not be read (and were reported)."""

    @property
    def head(self) -> Span:
        """Keyword to name."""
        return Span(self.span.path, self.keyword.span.start, self.name.span.end)


class Import(Node, frozen=True):
    """`import "file.mtd"`, or `import "file.mtd" as alias`."""

    keyword: Name
    path: Text
    alias: Name | None
    span: Span


class Edition(Node, frozen=True):
    """`mtd 1`."""

    keyword: Name
    number: Value
    span: Span


Statement = Block | Param | Import | Edition


class Spec(Node, frozen=True):
    """One file.

    `home` is the prefix of its names, where it was imported under an alias.
    `damaged`: something in it could not be read; `unread`: nothing could. `lost` holds the words
    that broken statements may have defined, and `nameless` the kinds of those that lost their name.
    """

    path: str
    statements: tuple[Statement, ...]
    damaged: bool = False
    lost: frozenset[str] = frozenset()
    unread: bool = False
    home: str = ""
    nameless: frozenset[str] = frozenset()

"""The syntax tree. Every node is frozen and knows its place; nothing here knows what names mean."""

from __future__ import annotations

from dataclasses import dataclass

from distill_dsl.compiler.source import Span


@dataclass(frozen=True)
class Name:
    """One word. `home` is where it is looked up: the alias under which its file was imported, or nothing."""

    text: str
    span: Span
    home: str = ""

    @property
    def key(self) -> str:
        """What it is called in files, where names of all homes stand side by side."""
        return self.home + self.text


# --- values -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """`"..."`, escapes resolved."""

    value: str
    span: Span


@dataclass(frozen=True)
class Number:
    """`4`, `0.7`, `1e-4`: an int where it is written as one."""

    value: int | float
    span: Span


@dataclass(frozen=True)
class Quantity:
    """`5s`, `512MB`, `95%`: a number and its unit, not yet joined."""

    amount: int | float
    unit: str
    span: Span


@dataclass(frozen=True)
class Constant:
    """`true`, `false`, `none`."""

    value: bool | None
    span: Span


@dataclass(frozen=True)
class Path:
    """A name, or names joined by dots: `pot`, `gsm8k.train`."""

    parts: tuple[Name, ...]
    span: Span

    @property
    def text(self) -> str:
        return ".".join(part.text for part in self.parts)

    @property
    def key(self) -> str:
        return self.parts[0].home + self.text


@dataclass(frozen=True)
class List:
    """`[a, b]`."""

    items: tuple[Value, ...]
    span: Span


@dataclass(frozen=True)
class Entry:
    """`key: value` in a map."""

    key: Path
    value: Value
    span: Span


@dataclass(frozen=True)
class Map:
    """`{ key: value, ... }`."""

    entries: tuple[Entry, ...]
    span: Span


@dataclass(frozen=True)
class Argument:
    """`value` or `key: value` in a call."""

    key: Name | None
    value: Value
    span: Span


@dataclass(frozen=True)
class Call:
    """`f(a, key: b)`."""

    name: Name
    arguments: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True)
class Product:
    """`2*pot`."""

    factors: tuple[Value, ...]
    span: Span


@dataclass(frozen=True)
class Sum:
    """`cot + 2*pot`."""

    terms: tuple[Value, ...]
    span: Span


@dataclass(frozen=True)
class Fallback:
    """`pot > eot > cot`."""

    choices: tuple[Value, ...]
    span: Span


@dataclass(frozen=True)
class Broken:
    """A value that could not be read and has been reported."""

    span: Span


Value = Text | Number | Quantity | Constant | Path | List | Map | Call | Product | Sum | Fallback | Broken


# --- statements ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """`key = value` in a block."""

    key: Name
    value: Value
    span: Span


@dataclass(frozen=True)
class Vary:
    """`vary name = [values]` in an experiment."""

    keyword: Name
    name: Path
    value: Value
    span: Span


@dataclass(frozen=True)
class Block:
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


@dataclass(frozen=True)
class Param:
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


@dataclass(frozen=True)
class Import:
    """`import "file.mtd"`, or `import "file.mtd" as alias`."""

    keyword: Name
    path: Text
    alias: Name | None
    span: Span


@dataclass(frozen=True)
class Edition:
    """`mtd 1`."""

    keyword: Name
    number: Value
    span: Span


Statement = Block | Param | Import | Edition


@dataclass(frozen=True)
class Spec:
    """One file.

    `home` is the prefix of its names, where it was imported under an alias.
    `damaged`: something in it could not be read; `unread`: nothing could. `lost` holds the words
    that broken statements may have defined.
    """

    path: str
    statements: tuple[Statement, ...]
    damaged: bool = False
    lost: frozenset[str] = frozenset()
    unread: bool = False
    home: str = ""

"""The types that a key can take, and the form of the rows in `fields`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from distill_dsl.contract.settings import Settings

# --- types of values ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Whole:
    """A whole number from `least`."""

    least: int | None = 1


@dataclass(frozen=True)
class Real:
    """A number: at least `least`, or more than `above`."""

    least: float | None = None
    above: float | None = None


@dataclass(frozen=True)
class Share:
    """`95%` or `0.95`."""


@dataclass(frozen=True)
class Seconds:
    """`5s`; kept in seconds."""


@dataclass(frozen=True)
class Bytes:
    """`512MB`; kept in bytes."""


@dataclass(frozen=True)
class Dollars:
    """`25USD`."""


@dataclass(frozen=True)
class Flag:
    """`true` or `false`."""


@dataclass(frozen=True)
class Text:
    """A text in quotes, one of `choices` if there are any; not blank, unless `empty`.

    `environment`: may come from an environment variable, since it says where something is and not what.
    """

    choices: tuple[str, ...] = ()
    empty: bool = False
    environment: bool = False


@dataclass(frozen=True)
class FilePath:
    """A path in quotes: from the spec's folder where it starts with `./` or `../`, else from the project's root.

    `hub`: may also be a name on the Hugging Face hub.
    """

    hub: bool = False


@dataclass(frozen=True)
class Secret:
    """`env("NAME")`: kept as the variable's name, and read where it is used."""


@dataclass(frozen=True)
class Literal:
    """A value of a param's own type; with `many`, a list of them."""

    many: bool = False


@dataclass(frozen=True)
class Word:
    """One of a few bare words."""

    choices: tuple[str, ...]


@dataclass(frozen=True)
class Texts:
    """A list of texts."""


@dataclass(frozen=True)
class Range:
    """`[1, 3]`: the least and the most."""


@dataclass(frozen=True)
class Wholes:
    """A list of whole numbers from `least`, each once."""

    least: int = 0


@dataclass(frozen=True)
class Names:
    """The name of a block of a kind, or with `many` a list of such names."""

    kind: str
    many: bool = False


@dataclass(frozen=True)
class Splits:
    """`gsm8k.train`; several in a list or joined by `+`."""


@dataclass(frozen=True)
class Weighted:
    """`cot + 2*pot`: thoughts and their weights."""


@dataclass(frozen=True)
class Strategies:
    """A thought, cascade or call; with `many`, a list of them."""

    many: bool = True


@dataclass(frozen=True)
class Member:
    """A thought in a strategy, weighted where `weighted`."""

    weighted: bool = False


@dataclass(frozen=True)
class ColumnNames:
    """`{ question: "Body", answer: "Answer" }`."""


@dataclass(frozen=True)
class Figures:
    """`{ source: "...", small.etd.gsm8k: 39.0 }`."""


@dataclass(frozen=True)
class OneOf:
    """One of some calls."""

    calls: tuple[Call, ...]


Type = (
    Whole
    | Real
    | Share
    | Seconds
    | Bytes
    | Dollars
    | Flag
    | Text
    | FilePath
    | Secret
    | Literal
    | Word
    | Texts
    | Range
    | Wholes
    | Names
    | Splits
    | Weighted
    | Strategies
    | Member
    | ColumnNames
    | Figures
    | OneOf
)


# --- rows ---------------------------------------------------------------------------------------


class Required:
    """The default of what has none."""


REQUIRED: Final = Required()


@dataclass(frozen=True)
class Argument:
    """One argument of a call. `into` is where it goes in the call's settings, if not under its key."""

    key: str
    type: Type
    default: Any
    prose: str
    positional: bool = False
    into: str | None = None


@dataclass(frozen=True)
class Rest:
    """Arguments under keys of the user's choice (splits, thoughts), gathered in one mapping."""

    into: str
    what: str
    type: Type
    prose: str


@dataclass(frozen=True)
class Call:
    """A call that a key takes. `settings` is what it makes; without, the value of its one argument."""

    name: str
    settings: type[Settings] | None
    prose: str
    arguments: tuple[Argument, ...] = ()
    rest: Rest | None = None
    members: Member | None = None
    """The type of any number of arguments without key."""


@dataclass(frozen=True)
class Field:
    """One key of a block. `into` is its name in the settings, where that differs."""

    key: str
    type: Type
    default: Any
    prose: str
    bears: bool = True
    """Whether it bears on the result; what only describes re-runs nothing."""
    into: str | None = None
    placed: bool = True
    """Whether it is part of the block's settings; else an attribute of the entity."""

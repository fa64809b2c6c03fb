"""The types that a key can take, and the form of the rows in `fields`."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from distill_dsl.contract.form import Settings

# --- types of values ----------------------------------------------------------------------------


class Whole(Struct, frozen=True):
    """A whole number from `least`."""

    least: int | None = 1


class Real(Struct, frozen=True):
    """A number: at least `least`, or more than `above`."""

    least: float | None = None
    above: float | None = None


class Share(Struct, frozen=True):
    """`95%` or `0.95`."""


class Seconds(Struct, frozen=True):
    """`5s`; kept in seconds."""


class Bytes(Struct, frozen=True):
    """`512MB`; kept in bytes."""


class Dollars(Struct, frozen=True):
    """`25USD`."""


class Budget(Struct, frozen=True):
    """`25USD`, or `2Mtokens`; kept as `Spent`."""


class Spent(Struct, frozen=True):
    """An amount of money in US dollars, or of tokens."""

    dollars: float | None = None
    tokens: int | None = None


class Flag(Struct, frozen=True):
    """`true` or `false`."""


class Text(Struct, frozen=True):
    """A text in quotes, one of `choices` if there are any; not blank, unless `empty`.

    `environment`: may come from an environment variable, since it says where something is and not what.
    """

    choices: tuple[str, ...] = ()
    empty: bool = False
    environment: bool = False


class FilePath(Struct, frozen=True):
    """A path in quotes: from the spec's folder where it starts with `./` or `../`, else from the project's root.

    `hub`: may also be a name on the Hugging Face hub.
    """

    hub: bool = False


class Secret(Struct, frozen=True):
    """`env("NAME")`: kept as the variable's name, and read where it is used."""


class Literal(Struct, frozen=True):
    """A value of a param's own type; with `many`, a list of them."""

    many: bool = False


class Word(Struct, frozen=True):
    """One of a few bare words."""

    choices: tuple[str, ...]


class Texts(Struct, frozen=True):
    """A list of texts; with `blank`, also of blanks and line ends alone."""

    blank: bool = False


class Range(Struct, frozen=True):
    """`[1, 3]`: the least and the most."""


class Wholes(Struct, frozen=True):
    """A list of whole numbers from `least`, each once."""

    least: int = 0


class Names(Struct, frozen=True):
    """The name of a block of a kind, or with `many` a list of such names."""

    kind: str
    many: bool = False


class Splits(Struct, frozen=True):
    """`gsm8k.train`; several in a list or joined by `+`."""


class Weighted(Struct, frozen=True):
    """`cot + 2*pot`: blocks of a kind and their weights."""

    kind: str = "thought"


class Strategies(Struct, frozen=True):
    """A thought, cascade or call; with `many`, a list of them."""

    many: bool = True


class Member(Struct, frozen=True):
    """A thought in a strategy, weighted where `weighted`."""

    weighted: bool = False


class ColumnNames(Struct, frozen=True):
    """`{ question: "Body", answer: "Answer" }`."""


class Counts(Struct, frozen=True):
    """`{ train: 7473, test: 1319 }`: splits and whole numbers."""


class Options(Struct, frozen=True):
    """`{ difficulty: 0.5, hands: ["left"] }`: names that something outside knows, and plain values or lists of them."""


class Figures(Struct, frozen=True):
    """`{ source: "...", small.etd.gsm8k: 39.0 }`."""


class OneOf(Struct, frozen=True):
    """One of some calls."""

    calls: tuple[Call, ...]


Type = (
    Whole
    | Real
    | Share
    | Seconds
    | Bytes
    | Dollars
    | Budget
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
    | Counts
    | Options
    | Figures
    | OneOf
)


# --- rows ---------------------------------------------------------------------------------------


class Required:
    """The default of what has none."""


REQUIRED: Final = Required()


class Argument(Struct, frozen=True):
    """One argument of a call. `into` is where it goes in the call's settings, if not under its key."""

    key: str
    type: Type
    default: Any
    prose: str
    positional: bool = False
    into: str | None = None
    instead: bool = False
    """Whether it takes the place of what the call's `rest` gathers."""


class Rest(Struct, frozen=True):
    """Arguments under keys of the user's choice (splits, thoughts), gathered in one mapping."""

    into: str
    what: str
    type: Type
    prose: str


class Call(Struct, frozen=True):
    """A call that a key takes. `settings` is what it makes; without, the value of its one argument."""

    name: str
    settings: type[Settings] | None
    prose: str
    arguments: tuple[Argument, ...] = ()
    rest: Rest | None = None
    members: Member | None = None
    """The type of any number of arguments without key."""


class Field(Struct, frozen=True):
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

"""Settings as a spec has them: `5s`, `512MB`, `5%`, `cot + 2*pot`, `hf("...", config: "main")`.

The rows of `model/fields.py` say how a value is written, as they say how it is read: what is
spelled here and read again is the same value. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, assert_never

import msgspec

from distill_dsl.compiler.model import types
from distill_dsl.compiler.model.offered import STRATEGIES
from distill_dsl.compiler.model.types import Argument, Call, Field
from distill_dsl.compiler.model.units import BYTES, SECONDS, spelt_tokens
from distill_dsl.contract.settings import Environment
from distill_dsl.contract.strategies import Cascade, Single, Strategy, strategy_key

PARAM_SPELLING: Final[Mapping[str, types.Type]] = {
    "int": types.Whole(None),
    "float": types.Real(),
    "str": types.Text(empty=True),
    "bool": types.Flag(),
    "share": types.Share(),
    "time": types.Seconds(),
    "size": types.Bytes(),
    "money": types.Dollars(),
}
"""Type of a param -> how its values are written."""

NONE: Final = "none"


@dataclass(frozen=True)
class Said:
    """A value in the words of a spec; with its elements, where it is a list."""

    text: str
    elements: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Spelling:
    """How the values of one block are written. `references`: dotted place in the settings -> param."""

    references: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[Strategy, ...] = ()
    """What the keys of strategies stand for (`headline`)."""

    def field(self, row: Field, value: Any) -> Said:
        """The value of a key."""
        return Said(self.value(row.type, value, row.into or row.key), self.elements(row.type, value))

    def elements(self, type: types.Type, value: Any) -> tuple[str, ...] | None:
        """The elements of what is a list to people: one more or less is no other list."""
        match type:
            case _ if value is None:
                return None
            case types.Strategies(many=True):
                return tuple(map(self._strategy, value))
            case types.Names(many=True) | types.Splits() | types.Wholes():
                return tuple(map(str, value))
            case types.Texts():
                return tuple(map(quoted, value))
            case _:
                return None

    def value(self, type: types.Type, value: Any, at: str) -> str:
        """A value of the type that stands at the dotted place `at`."""
        if at in self.references:
            return self.references[at]
        if value is None:
            return NONE
        if isinstance(value, Environment):
            return environment(value.env)
        match type:
            case types.OneOf(calls):
                return self._call(calls, value, at)
            case types.Weighted():
                return " + ".join(self._weighted(name, weight, f"{at}.{name}") for name, weight in value.items())
            case types.Strategies(many=True):
                return listed(self.elements(type, value))
            case types.Strategies():
                return self._named_strategy(value)
            case types.ColumnNames():
                return self._columns(value, at)
            case types.Figures():
                return _figures(value)
            case types.Options():
                return mapped((key, bare(one)) for key, one in value.items())
            case types.Counts():
                return mapped((key, number(one)) for key, one in value.items())
            case types.Names(many=False):
                return str(value)
            case types.Splits() if len(value) == 1:
                return str(value[0])
            case types.Names() | types.Splits() | types.Wholes() | types.Texts():
                return listed(self.elements(type, value))
            case types.Range():
                return listed(value)
            case _:
                return scalar(type, value)

    def _weighted(self, name: str, weight: float, at: str) -> str:
        if at not in self.references and weight == 1:
            return name
        return f"{self.references.get(at, number(weight))}*{name}"

    def _named_strategy(self, value: str) -> str:
        meant = next((one for one in self.answers if strategy_key(one) == value), None)
        return self._strategy(meant) if meant is not None else str(value)

    def _strategy(self, strategy: Strategy) -> str:
        match strategy:
            case Single(thought=thought):
                return thought
            case Cascade(members=members):
                return " > ".join(members)
            case _:
                return self._call(STRATEGIES, strategy, "")

    def _columns(self, value: Any, at: str) -> str:
        named = {key: getattr(value, key) for key in value.__struct_fields__}
        given = [(key, name) for key, name in named.items() if name is not None]
        return mapped((key, self.value(types.Text(), name, f"{at}.{key}")) for key, name in given)

    def _call(self, calls: tuple[Call, ...], value: Any, at: str) -> str:
        row = next((call for call in calls if call.settings is value.__class__), calls[0])
        if row.settings is None:
            return f"{row.name}({self.value(row.arguments[0].type, value, at)})"
        parts = [*self._members(row, value), *self._arguments(row, value, at), *self._rest(row, value, at)]
        return f"{row.name}({', '.join(parts)})"

    def _members(self, row: Call, value: Any) -> Iterator[str]:
        if row.members is not None:
            weights = value.weights if row.members.weighted else {}
            yield from (self._weighted(name, weights.get(name, 1.0), "") for name in value.members)

    def _arguments(self, row: Call, value: Any, at: str) -> Iterator[str]:
        unsaid = {each.name: each.default for each in msgspec.structs.fields(value)}
        written: set[str] = set()  # two arguments may be two ways of saying the same
        for argument in row.arguments:
            place = argument.into or argument.key
            given = _within(value, place)
            default = given is None or given == unsaid.get(place)
            if place in written or (default and not (_always(argument) or f"{at}.{place}" in self.references)):
                continue
            written.add(place)
            text = self.value(argument.type, given, f"{at}.{place}")
            yield text if argument.positional else f"{argument.key}: {text}"

    def _rest(self, row: Call, value: Any, at: str) -> Iterator[str]:
        if row.rest is not None:
            for key, one in getattr(value, row.rest.into).items():
                if key != "*":
                    yield f"{key}: {self.value(row.rest.type, one, f'{at}.{row.rest.into}.{key}')}"


def _within(value: Any, place: str) -> Any:
    """The value at an argument's place in the settings of its call: `name`, or `splits.*`."""
    outer, _, key = place.partition(".")
    return getattr(value, outer).get(key) if key else getattr(value, outer)


def _always(argument: Argument) -> bool:
    """Whether an argument is also written where it is the default: `scratch("t5")` says what it is."""
    return argument.positional and argument.into is None


def _figures(value: Any) -> str:
    return mapped([("source", quoted(value.source)), *((cell, number(one)) for cell, one in value.cells.items())])


# --- scalars ------------------------------------------------------------------------------------


def scalar(type: types.Type, value: Any) -> str:
    """A number, quantity, word or text."""
    match type:
        case types.Share():
            return share(value)
        case types.Seconds():
            return quantity(value, SECONDS, "s", float)
        case types.Bytes():
            return quantity(value, BYTES, "KB", round)
        case types.Dollars():
            return f"{number(value)}USD"
        case types.Budget():
            return spelt_tokens(value.tokens) if value.tokens is not None else f"{number(value.dollars)}USD"
        case types.Real() | types.Whole():
            return number(value)
        case types.Flag():
            return str(value).lower()
        case types.Text() | types.FilePath():
            return quoted(value)
        case types.Secret():
            return environment(value)
        case types.Literal():
            return bare(value)
        case types.Word() | types.Member():
            return str(value)
        case (
            types.OneOf()
            | types.Weighted()
            | types.Strategies()
            | types.ColumnNames()
            | types.Counts()
            | types.Options()
            | types.Figures()
            | types.Names()
            | types.Splits()
            | types.Texts()
            | types.Range()
            | types.Wholes()
        ):
            raise TypeError(f"{type} is no scalar")
    assert_never(type)


def number(value: float) -> str:
    """`10`, `0.0005`, `1e-09`: the shortest that is read as the same number."""
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    plain = format(Decimal(repr(value)), "f")
    return plain if len(plain) <= 12 else repr(value)


def share(value: float) -> str:
    """`5%`; as a plain number where the percentage would be read as another number."""
    percent = format((Decimal(repr(float(value))) * 100).normalize(), "f")
    return f"{percent}%" if len(percent) <= 12 and float(f"{percent}e-2") == value else number(value)


def quantity(value: float, units: Mapping[str, float], plain: str, kept: Callable[[float], float]) -> str:
    """The value in the largest unit in which it is a whole number, else in the unit `plain`.

    `kept` is what reading makes of an amount times its unit.
    """
    for unit, factor in sorted(units.items(), key=lambda pair: -pair[1]):
        amount = round(value / factor)
        if amount >= 1 and kept(amount * factor) == value:
            return f"{amount}{unit}"
    return f"{number(value / units[plain])}{plain}"


ESCAPES: Final = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"))


def quoted(text: str) -> str:
    """A text in quotes."""
    for letter, escape in ESCAPES:
        text = text.replace(letter, escape)
    return f'"{text}"'


def environment(name: str) -> str:
    """`env("NAME")`."""
    return f"env({quoted(name)})"


def listed(items: Any) -> str:
    """`[a, b]`."""
    return f"[{', '.join(map(str, items))}]"


def mapped(entries: Any) -> str:
    """`{ key: value }`."""
    inside = ", ".join(f"{key}: {value}" for key, value in entries)
    return f"{{ {inside} }}" if inside else "{ }"


def param_value(type: str, value: Any) -> str:
    """The value of a param of the type."""
    return scalar(PARAM_SPELLING[type], value)


def bare(value: Any) -> str:
    """A plain value of `params.yaml` or `dvc.lock` of which no row tells how a spec has it."""
    match value:
        case None:
            return NONE
        case bool():
            return str(value).lower()
        case int() | float():
            return number(value)
        case {"param": str(name)} if len(value) == 1:
            return name
        case str():
            return quoted(value)
        case dict():
            return mapped((key, bare(inner)) for key, inner in value.items())
        case list() | tuple():
            return listed(map(bare, value))
        case _:
            return str(value)

"""What the tables of the language allow at a cursor: the type of a value, and the call that is being written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from distill_dsl.compiler.language.tokens import Kind
from distill_dsl.compiler.model import types
from distill_dsl.compiler.model.fields import FIELDS, PARAM
from distill_dsl.compiler.model.offered import STRATEGIES
from distill_dsl.contract.settings import Columns
from distill_dsl.editor.cursor import Cursor, Step

JOINED: Final = "joined"
"""The key that stands for all those of a data block which join splits."""

PARAM_VALUES: Final[dict[str, types.Type]] = {
    "int": types.Whole(None),
    "float": types.Real(),
    "str": types.Text(),
    "bool": types.Flag(),
    "share": types.Share(),
    "time": types.Seconds(),
    "size": types.Bytes(),
    "money": types.Dollars(),
}
"""Type of a param -> the type of its values."""

ENV: Final = types.Call(
    "env",
    None,
    "a variable of the environment, read at run time; only its name is written to files",
    (types.Argument("name", types.Text(), types.REQUIRED, "the variable's name", positional=True),),
)

COLUMNS: Final = tuple(Columns.__struct_fields__)


@dataclass(frozen=True)
class Expectation:
    """What may stand at a cursor. `type` is None where only the names in a call or map can."""

    type: types.Type | None = None
    call: types.Call | None = None
    argument: types.Argument | types.Rest | None = None
    splits: bool = False
    """A split of the data block's own source."""


def fields_of(keyword: str) -> tuple[types.Field, ...]:
    """The rows of a block, or of what stands behind a param."""
    return PARAM if keyword == "param" else FIELDS.get(keyword, ())


def field_of(keyword: str, key: str) -> types.Field | None:
    """The row of a key."""
    return next((row for row in fields_of(keyword) if row.key == key), None)


def calls_of(type: types.Type | None) -> tuple[types.Call, ...]:
    """The calls that a type takes."""
    match type:
        case types.OneOf(calls):
            return calls
        case types.Strategies():
            return STRATEGIES
        case types.Secret() | types.Text(environment=True):
            return (ENV,)
    return ()


def expectation(cursor: Cursor, param_type: str = "") -> Expectation:
    """What a value at the cursor should be; `param_type` is that of the param whose value or limits it gives."""
    row = field_of(cursor.keyword, cursor.key)
    if row is None and cursor.keyword == "data":
        return Expectation(splits=True)
    type = PARAM_VALUES.get(param_type) if cursor.key.startswith("vary ") or row is None else row.type
    if isinstance(type, types.Literal):
        type = PARAM_VALUES.get(param_type)
    found = Expectation(type)
    for step in cursor.steps:
        found = _within(found, step)
    return found


def _within(outer: Expectation, step: Step) -> Expectation:
    match step.kind:
        case Kind.LSQB:
            return Expectation(element(outer.type), splits=outer.splits)
        case Kind.LPAR:
            return _argument(outer.type, step)
    match outer.type:
        case types.ColumnNames():
            return Expectation(types.Text() if step.key else None)
        case types.Counts():
            return Expectation(types.Whole() if step.key else None)
        case types.Figures():
            value = types.Text() if step.key == "source" else types.Real(least=0.0)
            return Expectation(value if step.key else None)
    return Expectation()


def element(type: types.Type | None) -> types.Type | None:
    """The type of a list's elements; a type that is no list is also that of its parts."""
    match type:
        case types.Names(kind, _):
            return types.Names(kind)
        case types.Strategies():
            return types.Strategies(many=False)
        case types.Texts():
            return types.Text()
        case types.Wholes(least):
            return types.Whole(least)
        case types.Range():
            return types.Whole()
    return type


def _argument(type: types.Type | None, step: Step) -> Expectation:
    call = call_of(type, step.name)
    if call is None:
        return Expectation()
    row = named_argument(call, step.key) if step.key else positional(call, step)
    if row is None:
        return Expectation(call.members, call)
    return Expectation(row.type, call, row)


def call_of(type: types.Type | None, name: str) -> types.Call | None:
    """The call of that name, if the type takes it."""
    return next((call for call in calls_of(type) if call.name == name), None)


def named_argument(call: types.Call, key: str) -> types.Argument | types.Rest | None:
    """The row of an argument that is given by name."""
    rows: Iterable[types.Argument] = call.arguments
    return next((row for row in rows if row.key == key), call.rest)


def positional(call: types.Call, step: Step) -> types.Argument | None:
    """The row of the next argument without a name."""
    rows = [row for row in call.arguments if row.positional and row.key not in step.given]
    return rows[step.number] if step.number < len(rows) else None

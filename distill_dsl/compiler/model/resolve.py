"""From syntax trees to the typed model: names, copies, params and values, all mistakes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, assert_never

from msgspec import structs

from distill_dsl.compiler.diagnostics import Code, Diagnostic, did_you_mean, has_errors, ordered, suggestion
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model import types
from distill_dsl.compiler.model.algebra import (
    read_columns,
    read_counts,
    read_figures,
    read_options,
    read_splits,
    read_strategies,
    read_weighted,
)
from distill_dsl.compiler.model.calls import read_call
from distill_dsl.compiler.model.declare import Merged, declared, merged
from distill_dsl.compiler.model.entities import (
    Data,
    Entity,
    Experiment,
    Mix,
    Model,
    Student,
    Teacher,
    Thought,
    Value,
    needed,
)
from distill_dsl.compiler.model.fields import CUES, FIELDS, SETTINGS, USUAL_SPLITS
from distill_dsl.compiler.model.load import Program, load
from distill_dsl.compiler.model.parameters import allowed, literal_of
from distill_dsl.compiler.model.reading import WRONG, Reading, Wrong, distinct, elements, read_name
from distill_dsl.compiler.model.rules import RULES, Checked
from distill_dsl.compiler.model.scalars import read_range, read_scalar, read_texts, read_wholes
from distill_dsl.compiler.model.scope import PARAM, Scope, article, unknown_alias
from distill_dsl.compiler.model.splits import checked_splits, joined_splits, with_splits
from distill_dsl.compiler.model.types import (
    REQUIRED,
    Field,
)
from distill_dsl.compiler.model.wording import expected
from distill_dsl.contract.vocabulary import AnswerKind

__all__ = ["Program", "load", "resolve"]

KINDS: Final = ("data", "teacher", "thought", "mix", "student", "experiment")


@dataclass(frozen=True)
class Analysis:
    """What is known of a program: its model where no error was found, and its names in any case."""

    model: Model | None
    diagnostics: list[Diagnostic]
    scope: Scope
    blocks: Mapping[str, Mapping[str, Merged]]


def resolve(program: Program, overrides: Mapping[str, Value] | None = None) -> tuple[Model | None, list[Diagnostic]]:
    """The model of a program, with some params changed; `None` where an error was found."""
    analysis = analysed(program, overrides)
    return analysis.model, analysis.diagnostics


def analysed(program: Program, overrides: Mapping[str, Value] | None = None) -> Analysis:
    """A program's model and names.

    The rules run only on a model without errors, so that none of them reports a consequence.
    """
    scope = declared(program, overrides or {})
    paths = program.paths
    blocks = {kind: merged(scope, kind) for kind in KINDS}
    entities = {kind: _entities(scope, kind, blocks[kind]) for kind in KINDS}
    checked_splits(scope, blocks, entities["data"])
    if has_errors(scope.found) or program.damaged:
        return Analysis(None, ordered(scope.found, paths), scope, blocks)
    model = _model(scope, paths, blocks, entities)
    checked = Checked(model, blocks)
    found = [diagnostic for rule in RULES for diagnostic in rule(checked)]
    whole = None if has_errors(found) else model
    return Analysis(whole, ordered([*scope.found, *found], paths), scope, blocks)


def _model(
    scope: Scope, paths: Sequence[str], blocks: Mapping[str, dict[str, Merged]], entities: Mapping[str, dict[str, Any]]
) -> Model:
    data = with_splits(blocks, entities["data"])
    tables = {**entities, "data": data}
    whole = {kind: {name: _with_uses(entity, tables) for name, entity in tables[kind].items()} for kind in KINDS}
    return Model(
        files=tuple(paths),
        params={name: param for name, param in scope.params.items() if param is not None},
        data=whole["data"],
        teachers=whole["teacher"],
        thoughts=whole["thought"],
        mixes=whole["mix"],
        students=whole["student"],
        experiments=whole["experiment"],
    )


def _with_uses(entity: Any, tables: Mapping[str, dict[str, Any]]) -> Any:
    """The entity with the params of all that it refers to; mixes, teachers and students refer on."""
    return structs.replace(entity, uses=frozenset().union(*(one.uses for one in reached(entity, tables))))


def reached(entity: Entity, tables: Mapping[str, Mapping[str, Any]]) -> list[Entity]:
    """The entity and all those that bear on it, each once."""
    found: dict[tuple[type, str], Entity] = {}
    waiting = [entity]
    while waiting:
        one = waiting.pop()
        if (type(one), one.name) not in found:
            found[type(one), one.name] = one
            waiting += [tables[kind][name] for kind, name in needed(one)]
    return list(found.values())


# --- entities -----------------------------------------------------------------------------------


@dataclass
class _Values:
    """What was read of one block: into its settings, and beside them."""

    reading: Reading
    settings: dict[str, Any] = field(default_factory=dict)
    beside: dict[str, Any] = field(default_factory=dict)

    def fine(self) -> bool:
        return WRONG not in self.settings.values() and WRONG not in self.beside.values()


def _entities(scope: Scope, kind: str, blocks: Mapping[str, Merged]) -> dict[str, Any]:
    """The blocks of a kind that are without mistakes."""
    found = {name: _entity(scope, kind, block) for name, block in blocks.items()}
    return {name: entity for name, entity in found.items() if entity is not None}


def _entity(scope: Scope, kind: str, block: Merged) -> Entity | None:
    values = _values(scope, kind, block)
    whole = _all_there(scope, kind, block)
    if not (whole and values.fine()):
        return None
    if kind == "thought":
        _thought_defaults(values.settings)
    reading = values.reading
    make: Any = ENTITIES[kind]
    made: Entity = make(
        name=block.block.name.key,
        span=block.block.head,
        settings=SETTINGS[kind](**values.settings),
        references=reading.references,
        uses=frozenset(reading.uses),
        **values.beside,
    )
    return made


ENTITIES: Final[dict[str, type[Entity]]] = {
    "data": Data,
    "teacher": Teacher,
    "thought": Thought,
    "mix": Mix,
    "student": Student,
    "experiment": Experiment,
}


def _values(scope: Scope, kind: str, block: Merged) -> _Values:
    values = _Values(Reading(scope))
    rows = {row.key: row for row in FIELDS[kind]}
    for key, item in block.items.items():
        if key in rows:
            _read_item(values, rows[key], item)
        elif kind == "data" and _is_split(item, rows):
            joined = joined_splits(values.reading, item)
            values.settings.setdefault("joined", {})[key] = joined
            if joined is WRONG:
                values.beside["joined"] = WRONG
        else:
            _unknown_key(values, kind, item, rows, block)
    if kind == "experiment":
        if "seeds" not in values.beside:
            values.beside["seeds"] = (1,)
        values.beside["vary"] = _vary(values.reading, block)
    elif block.vary:
        first = next(iter(block.vary.values()))
        scope.report(
            Code.UNKNOWN_KEY, "only an experiment varies params", first.keyword.span, "move it to an experiment"
        )
    return values


def _read_item(values: _Values, row: Field, item: nodes.Item) -> None:
    table, name = (values.settings, row.into or row.key) if row.placed else (values.beside, row.key)
    if row.default is None and isinstance(item.value, nodes.Constant) and item.value.value is None:
        return
    table[name] = read(values.reading, row.type, item.value, name if row.placed else None)


def _is_split(item: nodes.Item, rows: Mapping[str, Field]) -> bool:
    """Whether an unknown key of a data block names a split: it is no slip, and its value joins names."""
    near = did_you_mean(item.key.text, rows) is not None and item.key.text not in USUAL_SPLITS
    return not near and isinstance(item.value, nodes.Path | nodes.Sum)


def _unknown_key(values: _Values, kind: str, item: nodes.Item, rows: Mapping[str, Field], block: Merged) -> None:
    """Report the key; a plain slip of another key is read as that one, so that its value is checked too."""
    key = item.key.text
    if "." in key:  # reported where it was read
        values.beside[key] = WRONG
        return
    values.reading.report(
        Code.UNKNOWN_KEY, f"{article(kind)} {kind} has no key `{key}`", item.key.span, suggestion(key, rows)
    )
    meant = did_you_mean(key, rows)
    if meant is not None and meant not in block.items:
        _read_item(values, rows[meant], item)
    values.beside[key] = WRONG


def _all_there(scope: Scope, kind: str, block: Merged) -> bool:
    """Whether no key is missing. What its origin lacks too is reported there."""
    keys = [row.key for row in FIELDS[kind]]
    given = {did_you_mean(key, keys) if key not in keys else key for key in block.items}
    missing = [row for row in FIELDS[kind] if row.default is REQUIRED and row.key not in given]
    for row in missing:
        if block.complete and (block.origin is None or row.key in block.origin.items):
            summary = f"this {kind} needs `{row.key}`: {row.prose}"
            scope.report(Code.MISSING_KEY, summary, block.block.head, f"add `{row.key} = ...`: {expected(row.type)}")
    return not missing


def _thought_defaults(settings: dict[str, Any]) -> None:
    answer = AnswerKind(settings["answer"])
    settings["answer"] = answer
    settings.setdefault("cue", CUES[answer])
    settings.setdefault("prompt", f"prompts/{answer}.jinja2")


def _vary(reading: Reading, block: Merged) -> Any:
    """Params and the values that they take; a value is a literal of the param's type."""
    swept = tuple((name, _swept(reading, item)) for name, item in block.vary.items())
    return WRONG if any(values is WRONG for _, values in swept) else swept


def _swept(reading: Reading, item: nodes.Vary) -> Any:
    scope, name = reading.scope, item.name.key
    if unknown_alias(scope, item.name.parts):
        return WRONG
    if name not in scope.params:
        if not scope.forgives(item.name.text):
            wanted = nodes.Name(item.name.text, item.name.span, item.name.parts[0].home)
            help = scope.nearest(PARAM, wanted) or "only params are varied: `param name: int = 4`"
            reading.report(Code.UNDEFINED, f"there is no param `{item.name.text}`", item.name.span, help)
        return WRONG
    param = scope.params[name]
    scope.mention(PARAM, item.name)
    items = elements(reading, types.Wholes(), item.value)
    if param is None or isinstance(items, Wrong):
        return WRONG
    pairs: list[tuple[Any, Any]] = []
    for node in items:
        value: Any = literal_of(param.type, node)
        if value is None:
            label = ((param.span, "defined here"),)
            summary = f"`{name}` is of type {param.type}, and this is not"
            value = reading.report(Code.WRONG_PARAM_TYPE, summary, node.span, labels=label)
        elif not allowed(scope, param, item.name.text, value, node.span):
            value = WRONG
        pairs.append((value, node.span))
    return distinct(reading, pairs)


# --- values -------------------------------------------------------------------------------------


def read(reading: Reading, type: types.Type, node: nodes.Value, at: str | None) -> Any:
    """The value of any type; `at` is its dotted place in the settings, if it has one."""
    if isinstance(node, nodes.Broken):
        return WRONG
    match type:
        case types.OneOf():
            return read_call(reading, type, node, at, read)
        case types.Names(kind, many):
            return _names(reading, type, node) if many else read_name(reading, kind, node)
        case types.Splits():
            return read_splits(reading, type, node)
        case types.Weighted():
            return read_weighted(reading, type, node, at)
        case types.Strategies():
            return read_strategies(reading, type, node, read)
        case types.Member():
            return read_name(reading, "thought", node)
        case types.ColumnNames():
            return read_columns(reading, type, node, at)
        case types.Counts():
            return read_counts(reading, type, node)
        case types.Options():
            return read_options(reading, type, node)
        case types.Figures():
            return read_figures(reading, type, node)
        case types.Texts():
            return read_texts(reading, type, node)
        case types.Wholes():
            return read_wholes(reading, type, node)
        case types.Range():
            return read_range(reading, type, node)
        case (
            types.Whole()
            | types.Real()
            | types.Share()
            | types.Seconds()
            | types.Bytes()
            | types.Dollars()
            | types.Budget()
            | types.Flag()
            | types.Text()
            | types.FilePath()
            | types.Secret()
            | types.Word()
        ):
            return read_scalar(reading, type, node, at)
        case types.Literal():
            raise AssertionError("only params have it, and `parameters` reads those")
    assert_never(type)


def _names(reading: Reading, type: types.Names, node: nodes.Value) -> Any:
    items = elements(reading, type, node)
    if isinstance(items, Wrong):
        return WRONG
    return distinct(reading, [(read_name(reading, type.kind, item), item.span) for item in items])

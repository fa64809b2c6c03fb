"""What the syntax trees around a place say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model import types
from distill_dsl.compiler.model.fields import FIELDS, USUAL_SPLITS
from distill_dsl.compiler.model.splits import mentioned
from distill_dsl.compiler.source import Span
from distill_dsl.editor.cursor import Cursor, cursor_at
from distill_dsl.editor.documents import View
from distill_dsl.editor.expects import call_of


def statements(view: View) -> tuple[nodes.Statement, ...]:
    """The statements of the spec itself."""
    return view.program.specs[0].statements


def cursor(view: View, offset: int) -> Cursor:
    """Where the cursor stands in the spec itself. Limits of a param and varied values have the param's type."""
    found = cursor_at(view.source.text, view.source.path, view.tokens, offset)
    if found.key.startswith("vary "):
        param = view.analysis.scope.params.get(view.names("param").get(found.key.removeprefix("vary "), ""))
        return replace(found, param_type=param.type if param is not None else "")
    return found


def statement_at(view: View, offset: int) -> nodes.Block | nodes.Param | None:
    """The block or param around an offset, or right before it where the text breaks off."""
    around = [each for each in statements(view) if isinstance(each, nodes.Block | nodes.Param)]
    return next((each for each in reversed(around) if each.span.start <= offset), None)


def given_keys(view: View, offset: int) -> set[str]:
    """The keys that the block around an offset has already, but for the one that is being typed."""
    statement = statement_at(view, offset)
    items = [item for item in statement.items if isinstance(item, nodes.Item)] if statement is not None else []
    return {item.key.text for item in items if not item.key.span.start <= offset <= item.key.span.end}


def given_entries(view: View, offset: int) -> set[str]:
    """The keys of the innermost map or call around an offset, but for the one that is being typed."""
    statement = statement_at(view, offset)
    if statement is None:
        return set()
    keys: list[nodes.Name | nodes.Path] = []
    for node in _nested(statement):
        if node.span.start <= offset <= node.span.end:
            parts = node.entries if isinstance(node, nodes.Map) else node.arguments
            keys = [part.key for part in parts if part.key is not None]
    return {key.text for key in keys if not key.span.start <= offset <= key.span.end}


def _nested(statement: nodes.Block | nodes.Param) -> Iterator[nodes.Map | nodes.Call]:
    """The maps and calls of a statement, outer ones first."""
    waiting = [item.value for item in statement.items]
    for node in waiting:  # grows while it is walked
        waiting += parts(node)
        if isinstance(node, nodes.Map | nodes.Call):
            yield node


def parts(node: nodes.Value) -> list[nodes.Value]:
    """The values that a value is made of."""
    match node:
        case nodes.List(inner) | nodes.Sum(inner) | nodes.Product(inner) | nodes.Fallback(inner):
            return list(inner)
        case nodes.Map(entries):
            return [entry.value for entry in entries]
        case nodes.Call(_, arguments):
            return [argument.value for argument in arguments]
    return []


def text_of(view: View, span: Span) -> str:
    """The characters of a span, in whatever file of the program."""
    source = view.sources.get(span.path)
    return source.text[span.start : span.end] if source is not None else ""


def splits_of(view: View, data: str, typed: int = -1) -> list[str]:
    """The splits that a data set has as far as the spec says, and the usual ones where it does not.

    What is being typed at the offset `typed` is no split yet.
    """
    block = view.analysis.blocks["data"].get(data)
    if block is None:
        return list(USUAL_SPLITS)
    source = block.items["source"].value if "source" in block.items else None
    rows = {row.key: row for row in FIELDS["data"]}
    own = _sized(source, rows["source"].type) if isinstance(source, nodes.Call) else []
    joined = [key for key in block.items if key not in rows]
    paths = mentioned(view.analysis.blocks, data)
    used = [path.parts[1].text for path in paths if not (view.here(path.span) and _within(path.span, typed))]
    return list(dict.fromkeys([*own, *joined, *used, *([] if own else ["train", "test"])]))


def _within(span: Span, offset: int) -> bool:
    return span.start <= offset <= span.end


def _sized(source: nodes.Call, type: types.Type) -> list[str]:
    row = call_of(type, source.name.text)
    known = {argument.key for argument in row.arguments} if row is not None else set()
    return [argument.key.text for argument in source.arguments if argument.key and argument.key.text not in known]

"""What the syntax trees around a place say."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import pairwise

from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.language.tokens import CLOSING, OPENING, Kind
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


def given_entries(view: View, place: Cursor) -> set[str]:
    """The keys in the innermost bracket around the cursor, before it and behind it."""
    found = set(place.steps[-1].given)
    later = view.tokens[bisect_right(view.tokens, place.word.span.end, key=lambda token: token.span.start) :]
    depth = 0
    for token, follows in pairwise(later):
        depth += (token.kind in OPENING) - (token.kind in CLOSING)
        if depth < 0 or (token.starts_line and follows.kind is Kind.EQUAL):
            break
        if depth == 0 and token.kind is Kind.WORD and follows.kind is Kind.COLON:
            found.add(token.text)
    return found


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

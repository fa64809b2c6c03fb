"""The one layout of a spec: what `mtd fmt` and editors write.

    source -> tokens with comments (comments) -> shape (shape) -> rows in columns (rows) -> text

Meaning, comments and order stay; blanks, line breaks and commas at the end of lists become uniform.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from distill_dsl.compiler.diagnostics import Diagnostic, has_errors
from distill_dsl.compiler.diagnostics.excerpt import columns
from distill_dsl.compiler.language.automaton import lexed
from distill_dsl.compiler.language.chunks import split
from distill_dsl.compiler.language.comments import Comment, Leaf, leaves
from distill_dsl.compiler.language.parse import parse
from distill_dsl.compiler.language.rows import EMPTY, WIDTH, Cell, Row, remark, row, written
from distill_dsl.compiler.language.shape import Body, Element, Group, Part, Statement, flat, is_broken, space, statement
from distill_dsl.compiler.language.tokens import Kind
from distill_dsl.compiler.source import Source

STEP: Final = 2
"""Blanks by which the content of brackets is set in."""
FURTHER: Final = 4
"""Blanks by which a value is set in that goes on in the next line."""
BETWEEN_ITEMS: Final = 3
"""Blanks between the items of a block that stands on one line."""


def formatted(source: Source) -> tuple[str | None, list[Diagnostic]]:
    """The text in its one layout, or None if it has mistakes of syntax, and these."""
    _, found = parse(source)
    if has_errors(found):
        return None, found
    tokens = lexed(source)
    around, footer = leaves(source, tokens)
    rows: list[Row] = []
    at, tall = 0, False
    for chunk in split(tokens):
        one = statement(around[at : at + len(chunk.tokens)])
        more = _statement(one)
        above = _comments(one.head.before, one.head.blank, 0)
        spread = len(more) > 1
        if (tall or spread) and EMPTY not in above:
            above = [EMPTY, *above]
        rows += [*above, *more]
        at, tall = at + len(chunk.tokens), spread
    rows += _comments(footer, False, 0)
    text = written(_trimmed(rows))
    again = Source(source.path, text)
    if _content(*leaves(again, lexed(again))) != _content(around, footer):
        raise RuntimeError(f"a bug of the formatter would lose something of {source.path}; nothing was changed")
    return text, found


def _content(around: Sequence[Leaf], footer: Sequence[Comment]) -> tuple[list[str], list[str]]:
    """The words and the comments of a text: files are written over, and neither may ever be lost."""
    comments = [text for leaf in around for text in (*(each.text for each in leaf.before), leaf.after) if text]
    words = [leaf.text for leaf in around if leaf.kind is not Kind.COMMA]
    return words, [*comments, *(each.text for each in footer)]


def _trimmed(rows: list[Row]) -> list[Row]:
    """The rows without an empty one at their start."""
    return rows[1:] if rows[:1] == [EMPTY] else rows


def _comments(comments: Sequence[Comment], blank: bool, indent: int) -> list[Row]:
    """Lines of comments and, if `blank`, an empty one after them."""
    rows: list[Row] = []
    for comment in comments:
        rows += [EMPTY] if comment.blank else []
        rows.append(remark(indent, comment.text))
    return [*rows, EMPTY] if blank else rows


# --- statements ---------------------------------------------------------------------------------


def _statement(one: Statement) -> list[Row]:
    """The rows of a statement without the comments above it: one where it can stand on one line."""
    head, body = one.head.parts, one.body
    if not is_broken(head) and not (body is not None and body.open):
        whole = Row(0, _cells(head, body), one.head.after, _table(head))
        if columns(whole.text) <= WIDTH:
            return [whole]
    if body is None:
        return _ended(_run(head, _Pen(0)), "", one.head.after)
    *above, last = _run(head, _Pen(0, tail=2))
    brace = "{" if body.items or body.after or body.footer else "{}"
    first = row(last.indent, f"{last.text} {brace}", body.after)
    if brace == "{}":
        return [*above, replace(first, after=one.head.after)]
    return [*above, first, *_items(body), row(0, "}", one.head.after)]


def _table(head: Sequence[Part]) -> str:
    """Statements of one keyword stand in columns; copies apart from others."""
    texts = [part.text for part in head if isinstance(part, Leaf)]
    return texts[0] + ("=" if texts[2:3] == ["="] else "")


def _cells(head: Sequence[Part], body: Body | None) -> tuple[Cell, ...]:
    """The parts of a statement on one line that stand below those of its neighbours."""
    cells = [Cell(flat(head[start:end])) for start, end in _columns(head) if start < end]
    if body is None:
        return tuple(cells)
    if not body.items:
        return (*cells, Cell("{}"))
    first, *others = [item.flat for item in body.items]
    texts = [f"{{ {first}", *others]
    return (*cells, *(Cell(text, BETWEEN_ITEMS) for text in texts[:-1]), Cell(f"{texts[-1]} }}"))


def _columns(head: Sequence[Part]) -> list[tuple[int, int]]:
    """Where the columns of a head start and end: `param name:`, `type`, `= value`; `mix name`, `= other`."""
    first = head[0]
    typed = isinstance(first, Leaf) and first.kind is Kind.PARAM
    return [(0, 3), (3, 4), (4, len(head))] if typed else [(0, 2), (2, len(head))]


def _items(body: Body) -> list[Row]:
    """The items of a body, each in lines of its own."""
    rows: list[Row] = []
    for paragraph in _paragraphs(body.items):
        sign = 2 if _is_vary(paragraph[0]) else 1
        width = max(columns(flat(item.parts[:sign])) for item in paragraph)
        for item in paragraph:
            rows += _comments(item.before, item.blank, STEP)
            rows += _ended(_keyed(item.parts, sign, width, STEP), "", item.after)
    return _trimmed([*rows, *_comments(body.footer, False, STEP)])


def _paragraphs(items: Sequence[Element]) -> Iterator[list[Element]]:
    """Items whose values start in one column, if each stands on one line: without a blank line between them."""
    current: list[Element] = []
    for item in items:
        parted = item.blank or any(comment.blank for comment in item.before)
        if current and (parted or _is_vary(item) != _is_vary(current[-1])):
            yield current
            current = []
        current.append(item)
    if current:
        yield current


def _is_vary(item: Element) -> bool:
    first = item.parts[0]
    return isinstance(first, Leaf) and first.kind is Kind.VARY


# --- values -------------------------------------------------------------------------------------


@dataclass
class _Pen:
    """Where a value is being written: the rows so far, and the text of the one begun."""

    indent: int
    offset: int = 0
    """Characters that will stand before the first row."""
    tail: int = 0
    """Characters that will follow the last."""
    rows: list[Row] = field(default_factory=list)
    text: str = ""
    further: bool = False
    """The value has gone on in another line, which is set in."""

    @property
    def column(self) -> int:
        return self.indent + columns(self.text) + (0 if self.rows else self.offset)

    def add(self, glue: str, text: str) -> None:
        self.text += (glue if self.text else "") + text

    def end_line(self, after: str = "") -> None:
        """Go on in the next line."""
        if self.text:
            self.rows.append(row(self.indent, self.text, after))
            self.text = ""
        if not self.further:
            self.indent, self.further = self.indent + FURTHER, True


def _run(parts: Sequence[Part], pen: _Pen) -> list[Row]:
    """The rows of a value. Operators end a line that is too long; what holds comments goes on below them."""
    for at, part in enumerate(parts):
        glue = space(parts[at - 1], part) if at else ""
        first = part.opening if isinstance(part, Group) else part
        if first.before or (at and _is_operator(parts[at - 1]) and _better_below(parts, at, pen)):
            pen.end_line()
            pen.rows += _comments(first.before, False, pen.indent)
        if isinstance(part, Leaf):
            pen.add(glue, part.text)
        elif not part.broken and _fits(parts, at, len(glue) if pen.text else 0, pen):
            pen.add(glue, part.flat)
        else:
            _group(part, glue, pen)
        if after := part.closing.after if isinstance(part, Group) else part.after:
            pen.end_line(after)
    return [*pen.rows, row(pen.indent, pen.text)]


def _is_operator(part: Part) -> bool:
    return isinstance(part, Leaf) and part.kind in (Kind.PLUS, Kind.MORE)


def _better_below(parts: Sequence[Part], at: int, pen: _Pen) -> bool:
    """Whether what follows an operator is too long for this line, and not for the next; or its beginning is."""
    end = next((end for end in range(at, len(parts)) if _is_operator(parts[end])), len(parts))
    operand, behind = parts[at:end], 2 if end < len(parts) else pen.tail
    here, below = pen.column + 1, pen.indent + (0 if pen.further else FURTHER)
    if not pen.text or here <= below:
        return False
    whole = columns(flat(operand)) + behind
    return here + _beginning(operand, behind) > WIDTH or (
        not is_broken(operand) and here + whole > WIDTH >= below + whole
    )


def _beginning(operand: Sequence[Part], behind: int) -> int:
    """How many columns of an operand stand in its first line at least: up to a bracket that can be opened."""
    for at, part in enumerate(operand):
        if isinstance(part, Group) and (part.elements or part.broken):
            glue = space(operand[at - 1], part) if at else ""
            return columns(flat(operand[:at])) + len(glue) + len(part.opening.text)
    return columns(flat(operand)) + behind


def _fits(parts: Sequence[Part], at: int, glue: int, pen: _Pen) -> bool:
    """Whether a group can stand on this line, with what follows it up to the next place where a line may end."""
    return pen.column + glue + columns(flat(parts[at : at + 1])) + _until_break(parts, at, pen.tail) <= WIDTH


def _until_break(parts: Sequence[Part], at: int, tail: int) -> int:
    """How many columns follow a group up to the next place where a line may end."""
    for end in range(at + 1, len(parts)):
        part = parts[end]
        if isinstance(part, Group) and part.elements:
            return columns(flat(parts[at + 1 : end])) + len(space(parts[end - 1], part)) + len(part.opening.text)
        if _is_operator(part):
            return columns(flat(parts[at + 1 : end])) + 2
    return columns(flat(parts[at + 1 :])) + tail


def _group(group: Group, glue: str, pen: _Pen) -> None:
    """Brackets over several lines."""
    pen.add(glue, group.opening.text)
    pen.rows.append(row(pen.indent, pen.text, group.opening.after))
    pen.rows += _elements(group, pen.indent + STEP)
    pen.text = group.closing.text


def _elements(group: Group, indent: int) -> list[Row]:
    """The elements in the lines in which they are written; a line that is too long is parted."""
    rows: list[Row] = []
    width = max((columns(flat(each.parts[:1])) for each in group.elements if _is_entry(each)), default=0)
    plain = all(len(each.parts) == 1 and isinstance(each.parts[0], Leaf) for each in group.elements)
    for line in _lines(group.elements):
        rows += _comments(line[0].before, line[0].blank, indent)
        fits = not any(is_broken(each.parts) for each in line) and indent + columns(_joined(line)) <= WIDTH
        if len(line) > 1 and (fits or plain):
            rows += _filled(line, indent)
        else:
            rows += [each for element in line for each in _element(element, width, indent)]
    return _trimmed([*rows, *_comments(group.footer, False, indent)])


def _joined(elements: Sequence[Element]) -> str:
    return ", ".join(each.flat for each in elements) + ","


def _lines(elements: Sequence[Element]) -> Iterator[list[Element]]:
    """The elements by the lines in which they are written."""
    current: list[Element] = []
    for each in elements:
        if current and (each.breaks or each.before or is_broken(each.parts) or is_broken(current[-1].parts)):
            yield current
            current = []
        current.append(each)
    if current:
        yield current


def _filled(elements: Sequence[Element], indent: int) -> list[Row]:
    """As many elements in each line as it holds."""
    lines: list[list[Element]] = [[]]
    for each in elements:
        if lines[-1] and indent + columns(_joined([*lines[-1], each])) > WIDTH:
            lines.append([])
        lines[-1].append(each)
    return [row(indent, _joined(line), line[-1].after) for line in lines]


def _element(one: Element, width: int, indent: int) -> list[Row]:
    """An element in lines of its own; `key: value` stands below others in columns."""
    rows = _keyed(one.parts, 1, width, indent, 1) if _is_entry(one) else _run(one.parts, _Pen(indent, tail=1))
    return _ended(rows, ",", one.after)


def _is_entry(one: Element) -> bool:
    return len(one.parts) > 2 and isinstance(one.parts[1], Leaf) and one.parts[1].kind is Kind.COLON


def _keyed(parts: Sequence[Part], sign: int, width: int, indent: int, tail: int = 0) -> list[Row]:
    """`key = value` or `key: value`, whose values stand in one column: that behind a key of `width`."""
    value = parts[sign + 1]
    first = value.opening if isinstance(value, Group) else value
    if first.before or is_broken(parts[: sign + 1]):
        return _run(parts, _Pen(indent, tail=tail))
    tight = _is_entry_sign(parts[sign])
    key = flat(parts[:sign]) + (":" if tight else "")
    rows = _run(parts[sign + 1 :], _Pen(indent, width + (2 if tight else 3), tail))
    text = rows[0].text if tight else f"= {rows[0].text}"
    table = f"{flat(parts[: sign - 1])}{'key' if tight else 'item'}"
    return [replace(rows[0], cells=(Cell(key), Cell(text)), table=table), *rows[1:]]


def _is_entry_sign(part: Part) -> bool:
    return isinstance(part, Leaf) and part.kind is Kind.COLON


def _ended(rows: list[Row], text: str, after: str) -> list[Row]:
    """The rows with a text and a comment behind them."""
    *others, last = rows
    *cells, end = last.cells
    return [*others, replace(last, cells=(*cells, replace(end, text=end.text + text)), after=after or last.after)]

"""Text in, syntax tree and diagnostics out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from msgspec import structs

from distill_dsl.compiler.diagnostics import Code, Diagnostic, error, ordered
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.language.automaton import lexed, read
from distill_dsl.compiler.language.chunks import Chunk, Part, chunks, with_opening_braces
from distill_dsl.compiler.language.mistakes import Refused, meant_keyword, unknown_keyword
from distill_dsl.compiler.language.recover import recovered, without_spoiled
from distill_dsl.compiler.language.slips import MOST, repaired
from distill_dsl.compiler.language.tokens import BLOCKS, UNITS, Kind, Token, meant_unit
from distill_dsl.compiler.source import Source, Span

__all__ = ["EDITION", "lexed", "parse"]

EDITION: Final = 1
"""The edition of the language that this version reads."""

_NUMERAL: Final = re.compile(r"^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")

ESCAPES: Final = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}

LARGEST: Final = 1e15
"""Whole numbers up to here are exact in every program that will read them."""


def parse(source: Source) -> tuple[nodes.Spec, list[Diagnostic]]:
    """The tree of a file. Mistakes leave holes in it, never an exception."""
    tokens, found = repaired(source, lexed(source))
    tokens, missing = with_opening_braces(tokens)
    found += missing
    parts = _parts(source.path, tokens, found)
    total = len(found) + sum(len(part.found) for part in parts)
    if total > 1 and total < MOST:
        # Imported here because a spec without mistakes has no use for it.
        from distill_dsl.compiler.language.regions import settled

        parts = settled(parts, found, partial(_statement, path=source.path))
    found = [*found, *(each for part in parts for each in part.found)]
    if len(found) >= MOST:
        return _given_up(source, found)
    statements = [part.statement for part in parts if part.statement is not None]
    found += _misplaced_editions(statements)
    found = ordered(found, [source.path])
    lost = frozenset(word for part in parts for word in part.lost)
    nameless = frozenset(part.nameless for part in parts if part.nameless)
    return nodes.Spec(source.path, tuple(statements), bool(found), lost, nameless=nameless), found


def _parts(path: str, tokens: Sequence[Token], slips: Sequence[Diagnostic]) -> list[Part]:
    """What each chunk of a file is read as, up to `MOST` mistakes."""
    parts: list[Part] = []
    left = MOST - len(slips)
    open_blocks = 0  # each explains one `}` too many further down
    as_yaml = False  # `mix m:` explains the `key: value` below it
    for chunk in chunks(tokens):
        if left <= 0:
            break
        if open_blocks and chunk.tokens[0].kind is Kind.RBRACE:
            open_blocks -= 1
            parts.append(Part(chunk))
            continue
        open_blocks += chunk.unclosed is not None
        if as_yaml and [token.kind for token in chunk.tokens[:2]] == [Kind.WORD, Kind.COLON]:
            continue
        as_yaml = _is_yaml_head(chunk.tokens)
        parts.append(_statement(chunk, path))
        left -= len(parts[-1].found)
    return parts


def _given_up(source: Source, found: list[Diagnostic]) -> tuple[nodes.Spec, list[Diagnostic]]:
    """A file with so many mistakes is no spec: the first ones are told, and that the rest was not read."""
    kept = ordered(found, [source.path])[:MOST]
    help = "mend the first ones; is this a spec at all?"
    kept.append(
        error(Code.SYNTAX, f"there are {MOST} mistakes up to here, and the rest was not read", kept[-1].span, help)
    )
    return nodes.Spec(source.path, (), damaged=True, unread=True), kept


def _is_yaml_head(tokens: Sequence[Token]) -> bool:
    kinds = [token.kind for token in tokens[:3]]
    return tokens[0].text in BLOCKS and kinds == [Kind.WORD, Kind.WORD, Kind.COLON]


def _statement(chunk: Chunk, path: str) -> Part:
    """What one chunk is read as."""
    if chunk.too_deep is not None:
        help = "take out the brackets that are not needed"
        return Part(chunk, None, [error(Code.TOO_DEEP, "too many brackets within brackets", chunk.too_deep.span, help)])
    own: list[Diagnostic] = []
    build = Build(path, own)
    found: list[Diagnostic] = []
    statement = _read(build, "statement", chunk.tokens)
    if isinstance(statement, Refused):
        statement, found = recovered(chunk, partial(_read, build), statement)
    if isinstance(statement, nodes.Block):
        statement, found = _known_keyword(without_spoiled(statement, chunk.tokens), chunk.tokens[0], found)
    return Part(chunk, statement, [*own, *found])


def _known_keyword(
    block: nodes.Block, first: Token, found: list[Diagnostic]
) -> tuple[nodes.Statement | None, list[Diagnostic]]:
    """A block with a misspelt keyword is taken for what was meant, so that its name is not lost."""
    if block.keyword.text in BLOCKS:
        return block, found
    found = [unknown_keyword(first), *found]
    meant = meant_keyword(block.keyword.text)
    if meant is None:
        return None, found
    return structs.replace(block, keyword=nodes.Name(meant, block.keyword.span)), found


def _misplaced_editions(statements: Sequence[nodes.Statement]) -> list[Diagnostic]:
    found = []
    for number, statement in enumerate(statements):
        if not isinstance(statement, nodes.Edition) or statement.keyword.text != "mtd":
            continue
        if number > 0:
            found.append(
                error(Code.UNKNOWN_EDITION, "the edition stands in the first line", statement.span, "move it up")
            )
        elif not isinstance(statement.number, nodes.Number) or statement.number.value != EDITION:
            span = statement.number.span
            help = f"write `mtd {EDITION}`, or install a version that knows the edition"
            found.append(
                error(Code.UNKNOWN_EDITION, "this version does not know that edition of the language", span, help)
            )
    return found


# --- nodes --------------------------------------------------------------------------------------


def _read(build: Build, start: str, tokens: Sequence[Token]) -> Any:
    """The node that the tokens make from a start rule, or `Refused`; then nothing is found in it."""
    known = len(build.found)
    node = read(start, tokens, build.node)
    if isinstance(node, Refused):
        del build.found[known:]
    return node


class Build:
    """Rules become nodes: one method a rule. Works on one file, and collects what it finds."""

    def __init__(self, path: str, found: list[Diagnostic]) -> None:
        self.file = path
        self.found = found

    def node(self, rule: str, span: Span, parts: Sequence[Any]) -> Any:
        """The node of a rule with these parts."""
        return getattr(self, rule)(span, parts)

    # --- statements

    def edition(self, span: Span, parts: Sequence[Any]) -> nodes.Edition:
        keyword, number = parts
        return nodes.Edition(self._name(keyword), self._number(number), span)

    def import_(self, span: Span, parts: Sequence[Any]) -> nodes.Import:
        keyword, path, *alias = parts
        name = self._name(alias[1]) if alias else None
        return nodes.Import(self._word(keyword), self._text(path), name, span)

    def param(self, span: Span, parts: Sequence[Any]) -> nodes.Param:
        keyword, name, type, value, *items = parts
        words = self._word(keyword), self._name(name), self._word(type)
        return nodes.Param(*words, value, tuple(items), span)

    def block(self, span: Span, parts: Sequence[Any]) -> nodes.Block:
        keyword, name, *items = parts
        return nodes.Block(self._word(keyword), self._name(name), None, tuple(items), span)

    def copy(self, span: Span, parts: Sequence[Any]) -> nodes.Block:
        keyword, name, origin, *items = parts
        words = self._word(keyword), self._name(name), self._path(origin)
        return nodes.Block(*words, tuple(items), span)

    def item(self, span: Span, parts: Sequence[Any]) -> nodes.Item:
        key, value = parts
        return nodes.Item(self._name(key), value, span)

    def vary(self, span: Span, parts: Sequence[Any]) -> nodes.Vary:
        keyword, name, value = parts
        return nodes.Vary(self._word(keyword), self._path(name), value, span)

    # --- values

    def fallback(self, span: Span, parts: Sequence[Any]) -> nodes.Fallback:
        return nodes.Fallback(tuple(parts), span)

    def sum(self, span: Span, parts: Sequence[Any]) -> nodes.Sum:
        return nodes.Sum(tuple(parts), span)

    def product(self, span: Span, parts: Sequence[Any]) -> nodes.Product:
        return nodes.Product(tuple(parts), span)

    def text(self, span: Span, parts: Sequence[Any]) -> nodes.Text:
        return self._text(parts[0])

    def number(self, span: Span, parts: Sequence[Any]) -> nodes.Value:
        return self._number(parts[0])

    def constant(self, span: Span, parts: Sequence[Any]) -> nodes.Constant:
        return nodes.Constant({"true": True, "false": False, "none": None}[parts[0].text], span)

    def path(self, span: Span, parts: Sequence[Any]) -> nodes.Path:
        return self._path(parts[0])

    def list(self, span: Span, parts: Sequence[Any]) -> nodes.List:
        return nodes.List(tuple(parts), span)

    def map(self, span: Span, parts: Sequence[Any]) -> nodes.Map:
        return nodes.Map(tuple(parts), span)

    def entry(self, span: Span, parts: Sequence[Any]) -> nodes.Entry:
        key, value = parts
        return nodes.Entry(self._path(key), value, span)

    def call(self, span: Span, parts: Sequence[Any]) -> nodes.Call:
        name, *arguments = parts
        return nodes.Call(self._word(name), tuple(arguments), span)

    def argument(self, span: Span, parts: Sequence[Any]) -> nodes.Argument:
        *key, value = parts
        return nodes.Argument(self._word(key[0]) if key else None, value, span)

    # --- tokens

    def _word(self, token: Token) -> nodes.Name:
        return nodes.Name(token.text, token.span)

    def _name(self, token: Token) -> nodes.Name:
        if "." in token.text:
            help = f"write `{token.text.replace('.', '_')}`"
            self.found.append(error(Code.SYNTAX, f"the name `{token.text}` holds a dot", token.span, help))
        return self._word(token)

    def _path(self, token: Token) -> nodes.Path:
        parts, at = [], token.span.start
        for part in token.text.split("."):
            parts.append(nodes.Name(part, Span(self.file, at, at + len(part))))
            at += len(part) + 1
        return nodes.Path(tuple(parts), token.span)

    def _text(self, token: Token) -> nodes.Text:
        pieces, at, body = [], 0, token.text[1:-1]
        while at < len(body):
            char = body[at]
            if char == "\\":
                at += 1
                char = self._escape(token, at, body[at])
            pieces.append(char)
            at += 1
        return nodes.Text("".join(pieces), token.span)

    def _escape(self, token: Token, at: int, letter: str) -> str:
        if letter not in ESCAPES:
            start = token.span.start + at
            span = Span(self.file, start, start + 2)
            help = 'there is `\\n`, `\\t`, `\\"` and `\\\\`'
            self.found.append(error(Code.UNKNOWN_ESCAPE, f"`\\{letter}` is no escape", span, help))
        return ESCAPES.get(letter, letter)

    def _number(self, token: Token) -> nodes.Value:
        digits = _NUMERAL.findall(token.text)[0]
        unit, span = token.text[len(digits) :], token.span
        if unit and unit not in UNITS:
            unit_span = replace(span, start=span.start + len(digits))
            help = f"there is {', '.join(f'`{known}`' for known in UNITS)}"
            if meant := meant_unit(unit):
                help = f"write `{digits}{meant}`"
            elif len(unit) > 2:  # most likely a name, as in `cot + 2pot`
                help += f"; a weight is written `{digits}*{unit}`"
            self.found.append(error(Code.UNKNOWN_UNIT, f"`{unit}` is no unit", unit_span, help))
            return nodes.Broken(span)
        amount = float(digits)
        if abs(amount) > LARGEST:
            self.found.append(
                error(Code.BAD_NUMBER, "this number is too large", span, "no key takes a number like that")
            )
            return nodes.Broken(span)
        value = amount if any(mark in digits for mark in ".eE") else int(digits)
        return nodes.Quantity(value, unit, span) if unit else nodes.Number(value, span)

"""The automaton that reads the language: tokens from a text, and a tree from tokens.

It is driven by a table that `tabulate.py` makes of `grammar.lark`, by means of lark, and that is
kept beside it. Reading so takes no import of lark, and a node is made as soon as its rule is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from distill_dsl.compiler.language.mistakes import Refused
from distill_dsl.compiler.language.tokens import Kind, Token
from distill_dsl.compiler.source import Source, Span

GRAMMAR: Final = Path(__file__).with_name("grammar.lark")
TABLE: Final = Path(__file__).with_name("grammar.json")

END: Final = "$END"
"""What stands after the last token."""

Make = Callable[[str, Span, list[Any]], Any]
"""The node of a rule: its name, place and parts in, node out."""


class Rule(msgspec.Struct, frozen=True):
    """One way to read a symbol."""

    symbol: str
    size: int
    """How many symbols it joins."""
    kept: tuple[tuple[int, bool], ...]
    """Which of them are parts of the node; True where the parts of that one are."""
    makes: str | None
    """The rule's name, or None where its parts go to the rule above."""
    through: bool
    """Whether a single part stands for the whole (`?rule`)."""


class Table(msgspec.Struct, frozen=True):
    """What a grammar comes to."""

    grammar: str
    """The text that it was made of: another text, another table."""
    pattern: str
    """All terminals, each a named group; the first that fits is taken."""
    words: dict[str, str]
    """Texts that are terminals of their own, though a wider one fits."""
    ignored: tuple[str, ...]
    starts: dict[str, int]
    ends: dict[str, int]
    rules: tuple[Rule, ...]
    states: tuple[dict[str, int], ...]
    """Symbol -> the next state, or -1 - number of the rule that is then complete."""


@cache
def table() -> Table:
    """The table of the grammar: the kept one, or one made anew where the grammar has changed since."""
    grammar = GRAMMAR.read_text(encoding="utf-8")
    kept = msgspec.json.decode(TABLE.read_bytes(), type=Table)
    if kept.grammar == grammar:
        return kept
    # Imported here because lark takes half of the time in which a spec is checked.
    from distill_dsl.compiler.language.tabulate import tabulated

    return tabulated(grammar)


# --- tokens -------------------------------------------------------------------------------------


@cache
def _terminals() -> tuple[re.Pattern[str], dict[str, Kind | None], dict[str, Kind]]:
    """The pattern; the kind of each of its groups, None for what is left out; the kinds of words."""
    made = table()
    kinds: dict[str, Kind | None] = {kind.value: kind for kind in Kind}
    kinds |= dict.fromkeys(made.ignored)
    return re.compile(made.pattern), kinds, {text: Kind(kind) for text, kind in made.words.items()}


def lexed(source: Source) -> list[Token]:
    """The tokens of a text; every character belongs to one, or is a blank or in a comment."""
    pattern, kinds, words = _terminals()
    path = source.path
    tokens: list[Token] = []
    starts_line = True
    for match in pattern.finditer(source.text):
        kind, text = kinds[match.lastgroup or ""], match.group()
        if kind is None:
            starts_line = starts_line or "\n" in text
            continue
        tokens.append(Token(words.get(text, kind), text, Span(path, *match.span()), starts_line))
        starts_line = False
    return tokens


# --- trees --------------------------------------------------------------------------------------


def read(start: str, tokens: Sequence[Token], make: Make) -> Any:
    """The node that the tokens make from a start rule, or `Refused`."""
    stack = _Stack(table(), start, make)
    for at, token in enumerate(tokens):
        if not stack.takes(token):
            return Refused(at, stack.expected())
    if not stack.ends():
        return Refused(len(tokens), stack.expected())
    return stack.parts[0]


class _Stack:
    """The symbols read so far, each with the state after it, its node and where it starts and ends."""

    def __init__(self, table: Table, start: str, make: Make) -> None:
        self.table = table
        self.make = make
        self.end = table.ends[start]
        self.states = [table.starts[start]]
        self.parts: list[Any] = []
        self.places: list[Span] = []

    def takes(self, token: Token) -> bool:
        """Add a token, if it may stand here."""
        symbol = token.kind.value
        if not self._complete(symbol):
            return False
        self.states.append(self.table.states[self.states[-1]][symbol])
        self.parts.append(token)
        self.places.append(token.span)
        return True

    def ends(self) -> bool:
        """Complete the whole, if it may end here."""
        self._complete(END)
        return self.states[-1] == self.end

    def _complete(self, symbol: str) -> bool:
        """Read the rules that are complete where `symbol` follows; whether it may follow."""
        states, rules = self.table.states, self.table.rules
        while (action := states[self.states[-1]].get(symbol)) is not None:
            if action >= 0:
                return True
            self._join(rules[-1 - action])
        return False

    def _join(self, rule: Rule) -> None:
        """The last symbols become one."""
        at = len(self.parts) - rule.size
        parts = _joined(rule, self.parts[at:])
        first, last = self.places[at], self.places[-1]
        place = first if rule.size == 1 else Span(first.path, first.start, last.end)
        if rule.makes is None:
            whole: Any = parts
        elif rule.through and len(parts) == 1:
            whole = parts[0]
        else:
            whole = self.make(rule.makes, place, parts)
        del self.states[at + 1 :]
        self.states.append(self.table.states[self.states[-1]][rule.symbol])
        self.parts[at:] = [whole]
        self.places[at:] = [place]

    def expected(self) -> frozenset[str]:
        """The terminals that may stand here."""
        return frozenset(symbol for symbol in self.table.states[self.states[-1]] if self._may_follow(symbol))

    def _may_follow(self, symbol: str) -> bool:
        """Whether a terminal is taken once the rules are read that are complete before it."""
        if not symbol.isupper():
            return False
        return advanced(self.table, self.states, symbol, self.end) is not None


def advanced(table: Table, states: Sequence[int], symbol: str, end: int) -> list[int] | None:
    """The states once a symbol is taken, without any tree; `None` where it may not stand. `end` accepts the last."""
    stack = list(states)
    while (action := table.states[stack[-1]].get(symbol)) is not None:
        if action >= 0:
            stack.append(action)
            return stack
        rule = table.rules[-1 - action]
        del stack[len(stack) - rule.size :]
        stack.append(table.states[stack[-1]][rule.symbol])
        if symbol == END and stack[-1] == end:
            return stack
    return None


def _joined(rule: Rule, symbols: list[Any]) -> list[Any]:
    """Those of the symbols that are parts of the node, and the parts of those that are spliced in."""
    parts: list[Any] = []
    for at, spliced in rule.kept:
        if not spliced:
            parts.append(symbols[at])
        elif parts:
            parts += symbols[at]
        else:
            parts = symbols[at]  # nobody else holds it, and a copy for each item would add up
    return parts

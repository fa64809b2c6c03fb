"""The grammar as a table for the automaton, by means of lark. The only module that knows lark.

`python -m distill_dsl.compiler.language.tabulate` writes the table anew, after a change of the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from lark import Lark
from lark.grammar import Rule as LarkRule
from lark.grammar import Terminal
from lark.lexer import PatternStr, TerminalDef
from lark.parsers.lalr_analysis import ParseTableBase, Shift

from distill_dsl.compiler.language.automaton import GRAMMAR, TABLE, Rule, Table

STARTS: Final = ("statement", "setting", "mistake")


def larked(grammar: str) -> Lark:
    """Lark's own parser of the grammar."""
    options: dict[str, Any] = {"propagate_positions": True, "maybe_placeholders": False}
    return Lark(grammar, parser="lalr", lexer="basic", start=list(STARTS), **options)


def tabulated(grammar: str) -> Table:
    """The table of a grammar."""
    lark = larked(grammar)
    parsed = lark.parse_interactive(start=STARTS[0]).parser_state.parse_conf.parse_table
    order = _order(parsed)
    rules = {rule: number for number, rule in enumerate(lark.rules)}
    pattern, words = _terminals(lark.terminals)
    return Table(
        grammar=grammar,
        pattern=pattern,
        words=words,
        ignored=tuple(sorted(map(str, lark.ignore_tokens))),
        starts={name: order[state] for name, state in sorted(parsed.start_states.items())},
        ends={name: order[state] for name, state in sorted(parsed.end_states.items())},
        rules=tuple(map(_rule, lark.rules)),
        states=tuple(_actions(parsed.states[state], order, rules) for state in order),
    )


def _order(parsed: ParseTableBase[int]) -> dict[int, int]:
    """Numbers of the states that are the same in each run, which those of lark are not."""
    order = [parsed.start_states[name] for name in STARTS]
    for state in order:  # grows while it is walked
        following = [to for _, (action, to) in sorted(parsed.states[state].items()) if action is Shift]
        order += [to for to in following if to not in order]
    return {state: number for number, state in enumerate(order)}


def _actions(
    actions: Mapping[str, tuple[Any, Any]], order: Mapping[int, int], rules: Mapping[LarkRule, int]
) -> dict[str, int]:
    return {
        str(symbol): order[to] if action is Shift else -1 - rules[to]
        for symbol, (action, to) in sorted(actions.items())
    }


def _rule(rule: LarkRule) -> Rule:
    if not rule.expansion or rule.alias or rule.options.keep_all_tokens:
        raise ValueError(f"the automaton knows no rules that are empty, have an alias or keep all tokens: {rule}")
    kept = [
        (at, symbol.name.startswith("_"))
        for at, symbol in enumerate(rule.expansion)
        if not (isinstance(symbol, Terminal) and symbol.filter_out)
    ]
    name = str(rule.origin.name)  # lark's names are tokens of its own
    makes = None if name.startswith("_") else name
    return Rule(name, len(rule.expansion), tuple(kept), makes, rule.options.expand1)


def _terminals(terminals: Iterable[TerminalDef]) -> tuple[str, dict[str, str]]:
    """The pattern in which terminals are tried, and the words that are found by a wider terminal."""
    ordered = sorted(terminals, key=_rank)
    words = {
        one.pattern.value: str(one.name)
        for one in ordered
        for wider in ordered
        if isinstance(one.pattern, PatternStr)
        and not isinstance(wider.pattern, PatternStr)
        and one.priority == wider.priority
        and re.fullmatch(wider.pattern.to_regexp(), one.pattern.value)
    }
    tried = [one for one in ordered if one.name not in words.values()]
    return "|".join(f"(?P<{one.name}>{one.pattern.to_regexp()})" for one in tried), words


def _rank(terminal: TerminalDef) -> tuple[int, int, int, str]:
    """The order in which lark tries terminals."""
    pattern = terminal.pattern
    return -terminal.priority, -pattern.max_width, -len(pattern.value), terminal.name


def written(table: Table) -> bytes:
    """The table as JSON, a line a rule and a state, so that its changes can be read."""
    lines = []
    for key, value in msgspec.to_builtins(table).items():
        if key in ("rules", "states"):
            rows = b",\n  ".join(map(msgspec.json.encode, value))
            lines.append(b'"%s": [\n  %s\n]' % (key.encode(), rows))
        else:
            lines.append(b'"%s": %s' % (key.encode(), msgspec.json.encode(value)))
    return b"{\n" + b",\n".join(lines) + b"\n}\n"


if __name__ == "__main__":
    TABLE.write_bytes(written(tabulated(GRAMMAR.read_text(encoding="utf-8"))))

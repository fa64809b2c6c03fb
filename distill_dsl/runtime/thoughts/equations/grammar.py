"""Statements to relations: `side (RELATION side)+`, in the branches around them; sides are `reader`'s."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from distill_dsl.runtime.thoughts.equations.codes import Code, Guard, Relation, lone_name
from distill_dsl.runtime.thoughts.equations.limits import MAX_STATED, Unsolved
from distill_dsl.runtime.thoughts.equations.lines import Statement
from distill_dsl.runtime.thoughts.equations.reader import BINARY, RELATIONS, UPDATES, Reader, number
from distill_dsl.runtime.thoughts.equations.tokens import Tokens, all_tokens, is_prose, tokenised, wrong
from distill_dsl.runtime.thoughts.equations.words import (
    FUNCTIONS,
    NEIGHBOURS,
    PER,
    is_name,
    resolved,
    side_by_side,
    without_rates,
)

ANSWER_NAMES: Final = ("ans", "answer", "result")
"""Unknowns that may be lists."""
ITEM: Final = "#"
"""Between such a name and the number of an item; no name that is read holds it."""


def relations(statements: list[Statement], stated: list[str]) -> tuple[list[Relation], Code | None]:
    """Parse all statements, and the last of the stated answers that is an expression."""
    statements, tokens = all_tokens(statements)
    if any(
        NEIGHBOURS.search(statement.text) and side_by_side(own)
        for statement, own in zip(statements, tokens, strict=True)
    ):
        tokens = resolved(tokens)
    known = known_names(tokens)
    if known & PER:
        tokens = without_rates(tokens)
    parsed: list[Relation] = []
    for statement, own in zip(statements, tokens, strict=True):
        try:
            parsed += chain(statement, own, known)
        except Unsolved as problem:
            if not is_prose(statement, problem):
                raise
    says = (stated_code(text, known) for text in reversed(stated[-MAX_STATED:]))
    return parsed, next((code for code in says if code), None)


def known_names(statements: list[Tokens]) -> set[str]:
    """The names that are no functions: each stands somewhere without a parenthesis after it."""
    names = {token for token in set().union(*statements) if is_name(token)}
    called = {own[place - 1] for own in statements if "(" in own for place, token in enumerate(own) if token == "("}
    if called & names <= FUNCTIONS:
        return names
    return {token for own in statements for token, follows in pairwise([*own, ""]) if token in names and follows != "("}


def stated_code(text: str, known: set[str]) -> Code | None:
    """The code of what prose calls the answer, if it is a number or an expression in known names."""
    statement = Statement(0, text)
    try:
        tokens = tokenised(statement)
        for candidate in (tokens, ["_".join(tokens)] if all(map(is_name, tokens)) else []):
            if candidate and (code := whole_code(Reader(statement, candidate, known))):
                return code
        number_first = tokens and tokens[0][0].isdigit() and all(map(is_name, tokens[1:]))
        return (number(tokens[0], statement),) if number_first else None  # `145 pages`
    except Unsolved:
        return None


def whole_code(reader: Reader) -> Code | None:
    """What the reader finds, if that is all there is and its names are known."""
    code = reader.captured(lambda: reader.sum(0))
    used = {item for item in code if isinstance(item, str)}
    return code if reader.place == reader.end and used <= reader.known else None


def chain(statement: Statement, tokens: Tokens, known: set[str]) -> list[Relation]:
    """The relations of one statement; `a = b = c` is `a = b` and `a = c`."""
    if "," in tokens and (items := items_of(tokens)):
        return [one for item in items for one in chain(statement, item, known)]
    reader = Reader(statement, tokens, known)
    sides = [reader.whole_side()]
    signs = []
    while reader.place < len(tokens):
        signs.append(reader.next())
        sides.append(reader.whole_side())
    if not signs:
        raise wrong(statement, "no `=` outside parentheses")
    guards: tuple[Guard, ...] = ()
    if statement.branches:
        guards = tuple(guard_of(one.line, one.text, one.wanted, known) for one in statement.branches)
    if signs == ["="]:
        return [Relation(sides[0], "=", sides[1], statement, guards)]
    if len(signs) == 1 and signs[0] in UPDATES:
        return [Relation(sides[0], "=", (*sides[0], *sides[1], BINARY[UPDATES[signs[0]]]), statement, guards)]
    if any(sign not in RELATIONS for sign in signs) or ("=" in signs and "==" in signs):
        raise wrong(statement, "an update or a comparison among equations")
    if len(signs) > 1 and is_double(sides, statement):
        raise wrong(statement, "a name is set equal to a name and a value at once")
    return [
        Relation(
            sides[0] if sign in ("=", "==") else sides[place], RELATIONS[sign], sides[place + 1], statement, guards
        )
        for place, sign in enumerate(signs)
    ]


def items_of(tokens: Tokens) -> list[Tokens]:
    """`ans = [a, b]` as `ans#1 = a` and `ans#2 = b`; nothing where the answer is no list."""
    if tokens[1:2] != ["="] or tokens[0].lower() not in ANSWER_NAMES:
        return []
    right = tokens[2:]
    if right and right[0] in "[({" and right[-1] in "])}" and matched(right):
        right = right[1:-1]
    items: list[Tokens] = [[]]
    depth = 0
    for token in right:
        depth += (token in "([{") - (token in ")]}")
        if token == "," and depth == 0:
            items.append([])
        else:
            items[-1].append(token)
    return [[f"{tokens[0]}{ITEM}{number}", "=", *item] for number, item in enumerate(items, 1)] if items[1:] else []


def matched(tokens: Tokens) -> bool:
    """Whether the first parenthesis is closed by the last."""
    depth = 0
    for place, token in enumerate(tokens):
        depth += (token in "([{") - (token in ")]}")
        if depth == 0:
            return place == len(tokens) - 1
    return False


def is_double(sides: list[Code], statement: Statement) -> bool:
    """Whether a chain sets several bare names equal to a bare number.

    `x = 2 * 3 = 6` shows a calculation and `a = b = total / 2` assigns its result twice; `x = y = 3`
    shows none, and is as likely a slip for `x + y = 3`. Several words, as in `D = Dad's height = 11`,
    describe the name before them.
    """
    bare = [name for side in sides[:-1] if (name := lone_name(side)) and name in statement.text]
    return len(bare) == len(sides) - 1 and len(sides[-1]) == 1 and not lone_name(sides[-1])


def guard_of(line: int, text: str, wanted: bool, known: set[str]) -> Guard:
    """The condition of a branch; raises `Unsolved` where it is none."""
    statement = Statement(line, text)
    tokens = resolved([tokenised(statement, conditional=True)])[0]
    reader = Reader(statement, tokens, known)
    code = reader.captured(lambda: reader.condition(0))
    if reader.place < len(tokens):
        raise wrong(statement, f"`{reader.peek()}` is not expected in a condition")
    return Guard(code, wanted)

"""Statements to tokens. Anything that is in no token ends the reading of its statement."""

from __future__ import annotations

import re
from typing import Final

from distill_dsl.runtime.thoughts.equations.limits import MAX_ALL_TOKENS, MAX_TOKENS, Unsolved, too_large
from distill_dsl.runtime.thoughts.equations.lines import Statement

Tokens = list[str]

TOKEN: Final = re.compile(
    r"""[0-9]+(?:_[0-9]{3})*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3}(?!\w))?|\.[0-9]+
    | [^\W\d](?:\w|['&](?=[^\W\d]))*
    | \*\*|//|<=|>=|==|!=|[-+*/]=|\\frac|[-+*/^%()={}<>,\[\]]
    | \S""",
    re.VERBOSE,
)
"""A number, a name, a sign, or a character that is in no token."""
HEXADECIMAL: Final = re.compile(r"(?<![\w.])0[xX]\d")
STARTS: Final = frozenset("_0123456789.-+*/^%()={}<>!,[]\\")
"""What a token may begin with besides a letter: `①` counts as a letter of words, and `٣` as a digit, elsewhere."""
PROSE: Final = re.compile(r"(?:\b[^\W\d_]+[,']?\s+){3}[^\W\d_]+\b")
"""Four words in a row: a statement with them that cannot be read is a sentence, not a broken equation."""
LOGIC: Final = {"if": "?if", "else": "?else", "and": "?and", "or": "?or", "not": "?not"}
TRUTHS: Final = {"True": "1", "true": "1", "False": "0", "false": "0"}
"""Words of a conditional expression, marked so that none is taken for a name."""


def tokenised(statement: Statement, conditional: bool = False) -> Tokens:
    """The tokens as text; raises `Unsolved` at a character that is in no token.

    The words of `LOGIC` are marked in a condition, and where a statement has both `if` and `else`.
    """
    text = statement.text.rstrip(" .;,\t")
    tokens: Tokens = TOKEN.findall(text)
    if ("0x" in text or "0X" in text) and HEXADECIMAL.search(text):
        raise wrong(statement, "a hexadecimal number")
    if len(tokens) > MAX_TOKENS:
        raise too_large(f"line {statement.line}: an equation of more than {MAX_TOKENS} signs")
    for token in tokens:
        if (not token[0].isalpha() and token[0] not in STARTS) or token == ".":
            raise wrong(statement, f"`{token[0]}` is not understood")
    if conditional or ("if" in tokens and "else" in tokens) or is_comparison(tokens):
        return [LOGIC.get(token) or TRUTHS.get(token, token) for token in tokens]
    return tokens


def is_comparison(tokens: Tokens) -> bool:
    """Whether comparisons are joined."""
    return ("and" in tokens or "or" in tokens) and ("<" in tokens or ">" in tokens or "<=" in tokens or ">=" in tokens)


def all_tokens(statements: list[Statement]) -> tuple[list[Statement], list[Tokens]]:
    """The statements that are made of tokens, and those; sentences that merely hold a `=` are left out."""
    kept: list[Statement] = []
    tokens: list[Tokens] = []
    count = 0
    for statement in statements:
        try:
            tokens.append(tokenised(statement))
        except Unsolved as problem:
            if not is_prose(statement, problem):
                raise
            continue
        kept.append(statement)
        count += len(tokens[-1])
        if count > MAX_ALL_TOKENS:
            raise too_large(f"more than {MAX_ALL_TOKENS} signs in all")
    return kept, tokens


def is_prose(statement: Statement, problem: Unsolved) -> bool:
    """Whether what could not be read is a sentence, which states nothing."""
    return problem.failure == "error:syntax" and bool(PROSE.search(statement.text))


def wrong(statement: Statement, what: str) -> Unsolved:
    """A syntax error at a statement."""
    return Unsolved("error:syntax", f"line {statement.line}: `{statement.text[:80]}`: {what}")

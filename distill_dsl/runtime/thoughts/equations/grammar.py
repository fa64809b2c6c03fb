"""The grammar of one statement: tokens to postfix code.

    statement := side (RELATION side)+
    side      := term (("+" | "-") term)*
    term      := factor (("*" | "/" | "//" | "mod" | nothing) factor)*
    factor    := ("+" | "-") factor | postfix (("^" | "**") factor)?
    postfix   := atom "%"*
    atom      := NUMBER | NAME | "(" side ")" | FUNCTION "(" side ("," side)* ")" | "\\frac" "{" side "}" "{" side "}"

Postfix code is a tuple of numbers, names and `Operator`s; a stack evaluates it without recursion.
Nothing of a text is ever handed to Python's own parser, nor to sympy's.
"""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

from distill_dsl.runtime.thoughts.equations.limits import MAX_DEPTH, MAX_DIGITS, MAX_TOKENS, Unsolved, too_large
from distill_dsl.runtime.thoughts.equations.lines import Statement
from distill_dsl.runtime.thoughts.equations.polynomials import Rational
from distill_dsl.runtime.thoughts.equations.words import FUNCTIONS, Tokens, is_name, is_value, resolved, side_by_side


class Operator(NamedTuple):
    """A sign or function, with how many operands it takes."""

    name: str
    operands: int


Code = tuple[int | Fraction | str | Operator, ...]
"""Postfix; a `str` is an unknown's name."""


class Relation(NamedTuple):
    """`left SIGN right`, where the sign is `=`, `<`, `<=`, `>`, `>=` or `!=`."""

    left: Code
    sign: str
    right: Code
    statement: Statement
    update: bool = False
    """Written `x -= 4`: meaningful only as an assignment."""


TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3}(?!\w))?|\.[0-9]+)
    | (?P<name>[^\W\d](?:\w|['&](?=[^\W\d]))*)
    | (?P<sign>\*\*|//|<=|>=|==|!=|[-+*/]=|\\frac|[-+*/^%()={}<>,])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
PROSE: Final = re.compile(r"(?:\b[^\W\d_]+[,']?\s+){3}[^\W\d_]+\b")
"""Four words in a row: a statement with them that cannot be read is a sentence, not a broken equation."""
RELATIONS: Final = {"=": "=", "==": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!="}
UPDATES: Final = {"-=": "-", "+=": "+", "*=": "*", "/=": "/"}
BINARY: Final = {sign: Operator(sign, 2) for sign in ("+", "-", "*", "/", "//", "^", "mod")}
NEGATIVE: Final = Operator("negative", 1)
CLOSING: Final = {"(": ")", "{": "}"}
ALIASES: Final = {"ceiling": "ceil"}
ARITY: Final = {"min": (1, 20), "max": (1, 20), "round": (1, 2), "mod": (2, 2)}
"""Fewest and most operands; functions not listed take one."""


def relations(statements: list[Statement], stated: list[str]) -> tuple[list[Relation], list[Code]]:
    """Parse all statements, and those of the stated answers that are expressions."""
    statements, tokens = all_tokens(statements)
    if any(map(side_by_side, tokens)):
        tokens = resolved(tokens)
    known = {token for own in tokens for token, follows in pairwise([*own, ""]) if is_name(token) and follows != "("}
    parsed: list[Relation] = []
    for statement, own in zip(statements, tokens, strict=True):
        try:
            parsed += chain(statement, own, known)
        except Unsolved as problem:
            if problem.failure != "error:syntax" or not PROSE.search(statement.text):
                raise
    return parsed, [code for text in stated if (code := stated_code(text, known))]


def all_tokens(statements: list[Statement]) -> tuple[list[Statement], list[Tokens]]:
    """The statements that are made of tokens, and those; sentences that merely hold a `=` are left out."""
    kept: list[Statement] = []
    tokens: list[Tokens] = []
    for statement in statements:
        try:
            tokens.append(tokenised(statement))
            kept.append(statement)
        except Unsolved as problem:
            if problem.failure != "error:syntax" or not PROSE.search(statement.text):
                raise
    return kept, tokens


def tokenised(statement: Statement) -> Tokens:
    """The tokens as text; raises `Unsolved` at a character that is in no token."""
    text = statement.text.rstrip(" .;,")
    tokens: Tokens = []
    place = 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise wrong(statement, f"`{text[place:].lstrip()[:1]}` is not understood")
        place = match.end()
        if token := match[0].lstrip():
            tokens.append(token)
    if len(tokens) > MAX_TOKENS:
        raise too_large(f"line {statement.line}: an equation of more than {MAX_TOKENS} signs")
    return tokens


def wrong(statement: Statement, what: str) -> Unsolved:
    """A syntax error at a statement."""
    return Unsolved("error:syntax", f"line {statement.line}: `{statement.text[:80]}`: {what}")


def stated_code(text: str, known: set[str]) -> Code | None:
    """The code of what prose calls the answer, if it is an expression in known names; prose often is not."""
    statement = Statement(0, text)
    try:
        tokens = tokenised(statement)
        reader = Reader(statement, tokens, known)
        reader.side(0)
        whole_text = reader.place == len(tokens)
    except Unsolved:
        return None
    used = {item for item in reader.code if isinstance(item, str)}
    return tuple(reader.code) if whole_text and used and used <= known else None


def chain(statement: Statement, tokens: Tokens, known: set[str]) -> list[Relation]:
    """The relations of one statement; `a = b = c` is `a = b` and `a = c`."""
    reader = Reader(statement, tokens, known)
    sides = [reader.whole_side()]
    signs = []
    while reader.place < len(tokens):
        signs.append(reader.next())
        sides.append(reader.whole_side())
    if not signs:
        raise wrong(statement, "no `=` outside parentheses")
    if len(signs) == 1 and signs[0] in UPDATES:
        return [Relation(sides[0], "=", (*sides[0], *sides[1], BINARY[UPDATES[signs[0]]]), statement, True)]
    if any(sign not in RELATIONS for sign in signs):
        raise wrong(statement, "an update among equations")
    if len(signs) > 1 and all(len(side) == 1 and isinstance(side[0], str) for side in sides[:-1]):
        # `x = y = 3` assigns twice in a program and is no equation of a system; `x = 2 * 3 = 6` is a calculation.
        raise wrong(statement, "a name is set equal to a name and a value at once")
    return [
        Relation(sides[0] if sign in ("=", "==") else sides[place], RELATIONS[sign], sides[place + 1], statement)
        for place, sign in enumerate(signs)
    ]


class Reader:
    """Recursive descent over the tokens of one statement; `code` grows in postfix order."""

    def __init__(self, statement: Statement, tokens: Tokens, known: set[str]) -> None:
        self.statement = statement
        self.tokens = tokens
        self.known = known
        self.place = 0
        self.code: list[int | Fraction | str | Operator] = []

    def peek(self) -> str:
        """The token to come, or nothing."""
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def next(self) -> str:
        """Take the token to come."""
        token = self.peek()
        self.place += 1
        return token

    def expect(self, token: str) -> None:
        """Take one token that must come."""
        if self.next() != token:
            raise wrong(self.statement, f"`{token}` is missing")

    def whole_side(self) -> Code:
        """One side of a relation."""
        self.code = []
        self.side(0)
        if self.place < len(self.tokens) and self.peek() not in RELATIONS and self.peek() not in UPDATES:
            raise wrong(self.statement, f"`{self.peek()}` is not expected here")
        return tuple(self.code)

    def side(self, depth: int) -> None:
        """A sum."""
        if depth > MAX_DEPTH:
            raise too_large(f"line {self.statement.line}: nested deeper than {MAX_DEPTH}")
        self.term(depth)
        while (token := self.peek()) == "+" or token == "-":
            self.place += 1
            self.term(depth)
            self.code.append(BINARY[token])

    def term(self, depth: int) -> None:
        """A product; operands side by side are multiplied."""
        self.factor(depth)
        while token := self.peek():
            if token in ("*", "/", "//", "mod"):
                self.place += 1
            elif is_name(token) or token[0].isdigit() or token[0] == "." or token in ("(", "{", "\\frac"):
                token = "*"
            else:
                return
            self.factor(depth)
            self.code.append(BINARY[token])

    def factor(self, depth: int) -> None:
        """A signed power; the exponent binds to the right and tighter than the sign before."""
        if depth > MAX_DEPTH:
            raise too_large(f"line {self.statement.line}: nested deeper than {MAX_DEPTH}")
        token = self.peek()
        if token in ("-", "+"):
            self.place += 1
            self.factor(depth + 1)
            if token == "-":
                self.code.append(NEGATIVE)
            return
        self.atom(depth)
        while self.peek() == "%":
            self.place += 1
            self.code += [100, BINARY["/"]]
        if self.peek() in ("^", "**"):
            self.place += 1
            self.factor(depth + 1)
            self.code.append(BINARY["^"])

    def atom(self, depth: int) -> None:
        """A number, name, group, call or LaTeX fraction."""
        token = self.next()
        if not token:
            raise wrong(self.statement, "an operand is missing at the end")
        if token[0].isdigit() or token[0] == ".":
            self.code.append(number(token, self.statement))
        elif is_name(token):
            self.name(token, depth)
        elif token in CLOSING:
            self.side(depth + 1)
            self.expect(CLOSING[token])
        elif token == "\\frac":
            for _ in range(2):
                self.expect("{")
                self.side(depth + 1)
                self.expect("}")
            self.code.append(BINARY["/"])
        else:
            raise wrong(self.statement, f"an operand is missing before `{token}`")

    def name(self, token: str, depth: int) -> None:
        """An unknown, or a call."""
        follows = self.peek()
        function = ALIASES.get(token.lower(), token.lower())
        if function in FUNCTIONS and follows in CLOSING and follows:
            self.call(function, depth)
        elif function == "sqrt" and follows and (is_value(follows) and follows != ")"):
            self.factor(depth + 1)
            self.code.append(Operator("sqrt", 1))
        elif follows == "(" and token not in self.known:
            raise wrong(self.statement, f"`{token}` is no function that is known here")
        else:
            self.code.append(token)

    def call(self, function: str, depth: int) -> None:
        """The operands of a function."""
        closing = CLOSING[self.next()]
        self.side(depth + 1)
        count = 1
        while self.peek() == ",":
            self.place += 1
            self.side(depth + 1)
            count += 1
        self.expect(closing)
        fewest, most = ARITY.get(function, (1, 1))
        if not fewest <= count <= most:
            raise wrong(self.statement, f"`{function}` takes {fewest} to {most} operands")
        self.code.append(Operator(function, count))


def number(token: str, statement: Statement) -> Rational:
    """The exact value of a literal."""
    if len(token) > MAX_DIGITS:
        raise too_large(f"line {statement.line}: a number of more than {MAX_DIGITS} digits")
    if token.isdigit():
        return int(token)
    exponent = token.lower().partition("e")[2]
    if abs(int(exponent or 0)) > MAX_DIGITS:
        raise too_large(f"line {statement.line}: a number of more than {MAX_DIGITS} digits")
    value = Fraction(token)
    return value.numerator if value.denominator == 1 else value

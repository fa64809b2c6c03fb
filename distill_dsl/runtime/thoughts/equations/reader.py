"""The grammar of one side of a statement: tokens to postfix code.

    side       := sum ("if" condition "else" side)?
    sum        := term (("+" | "-") term)*
    term       := factor (("*" | "/" | "//" | "mod" | nothing) factor)*
    factor     := ("+" | "-") factor | postfix (("^" | "**") factor)?
    postfix    := atom "%"*
    atom       := NUMBER | NAME | "(" inner ")" | FUNCTION "(" inner ("," inner)* ")"
                | "\\frac" "{" inner "}" "{" inner "}"
    inner      := condition ("if" condition "else" inner)?
    condition  := both ("or" both)*
    both       := single ("and" single)*
    single     := "not" single | sum (RELATION sum)*

A comparison within parentheses is 1 where it holds, else 0, as in `5 * (classes > 3)`.
Nothing of a text is ever handed to Python's own parser, nor to sympy's.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Final

from distill_dsl.runtime.thoughts.equations.codes import DIVIDE, POWER, Choice, Code, Operator
from distill_dsl.runtime.thoughts.equations.limits import MAX_DEPTH, MAX_DIGITS, too_large
from distill_dsl.runtime.thoughts.equations.lines import Statement
from distill_dsl.runtime.thoughts.equations.polynomials import Rational
from distill_dsl.runtime.thoughts.equations.tokens import Tokens, wrong
from distill_dsl.runtime.thoughts.equations.words import FUNCTIONS, is_name, is_value

RELATIONS: Final = {"=": "=", "==": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!="}
UPDATES: Final = {"-=": "-", "+=": "+", "*=": "*", "/=": "/"}
ENDS: Final = frozenset({*RELATIONS, *UPDATES, ""})
BINARY: Final = {
    **{sign: Operator(sign, 2) for sign in ("+", "-", "*", "//", "mod", "and", "or")},
    "/": DIVIDE,
    "^": POWER,
}
COMPARED: Final = {sign: Operator(plain if plain != "=" else "==", 2) for sign, plain in RELATIONS.items()}
NEGATIVE: Final = Operator("negative", 1)
CLOSING: Final = {"(": ")", "{": "}"}
ALIASES: Final = {"ceiling": "ceil", "minimum": "min", "maximum": "max", "trunc": "int", "fabs": "abs"}
ARITY: Final = {
    "min": (1, 40),
    "max": (1, 40),
    "sum": (1, 40),
    "round": (1, 2),
    "mod": (2, 2),
    "gcd": (2, 9),
    "lcm": (2, 9),
}
"""Fewest and most operands; functions not listed take one."""


class Reader:
    """Recursive descent over the tokens of one statement; `code` grows in postfix order."""

    def __init__(self, statement: Statement, tokens: Tokens, known: set[str]) -> None:
        self.statement = statement
        self.tokens = [*tokens, "", ""]  # what `peek` sees at the end, and after it
        self.end = len(tokens)
        self.known = known
        self.place = 0
        self.code: list[int | Fraction | str | Operator | Choice] = []

    def peek(self) -> str:
        """The token to come, or nothing."""
        return self.tokens[self.place]

    def next(self) -> str:
        """Take the token to come."""
        token = self.tokens[self.place]
        if self.place <= self.end:
            self.place += 1
        return token

    def expect(self, token: str) -> None:
        """Take one token that must come."""
        if self.next() != token:
            raise wrong(self.statement, f"`{token.lstrip('?')}` is missing")

    def captured(self, parse: Callable[[], None]) -> Code:
        """The code of what `parse` reads, kept apart."""
        outer, self.code = self.code, []
        parse()
        inner, self.code = tuple(self.code), outer
        return inner

    def whole_side(self) -> Code:
        """One side of a relation."""
        if self.tokens[self.place + 1] in ENDS and (first := self.tokens[self.place]):
            if is_name(first):  # most sides are a lone name or number
                self.place += 1
                return (first,)
            if first[0].isdigit():
                self.place += 1
                return (number(first, self.statement),)
        self.code = []
        self.side(0)
        code = tuple(self.code)
        if self.place < self.end and self.peek() not in RELATIONS and self.peek() not in UPDATES:
            raise wrong(self.statement, f"`{self.peek().lstrip('?')}` is not expected here")
        return code

    def side(self, depth: int) -> None:
        """A sum, or one of two."""
        start = len(self.code)
        self.sum(depth)
        if self.peek() == "?if":
            self.choice(start, depth, self.side)

    def inner(self, depth: int) -> None:
        """What stands in parentheses: a sum, as a rule."""
        start = len(self.code)
        self.sum(depth)
        token = self.peek()
        if token in RELATIONS and token != "=":
            self.compared(depth)
            token = self.peek()
        if token in ("?and", "?or"):
            self.joined(depth)
            token = self.peek()
        if token == "?if":
            self.choice(start, depth, self.inner)

    def choice(self, start: int, depth: int, otherwise: Callable[[int], None]) -> None:
        """`... if condition else ...` after its first piece, which began at `start`."""
        then = tuple(self.code[start:])
        del self.code[start:]
        self.expect("?if")
        condition = self.captured(lambda: self.condition(depth + 1))
        self.expect("?else")
        self.code.append(Choice(condition, then, self.captured(lambda: otherwise(depth + 1))))

    def condition(self, depth: int) -> None:
        """Comparisons joined by `and`, `or`, `not`."""
        self.single(depth)
        self.joined(depth)

    def joined(self, depth: int) -> None:
        """The rest of a condition; `and` binds tighter than `or`."""
        while self.peek() == "?and":
            self.place += 1
            self.single(depth)
            self.code.append(BINARY["and"])
        if self.peek() == "?or":
            self.place += 1
            self.check_depth(depth)
            self.condition(depth + 1)
            self.code.append(BINARY["or"])

    def single(self, depth: int) -> None:
        """One comparison."""
        if self.peek() == "?not":
            self.place += 1
            self.check_depth(depth)
            self.single(depth + 1)
            self.code += [0, COMPARED["="]]
            return
        self.sum(depth)
        if self.peek() in RELATIONS:
            self.compared(depth)

    def compared(self, depth: int) -> None:
        """`< b` after `a`; in `a < b < c` the middle counts twice."""
        sign = self.next()
        middle = self.captured(lambda: self.sum(depth))
        self.code += [*middle, COMPARED[sign]]
        if (further := self.peek()) in RELATIONS:
            self.place += 1
            last = self.captured(lambda: self.sum(depth))
            self.code += [*middle, *last, COMPARED[further], BINARY["and"]]

    def check_depth(self, depth: int) -> None:
        """Raise `Unsolved` where the text is nested too deeply."""
        if depth > MAX_DEPTH:
            raise too_large(f"line {self.statement.line}: nested deeper than {MAX_DEPTH}")

    def sum(self, depth: int) -> None:
        """Terms, added and subtracted."""
        self.check_depth(depth)
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
            elif token[0].isdigit() or token[0] == ".":
                if self.tokens[self.place - 1][0].isdigit():
                    raise wrong(self.statement, f"two numbers side by side before `{token}`")
                token = "*"
            elif is_name(token) or token in ("(", "{", "\\frac"):
                token = "*"
            else:
                return
            self.factor(depth)
            self.code.append(BINARY[token])

    def factor(self, depth: int) -> None:
        """A signed power; the exponent binds to the right and tighter than the sign before."""
        self.check_depth(depth)
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
            self.inner(depth + 1)
            self.expect(CLOSING[token])
        elif token == "\\frac":
            for _ in range(2):
                self.expect("{")
                self.inner(depth + 1)
                self.expect("}")
            self.code.append(BINARY["/"])
        else:
            raise wrong(self.statement, f"an operand is missing before `{token.lstrip('?')}`")

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
        """The operands of a function; they may stand in a list, as in `max([a, b])`."""
        closing = [CLOSING[self.next()]]
        if self.peek() == "[":
            self.place += 1
            closing.insert(0, "]")
        self.inner(depth + 1)
        count = 1
        while self.peek() == ",":
            self.place += 1
            self.inner(depth + 1)
            count += 1
        for token in closing:
            self.expect(token)
        fewest, most = ARITY.get(function, (1, 1))
        if not fewest <= count <= most:
            raise wrong(self.statement, f"`{function}` takes {fewest} to {most} operands")
        self.code.append(Operator(function, count))


def number(token: str, statement: Statement) -> Rational:
    """The exact value of a literal."""
    if len(token) > MAX_DIGITS:
        raise too_large(f"line {statement.line}: a number of more than {MAX_DIGITS} digits")
    token = token.replace("_", "")
    if token.isdigit():
        return int(token)
    before, point, after = token.partition(".")
    if point and after.isdigit():
        value = Fraction(int(before + after), 10 ** len(after))
        return value.numerator if value.denominator == 1 else value
    exponent = token.lower().partition("e")[2]
    if abs(int(exponent or 0)) > MAX_DIGITS:
        raise too_large(f"line {statement.line}: a number of more than {MAX_DIGITS} digits")
    value = Fraction(token)
    return value.numerator if value.denominator == 1 else value

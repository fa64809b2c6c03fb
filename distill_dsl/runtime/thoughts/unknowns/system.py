"""One program's unknowns, the relations it states between them, and their values by the solver of equations."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from distill_dsl.runtime.thoughts.equations.codes import Code, Relation, names_in
from distill_dsl.runtime.thoughts.equations.conflicts import failure_of
from distill_dsl.runtime.thoughts.equations.elimination import Contradiction
from distill_dsl.runtime.thoughts.equations.limits import MAX_EQUATIONS, too_large
from distill_dsl.runtime.thoughts.equations.lines import Statement
from distill_dsl.runtime.thoughts.equations.polynomials import unknown
from distill_dsl.runtime.thoughts.equations.solving import Solution, simultaneous
from distill_dsl.runtime.thoughts.equations.values import Value
from distill_dsl.runtime.thoughts.unknowns.quantity import Comparison, Quantity, term
from distill_dsl.runtime.thoughts.unknowns.syntax import DECLARING, STATE
from distill_dsl.runtime.thoughts.unknowns.terms import Term, code_of

ASKED: Final = "?"
"""The name of what is asked for; no unknown of a program is called so."""
ROUNDED: Final = "rounded to"
"""How the note begins that a value is not exact."""


class System:
    """What a program states. Equations are solved when a value is asked for, all of them together."""

    def __init__(self, text: str, symbolic: bool) -> None:
        self.lines = text.split("\n")
        self.symbolic = symbolic
        """Whether sympy may be asked."""
        self.relations: list[Relation] = []
        self.declared: dict[str, int] = {}
        """Unknown -> how many there are of its name."""
        self.calls = 0
        """How many relations the program stated by `equation`."""
        self.known: dict[tuple[int, Code], Value] = {}
        """Number of relations and what was asked -> the value found."""
        self.values: dict[str, str] = {}
        """The unknowns as the last solution has them, as canonical text."""
        self.notes: list[str] = []

    def words(self) -> dict[str, Callable[..., Any]]:
        """What a program may call, by name."""
        words: dict[str, Callable[..., Any]] = dict.fromkeys(DECLARING, self.unknown)
        return {**words, "equation": self.equation, "solve": self.solve, STATE: self.state}

    def unknown(self, name: str = "") -> Quantity:
        """A new unknown. The name is that of the variable it is assigned to, so that a solution can be read."""
        if not isinstance(name, str):
            raise TypeError("the name of an unknown is a text")
        name = name if name.isidentifier() else f"u{len(self.declared) + 1}"
        fresh = name
        while fresh in self.declared:  # in a loop, or in a function that is called twice
            self.declared[name] += 1
            fresh = f"{name}_{self.declared[name]}"
        self.declared[fresh] = 1
        return Quantity(self, unknown(fresh))

    def equation(self, left: object, right: object = None) -> None:
        """State that two sides are equal; or state one comparison, `equation(x + y == 5)`."""
        self.calls += 1
        line = sys._getframe(1).f_lineno
        if isinstance(left, Comparison) and right is None:
            self._add(left._left, left._sign, left._right, line)
        elif isinstance(left, bool) and right is None:  # both sides are known: 12 == 12
            self._add(int(left), "=", 1, line)
        elif (one := term(left)) is None or (other := term(right)) is None:
            raise TypeError("an equation has two sides that are numbers")
        else:
            self._add(one, "=", other, line)

    def state(self, signs: Sequence[str], *sides: object) -> None:
        """State what a line says that is a comparison and nothing else; of other things than numbers, nothing."""
        line = sys._getframe(1).f_lineno
        for sign, (left, right) in zip(signs, pairwise(sides), strict=True):
            one, other = term(left), term(right)
            if one is not None and other is not None:
                self._add(one, sign, other, line)

    def solve(self, *asked: object) -> object:
        """State the equations given, and tell the unknowns given: one as its value, several as a dictionary."""
        line = sys._getframe(1).f_lineno
        quantities: list[Quantity] = []
        for one in asked:
            for part in one if isinstance(one, (list, tuple, set)) else (one,):
                if isinstance(part, Comparison):
                    self._add(part._left, part._sign, part._right, line)
                elif isinstance(part, Quantity):
                    quantities.append(part)
                elif not isinstance(part, (int, float, Fraction)):
                    raise TypeError("solve takes equations and unknowns")
        found = {quantity: Quantity(self, _exactly(self.value(quantity._term))) for quantity in quantities}
        single = len(found) == 1 and isinstance(asked[-1], Quantity)
        return next(iter(found.values())) if single else found or None

    def value(self, term: Term) -> Value:
        """What a term comes to by the equations stated so far; raises `Unsolved` where they do not say."""
        if isinstance(term, (int, Fraction)):
            return Value(term)
        code = code_of(term)
        key = (len(self.relations), code)
        if key not in self.known:
            self._solve(code, key)
        return self.known[key]

    def settled(self, value: object, depth: int = 4) -> object:
        """A program's value with numbers in the place of quantities."""
        if isinstance(value, Quantity):
            return _settled(self.value(value._term))
        if isinstance(value, Comparison):
            return bool(value)
        if type(value) in (list, tuple, set, frozenset) and depth:
            return type(value)(self.settled(one, depth - 1) for one in value)  # type: ignore[call-arg, attr-defined]
        if type(value) is dict and depth:
            return {place: self.settled(one, depth - 1) for place, one in enumerate(value.values())}
        return value

    def _add(self, left: Term, sign: str, right: Term, line: int) -> None:
        if len(self.relations) >= MAX_EQUATIONS:
            raise too_large(f"more than {MAX_EQUATIONS} equations")
        text = self.lines[line - 1].strip() if 0 < line <= len(self.lines) else ""
        self.relations.append(Relation(code_of(left), sign, code_of(right), Statement(line, text)))

    def _solve(self, code: Code, key: tuple[int, Code]) -> None:
        asked = Relation((ASKED,), "=", code, Statement(0, "what is asked for"))
        relations = [*self.relations, asked]
        try:
            solution = simultaneous(relations, ASKED, self.symbolic)
        except Contradiction as contradiction:
            raise failure_of(contradiction, relations) from contradiction
        self.values = {name: text for name, text in solution.values.items() if name != ASKED}
        self.notes += [note for note in solution.notes if note not in self.notes]
        value = _value(solution)
        if solution.notes and value.exact is not None and any(names_in(code)):
            # One of several solutions was chosen: what is asked next is asked of the same one.
            self.relations.append(Relation(code, "=", (value.exact,), Statement(0, "as chosen")))
        self.known[key] = self.known[len(self.relations), code] = value


def _value(solution: Solution) -> Value:
    if any(note.startswith(ROUNDED) for note in solution.notes):
        return Value(None, solution.answer)
    exact = Fraction(solution.answer)
    return Value(exact.numerator if exact.denominator == 1 else exact)


def _exactly(value: Value) -> int | Fraction:
    """The value as a term: the nearest fraction where it is irrational."""
    return value.number


def _settled(value: Value) -> int | Fraction | float:
    return float(value.approximate) if value.exact is None else value.exact

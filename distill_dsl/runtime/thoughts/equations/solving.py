"""From parsed relations to the answer: which unknown is asked for, and which of several solutions is meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

from distill_dsl.runtime.thoughts.equations.elimination import Contradiction, State, failure_of
from distill_dsl.runtime.thoughts.equations.evaluation import Waits, evaluate
from distill_dsl.runtime.thoughts.equations.grammar import Code, Relation
from distill_dsl.runtime.thoughts.equations.limits import Unsolved
from distill_dsl.runtime.thoughts.equations.lines import Statement
from distill_dsl.runtime.thoughts.equations.polynomials import Rational, names
from distill_dsl.runtime.thoughts.equations.roots import cases
from distill_dsl.runtime.thoughts.equations.symbolic import Value, symbolic_solutions

ANSWERS: Final = ("ans", "answer")
"""Names of the unknown that is asked for, in any case; the first that occurs counts."""
SHOWN_DIGITS: Final = 12
"""Significant digits of an answer that has no short exact text."""
LONGEST_EXACT: Final = 30
"""Digits up to which an exact answer is written out."""


@dataclass(frozen=True)
class Candidate:
    """One solution: the answer, and the values of all unknowns that have one."""

    answer: Value
    values: Mapping[str, Rational]


Rule = tuple[str, Callable[[Candidate], bool]]
"""How a reader is told of it, and whether a solution keeps to it."""


def answer_of(relations: Sequence[Relation], stated: Sequence[Code]) -> tuple[str, str]:
    """The answer's canonical text and a remark on how it was come by; raises `Unsolved`."""
    name, equations = asked(relations, stated)
    try:
        return simultaneous(equations, name)
    except Contradiction as contradiction:
        versions = in_order(equations, name)
        if versions is None:
            raise failure_of(contradiction) from contradiction
        try:
            text, remark = simultaneous(*versions)
        except Contradiction as again:
            raise failure_of(again) from again
        return text, "; ".join(filter(None, ["read as assignments in order", remark]))


def asked(relations: Sequence[Relation], stated: Sequence[Code]) -> tuple[str, list[Relation]]:
    """The unknown asked for. What prose calls the answer becomes an equation for `ans` where there is none."""
    used = {item for relation in relations for item in (*relation.left, *relation.right) if isinstance(item, str)}
    for wanted in ANSWERS:
        for name in sorted(used):
            if name.lower() == wanted:
                return name, list(relations)
    if not stated:
        raise Unsolved("no-answer", "no equation for `ans`, and no sentence that says what the answer is")
    extra = Relation(("ans",), "=", stated[-1], Statement(0, "the answer as stated"))
    return "ans", [*relations, extra]


def simultaneous(relations: Sequence[Relation], answer: str) -> tuple[str, str]:
    """The answer of the relations read as one system."""
    equations = [relation for relation in relations if relation.sign == "="]
    bounds = [relation for relation in relations if relation.sign != "="]
    candidates: list[Candidate] = []
    notes: list[str] = []
    for state, pending in cases(State(), equations, answer):
        candidates += candidates_of(state, pending, answer)
        notes += [note for note in state.notes if note not in notes]
    chosen, rule = chosen_of(candidates, bounds)
    return text_of(chosen.answer), "; ".join([*notes, *([rule] if rule else [])])


def candidates_of(state: State, pending: Sequence[Relation], answer: str) -> list[Candidate]:
    """The solutions of one case."""
    values = {name: form for name, form in state.known.items() if isinstance(form, (int, Fraction))}
    form = state.known.get(answer)
    if isinstance(form, (int, Fraction)):
        return [Candidate(Value(form, str(form)), values)]
    needed = names(form) if form is not None else {answer}
    left = unknowns_of(pending, state) | needed
    if len(pending) < len(left):
        raise Unsolved("no-answer", f"not enough equations for {listed(left - {answer} or needed)}")
    solutions = symbolic_solutions(state, pending, answer)
    return [
        Candidate(one[answer], {**values, **{name: value.number for name, value in one.items()}}) for one in solutions
    ]


def unknowns_of(pending: Sequence[Relation], state: State) -> set[str]:
    """The free unknowns of equations that elimination could not use."""
    used = {item for relation in pending for item in (*relation.left, *relation.right) if isinstance(item, str)}
    return {free for name in used for free in (names(state.known[name]) if name in state.known else {name})}


def listed(wanted: set[str]) -> str:
    """Names for a reader."""
    return ", ".join(f"`{name}`" for name in sorted(wanted))


def chosen_of(candidates: Sequence[Candidate], bounds: Sequence[Relation]) -> tuple[Candidate, str]:
    """The solution that is meant, with the rule that told it from the others.

    Stated bounds (`x > 0`) come first. Where the unknowns are named as quantities, none is negative;
    of what is left, solutions in positive and then in whole numbers are preferred. A bare `x**2 = 4`
    says nothing of this kind and stays ambiguous.
    """
    left = distinct(candidates)
    if len(left) == 1:
        return left[0], ""
    rules: list[Rule] = (
        [("within the stated bounds", lambda one: all(holds(bound, one) for bound in bounds))] if bounds else []
    )
    if any(quantity(name) for one in candidates for name in one.values):
        rules += [
            ("without negative quantities", lambda one: all(value >= 0 for value in one.values.values())),
            ("in positive quantities", lambda one: all(value > 0 for value in one.values.values())),
            ("in whole numbers", lambda one: all(value == int(value) for value in one.values.values())),
        ]
    for rule, accepts in rules:
        kept = [one for one in left if accepts(one)]
        if len(kept) == 1:
            return kept[0], f"the only one of {len(candidates)} solutions {rule}"
        left = kept or left
    raise Unsolved("error:ambiguous", f"several solutions: {', '.join(text_of(one.answer) for one in left)}")


def distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    """One candidate for each answer."""
    seen: dict[str, Candidate] = {}
    for candidate in candidates:
        seen.setdefault(text_of(candidate.answer), candidate)
    return list(seen.values())


def quantity(name: str) -> bool:
    """Whether a name says what is counted or measured (`apples`, not `x`)."""
    return name.lower() not in ANSWERS and sum(sign.isalpha() for sign in name) >= 3


def holds(bound: Relation, candidate: Candidate) -> bool:
    """Whether a solution satisfies a bound, as far as it has values for it."""
    try:
        left, right = evaluate(bound.left, candidate.values), evaluate(bound.right, candidate.values)
    except (Waits, Unsolved):
        return True
    if not (isinstance(left, (int, Fraction)) and isinstance(right, (int, Fraction))):
        return True
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right, "!=": left != right}[
        bound.sign
    ]


def in_order(equations: Sequence[Relation], answer: str) -> tuple[list[Relation], str] | None:
    """The system with a new name for each value of a name that is updated (`x = x + 2`), or nothing.

    Only an update, whose right side holds the name itself, makes a new value. `x = 1` followed by
    `x = 2` is a contradiction, in a program as well: one of them is not meant.
    """
    current: dict[str, str] = {}
    updates = 0
    renamed = []
    for equation in equations:
        name = equation.left[0]
        right = with_names(equation.right, current)
        if len(equation.left) == 1 and isinstance(name, str) and name in current and name in equation.right:
            updates += 1
            current[name] = f"{name}@{updates}"
        for item in (*equation.left, *equation.right):
            if isinstance(item, str):
                current.setdefault(item, item)
        renamed.append(equation._replace(left=with_names(equation.left, current), right=right))
    return (renamed, current.get(answer, answer)) if updates else None


def with_names(code: Code, current: Mapping[str, str]) -> Code:
    """The code with the names of the current values."""
    return tuple(current.get(item, item) if isinstance(item, str) else item for item in code)


def text_of(value: Value) -> str:
    """Canonical text: a whole number, a plain decimal that ends, a reduced fraction, else 12 digits."""
    if value.exact is None:
        return plain_decimal(Decimal(value.approximate))
    top, bottom = value.exact.numerator, value.exact.denominator
    if bottom == 1 and len(str(top)) <= 4 * LONGEST_EXACT:
        return str(top)
    places = decimal_places(bottom)
    if places is not None and places <= LONGEST_EXACT and top.bit_length() <= 4 * LONGEST_EXACT:
        digits = str(abs(top) * 10**places // bottom).rjust(places + 1, "0")
        return f"{'-' if top < 0 else ''}{digits[:-places]}.{digits[-places:]}" if places else str(top)
    if max(abs(top), bottom) < 10**LONGEST_EXACT:
        return f"{top}/{bottom}"
    return plain_decimal(Context(prec=2 * SHOWN_DIGITS).divide(Decimal(top), Decimal(bottom)))


def decimal_places(bottom: int) -> int | None:
    """How many decimals a fraction with this denominator has, if they end."""
    twos = (bottom & -bottom).bit_length() - 1
    rest, fives = bottom >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    return max(twos, fives) if rest == 1 else None


def plain_decimal(number: Decimal) -> str:
    """A number to 12 significant digits, without an exponent or trailing zeros."""
    text = format(Context(prec=SHOWN_DIGITS).create_decimal(number), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text

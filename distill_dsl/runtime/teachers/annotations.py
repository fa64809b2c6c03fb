"""Gold rationales with calculation annotations (GSM8K: `<<48/2=24>>`) read as worked solutions.

Every annotation becomes a step; so does a calculation that the prose writes out without annotating
it, where it holds (`40 / 10 = 4 days`). Operands are linked to the results they come from: an
operand equal to an earlier result is that result, the most recent unused one first, then the most
recent used one; any other number is a figure of the problem. Linking changes a value only where the
rationale rounds: the thought then carries the exact value on.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from distill_dsl.contract.records import Solution, Step
from distill_dsl.runtime.teachers.calculations import (
    Calculation,
    calculations,
    figure,
    formula,
    holds,
    percent_number,
    plain_number,
    split,
    value_of,
)

ANNOTATION: Final = re.compile(r"<<(.*?)>>")
FINAL_ANSWER: Final = re.compile(r"####[^\n]*\s*\Z")
"""GSM8K's last line, where a rationale still has it: the answer, which is no step of the way to it. Further
up, the sign begins a heading."""
AFTER_RESULT: Final = re.compile(r"[ $€£\d.,%-]*((?:[A-Za-z]+[ -]+){0,2}[A-Za-z]+)?")
FILLER: Final = re.compile(
    "and|are|both|each|for|from|given|has|have|her|his|into|its|less|make|makes|more|now|only|over|per|same|she|than|that"
    "|the|their|then|there|they|this|total|was|were|when|which|while|will|with"
)
"""Words that name nothing."""
RESERVED: Final = frozenset(
    [
        *dir(builtins),
        *keyword.kwlist,
        *keyword.softkwlist,
        "ans",
        "ceil",
        "ceiling",
        "floor",
        "log",
        "mod",
        "pi",
        "sqrt",
    ]
)
"""Names to which a program, or a solver of equations, already gives a meaning."""


@dataclass(frozen=True)
class Unreadable:
    """Why a rationale gives no solution."""

    reason: str


@dataclass
class _Results:
    """The results so far: what later operands are linked to."""

    names: list[str] = field(default_factory=list)
    values: list[Fraction] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def operand(self, token: str) -> str:
        value = value_of(token)
        equal = [name for name, known in zip(self.names, self.values, strict=True) if known == value]
        if not equal:
            return plain_number(token)
        chosen = next((name for name in reversed(equal) if name not in self.used), equal[-1])
        self.used.add(chosen)
        return chosen

    def percent_operand(self, token: str) -> str:
        return f"({self.operand(token)} / 100)" if token.endswith("%") else self.operand(token)

    def add(self, name: str, value: Fraction) -> None:
        self.names.append(name)
        self.values.append(value)


def read_rationale(rationale: str, answer: str) -> Solution | Unreadable:
    """Steps and equations of the rationale.

    The answer is the last step whose stated value is the gold answer (some rationales end with a
    check or an aside); where none is, the last step, for verification to judge.
    """
    results = _Results()
    steps: list[Step] = []
    for found in _found(rationale):
        if isinstance(found, Unreadable):
            return found
        step = _step(found, rationale[found.end :].partition("\n")[0], results)
        if step is None:
            return Unreadable(f"`{''.join(found.tokens)}={found.stated}` in the rationale is no calculation")
        steps.append(step)
    if not steps:
        return Unreadable("the rationale has no calculation annotation")
    steps = steps[: _last_with(steps, answer) + 1]
    return Solution(steps=tuple(steps), equations=(*map(_equation, steps), f"ans = {steps[-1].name}"))


def without_annotations(rationale: str) -> str:
    """The rationale as one paragraph of prose, its arithmetic shown, its annotations and `#### 18` taken out."""
    lines = (ANNOTATION.sub("", line).strip() for line in FINAL_ANSWER.sub("", rationale).splitlines())
    return " ".join(line if line[-1] in ".!?:" else f"{line}." for line in lines if line)


def _found(rationale: str) -> Iterator[Calculation | Unreadable]:
    """Annotated calculations and, between them, those of the prose that hold, in order."""
    end = 0
    for match in ANNOTATION.finditer(rationale):
        # The prose before an annotation lacks its result, so that nothing is found twice.
        yield from _plain(rationale[: match.start()], end)
        end = match.end()
        yield _annotated(match[1], end)
    yield from _plain(rationale, end)


def _annotated(annotation: str, end: int) -> Calculation | Unreadable:
    left, _, right = annotation.partition("=")
    tokens = split(left)
    stated = right.rpartition("=")[2]  # a chain `2*3=6=6` states its value last
    if tokens is None or value_of(stated) is None:
        return Unreadable(f"the annotation <<{annotation}>> is no calculation")
    return Calculation(tokens, stated, end)


def _plain(text: str, start: int) -> Iterator[Calculation]:
    offset = start
    for line in text[start:].splitlines(keepends=True):
        for found in calculations(line):
            if holds(found, percent_number) or holds(found, plain_number):
                yield Calculation(found.tokens, found.stated, offset + found.end)
        offset += len(line)


def _step(found: Calculation, after: str, results: _Results) -> Step | None:
    # `100% - 20% = 80%` counts in percent, `40% * 60 = 24` in shares: the reading that holds is taken.
    in_percent = holds(found, plain_number) and not holds(found, percent_number)
    expression = formula(found.tokens, results.operand if in_percent else results.percent_operand)
    value = value_of(found.stated)
    if expression is None or value is None:
        return None
    name = _name(after, results.names)
    results.add(name, value)
    return Step(name=name, expression=expression, value=figure(value))


def _name(after: str, taken: Sequence[str]) -> str:
    """A name from the words behind the result: `24 clips in May` gives `clips`."""
    match = AFTER_RESULT.match(after)
    words = re.findall(r"[a-z]+", (match[1] or "").lower()) if match else []
    word = next((word for word in words if len(word) > 2 and not FILLER.fullmatch(word)), "amount")
    name = f"{word}_count" if word in RESERVED else word
    same = sum(1 for other in taken if re.sub(r"_\d+$", "", other) == name)
    return f"{name}_{same + 1}" if same else name


def _equation(step: Step) -> str:
    """The step as a relation that is not solved yet: `x = a / b` becomes `x * b = a`."""
    tree = ast.parse(step.expression, mode="eval").body
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div | ast.Sub):
        undone = ast.BinOp(ast.Name(step.name), ast.Mult() if isinstance(tree.op, ast.Div) else ast.Add(), tree.right)
        return f"{ast.unparse(undone)} = {ast.unparse(tree.left)}"
    return f"{step.name} = {step.expression}"


def _last_with(steps: Sequence[Step], answer: str) -> int:
    gold = value_of(answer)
    equal = [place for place, step in enumerate(steps) if value_of(step.value) == gold]
    return equal[-1] if equal else len(steps) - 1

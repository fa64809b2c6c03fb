"""From parsed relations to the answer: which unknown is asked for, in which reading, by which solver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from distill_dsl.runtime.thoughts.equations.assignments import VERSION, first_name, in_order, version
from distill_dsl.runtime.thoughts.equations.bounds import extreme
from distill_dsl.runtime.thoughts.equations.choosing import ANSWERS, RESULTS, Candidate, any_quantity, chosen_of
from distill_dsl.runtime.thoughts.equations.codes import Code, Relation, lone_name, names_in, names_of
from distill_dsl.runtime.thoughts.equations.conflicts import failure_of
from distill_dsl.runtime.thoughts.equations.elimination import Contradiction, State
from distill_dsl.runtime.thoughts.equations.evaluation import Waits, evaluate
from distill_dsl.runtime.thoughts.equations.grammar import ITEM
from distill_dsl.runtime.thoughts.equations.limits import Unsolved
from distill_dsl.runtime.thoughts.equations.lines import Statement
from distill_dsl.runtime.thoughts.equations.numeric import approximations, contradicted
from distill_dsl.runtime.thoughts.equations.polynomials import Rational, names
from distill_dsl.runtime.thoughts.equations.roots import cases, open_conditions
from distill_dsl.runtime.thoughts.equations.symbolic import refuse_hopeless, symbolic_solutions
from distill_dsl.runtime.thoughts.equations.values import SHOWN_DIGITS, Value, is_rounded, text_of

NO_NUMBERS: Final = frozenset({"inf", "Inf", "infinity", "Infinity", "oo", "zoo", "nan", "NaN"})
"""Names that other systems give to what is no number; here they must not cancel out."""


class NeedsSymbolic(Exception):
    """Exact means end here; the symbolic solver may go on."""


@dataclass(frozen=True)
class Solution:
    """An answer, the values of all unknowns, and what bears on how far they can be trusted."""

    answer: str
    values: dict[str, str]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """What a text asks for."""

    name: str
    relations: list[Relation]
    items: int = 0
    """How many items it has, if it is a list."""
    stated: Rational | None = None
    """What the text says the answer is, where that is all it says: a check on the values found."""


def answer_of(relations: Sequence[Relation], stated: Code | None, cut: bool, symbolic: bool) -> Solution:
    """The answer and how it was come by; raises `Unsolved`, and `NeedsSymbolic` unless `symbolic`.

    `cut` says that the text breaks off before it names its answer.
    """
    wanted = asked(relations, stated, cut)
    target = f"{wanted.name}{ITEM}1" if wanted.items else wanted.name
    try:
        solution = simultaneous(wanted.relations, target, symbolic)
    except Contradiction as contradiction:
        versions = in_order(wanted.relations, target)
        if versions is None:
            raise failure_of(contradiction, wanted.relations) from contradiction
        try:
            solution = simultaneous(*versions, symbolic)
        except Contradiction as again:
            raise failure_of(again, versions[0]) from again
        solution.notes.insert(0, "read as assignments in order")
    if wanted.items:
        return as_list(solution, wanted)
    return solution if wanted.stated is None else as_stated(solution, wanted.stated)


def asked(relations: Sequence[Relation], stated: Code | None, cut: bool) -> Asked:
    """The unknown asked for. What prose calls the answer becomes an equation for `ans` where there is none."""
    used = sorted({name for relation in relations for name in names_of(relation)})
    if no_numbers := NO_NUMBERS.intersection(used) - {lone_name(relation.left) for relation in relations}:
        raise Unsolved("error:arithmetic", f"`{min(no_numbers)}` is no number")
    if (name := named(used, ANSWERS)) is not None:
        return with_items(name, relations, used)
    if stated is None:
        if not cut and (name := named(used, RESULTS)) is not None:
            return with_items(name, relations, used)
        raise Unsolved("no-answer", "no equation for `ans`, and no sentence that says what the answer is")
    if (number := value_of(stated)) is not None:
        last = [name for relation in relations if (name := lone_name(relation.left))]
        if not last:
            raise Unsolved("no-answer", "a number is called the answer, and no equation gives it")
        return Asked(last[-1], list(relations), stated=number)
    return Asked("ans", [*relations, Relation(("ans",), "=", stated, Statement(0, "the answer as stated"))])


def value_of(says: Code) -> Rational | None:
    """The number that a code is without any unknown."""
    try:
        form = None if any(names_in(says)) else evaluate(says, {})
    except Waits:
        return None
    return form if isinstance(form, (int, Fraction)) else None


def named(used: Sequence[str], wanted: Sequence[str]) -> str | None:
    """The first of the wanted names that is used, in any case, as a number or a list."""
    names_used = [name.partition(ITEM)[0] for name in used]
    return next((name for want in wanted for name in names_used if name.lower() == want), None)


def with_items(name: str, relations: Sequence[Relation], used: Sequence[str]) -> Asked:
    """The unknown asked for, and how many items it has."""
    return Asked(name, list(relations), 0 if name in used else sum(own.startswith(f"{name}{ITEM}") for own in used))


def as_list(solution: Solution, wanted: Asked) -> Solution:
    """The solution with the items as one answer."""
    names_of_items = [f"{wanted.name}{ITEM}{number}" for number in range(1, wanted.items + 1)]
    values = {name: value for name, value in solution.values.items() if name not in names_of_items}
    lacking_items = [str(place) for place, name in enumerate(names_of_items, 1) if name not in solution.values]
    if lacking_items:
        raise Unsolved("no-answer", f"not enough equations for item {', '.join(lacking_items)} of the answer", values)
    answer = f"[{', '.join(solution.values[name] for name in names_of_items)}]"
    return Solution(answer, {**values, wanted.name: answer}, solution.notes)


def as_stated(solution: Solution, number: Rational) -> Solution:
    """The solution with the answer that the text states, if it is some unknown's value."""
    text = text_of(Value(number))
    for name, value in reversed(solution.values.items()):
        if value == text:
            return Solution(text, solution.values, [*solution.notes, f"the answer as stated, which is `{name}`"])
    raise Unsolved("no-answer", f"the text calls {text} the answer, but no unknown has that value", solution.values)


def simultaneous(relations: Sequence[Relation], answer: str, symbolic: bool) -> Solution:
    """The answer of the relations read as one system."""
    equations = [relation for relation in relations if relation.sign == "="]
    bounds = [relation for relation in relations if relation.sign != "="]
    candidates: list[Candidate] = []
    notes: list[str] = []
    for state, pending in cases(State(), equations, answer):
        candidates += candidates_of(state, pending, answer, bounds, symbolic)
        notes += [note for note in state.notes if note not in notes]
    chosen, rule = chosen_of(candidates, bounds)
    if rule:
        notes.append(rule)
    if is_rounded(chosen.answer):
        notes.append(f"rounded to {SHOWN_DIGITS} digits")
    return Solution(text_of(chosen.answer), in_text(chosen), notes)


def in_text(chosen: Candidate) -> dict[str, str]:
    """The values of the names of the text, as they were found; of a name assigned again, the last."""
    texts = shown(chosen.values)
    if not any(VERSION in name for name in texts):
        return texts
    return {first_name(name): texts[name] for name in sorted(texts, key=version)}


def shown(values: Mapping[str, Value]) -> dict[str, str]:
    """The texts of values, without those that are too long to be read."""
    texts = {}
    for name, value in values.items():
        try:
            texts[name] = text_of(value)
        except Unsolved:
            continue
    return texts


def candidates_of(
    state: State, pending: Sequence[Relation], answer: str, bounds: Sequence[Relation], symbolic: bool
) -> list[Candidate]:
    """The solutions of one case."""
    form = state.known.get(answer)
    if isinstance(form, (int, Fraction)):
        if pending and (relation := contradicted(state, pending)) is not None:
            raise Contradiction(relation, form)
        return [Candidate(Value(form), numbers(state), open_conditions(state))]
    needed = names(form) if form is not None else {answer}
    left = unknowns_of(pending, state) | needed
    if len(pending) < len(left):
        if not pending and len(needed) == 1 and any_quantity([*state.known, *needed]):
            return bounded(state, needed.copy().pop(), answer, bounds)
        raise lacking(state, left - {answer} or needed)
    if (values := approximations(state, pending, answer)) is not None:
        return [Candidate(values[answer], {**numbers(state), **values})]
    refuse_hopeless(state, pending, left)
    if not symbolic:
        raise NeedsSymbolic
    found = symbolic_solutions(state, pending, answer)
    return [Candidate(one[answer], {**numbers(state), **one}) for one in found]


def numbers(state: State) -> dict[str, Value]:
    """The unknowns that have a value."""
    return {name: Value(form) for name, form in state.known.items() if isinstance(form, (int, Fraction))}


def bounded(state: State, name: str, answer: str, bounds: Sequence[Relation]) -> list[Candidate]:
    """The solution in which a free unknown has the one value that the bounds suggest."""
    found = extreme(state, name, bounds)
    if found is None:
        raise lacking(state, {name})
    state.define(name, found[0])
    state.notes.append(found[1])
    form = state.known[answer]
    assert isinstance(form, (int, Fraction))
    return [Candidate(Value(form), numbers(state))]


def lacking(state: State, unknowns: set[str]) -> Unsolved:
    """Too few equations: which unknowns lack them, and what is known nevertheless."""
    listed = ", ".join(f"`{name}`" for name in sorted(map(first_name, unknowns)))
    solution = {first_name(name): text for name, text in shown(numbers(state)).items()}
    return Unsolved("no-answer", f"not enough equations for {listed}", solution)


def unknowns_of(pending: Sequence[Relation], state: State) -> set[str]:
    """The free unknowns of equations that elimination could not use."""
    used = {name for relation in pending for name in names_of(relation)}
    return {free for name in used for free in (names(state.known[name]) if name in state.known else {name})}

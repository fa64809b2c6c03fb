"""The last resort: sympy, for irrational roots, unknown exponents and systems of several squares.

sympy gets expressions built here term by term, never text, and only systems small enough for it to
come back. It has no deadline of its own: whoever calls `solve_system` holds one.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any

from distill_dsl.runtime.thoughts.equations.codes import Choice, Code, Operator, Relation, names_in
from distill_dsl.runtime.thoughts.equations.elimination import State
from distill_dsl.runtime.thoughts.equations.evaluation import COMPARISONS, Waits, decided
from distill_dsl.runtime.thoughts.equations.limits import MAX_BEZOUT, MAX_SYMBOLIC_UNKNOWNS, Unsolved, too_large
from distill_dsl.runtime.thoughts.equations.polynomials import Form, Polynomial, Quotient, Rational, names, whole
from distill_dsl.runtime.thoughts.equations.values import Value

LARGEST_EXPONENT = 100
"""A whole power of a sum would be multiplied out."""
MOST_NESTED = 3
"""Powers within powers: sympy's denesting of more can take minutes."""
MOST_UNDER_ROOT = 4
"""Degree of a root of an unknown, or whole power: sympy raises both sides to it."""
MOST_ROOT = 64
"""Degree of a root: sympy treats one as an algebraic number of that degree."""
DIGITS = 30
"""Working precision; 12 digits are shown."""


STEPS = frozenset({"min", "max", "abs", "ceil", "floor", "int", "round", "mod", "//", "gcd", "lcm"} | set(COMPARISONS))
"""Functions that sympy is not asked to invert."""
SYMPY_FAILS: tuple[type[Exception], ...] = (
    ArithmeticError,
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What sympy raises at equations that it cannot handle."""


def refuse_hopeless(state: State, pending: Sequence[Relation], left: set[str]) -> None:
    """Raise `Unsolved` for what sympy is not asked: known without importing it."""
    if len(left) > MAX_SYMBOLIC_UNKNOWNS:
        raise too_large(f"more than {MAX_SYMBOLIC_UNKNOWNS} unknowns in equations that are not linear")
    for relation in pending:
        if relation.guards:
            raise Unsolved("error:unsolved", f"line {relation.statement.line}: it is not decided whether this counts")
        for code in (relation.left, relation.right):
            refuse_functions(code, state)


def refuse_functions(code: Code, state: State) -> None:
    """Raise `Unsolved` for a function in steps or pieces that has an unknown as its argument."""
    starts: list[int] = []
    for place, item in enumerate(code):
        if isinstance(item, Choice):
            refuse_choice(item, state)
        count = item.operands if isinstance(item, Operator) else 0
        start = starts[-count] if count else place
        del starts[len(starts) - count :]
        starts.append(start)
        if isinstance(item, Operator) and item.name in STEPS:
            arguments = {name for part in names_in(code[start:place]) for name in free_names(part, state)}
            if arguments:
                raise Unsolved("error:unsolved", f"`{item.name}` of an unknown")


def refuse_choice(item: Choice, state: State) -> None:
    """Raise `Unsolved` where it is open which of two pieces counts."""
    try:
        decided(item.condition, state.known)
    except Waits as waits:
        raise Unsolved("error:unsolved", "a condition on an unknown is not decided") from waits


def free_names(name: str, state: State) -> set[str]:
    """The free unknowns behind a name."""
    return names(state.known[name]) if name in state.known else {name}


def symbolic_solutions(state: State, pending: Sequence[Relation], answer: str) -> list[dict[str, Value]]:
    """The real solutions, each with the values of the answer and of all unknowns solved for."""
    import sympy  # half a second to import, and one system in a hundred needs it

    try:
        return solved(sympy, state, pending, answer)
    except (*SYMPY_FAILS, sympy.SympifyError, sympy.polys.polyerrors.BasePolynomialError) as error:
        detail = f"the equations are beyond the symbolic solver ({type(error).__name__})"
        raise Unsolved("error:unsolved", detail) from error


def solved(sympy: Any, state: State, pending: Sequence[Relation], answer: str) -> list[dict[str, Value]]:
    """As `symbolic_solutions`, where sympy manages."""
    equations = [converted(sympy, item.left, state) - converted(sympy, item.right, state) for item in pending]
    equations = [sympy.together(equation).as_numer_denom()[0] for equation in equations]
    equations = [equation for equation in equations if equation != 0]
    unknowns = sorted({symbol for equation in equations for symbol in equation.free_symbols}, key=str)
    if any(equation.is_number for equation in equations):
        raise Unsolved("error:inconsistent", "an equation comes down to two different numbers")
    refuse_large(sympy, equations, unknowns)
    found = sympy.solve(equations, unknowns, dict=True)
    target = of_form(sympy, state.known.get(answer, {(answer,): 1}))
    solutions = []
    for solution in found:
        values = {str(symbol): real(sympy, value) for symbol, value in solution.items()}
        values[answer] = real(sympy, target.subs(solution))
        solutions.append({name: value for name, value in values.items() if value is not None})
    if found and all(target.subs(solution).free_symbols for solution in found):
        raise Unsolved("no-answer", "not enough equations to determine the answer")
    complete = [solution for solution in solutions if answer in solution]
    if not complete:
        raise Unsolved("error:unsolved", "the symbolic solver finds no real solution for the answer")
    return complete


def refuse_large(sympy: Any, equations: list[Any], unknowns: list[Any]) -> None:
    """Raise `Unsolved` for systems that sympy would not come back from."""
    if len(unknowns) > MAX_SYMBOLIC_UNKNOWNS:
        raise too_large(f"more than {MAX_SYMBOLIC_UNKNOWNS} unknowns in equations that are not linear")
    algebraic = all(equation.is_polynomial(*unknowns) for equation in equations)
    if not algebraic and len(unknowns) > 1:
        raise Unsolved("error:unsolved", "several unknowns under roots or in exponents")
    if algebraic and prod(sympy.Poly(equation, *unknowns).total_degree() for equation in equations) > MAX_BEZOUT:
        raise too_large("equations of too high degree")


def real(sympy: Any, expression: Any) -> Value | None:
    """The expression as a real number, if it is one."""
    if expression.free_symbols:
        return None
    if expression.is_Rational:
        exact = whole(Fraction(int(expression.p), int(expression.q)))
        return Value(exact, str(sympy.N(expression, DIGITS)))
    number, imaginary = sympy.N(expression, DIGITS).as_real_imag()
    if abs(imaginary) > 1e-20 or not number.is_finite:
        return None
    return Value(None, str(number))


def converted(sympy: Any, code: Code, state: State) -> Any:
    """Postfix code as a sympy expression, with what is known put in."""
    stack: list[Any] = []
    for item in code:
        if isinstance(item, str):
            stack.append(of_form(sympy, state.known.get(item, {(item,): 1})))
        elif isinstance(item, (int, Fraction)):
            stack.append(of_number(sympy, item))
        elif isinstance(item, Choice):
            stack.append(converted(sympy, item.then if decided(item.condition, state.known) else item.otherwise, state))
        else:
            operands = stack[-item.operands :]
            del stack[-item.operands :]
            stack.append(applied(sympy, item.name, operands))
    return stack[0]


def applied(sympy: Any, name: str, operands: list[Any]) -> Any:
    """One operator on sympy expressions."""
    match name, operands:
        case "+", [left, right]:
            return left + right
        case "-", [left, right]:
            return left - right
        case "*", [left, right]:
            return left * right
        case "/", [left, right] if right != 0:
            return left / right
        case "negative", [only]:
            return -only
        case "^", [base, exponent]:
            if exponent.has(sympy.Pow) or (exponent.is_number and abs(exponent) > LARGEST_EXPONENT):
                raise too_large("an exponent is beyond the limit")
            return root(base, exponent)
        case "sqrt", [only]:
            return root(only, sympy.Rational(1, 2))
        case "abs", [only] if only.is_number:
            return abs(only)
        case (("min" | "max" | "ceil" | "floor"), _) if all(operand.is_number for operand in operands):
            function = {"min": sympy.Min, "max": sympy.Max, "ceil": sympy.ceiling, "floor": sympy.floor}[name]
            return function(*operands)
        case _:
            raise Unsolved("error:unsolved", f"`{name}` of an unknown")


def root(base: Any, exponent: Any) -> Any:
    """A power, where its roots are of small degree and little nested."""
    if base.free_symbols and exponent.is_Rational and max(exponent.q, abs(exponent.p)) > MOST_UNDER_ROOT:
        raise too_large("an unknown under a root of too high degree")
    result = base**exponent
    if nesting(result) > MOST_NESTED or any(
        power.exp.is_Rational and power.exp.q > MOST_ROOT for power in result.atoms(type(result)) if power.is_Pow
    ):
        raise too_large("roots of too high degree or nested too deeply")
    return result


def nesting(expression: Any) -> int:
    """How many powers stand within one another."""
    return int(expression.is_Pow) + max(map(nesting, expression.args), default=0)


def of_form(sympy: Any, form: Form) -> Any:
    """A form as a sympy expression."""
    if isinstance(form, Quotient):
        return of_polynomial(sympy, form.above) / of_polynomial(sympy, form.below)
    if isinstance(form, dict):
        return of_polynomial(sympy, form)
    return of_number(sympy, form)


def of_polynomial(sympy: Any, polynomial: Polynomial) -> Any:
    """A polynomial as a sympy expression."""
    terms = [
        of_number(sympy, factor) * sympy.Mul(*[sympy.Symbol(name) for name in monomial])
        for monomial, factor in polynomial.items()
    ]
    return sympy.Add(*terms)


def of_number(sympy: Any, value: Rational) -> Any:
    """A rational number for sympy."""
    return sympy.Rational(value.numerator, value.denominator)

"""Programs that share a child come to the verdicts that they come to alone, and see nothing of each other."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_dsl.runtime.sandbox import linux
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.programs import run_programs

pytestmark = pytest.mark.skipif(not linux.architecture(), reason="walls are Linux's")

MEMORY = 256 << 20

# Pairs of programs: what the first does, the second must not see.
INTERFERENCE = {
    "a generator that prints when it is thrown away": (
        (
            "def g():\n    try:\n        yield 1\n    finally:\n        print(666)\n"
            "it = g()\nnext(it)\nl = [it]\nl.append(l)\nans = 1"
        ),
        "print(5)\nz = [[i] for i in range(20000)]",
    ),
    "a dictionary in a module": (
        "from sympy.abc import *\nns['left'] = 42\nans = 1",
        "from sympy.abc import *\nans = ns['left']",
    ),
    "memory that is not given back": (
        "l = list(range(1_000_000))\nl.append(l)\nans = 3",
        "ans = 0\ntry:\n    x = list(range(6_000_000))\n    ans = 1\nexcept Exception:\n    ans = 2",
    ),
    "recursion in the middle of a library": (
        (
            "from sympy import *\nx = symbols('x', real=True)\n"
            "def f(n):\n    return f(n + 1) + (x**2 + 1).is_positive\nans = f(0)"
        ),
        "from sympy import *\nx = symbols('x', real=True)\nans = int((x**2 + 1).is_positive) + int(x.is_real)",
    ),
    "names": ("answer = 7", "ans = answer"),
    "variables of a star import": ("from math import *\npi = 3", "from math import *\nans = pi"),
    "a list of defaults": (
        "def f(a=[]):\n    a.append(1)\n    return a\nans = len(f())",
        "def f(a=[]):\n    return a\nans = len(f()) + 1",
    ),
    "random numbers": ("import random\nans = random.random()", "import random\nans = random.random()"),
    "cached lists": (
        "from sympy import *\nx = symbols('x')\nr = real_roots(x**2 - 1)\nr.clear()\nr.append(666)\nans = 1",
        "from sympy import *\nx = symbols('x')\nans = real_roots(x**2 - 1)[0]",
    ),
    "cached dictionaries": (
        "from sympy import *\nx = symbols('x')\nr = roots(x**2 - 4)\nr.clear()\nans = 1",
        "from sympy import *\nx = symbols('x')\nans = len(roots(x**2 - 4))",
    ),
}


@pytest.mark.parametrize("what", INTERFERENCE)
def test_nothing_reaches_a_neighbour(what: str) -> None:
    first, second = INTERFERENCE[what]
    (alone,) = executed([second], shared=False)
    together = executed([first, second, first, second, "ans = 1", second])
    assert {verdict(one) for one in (together[1], together[3], together[5])} == {verdict(alone)}


def executed(programs: Sequence[str], *, shared: bool = True, timeout: float = 2.0) -> list[Execution]:
    return run_programs(programs, timeout=timeout, memory=MEMORY, workers=1, shared=shared)


def verdict(execution: Execution) -> tuple[str | None, str | None]:
    return execution.answer, execution.failure


SAME_ALONE = [
    "from .math import sqrt\nans = sqrt(4)",
    "from . import math\nans = 1",
    "import math\nans = len(str(math))",
    "from numpy import *\nans = max(3, 5)",
    "beta = 5\nfrom sympy import *\nans = beta",
    "def f():\n    return 5\ntest = f\nfrom sympy import *\nans = test()",
    "from sympy import *\nans = zeta(2)",
    "from math import *\nans = erf(0)",
    "from statistics import *\nans = sqrt(4)",
    "def f(n):\n    try:\n        return f(n + 1)\n    except Exception:\n        return n\nans = f(0)",
    "ans = 'x' * 50_000_000\nans = len(ans + ans)",
    "print(5)\n6",
    "'5'",
    "5",
    "def solution(): return 5",
    "async def solution(): return 5",
    "def solution(): yield 5",
    "ans = print",
    "import sympy\nans = sympy.sympify('2 + 3')",
    "from sympy import S\nans = S('1/3')",
    "for i in range(100_000): print('spam')",
    "ans = hash('x') % 1000",
    "print({'a', 'b', 'c'})",
    "ans = 0.1 + 0.2",
    "return 5",
    "ans = undefined",
    "ans = max()",
    "x = [1]\nx.append(x)\nans = x",
]


@pytest.mark.parametrize("text", SAME_ALONE)
def test_a_program_comes_to_the_same_in_company(text: str) -> None:
    (alone,) = executed([text], shared=False)
    assert [verdict(one) for one in executed(["ans = 1", text, text, "ans = 2"])[1:3]] == [verdict(alone)] * 2


DEEP = {
    "calls of a module": "def f(n):\n    return 0 if n == 0 else f(n - 1) + 1\nans = f({})",
    "calls of a function": "def f(n):\n    return 0 if n == 0 else f(n - 1) + 1\ndef solution():\n    return f({})",
}


@pytest.mark.parametrize("what", DEEP)
def test_a_program_may_call_itself_as_often_in_company(what: str) -> None:
    programs = [DEEP[what].format(depth) for depth in range(960, 1000)]
    alone = list(map(verdict, executed(programs, shared=False)))
    assert list(map(verdict, executed(programs))) == alone
    assert {failure for _, failure in alone} == {None, "error:recursion"}


NESTED = {
    "sums": lambda n: "ans = " + "1 + " * n + "1",
    "signs": lambda n: "ans = " + "-" * n + "1",
    "parentheses": lambda n: "ans = " + "(" * n + "1" + ")" * n,
    "lists": lambda n: "ans = " + "[" * n + "1" + "]" * n,
    "calls": lambda n: "ans = " + "abs(" * n + "1" + ")" * n,
    "conditions": lambda n: "ans = " + "1 if 0 else " * n + "2",
    "blocks": lambda n: "".join(" " * i + "if 1:\n" for i in range(n)) + " " * n + "ans = 1",
}


@pytest.mark.parametrize("what", NESTED)
def test_a_text_may_be_as_deep_in_company(what: str) -> None:
    programs = [NESTED[what](n) for n in (10, 19, 21, 90, 95, 101, 190, 199, 201, 300, 900, 990, 1100, 1900, 2900)]
    programs = [text for text in programs if len(text) < 15_000]
    assert list(map(verdict, executed(programs))) == list(map(verdict, executed(programs, shared=False)))


numbers = st.integers(-5, 12).map(str) | st.sampled_from(["0.5", "2.75", "Fraction(1, 3)", "x", "y", "len(z)", "z[0]"])
expressions = st.recursive(
    numbers,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+ - * / // % ** < ==".split()), inner).map(lambda p: f"({' '.join(p)})"),
        st.tuples(st.sampled_from(["abs", "round", "int", "float", "str", "sum", "max", "f", "math.sqrt"]), inner).map(
            lambda p: f"{p[0]}({p[1]})"
        ),
        inner.map(lambda e: f"[{e}, 2]"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} if {p[1]} else 7)"),
    ),
    max_leaves=6,
)
statements = st.one_of(
    st.tuples(st.sampled_from(["x", "y", "z", "ans", "x, y", "z[0]"]), expressions).map(lambda p: f"{p[0]} = {p[1]}"),
    expressions.map(lambda e: f"x += {e}"),
    expressions.map(lambda e: f"print({e})"),
    expressions.map(lambda e: f"for i in range(3):\n    y = {e}\n    z.append(i)"),
    expressions.map(lambda e: f"def f(n):\n    global x\n    x = n\n    return {e}"),
    expressions.map(lambda e: f"def solution():\n    return {e}"),
    expressions,
    st.sampled_from(["import os", "assert x > y", "raise ValueError(x)", "from math import *", "exit()", "z.sort()"]),
)
programs = st.lists(statements, min_size=1, max_size=7).map(
    lambda lines: (
        "import math\nfrom fractions import Fraction\nx, y, z = 3, 2, [1, 2]\ndef f(n): return n\n" + "\n".join(lines)
    )
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(programs, min_size=30, max_size=60), st.randoms(use_true_random=False))
def test_verdicts_do_not_depend_on_company(texts: list[str], rng: random.Random) -> None:
    alone = executed(texts, shared=False, timeout=0.3)
    order = list(range(len(texts)))
    rng.shuffle(order)
    together = executed([texts[place] for place in order], timeout=0.3)
    assert [together[place] for place in range(len(texts))] == [alone[order[place]] for place in range(len(texts))]

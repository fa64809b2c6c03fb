"""Programs that share a process cannot touch one another, and come to the same verdicts as alone."""

from __future__ import annotations

import dis
import json
import random
import re
import sys
from collections.abc import Sequence
from types import ModuleType

import pytest
from corpus import SHARED
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from distill_dsl.runtime.sandbox import linux
from distill_dsl.runtime.sandbox.supervisor import Job, Limits, run
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.programs import PLAIN, SYMBOLIC, run_programs, vet
from distill_dsl.runtime.thoughts.programs.listed import ATTRIBUTES, MODULES, SAFE_BUILTINS
from distill_dsl.runtime.thoughts.programs.vet import admits

MEMORY = 256 << 20
on_linux = pytest.mark.skipif(not linux.architecture(), reason="walls are Linux's")


def admitted(text: str) -> bool:
    return admits(compile(text, "<program>", "exec", dont_inherit=True))


ADMITTED = [
    "ans = 5",
    "import math\nans = math.sqrt(16)",
    "def solution():\n    total = 0\n    for i in range(10):\n        total += i\n    return total",
    "from fractions import Fraction\nans = Fraction(1, 3) + 1",
    "from sympy import *\nx = symbols('x')\nans = solve(Eq(2 * x, 10), x)[0]",
    "a, *b = [1, 2, 3]\nans = sum(b) if a < 2 else -1",
    "ans = f'{3.14159:.2f}'",
    "ans = [x for x in range(5) if x % 2]",
    "ans = sorted({'a': 2, 'b': 1}.items(), key=lambda pair: pair[1])[0][0]",
    "ans = sum(i for i in range(4))",
    "d = {}\nd['a'] = 1\ndel d['a']\nans = len(d)",
    "assert 1 + 1 == 2\nans = 1",
    "if __name__ == '__main__':\n    ans = 3",
    "def f(n: int = 3, *args: int, **named: int) -> int:\n    return n\nans = f(*[1], **{})",
    "while (n := 3) > 4:\n    pass\nans = n",
    "count = 0\ndef f():\n    global count\n    count += 1\nf()\nans = count",
]

REFUSED = [
    # Reaching the interpreter through an object.
    "ans = ().__class__",
    "ans = (lambda: 0).__globals__",
    "ans = [].__iter__",
    "def f(): pass\nans = f.__code__",
    "ans = (x for x in [1]).gi_frame",
    "ans = (x for x in [1]).gi_code",
    "ans = __builtins__",
    "ans = __loader__",
    "ans = __spec__",
    "ans = ''.mro",
    "import math\nans = math.__dict__",
    "import statistics\nans = statistics.sys",
    "import fractions\nans = fractions.re",
    "import numpy\nans = numpy.ctypeslib",
    "import datetime\nans = datetime.sys",
    # Changing what others use.
    "import math\nmath.pi = 3",
    "import math\ndel math.pi",
    "from fractions import Fraction\nFraction.__add__ = None",
    "def f(): pass\nf.x = 1",
    "from decimal import getcontext\ngetcontext().prec = 2",
    "from decimal import localcontext",
    "import decimal\ndecimal.DefaultContext.prec = 3",
    "for Fraction.x in [1]: pass",
    "[0 for math.pi in [1]]",
    "(a.b, c) = 1, 2",
    "a.b += 1",
    "a.b: int = 1",
    "import math as a, os.path as b\nans = 1",
    # Built-ins by name.
    *(f"ans = {name}" for name in ("eval", "exec", "compile", "open", "input", "type", "object", "super", "property")),
    *(f"ans = {name}" for name in ("getattr", "setattr", "delattr", "hasattr", "vars", "dir", "globals", "locals")),
    *(f"ans = {name}" for name in ("id", "memoryview", "bytearray", "breakpoint", "exit", "quit", "help", "callable")),
    *(f"ans = {name}" for name in ("__import__", "__build_class__", "__debug__x", "BaseException", "SystemExit")),
    # Looking attributes up by text.
    "ans = '{0.__class__}'.format(1)",
    "ans = '{x.__class__}'.format_map({'x': 1})",
    "ans = str.format('{0.__class__}', 1)",
    "match 1:\n    case int(real=x): ans = x",
    "match {'a': 1}:\n    case {'a': x}: ans = x",
    "match [1]:\n    case [x]: ans = x",
    # Code that runs when nobody expects it.
    "class A: pass",
    "class A(int):\n    def __add__(self, other): return 0",
    "class M(type): pass",
    "@property\ndef f(self): pass",
    "async def f():\n    await g()",
    "async def f():\n    async for x in g(): pass",
    "def f():\n    try:\n        yield 1\n    finally:\n        print(666)\nnext(f())",
    # Hiding what went wrong.
    "try:\n    ans = 1\nexcept Exception:\n    ans = 2",
    "try:\n    ans = 1\nexcept:\n    ans = 2",
    "try:\n    ans = 1\nfinally:\n    ans = 2",
    "try:\n    ans = 1\nexcept* ValueError:\n    ans = 2",
    "with open('x') as f: pass",
    "from contextlib import suppress\nwith suppress(Exception): pass",
    # Modules.
    *(
        f"import {name}"
        for name in ("os", "sys", "gc", "ctypes", "builtins", "importlib", "pickle", "inspect", "types")
    ),
    *(f"import {name}" for name in ("sympy.parsing", "numpy.ctypeslib", "collections.abc", "operator", "random", "re")),
    "from math import __dict__ as d",
    "from sympy import sympify, parse_expr, lambdify",
    "import sympy.parsing.sympy_parser",
]


@pytest.mark.parametrize("text", ADMITTED)
def test_admitted(text: str) -> None:
    assert admitted(text)


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    assert not admitted(text)
    assert not admitted(f"def f():\n    def g():\n{_indented(text)}\nf()"), "also in a function within a function"


def _indented(text: str) -> str:
    if "import *" in text:
        return "        pass"
    return "\n".join(f"        {line}" for line in text.splitlines())


@pytest.mark.parametrize("many", [0, 3, 255, 256, 257, 70_000])
@pytest.mark.parametrize("attribute", ["__class__", "gi_frame", "_getframe", "format"])
def test_a_name_is_found_wherever_it_stands_among_others(many: int, attribute: str) -> None:
    """Positions above 255 take further instructions (EXTENDED_ARG)."""
    others = "\n".join(f"v{number} = 1" for number in range(many))
    assert not admitted(f"{others}\nans = v.{attribute}")
    assert not admitted(f"{others}\nans = v.{attribute}()")
    assert admitted(f"{others}\nans = v.numerator\nans = v.upper()")
    assert not admitted(f"{others}\nimport os")
    assert admitted(f"{others}\nimport math")


def test_arguments_of_instructions_are_read_as_the_interpreter_reads_them() -> None:
    others = "\n".join(f"v{number} = {number}" for number in range(300))
    code = compile(
        f"{others}\nimport math\nfrom math import pi\nv1.real\nv2.bit_length()\nv3.imag", "<program>", "exec"
    )
    names = {"LOAD_ATTR", "LOAD_METHOD", "IMPORT_NAME", "IMPORT_FROM"}
    expected = [one.argval for one in dis.get_instructions(code) if one.opname in names]
    found = [
        code.co_names[argument >> 1 if operation in vet._SHIFTED else argument]
        for operation, argument in vet._argued(code.co_code)
    ]
    assert found == expected != []


def test_nothing_is_shared_on_a_python_that_nobody_has_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    assert admitted("ans = 1")
    monkeypatch.setattr(vet, "_KNOWN_VERSION", False)
    assert not admitted("ans = 1")


def test_no_listed_attribute_reaches_the_interpreter() -> None:
    assert not [name for name in ATTRIBUTES if name.startswith("_")]
    assert not ATTRIBUTES & {
        "format",
        "format_map",
        "gi_frame",
        "mro",
        "obj",
        "tb_frame",
        "func",
        "write",
        "send",
        "sys",
    }
    assert not set(SAFE_BUILTINS) & {"eval", "exec", "open", "type", "object", "getattr", "id", "vars", "BaseException"}


def test_stand_ins_hold_nothing_that_can_be_changed() -> None:
    for name in MODULES:
        if name.partition(".")[0] in ("numpy", "sympy"):
            pytest.importorskip(name)
        __import__(name)
        for attribute, value in vars(vet._stand_in(name)).items():
            if not attribute.startswith("__"):
                assert not isinstance(value, list | dict | set | bytearray | ModuleType), (name, attribute)


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


@on_linux
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


@on_linux
@pytest.mark.parametrize("text", SAME_ALONE)
def test_a_program_comes_to_the_same_in_company(text: str) -> None:
    (alone,) = executed([text], shared=False)
    assert [verdict(one) for one in executed(["ans = 1", text, text, "ans = 2"])[1:3]] == [verdict(alone)] * 2


DEEP = {
    "calls of a module": "def f(n):\n    return 0 if n == 0 else f(n - 1) + 1\nans = f({})",
    "calls of a function": "def f(n):\n    return 0 if n == 0 else f(n - 1) + 1\ndef solution():\n    return f({})",
}


@on_linux
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


@on_linux
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


@on_linux
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(programs, min_size=30, max_size=60), st.randoms(use_true_random=False))
def test_verdicts_do_not_depend_on_company(texts: list[str], rng: random.Random) -> None:
    alone = executed(texts, shared=False, timeout=0.3)
    order = list(range(len(texts)))
    rng.shuffle(order)
    together = executed([texts[place] for place in order], timeout=0.3)
    assert [together[place] for place in range(len(texts))] == [alone[order[place]] for place in range(len(texts))]


# A program, run walled in like any other, that runs others as a shared child does and watches what becomes of
# everything that programs share. Of what is changed it tells the path.
WATCHER = """
import builtins, json, sys, decimal
from distill_dsl.runtime.thoughts.programs import vet, work
texts = json.loads({texts!r})
CACHES = {{"__warningregistry__", "_cache", "__doc__", "_seen", "_count"}}  # _count: of sympy's Dummy
PLAIN = (int, float, str, bytes, bool, type(None), complex)
def snapshot():
    found, todo = {{}}, []
    for name in vet.MODULES:
        if name in sys.modules:
            todo += [(name, vars(sys.modules[name])), ("stand-in " + name, vars(vet._stand_in(name)))]
    todo += [("BUILTINS", vet.BUILTINS), ("builtins", vars(builtins)), ("ATTRIBUTES", vet.ATTRIBUTES)]
    seen = set()
    while todo:
        path, value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, type) and "_abc" not in path:
            value = vars(value)
        if type(value) in (list, tuple):
            inner = list(enumerate(value))
        elif type(value) in (dict, type(vars(int))):
            inner = [(key, one) for key, one in value.items() if type(key) is str and key not in CACHES]
        elif type(value) in (set, frozenset):
            found[path] = len(value)
            continue
        else:
            continue
        for key, one in inner:
            place = path + "." + str(key)
            found[place] = repr(one) if type(one) in PLAIN else id(one)
            if place.count(".") < 5:
                todo.append((place, one))
    context = decimal.getcontext()
    found["decimal"] = [context.prec, context.rounding, context.Emin, context.Emax, str(context.traps)]
    found["recursion"] = sys.getrecursionlimit()
    return found
before, told, ran = snapshot(), [], 0
NEIGHBOUR = "from fractions import Fraction\\nprint(1)\\nans = Fraction(1, 3) + sum(sorted([3, 1])) + round(0.6)"
right = work.together(NEIGHBOUR)
for text in texts:
    try:
        said = work.together(text)
    except BaseException as error:
        told.append("ended")
        ran += 1
        break
    ran += 1
    told.append("alone" if said is None else "said")
    if work.together(NEIGHBOUR) != right:
        told[-1] = "NEIGHBOUR"
        break
after = snapshot()
changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
if right is None:
    changed = ["the neighbour does not run"]
ans = json.dumps([ran, told.count("said"), told.count("NEIGHBOUR"), changed[:5]])
"""


def watched(texts: Sequence[str], symbolic: bool) -> tuple[int, list[str]]:
    """How many of these programs spoke in company; what was changed of what they share."""
    (reply,) = run(
        [Job(WATCHER.format(texts=json.dumps(texts)), SYMBOLIC if symbolic else PLAIN)], Limits(5.0, 1 << 29), workers=1
    )
    if not reply.said:  # one of them does not end, or ends the process, as it may
        half = len(texts) // 2
        parts = [watched(part, symbolic) for part in (texts[:half], texts[half:]) if half]
        return sum(spoke for spoke, _ in parts), [one for _, changed in parts for one in changed]
    message = json.loads(reply.said)
    ran, spoke, spoiled, different = json.loads(message.get("answer", "null"))
    changed = [f"{different}, by one of {texts[:ran]}"] if spoiled or different else []
    more = watched(texts[ran:], symbolic) if ran < len(texts) else (0, [])
    return spoke + more[0], changed + more[1]


TRICKS = """
z.append(z)
z = iter(z); next(z)
print(666, file=z)
print(666, end=chr(10))
ans = sorted([3, 1], key=print)
raise StopIteration
math.pi = 3
Fraction.numerator = 3
x.real = 4
del math.sqrt
ans = max([1, 2], key=lambda v: v.clear())
ans = (lambda v: v.update(a=1))({})
list(map(list.append, [z], [z]))
dict.update({}, a=1)
list.sort(z)
ans = reduce(list.append, [1], z)
x = Fraction; x.a = 1
[1 for x.y in z]
for z[0] in z: ans = z
globals()['x'] = 1
def len(x): return 0
def print(x): return 0
len = max = 3
list.append(dict.keys({}), 1)
x = math; x.pi += 1
z[0:1] = [math, Fraction]
ans = z.pop().pi
__import__('os')
from math import *
from statistics import *
from collections import *
from itertools import *
it = cycle([1]); next(it)
x = Counter(z); x.update(x)
x = defaultdict(list); x['a'].append(1)
x = Decimal(1) / 3
x = Decimal('nan') < 1
ans = f'{x!r:>{x}}'
def f(a=[]): a.append(1); return a
def f(): yield 1; print(666)
x = f(); next(x); z.append(x); z.append(z)
ans = str(math)
ans = hash(print)
""".strip().splitlines()


SYMBOLS = [
    "from sympy import *\nx, y = symbols('x y')\nr = solve([Eq(x + y, 10), Eq(x - y, 2)], [x, y])\nans = r[x]",
    "from sympy import symbols, Matrix\nm = Matrix([[1, 2], [3, 4]])\nm[0, 0] = 5\nm.T[0] = 7\nans = m.det()",
    "from sympy import *\nx = Symbol('x', positive=True)\nl = list(solveset(x**2 - 4, x))\nl.clear()\nans = x.is_real",
    "from sympy import Poly, factor\nfrom sympy.abc import *\nc = Poly(x**2 - 1, x).all_coeffs()\nc.append(9)",
    "import sympy as sp\nt = sp.symbols('t')\ne = sp.simplify((t**2 - 1) / (t - 1))\nd = e.subs({t: 3}).args\nans = d",
    "from sympy import *\nr = roots(symbols('x')**3 - 6, symbols('x'))\nr.update({1: 2})\nr.pop(1)\nans = N(pi, 5)",
]


def mutants(seed: int, count: int) -> list[str]:
    """Programs spliced from ordinary and from hostile ones, their lines swapped and their words exchanged."""
    rng = random.Random(seed)
    mild = [*ADMITTED, *SYMBOLS, *(first for first, _ in INTERFERENCE.values())]
    wild = [*REFUSED, *_corpus()]
    lines = [line for text in mild * 4 + TRICKS * 4 + wild for line in text.splitlines()]
    words = sorted({word for line in lines for word in re.findall(r"\w+|[^\w\s]", line)})
    found = []
    while len(found) < count:
        text = rng.choice(wild if rng.random() < 0.1 else mild).splitlines()
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(text) + 1)
            text[place : place + rng.randint(0, 1)] = [rng.choice(lines)]
        if rng.random() < 0.5:
            place = rng.randrange(len(text))
            parts = re.split(r"(\w+)", text[place])
            parts[rng.randrange(len(parts))] = rng.choice(words)
            text[place] = "".join(parts)
        found.append("\n".join(["import math", "from fractions import Fraction", "x, y, z = 3, 2, [1, 2]", *text]))
    return found


def _corpus() -> list[str]:
    return [path.read_text(errors="surrogatepass") for path in sorted(SHARED.glob("attacks/programs/*.py"))]


def compiles(text: str) -> bool:
    try:
        return bool(compile(text, "<program>", "exec", dont_inherit=True))
    except (SyntaxError, ValueError):
        return False


@on_linux
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_admitted_mutants_change_nothing_that_is_shared(request: pytest.FixtureRequest) -> None:
    count = 20_000 if request.config.getoption("--slow") else 1000
    found = [text for text in mutants(1, count) if compiles(text) and admitted(text)]
    assert len(found) > count // 20
    outcomes = run_programs(found, timeout=0.3, memory=MEMORY)
    texts = [
        text for text, outcome in zip(found, outcomes, strict=True) if outcome.failure not in ("timeout", "memory")
    ]
    for symbolic in (False, True):
        some = [text for text in texts if ("sympy" in text) == symbolic]
        spoke = 0
        for start in range(0, len(some), 40):
            part, changed = watched(some[start : start + 40], symbolic)
            assert not changed, changed
            spoke += part
        print(f"{len(some)} admitted of {count}, {spoke} spoke in company, symbolic: {symbolic}")
        assert spoke > len(some) // 10


@on_linux
@pytest.mark.parametrize(
    ("change", "path"),
    [
        ("import math\nmath.pi = 3", "math.pi"),
        ("from fractions import Fraction\nFraction.numerator = 3", "Fraction.numerator"),
        ("import builtins\nbuiltins.ord = 3", "builtins.ord"),
        ("import decimal\ndecimal.getcontext().prec = 5", "decimal"),
    ],
)
def test_the_watcher_sees_changes(change: str, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a vet that admits everything, and built-ins that import for real."""
    blind = WATCHER.replace(
        "before, told", "work.admits = lambda code: True\nwork.BUILTINS = vars(builtins)\nbefore, told"
    )
    monkeypatch.setattr(sys.modules[__name__], "WATCHER", blind)
    _, changed = watched([change], symbolic=False)
    assert changed and path in changed[0]

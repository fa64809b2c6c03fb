"""Programs spliced from ordinary and hostile ones: those that the vet admits change nothing that is shared."""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Sequence

import pytest
from corpus import SHARED
from test_company import INTERFERENCE
from test_vet import ADMITTED, REFUSED, admitted

from distill_dsl.runtime.sandbox import linux
from distill_dsl.runtime.sandbox.supervisor import Job, Limits, run
from distill_dsl.runtime.thoughts.programs import PLAIN, SYMBOLIC, run_programs

pytestmark = pytest.mark.skipif(not linux.architecture(), reason="walls are Linux's")

MEMORY = 256 << 20

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

"""Which programs may share a process: none that could reach the interpreter, hide a failure or leave something."""

from __future__ import annotations

import dis
from types import ModuleType

import pytest

from distill_dsl.runtime.thoughts.programs import vet
from distill_dsl.runtime.thoughts.programs.listed import ATTRIBUTES, MODULES, SAFE_BUILTINS
from distill_dsl.runtime.thoughts.programs.vet import admits


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

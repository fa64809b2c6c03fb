"""Which programs may share a process with others: such as provably cannot touch one another.

This saves a fork, it does not protect the machine: the kernel's walls stand around a shared child
as around any other (see `runtime.sandbox`). What has to be shown is only that a program leaves
nothing behind: no changed module, class or built-in, nothing read of what others left.

It is shown on the compiled code. Only listed instructions, attributes, modules and built-ins are
admitted, so a new version of Python admits less, never more. Nothing admitted can store or delete an
attribute, define a class, reach a frame, a module's dictionary or `type`, or open a context. What a
program can change are objects that it made itself, and they go with it.

What an admitted program imports are stand-ins of modules that hold the listed names alone. And
nothing that it calls may compile or execute text, as sympy does with strings: `watch` stops that.
"""

from __future__ import annotations

import builtins
import dis
import sys
from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType, ModuleType
from typing import Any, Final

_INSTRUCTIONS: Final = """
    CACHE NOP POP_TOP PUSH_NULL RESUME EXTENDED_ARG COPY SWAP PRECALL CALL KW_NAMES CALL_FUNCTION_EX RETURN_VALUE
    RETURN_CONST RETURN_GENERATOR YIELD_VALUE SEND JUMP_BACKWARD JUMP_BACKWARD_NO_INTERRUPT JUMP_FORWARD
    POP_JUMP_FORWARD_IF_FALSE POP_JUMP_FORWARD_IF_TRUE POP_JUMP_FORWARD_IF_NONE POP_JUMP_FORWARD_IF_NOT_NONE
    POP_JUMP_BACKWARD_IF_FALSE POP_JUMP_BACKWARD_IF_TRUE POP_JUMP_BACKWARD_IF_NONE POP_JUMP_BACKWARD_IF_NOT_NONE
    POP_JUMP_IF_FALSE POP_JUMP_IF_TRUE POP_JUMP_IF_NONE POP_JUMP_IF_NOT_NONE JUMP_IF_FALSE_OR_POP JUMP_IF_TRUE_OR_POP
    LOAD_CONST LOAD_NAME STORE_NAME DELETE_NAME LOAD_GLOBAL STORE_GLOBAL LOAD_FAST STORE_FAST DELETE_FAST
    LOAD_FAST_CHECK LOAD_FAST_AND_CLEAR LOAD_DEREF STORE_DEREF LOAD_CLOSURE MAKE_CELL COPY_FREE_VARS
    LOAD_ATTR LOAD_METHOD IMPORT_NAME IMPORT_FROM IMPORT_STAR MAKE_FUNCTION
    BINARY_OP BINARY_SUBSCR STORE_SUBSCR DELETE_SUBSCR BINARY_SLICE STORE_SLICE BUILD_SLICE COMPARE_OP IS_OP CONTAINS_OP
    UNARY_NEGATIVE UNARY_NOT UNARY_POSITIVE UNARY_INVERT
    BUILD_TUPLE BUILD_LIST BUILD_SET BUILD_MAP BUILD_CONST_KEY_MAP BUILD_STRING LIST_APPEND SET_ADD MAP_ADD
    LIST_EXTEND SET_UPDATE DICT_UPDATE DICT_MERGE LIST_TO_TUPLE UNPACK_SEQUENCE UNPACK_EX FORMAT_VALUE
    GET_ITER FOR_ITER END_FOR CALL_INTRINSIC_1 RAISE_VARARGS RERAISE PUSH_EXC_INFO POP_EXCEPT CHECK_EXC_MATCH
    LOAD_ASSERTION_ERROR
"""
_CODES: Final = frozenset(dis.opmap[name] for name in _INSTRUCTIONS.split() if name in dis.opmap)
_ATTRIBUTE_CODES: Final = frozenset(
    dis.opmap[name] for name in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM") if name in dis.opmap
)
_IMPORT: Final = dis.opmap["IMPORT_NAME"]
_ARGUED: Final = _ATTRIBUTE_CODES | {_IMPORT}
_EXTENDED: Final = dis.opmap["EXTENDED_ARG"]
_SHIFTED: Final = frozenset({dis.opmap["LOAD_ATTR"]}) if "LOAD_METHOD" not in dis.opmap else frozenset()
"""Instructions whose argument holds the position of the name shifted by one bit (Python 3.12)."""

ATTRIBUTES: Final = frozenset(
    """
    acos asin atan atan2 cbrt ceil comb copysign cos cosh degrees dist e exp exp2 expm1 fabs factorial floor fmod
    fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt lcm log log10 log1p log2 modf nan perm pi pow prod
    radians sin sinh sqrt tan tanh tau trunc
    Fraction numerator denominator limit_denominator as_integer_ratio is_integer bit_length conjugate real imag
    Decimal ROUND_HALF_UP ROUND_HALF_EVEN ROUND_DOWN ROUND_UP ROUND_CEILING ROUND_FLOOR quantize to_integral_value
    normalize
    date datetime timedelta days seconds total_seconds year month day hour minute second weekday isoweekday isoformat
    accumulate chain combinations combinations_with_replacement permutations product repeat cycle islice count
    takewhile dropwhile groupby zip_longest reduce
    mean median mode stdev pstdev variance pvariance fmean
    Counter defaultdict OrderedDict deque most_common elements appendleft popleft
    append extend insert remove pop clear index sort reverse copy keys values items get update setdefault popitem
    add discard union intersection difference symmetric_difference issubset issuperset isdisjoint
    upper lower title capitalize strip lstrip rstrip split rsplit splitlines join replace startswith endswith find
    rfind isdigit isalpha isalnum isnumeric isspace isupper islower zfill ljust rjust center swapcase partition
    array arange linspace zeros ones dot cumsum diff std var power sum max min round abs absolute mod multiply
    divide subtract maximum minimum argmax argmin sign shape size ndim tolist T
    symbols Symbol Rational Integer Float Eq Ne Lt Le Gt Ge solve solveset linsolve nonlinsolve simplify expand factor
    cancel together apart collect nsimplify N E oo S Abs Max Min ceiling floor Mod root integrate limit summation Sum
    Matrix Poly roots real_roots FiniteSet Interval Reals Integers Naturals binomial isprime And Or Not Piecewise
    evalf n subs xreplace doit rhs lhs args free_symbols is_real is_positive is_negative is_zero is_number is_Rational
    is_Integer is_rational p q as_numer_denom coeff all_coeffs degree det inv rref transpose start end contains name
    a b c d f g h i j k l m o r s t u v w x y z
    """.split()
)
"""What an admitted program may ask of an object, whatever the object is. No `format`: it looks up attributes."""

MODULES: Final = (
    "math", "fractions", "decimal", "datetime", "itertools", "functools", "statistics", "collections",
    "numpy", "sympy", "sympy.solvers", "sympy.core", "sympy.abc",
)  # fmt: skip
"""What an admitted program may import, where the worker has it loaded."""

_SAFE: Final = """
    abs all any bin bool chr complex dict divmod enumerate filter float frozenset hash hex int isinstance iter len
    list map max min next oct ord pow print range repr reversed round set slice sorted str sum tuple zip
    ArithmeticError AssertionError AttributeError Exception IndexError KeyError LookupError NameError
    NotImplementedError OverflowError RuntimeError StopIteration TypeError ValueError ZeroDivisionError
""".split()
_UNSAFE: Final = frozenset(vars(builtins)) - frozenset(_SAFE) - {"__name__"}


class NeedsOwnProcess(BaseException):
    """An admitted program came upon something that only a process of its own may do."""


class _Running:
    """The program that runs, if one does, and whether it has to be run again alone."""

    code: CodeType | None = None
    stopped = False


def run_watched(code: CodeType, space: dict[str, Any]) -> None:
    """Run an admitted program in a name space with `BUILTINS`; raises what the program raises."""
    _Running.code, _Running.stopped = code, False
    try:
        exec(code, space)
    finally:
        _Running.code = None


def call_watched(function: Callable[[], object]) -> object:
    """Call a function that an admitted program has defined."""
    _Running.code = _CALLING
    try:
        return function()
    finally:
        _Running.code = None


def was_stopped() -> bool:
    """Whether the last program tried what it may not share a process for, even if it caught the exception."""
    return _Running.stopped


def watch() -> None:
    """From now on, stop admitted programs whose calls compile or execute text."""
    sys.addaudithook(_watch)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("compile", "exec") and _Running.code is not None and arguments[0] is not _Running.code:
        raise _needs_own_process(event)


def _needs_own_process(what: str) -> NeedsOwnProcess:
    _Running.stopped = True
    return NeedsOwnProcess(what)


def _import(name: str, _globals: Any = None, _locals: Any = None, wanted: Any = None, _level: int = 0) -> ModuleType:
    if name not in sys.modules or ("." in name and not wanted):
        raise _needs_own_process(name)
    return _stand_in(name)


@cache
def _stand_in(name: str) -> ModuleType:
    """A module that holds nothing but what is listed."""
    real = vars(sys.modules[name])
    listed = real if name == "sympy.abc" else ATTRIBUTES
    module = ModuleType(name)
    for attribute in sorted(listed):
        if attribute in real and not attribute.startswith("_") and not isinstance(real[attribute], ModuleType):
            setattr(module, attribute, real[attribute])
    setattr(module, "__all__", [attribute for attribute in vars(module) if not attribute.startswith("_")])
    return module


_CALLING: Final = _import.__code__
BUILTINS: Final[dict[str, Any]] = {**{name: getattr(builtins, name) for name in _SAFE}, "__import__": _import}
"""The built-ins of admitted programs. They cannot reach the dictionary itself."""


def admits(code: CodeType) -> bool:
    """Whether the program may share a process: every part of its code is listed above."""
    return all(map(_harmless, _codes(code)))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _harmless(code: CodeType) -> bool:
    bytecode = code.co_code
    used = frozenset(bytecode[::2])
    if not used <= _CODES or not _UNSAFE.isdisjoint(code.co_names):
        return False
    for names in (code.co_names, code.co_varnames, code.co_cellvars, code.co_freevars):
        if any(name.startswith("__") and name != "__name__" for name in names):
            return False
    if used.isdisjoint(_ARGUED):
        return True
    return all(_known(operation, argument, code.co_names) for operation, argument in _argued(bytecode))


def _argued(bytecode: bytes) -> Iterator[tuple[int, int]]:
    """The instructions whose argument decides, with it."""
    extended = 0
    for operation, argument in zip(bytecode[::2], bytecode[1::2], strict=True):
        argument |= extended
        extended = argument << 8 if operation == _EXTENDED else 0
        if operation in _ARGUED:
            yield operation, argument


def _known(operation: int, argument: int, names: tuple[str, ...]) -> bool:
    name = names[argument >> 1 if operation in _SHIFTED else argument]
    return name in MODULES if operation == _IMPORT else name in ATTRIBUTES

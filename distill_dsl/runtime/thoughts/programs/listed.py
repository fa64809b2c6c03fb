"""What a program that shares a process may use: the lists that `vet` goes by."""

from __future__ import annotations

from typing import Final

INSTRUCTIONS: Final = """
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
    GET_ITER FOR_ITER END_FOR CALL_INTRINSIC_1 RAISE_VARARGS RERAISE LOAD_ASSERTION_ERROR
    LOAD_FAST_LOAD_FAST STORE_FAST_LOAD_FAST STORE_FAST_STORE_FAST CALL_KW FORMAT_SIMPLE FORMAT_WITH_SPEC CONVERT_VALUE
    TO_BOOL SET_FUNCTION_ATTRIBUTE
""".split()
"""Instructions of the interpreter, of all its versions since 3.11.

None that handles an exception: a program that wants too much memory or calls too deep must not hide
it, and a generator must not run on when it is thrown away, which may be in its neighbour's time.
"""

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

SAFE_BUILTINS: Final = """
    abs all any bin bool chr complex dict divmod enumerate filter float frozenset hash hex int isinstance iter len
    list map max min next oct ord pow print range repr reversed round set slice sorted str sum tuple zip
    ArithmeticError AssertionError AttributeError Exception IndexError KeyError LookupError NameError
    NotImplementedError OverflowError RuntimeError StopIteration TypeError ValueError ZeroDivisionError
""".split()
"""The built-ins that change nothing and look nothing up by name."""

"""Which programs may share a process with others: such as provably cannot touch one another.

This saves a fork, it does not protect the machine: the kernel's walls stand around a shared child
as around any other (see `runtime.sandbox`). What has to be shown is only that a program leaves
nothing behind: no changed module, class or built-in, nothing read of what others left.

It is shown on the compiled code. Only listed instructions, attributes, modules and built-ins are
admitted, and none by a version of Python whose code nobody has looked at. Nothing admitted can store or delete an
attribute, define a class, handle an exception, reach a frame, a module's dictionary or `type`, or open
a context. What a program can change are objects that it made itself, and they go with it.

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

from distill_dsl.runtime.thoughts.programs.listed import ATTRIBUTES, INSTRUCTIONS, MODULES, SAFE_BUILTINS

_CODES: Final = frozenset(dis.opmap[name] for name in INSTRUCTIONS if name in dis.opmap)
_ATTRIBUTE_CODES: Final = frozenset(
    dis.opmap[name] for name in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM") if name in dis.opmap
)
_IMPORT: Final = dis.opmap["IMPORT_NAME"]
_ARGUED: Final = _ATTRIBUTE_CODES | {_IMPORT}
_EXTENDED: Final = dis.opmap["EXTENDED_ARG"]
_SHIFTED: Final = frozenset({dis.opmap["LOAD_ATTR"]} if sys.version_info >= (3, 12) else ())
"""Instructions whose argument holds the position of the name shifted by one bit."""
_KNOWN_VERSION: Final = sys.version_info[:2] in ((3, 11), (3, 12), (3, 13))
"""Whether arguments of instructions are read here as the interpreter reads them. If not, nothing is shared."""

_UNSAFE: Final = frozenset(vars(builtins)) - frozenset(SAFE_BUILTINS) - {"__name__"}


class NeedsOwnProcess(BaseException):
    """An admitted program came upon something that only a process of its own may do."""


class _Running:
    """The program that runs, if one does, and whether it has to be run again alone."""

    code: CodeType | None = None
    stopped = False
    starred = False


def run_watched(code: CodeType, space: dict[str, Any]) -> None:
    """Run an admitted program in a name space with `BUILTINS`; raises what the program raises."""
    _Running.code, _Running.stopped, _Running.starred = code, False, False
    try:
        exec(*(code, space))  # a plain call, once it is specialised, is a level less deep than another time
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


def lacks_names() -> bool:
    """Whether the last program imported all of a module, of which a stand-in holds but some."""
    return _Running.starred


def watch() -> None:
    """From now on, stop admitted programs whose calls compile or execute text."""
    sys.addaudithook(_watch)


def stop() -> None:
    """End the admitted program that runs: it has to be run again alone."""
    raise _needs_own_process("")


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("compile", "exec") and _Running.code is not None and arguments[0] is not _Running.code:
        if sys._getframe(1).f_code in _writers():
            return
        raise _needs_own_process(event)


@cache
def _writers() -> frozenset[CodeType]:
    """Code of libraries that writes and executes code of its own, in which nothing of a program's occurs.

    sympy's polynomials do, with every new number of unknowns.
    """
    monomials = sys.modules.get("sympy.polys.monomials")
    return frozenset() if monomials is None else frozenset({monomials.MonomialOps._build.__code__})


def _needs_own_process(what: str) -> NeedsOwnProcess:
    _Running.stopped = True
    return NeedsOwnProcess(what)


def _import(name: str, within: Any = None, _locals: Any = None, wanted: Any = None, level: int = 0) -> ModuleType:
    if level or name not in sys.modules or ("." in name and not wanted):
        raise _needs_own_process(name)
    if wanted == ("*",):
        _Running.starred = True
        if not _left_out(name).isdisjoint({*within, *BUILTINS}):
            raise _needs_own_process(name)
    return _stand_in(name)


@cache
def _stand_in(name: str) -> ModuleType:
    """A module that holds nothing but what is listed."""
    real = vars(sys.modules[name])
    listed = ATTRIBUTES
    if name == "sympy.abc":
        listed |= {key for key, value in real.items() if isinstance(value, sys.modules["sympy"].Symbol)}
    module = ModuleType(name)
    module.__spec__ = real.get("__spec__")  # so that it is shown as the real one is
    for attribute in sorted(listed):
        if attribute in real and not isinstance(real[attribute], ModuleType):
            setattr(module, attribute, real[attribute])
    vars(module)["__all__"] = sorted(_starred(real) & vars(module).keys())
    return module


def _starred(real: dict[str, Any]) -> frozenset[str]:
    """What an import of everything binds."""
    return frozenset(real.get("__all__") or [name for name in real if not name.startswith("_")])


@cache
def _left_out(name: str) -> frozenset[str]:
    """What an import of everything binds that a stand-in does not have: it may hide what has the name already."""
    return _starred(vars(sys.modules[name])) - vars(_stand_in(name)).keys()


_CALLING: Final = _import.__code__
BUILTINS: Final[dict[str, Any]] = {**{name: getattr(builtins, name) for name in SAFE_BUILTINS}, "__import__": _import}
"""The built-ins of admitted programs. They cannot reach the dictionary itself."""


def admits(code: CodeType) -> bool:
    """Whether the program may share a process: every part of its code is listed above."""
    return _KNOWN_VERSION and all(map(_harmless, _codes(code)))


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

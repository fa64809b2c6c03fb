"""One program in an ordinary interpreter, without any isolation: what fidelity is measured against.

    python -I benchmarks/plain.py distill_dsl/runtime/thoughts/programs PROGRAM

Prints what the program said, as JSON. Only for programs that are known to do no harm. How values turn into
text and errors into kinds is the project's own code, loaded when the program is over; everything else
is plain Python, and the rule by which an answer is found is written down here a second time.
"""

from __future__ import annotations

import ast
import inspect
import io
import json
import runpy
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from typing import Any


def main(folder: str, text: str) -> None:
    """Run a program and print what came of it."""
    space: dict[str, Any] = {"__name__": "__main__"}
    output = io.StringIO()
    error, value = None, None
    with redirect_stdout(output), redirect_stderr(output):
        try:
            value = found(space, run(text, space), output)
        except BaseException as raised:  # any end that a program can take is a result
            error = raised
    print(json.dumps(said(value, error, output.getvalue(), folder)))


def run(text: str, space: dict[str, Any]) -> object:
    """Execute a program; the value of its last statement where that is an expression."""
    warnings.simplefilter("ignore")
    tree = ast.parse(text)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    try:
        exec(compile(tree, "<program>", "exec"), space)
        return eval(compile(ast.Expression(last.value), "<program>", "eval"), space) if last else None  # type: ignore[attr-defined]
    except SystemExit as stop:
        if stop.code in (None, 0):
            return None
        raise


def found(space: dict[str, Any], last: object, output: io.StringIO) -> object:
    """`ans`, `answer`, what `solution()`, `solver()` or `solve()` returns, what was printed (`None` here), `last`."""
    for name in ("ans", "answer"):
        if space.get(name) is not None:
            return space[name]
    for name in ("solution", "solver", "solve"):
        if inspect.isfunction(space.get(name)) and callable_bare(space[name]):
            value = space[name]()
            if value is not None:
                return value
    return None if output.getvalue().strip() else last


def callable_bare(function: Any) -> bool:
    """Whether a function can be called without arguments."""
    parameters = inspect.signature(function).parameters.values()
    return all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)


def said(value: object, error: BaseException | None, printed: str, folder: str) -> dict[str, str]:
    """`answer`, `printed` or `failure`. Modules are run from their files: their packages would cost a second."""
    values, errors = (runpy.run_path(f"{folder}/{name}.py") for name in ("values", "errors"))
    if error is not None:
        return {"failure": "memory" if isinstance(error, MemoryError) else f"error:{errors['kind_of'](error)}"}
    if value is None:
        lines = [line for line in printed.splitlines() if line.strip()]
        return {"printed": lines[-1]} if lines else {"failure": "no-answer"}
    try:
        return {"answer": values["as_text"](value)}
    except values["NoAnswer"] as reason:
        return {"failure": reason.failure}


if __name__ == "__main__":
    main(*sys.argv[1:])

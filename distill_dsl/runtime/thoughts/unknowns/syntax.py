"""What the compiler is told of a program with unknowns: their names, and that a comparison on its own is a statement.

    pens = unknown()              pens = unknown("pens")
    pens + books == 12            <state>(("==",), pens + books, 12)

Only statements are looked at, never expressions, and without recursion: a program may be as deep as Python allows.
"""

from __future__ import annotations

import ast
import re
from types import CodeType
from typing import Final, TypeVar

from distill_dsl.runtime.thoughts.programs.work import LAST_VALUE

DECLARING: Final = ("unknown", "Variable")
"""The second is SAT-LM's (arXiv 2305.09656)."""
STATE: Final = "state a relation"
"""Holds a space: no program can write it, and so none can take it away."""
_MENTIONED: Final = re.compile(rf"\b(?:{'|'.join(DECLARING)})\b")
_SIGNS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "=",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


def has_unknowns(text: str) -> bool:
    """Whether a program may state unknowns: one that does not mention them is a program like any other."""
    return _MENTIONED.search(text) is not None


def compiled(text: str) -> CodeType:
    """The program's code; the value of an expression at its end is kept under `LAST_VALUE`."""
    tree = ast.parse(text, "<program>")
    waiting: list[ast.AST] = [tree]
    while waiting:
        block = waiting.pop()
        for field in ("body", "orelse", "finalbody"):
            statements: list[ast.stmt] = getattr(block, field, None) or []
            if isinstance(statements, list):  # the body of a lambda is none
                waiting += statements
                for place, statement in enumerate(statements):
                    statements[place] = _rewritten(statement)
        waiting += getattr(block, "handlers", [])
        waiting += getattr(block, "cases", [])
    if tree.body and isinstance(last := tree.body[-1], ast.Expr) and not _states(last.value):
        tree.body[-1] = _placed(ast.Assign([_placed(ast.Name(LAST_VALUE, ast.Store()), last)], last.value), last)
    return compile(tree, "<program>", "exec", dont_inherit=True)


def _rewritten(statement: ast.stmt) -> ast.stmt:
    match statement:
        case ast.Expr(value=ast.Compare(left=left, ops=signs, comparators=rest)) if all(
            type(sign) in _SIGNS for sign in signs
        ):
            texts: list[ast.expr] = [_placed(ast.Constant(_SIGNS[type(sign)]), statement) for sign in signs]
            stated = _placed(ast.Tuple(texts, ast.Load()), statement)
            word = _placed(ast.Name(STATE, ast.Load()), statement)
            return _placed(ast.Expr(_placed(ast.Call(word, [stated, left, *rest], []), statement)), statement)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            _named(value, name)
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(names) == len(values):
            for target, value in zip(names, values, strict=True):
                if isinstance(target, ast.Name):
                    _named(value, target.id)
    return statement


def _named(value: ast.expr, name: str) -> None:
    """Give an unknown the name that it is assigned to."""
    match value:
        case ast.Call(func=ast.Name(id=function), args=[], keywords=[]) if function in DECLARING:
            value.args.append(_placed(ast.Constant(name), value))


def _states(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == STATE


Node = TypeVar("Node", bound=ast.expr | ast.stmt)


def _placed(node: Node, old: ast.expr | ast.stmt) -> Node:
    """A new node, where an old one stands."""
    return ast.copy_location(node, old)

"""What lies outside of a spec: variables of the environment, and files beside it.

The value of a variable never enters the compiler: only its name does, and the program that needs
the value reads it when it runs.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from distill_dsl.compiler.diagnostics import Advice, Code, Help
from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.model.scope import Scope
from distill_dsl.contract.settings import Environment

VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_environment(scope: Scope, node: nodes.Call, allowed: bool) -> Environment | None:
    """`env("NAME")`, where it may stand."""
    name = _variable(scope, node)
    if name is None:
        return None
    if not allowed:
        summary = "this bears on the result, so that the spec must say what it is"
        help = "write the value, or a param, which `dvc exp run -S param.NAME=...` changes and DVC records"
        scope.report(Code.ENVIRONMENT, summary, node.span, help)
        return None
    return Environment(env=name)


def read_secret(scope: Scope, node: nodes.Value) -> str | None:
    """The name of the variable that holds a secret."""
    if isinstance(node, nodes.Call) and node.name.text == "env":
        return _variable(scope, node)
    if not isinstance(node, nodes.Broken):
        help = 'write `env("OPENAI_API_KEY")`, and export the variable where `dvc repro` runs'
        scope.report(Code.SECRET, "a key does not stand in a spec, which others read", node.span, help)
    return None


SECRETS: Final = re.compile(r"key|token|secret|passw|sig(nature)?$", re.IGNORECASE)
"""Names of what lets somebody in, in the query of an address."""


def has_secret(address: str) -> bool:
    """Whether an address holds a password or a key."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False  # no address at all
    return bool(parts.password) or any(SECRETS.search(name) and value for name, value in parse_qsl(parts.query))


def refuse_secret(scope: Scope, node: nodes.Value) -> None:
    """Report an address that holds a password or a key."""
    help = 'write `env("LLM_URL")`, and export the whole address where `dvc repro` runs'
    scope.report(
        Code.SECRET, "an address with a key in it does not stand in a spec, which others read", node.span, help
    )


def _variable(scope: Scope, node: nodes.Call) -> str | None:
    values = [argument.value for argument in node.arguments if argument.key is None]
    if len(node.arguments) != 1 or len(values) != 1:
        summary = "`env` takes the name of one variable"
        scope.report(Code.WRONG_ARGUMENT, summary, node.span, 'write `env("NAME")`')
        return None
    value = values[0]
    if isinstance(value, nodes.Text) and VARIABLE.fullmatch(value.value):
        return value.value
    if not isinstance(value, nodes.Broken):
        text = value.text if isinstance(value, nodes.Path) else None
        help: Help = "names of variables hold letters, digits and `_`"
        if text:
            help = Advice(f'write `"{text}"`', f'"{text}"')
        scope.report(Code.WRONG_ARGUMENT, "`env` takes the name of a variable, in quotes", value.span, help)
    return None


def resolved_path(text: str, spec: str, hub: bool) -> str:
    """A path as it is from the project's root: `./a.jsonl` in `specs/x.mtd` is `specs/a.jsonl`.

    In a spec outside of the working directory it becomes a whole path. A folder that could be the name of
    something on a hub keeps its `./`, which tells the two apart.
    """
    if not text.startswith(("./", "../")):
        return text
    folder = Path(spec).parent
    path = Path(os.path.normpath(folder / text))
    if folder.is_absolute() and path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    found = path.as_posix()
    return f"./{found}" if hub and not found.startswith(("/", "../")) else found

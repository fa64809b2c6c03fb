"""The extension for VS Code: its own tests, and its colours against the tree of any spec.

The first run brings its packages with `npm ci` and keeps them in `editors/vscode/node_modules`; without Node,
or without a way to the registry, these tests are skipped.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, assume, given, settings
from made_specs import made_specs
from roles import SPECS, Role, roles

from distill_dsl.compiler.language import nodes
from distill_dsl.compiler.language.parse import lexed, parse
from distill_dsl.compiler.source import Source

EXTENSION: Final = Path(__file__).parents[2] / "editors" / "vscode"
MODULES: Final = EXTENSION / "node_modules"
OLDEST_NODE: Final = 20

Token = dict[str, Any]
Tokens = Callable[[str], list[Token]]

SCOPES: Final[dict[Role, set[str]]] = {
    Role.EDITION: {"keyword.other.edition"},
    Role.IMPORT: {"keyword.control.import"},
    Role.ALIAS: {"entity.name.namespace"},
    Role.KEYWORD: {"keyword.declaration.block", "keyword.declaration.param"},
    Role.VARY: {"keyword.control.vary"},
    Role.PARAM: {"variable.other.constant"},
    Role.TYPE: {"storage.type"},
    Role.BLOCK: {"entity.name.type"},
    Role.ORIGIN: {"entity.other.inherited-class"},
    Role.KEY: {"support.type.property-name"},
    Role.ARGUMENT: {"variable.parameter"},
    Role.CALL: {"entity.name.function"},
    Role.NAME: {
        "variable.other",
        "variable.other.object",
        "variable.other.property",
        "punctuation.accessor",
        "support.constant",
    },
    Role.TEXT: {
        "string.quoted.double",
        "punctuation.definition.string.begin",
        "punctuation.definition.string.end",
        "constant.character.escape",
    },
    Role.NUMBER: {"constant.numeric", "keyword.other.unit"},
    Role.CONSTANT: {"constant.language"},
}
"""The innermost scopes of each part."""


def environment() -> dict[str, str]:
    """Where the client finds the server of this project, if pygls is there to run it."""
    command = Path(sys.executable).with_name("mtd")
    there = command.exists() and importlib.util.find_spec("pygls") is not None
    return {**os.environ, **({"MTD": str(command)} if there else {})}


def run(*command: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """A command in the folder of the extension, with both its outputs in one."""
    return subprocess.run(
        command,
        cwd=EXTENSION,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=timeout,
    )


def node() -> str:
    """Node, new enough, with npm beside it; skips the test where there is none."""
    program = shutil.which("node")
    if program is None or shutil.which("npm") is None:
        pytest.skip("needs node and npm")
    version = run(program, "--version").stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        pytest.skip(f"needs node {OLDEST_NODE} or newer, and this is {version}")
    return program


def install() -> None:
    """`npm ci`, unless what lies there came of this very lock; skips the test where no registry answers."""
    lock = (EXTENSION / "package-lock.json").read_bytes()
    stamp = MODULES / ".installed-lock"
    if stamp.is_file() and stamp.read_bytes() == lock:
        return
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")
    done = run(shutil.which("npm") or "npm", "ci", *quiet)
    if re.search(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED", done.stdout):
        pytest.skip("npm reaches no registry, and the packages of editors/vscode are not there")
    assert done.returncode == 0, done.stdout
    stamp.write_bytes(lock)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Node, with the packages of the extension in place."""
    found = node()
    with FileLock(EXTENSION / ".install.lock", timeout=600):  # two workers may run tests of this file
        install()
    return found


@pytest.fixture(scope="module")
def tokens(program: str) -> Iterator[Tokens]:
    """The tokens of a text, by the engine of VS Code: one process for all texts."""
    command = [program, str(EXTENSION / "test" / "tokens.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as made:
        assert made.stdin and made.stdout
        asked, told = made.stdin, made.stdout

        def ask(text: str) -> list[Token]:
            asked.write(json.dumps(text) + "\n")
            asked.flush()
            answer: list[Token] = json.loads(told.readline())
            return answer

        yield ask
        asked.close()
    assert made.returncode == 0


def test_the_tests_of_the_extension_pass(program: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--golden"):
        assert run(shutil.which("npm") or "npm", "run", "golden").returncode == 0
    with FileLock(EXTENSION / ".install.lock", timeout=600):
        done = run(shutil.which("npm") or "npm", "test")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^# pass \d{2,}$", done.stdout, re.MULTILINE), done.stdout


def agree(text: str, spec: nodes.Spec, tokens: list[Token]) -> None:
    """Assert that the scopes of a text without mistakes are those of its tree."""
    starts = Source("spec.mtd", text).line_starts
    for role, span in roles(spec):
        found: set[str] = set()
        for token in tokens:
            at = starts[token["line"] - 1] + token["column"] - 1
            if at < span.end and at + len(token["text"]) > span.start:
                found.add(token["scopes"][-1].removesuffix(".mtd"))
        assert found and found <= SCOPES[role], (text, text[span.start : span.end], role, found)
    assert not [token for token in tokens if any(scope.startswith("invalid") for scope in token["scopes"])]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_have_the_colours_of_their_tree(path: Path, tokens: Tokens) -> None:
    text = path.read_text(encoding="utf-8")
    agree(text, parse(Source("spec.mtd", text))[0], tokens(text))


def in_lines(text: str) -> str:
    """A spec with each statement in a line of its own: grammars of TextMate look no further than a line."""
    source = Source("spec.mtd", text)
    starts = {statement.keyword.span.start for statement in parse(source)[0].statements}
    return "".join(("\n" if token.span.start in starts else " ") + token.text for token in lexed(source)).lstrip()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=made_specs())
def test_made_specs_have_the_colours_of_their_tree(text: str, tokens: Tokens) -> None:
    flat = in_lines(text)
    spec, found = parse(Source("spec.mtd", flat))
    assume(not found)
    agree(flat, spec, tokens(flat))

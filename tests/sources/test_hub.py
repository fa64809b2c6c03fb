"""Data sets of the hub: a server on loopback that speaks its API, then the cache that was filled from it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.sources.loopback_hub import Files, Hub, Repository, served

pytestmark = pytest.mark.skipif(importlib.util.find_spec("datasets") is None, reason="needs datasets")

FIRST, SECOND, NEVER = "a" * 40, "b" * 40, "c" * 40
README = b"""---
configs:
- config_name: main
  data_files:
  - {split: train, path: main/train.jsonl}
  - {split: test, path: main/test.jsonl}
- config_name: other
  data_files:
  - {split: test, path: other/test.jsonl}
---
"""
DRIVER = """
import json, sys
from distill_dsl.contract.failure import Failure
from distill_dsl.contract.settings import DataSettings, HfSource
from distill_dsl.runtime import sources
for name, config, split, revision in json.loads(sys.argv[1]):
    source = HfSource(name=name, config=config, revision=revision)
    try:
        found = sources.fetch(source, split.split("+"), DataSettings(source=source))
        rows = {split: [problem.question for problem in own] for split, own in found.problems.items()}
        print(json.dumps({"rows": rows, **found.origin}), file=sys.stderr)
    except Failure as failure:
        print(json.dumps({"failure": str(failure)}), file=sys.stderr)
"""


def rows(number: int, tag: str) -> bytes:
    return "".join(json.dumps({"question": f"{tag}{n}?", "answer": str(n)}) + "\n" for n in range(number)).encode()


def files(tag: str) -> Files:
    return {
        "README.md": README,
        "main/train.jsonl": rows(5, f"{tag}-train-"),
        "main/test.jsonl": rows(3, f"{tag}-test-"),
        "other/test.jsonl": rows(2, f"{tag}-other-"),
    }


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    repositories = {
        "me/sums": Repository({FIRST: files("one"), SECOND: files("two")}, {"v1": FIRST}),
        "me/shut": Repository({FIRST: files("shut")}, gated=True),
        "me/broken": Repository({FIRST: {"train.jsonl": b'{"question": "a", "answ'}}),
    }
    with served(repositories) as hub:
        yield hub


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hf")


def environment(hub: Hub, home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return {**kept, "HF_ENDPOINT": hub.address, "HF_HOME": str(home), "NO_PROXY": "127.0.0.1", **more}


Asked = tuple[str, str | None, str, str | None]
"""Name, config, splits joined by `+`, revision."""

THERE: Final[list[Asked]] = [
    ("me/sums", "main", "train", FIRST),
    ("me/sums", "main", "train+test", None),
    ("me/sums", "main", "test", "v1"),
    ("me/sums", "other", "test", SECOND),
]
MISSING: Final[list[Asked]] = [
    ("me/none", None, "train", None),
    ("me/shut", None, "train", None),
    ("me/broken", None, "train", None),
    ("me/sums", None, "train", None),
    ("me/sums", "nope", "train", None),
    ("me/sums", "main", "dev", None),
    ("me/sums", "main", "train", "v9"),
    ("me/sums", "main", "train", FIRST[:12]),
]
NOT_CACHED: Final[list[Asked]] = [
    ("me/sums", "main", "train", NEVER),
    ("me/sums", "main", "train", "v9"),
    ("me/sums", None, "train", None),
    ("me/sums", "nope", "train", SECOND),
    ("me/sums", "main", "dev", SECOND),
    ("me/none", None, "train", None),
]


def read(asked: list[Asked], env: dict[str, str]) -> list[dict[str, Any]]:
    """What came of each, all in one process of its own."""
    command = [sys.executable, "-c", DRIVER, json.dumps(asked)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    told = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert len(told) == len(asked), done.stderr
    return told


@pytest.fixture(scope="module")
def online(hub: Hub, home: Path) -> list[dict[str, Any]]:
    """What came of `THERE` and `MISSING`; now the cache holds what there is."""
    return read([*THERE, *MISSING], environment(hub, home))


def test_a_data_set_is_read_of_the_revision_that_is_asked_for(online: list[dict[str, Any]]) -> None:
    pinned, latest, tagged, other = online[: len(THERE)]
    assert [each["commit"] for each in (pinned, latest, tagged, other)] == [FIRST, SECOND, FIRST, SECOND]
    assert [each["revision"] for each in (pinned, latest, tagged, other)] == [FIRST, None, "v1", SECOND]
    assert pinned["rows"]["train"] == [f"one-train-{n}?" for n in range(5)]
    assert latest["rows"]["train"] == [f"two-train-{n}?" for n in range(5)]
    assert latest["rows"]["test"] == [f"two-test-{n}?" for n in range(3)]
    assert tagged["rows"]["test"][0] == "one-test-0?"
    assert other["rows"]["test"] == ["two-other-0?", "two-other-1?"]
    assert set(pinned["packages"]) == {"datasets"}


def test_what_is_not_there_is_told(online: list[dict[str, Any]]) -> None:
    absent, gated, broken, unnamed, config, split, revision, short = (each["failure"] for each in online[len(THERE) :])
    assert "cannot load the data set me/none" in absent and "HF_TOKEN" in absent
    assert "me/shut is given only to those who ask for it" in gated and "accept its terms" in gated
    assert "me/broken cannot be read" in broken
    assert "Please pick one among the available configs: ['main', 'other']" in unnamed
    assert "Available: ['main', 'other']" in config
    assert "Should be one of ['train', 'test']" in split
    assert "me/sums has no revision `v9`" in revision
    assert "all of their 40 digits" in short


def test_without_a_network_the_cache_gives_the_same_and_no_other_revision(
    hub: Hub, home: Path, online: list[dict[str, Any]]
) -> None:
    met = len(hub.log)
    told = read([*THERE, *NOT_CACHED], environment(hub, home, HF_HUB_OFFLINE="1"))
    assert len(hub.log) == met
    assert told[: len(THERE)] == online[: len(THERE)]
    never, tag, unnamed, config, split, absent = (each["failure"] for each in told[len(THERE) :])
    assert f"the cache does not hold me/sums of the revision commit {NEVER}" in never
    assert f"it holds {FIRST}, {SECOND}" in never
    assert "the revision `v9`, commit unknown" in tag
    assert "has no such config" in unnamed and "main" in unnamed and "other" in unnamed
    assert "has no such config: Couldn't find cache for me/sums for config 'nope'" in config
    assert "has no such split" in split and "'train'" in split
    assert "the hub cannot be reached, and the cache does not hold it" in absent
    assert 'file(train: "train.jsonl")' in absent


def test_the_stage_gives_the_same_bytes_with_and_without_the_hub(hub: Hub, home: Path, tmp_path: Path) -> None:
    source = f"{{kind: hf, name: me/sums, config: main, revision: {FIRST}}}"
    (tmp_path / "params.yaml").write_text(f"data: {{sums: {{source: {source}}}}}\nversion: {{fetch: 1}}\n")
    program = "from distill_dsl.cli import main; main()"
    command = [sys.executable, "-c", program, "stage", "fetch", "--data", "sums", "--split", "test"]
    made = []
    for more in ({}, {"HF_HUB_OFFLINE": "1"}):
        env = environment(hub, home, **more)
        done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        folder = tmp_path / "artifacts" / "problems" / "sums"
        made.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    assert made[0] == made[1]
    assert json.loads(made[0]["origin.json"])["commit"] == FIRST


@pytest.mark.slow
def test_a_hub_that_is_down_is_not_waited_for_without_end(hub: Hub, home: Path, online: list[dict[str, Any]]) -> None:
    assert online
    hub.down = True
    try:
        cached, absent = read(
            [("me/sums", "main", "train", SECOND), ("me/none", None, "train", None)], environment(hub, home)
        )
    finally:
        hub.down = False
    assert cached["commit"] == SECOND
    assert "the hub cannot be reached" in absent["failure"]

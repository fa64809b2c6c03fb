"""specs/benchmarks.mtd: the four test sets come with the sizes that it says and the answers that are known."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ruamel.yaml import YAML

from distill_dsl.compiler import check_spec
from distill_dsl.compiler.model.entities import Data
from distill_dsl.contract import files
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import FileSource, HfSource
from tests.sources.loopback_hub import Files, Repository, served

SPEC = Path(__file__).parents[2] / "specs" / "benchmarks.mtd"
SIZES = {"gsm8k": 1319, "svamp": 1000, "asdiv": 2096, "multiarith": 600}
FETCH = """
import sys
from distill_dsl.runtime.stages import fetch
for item in sys.argv[1:]:
    data, _, splits = item.partition(":")
    fetch.run(data=data, splits=splits.split(","))
"""


def blocks() -> dict[str, Data]:
    checked = check_spec(SPEC)
    assert checked.analysis is not None and checked.analysis.model is not None
    assert not checked.diagnostics
    return checked.analysis.model.data


def known(folder: Path, name: str) -> list[dict[str, Any]]:
    path = folder / "problems" / name
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in text.splitlines()]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def gsm8k(folder: Path) -> Files:
    """As the hub has it: the answer stands behind the solution."""

    def row(one: dict[str, Any]) -> dict[str, Any]:
        return {"question": one["question"], "answer": f"{one['rationale']}\n#### {one['answer']}"}

    head = b"---\nconfigs:\n- config_name: main\n  data_files:\n  - {split: train, path: main/train.jsonl}\n"
    return {
        "README.md": head + b"  - {split: test, path: main/test.jsonl}\n---\n",
        "main/train.jsonl": lines([row(one) for one in known(folder, "gsm8k/train.jsonl.gz")]),
        "main/test.jsonl": lines([row(one) for one in known(folder, "gsm8k/test.jsonl")]),
    }


def svamp(folder: Path) -> Files:
    def row(one: dict[str, Any]) -> dict[str, Any]:
        body, _, question = one["question"].rpartition(" How ")
        parts = {"Body": body, "Question": f"How {question}"} if body else {"Body": one["question"], "Question": ""}
        return {"ID": one["id"].removeprefix("svamp-"), **parts, "Answer": f"{one['answer']}.0", "Equation": "(1)"}

    return {f"{split}.jsonl": lines([row(one) for one in known(folder, f"svamp/{split}.jsonl")]) for split in PARTS}


def multiarith(folder: Path) -> Files:
    def row(one: dict[str, Any]) -> dict[str, Any]:
        return {"question": f" {one['question']} ", "final_ans": one["answer"]}

    return {
        f"{split}.jsonl": lines([row(one) for one in known(folder, f"multiarith/{split}.jsonl")]) for split in PARTS
    }


PARTS = ("train", "test")


def test_revisions_are_whole_and_sizes_are_those_of_the_paper() -> None:
    data = blocks()
    assert {name: one.settings.sizes["test"] for name, one in data.items()} == SIZES
    for one in data.values():
        source = one.settings.source
        assert isinstance(source, FileSource) or (isinstance(source, HfSource) and len(source.revision or "") == 40)


@pytest.mark.skipif(importlib.util.find_spec("datasets") is None, reason="needs datasets")
def test_the_four_test_sets(benchmark_data: Path, tmp_path: Path) -> None:
    data = blocks()
    kept = {"gsm8k": gsm8k(benchmark_data), "svamp": svamp(benchmark_data), "multiarith": multiarith(benchmark_data)}
    repositories = {}
    for name, own in kept.items():
        source = data[name].settings.source
        assert isinstance(source, HfSource) and source.revision is not None
        repositories[source.name] = Repository({source.revision: own, "f" * 40: {"README.md": b"later"}})
    asdiv = known(benchmark_data, "asdiv/pal2096.jsonl")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "asdiv.jsonl").write_bytes(
        lines(
            [
                {"input": one["question"], "target": json.loads(one["answer"])}
                for one in asdiv
                if "/" not in one["answer"]
            ]
        )
    )
    with (tmp_path / "params.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump({"data": {name: msgspec.to_builtins(one.settings) for name, one in data.items()}}, stream)
    with served(repositories) as hub:
        env = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        env |= {"HF_ENDPOINT": hub.address, "HF_HOME": str(tmp_path / "hf"), "NO_PROXY": "127.0.0.1"}
        items = ["gsm8k:train,test", "svamp:test", "multiarith:test", "asdiv:test"]
        done = subprocess.run(
            [sys.executable, "-c", FETCH, *items], env=env, cwd=tmp_path, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    for name, parts in {
        "gsm8k": ["gsm8k/test.jsonl"],
        "svamp": ["svamp/train.jsonl", "svamp/test.jsonl"],
        "multiarith": ["multiarith/train.jsonl", "multiarith/test.jsonl"],
        "asdiv": ["asdiv/pal2096.jsonl"],
    }.items():
        found = list(files.read_rows(tmp_path / files.problems_file(name, "test"), Problem))
        wanted = [row for part in parts for row in known(benchmark_data, part)]
        assert len(found) == SIZES[name]
        assert [one.answer for one in found] == [row["answer"] for row in wanted]
        assert [one.question.split() for one in found] == [row["question"].split() for row in wanted]
        origin = files.read_json(tmp_path / files.origin_file(name))
        assert origin["splits"]["test"]["problems"] == SIZES[name]
        source = data[name].settings.source
        assert origin.get("commit") == (source.revision if isinstance(source, HfSource) else None)

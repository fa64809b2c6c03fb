"""Teachers behind real servers, asked by `mtd stage ask`: `transformers serve` and llama.cpp's, over real models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import smollm2
from tests.teachers.served import chatting, faults
from tests.teachers.served.asking import Project, project
from tests.teachers.served.face import Face, forwarding, served
from tests.teachers.served.faults import Fault
from tests.teachers.test_asking_faults import NOTHING, account

BUSY = {"MTD_REQUESTS": "4", "MTD_TIMEOUT": "60", "MTD_PATIENCE": "200"}
SLOW = {"MTD_REQUESTS": "2", "MTD_TIMEOUT": "280", "MTD_PATIENCE": "560"}
"""For 135 million weights on cores that have other work."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chatting.tiny_chat(tmp_path_factory.mktemp("model") / "chat")


@pytest.fixture(scope="module")
def url(model: Path) -> Iterator[str]:
    with chatting.transformers_serve(str(model), model.parent / "log.txt") as url:
        yield url


def samples(asked: Project, old: int, new: int) -> None:
    """Another number of samples in the spec, compiled."""
    spec = asked.root / "specs" / "boxes.mtd"
    text = spec.read_text(encoding="utf-8")
    assert f"samples     = {old}\n" in text
    spec.write_text(text.replace(f"samples     = {old}\n", f"samples     = {new}\n"), encoding="utf-8")
    asked.run("compile", "specs/boxes.mtd")


def prompts(face: Face) -> list[str]:
    return [json.loads(key.messages)[-1]["content"] for key in face.ledger.delivered]


def test_greedy_completions_are_what_the_model_itself_writes(model: Path, url: str, tmp_path: Path) -> None:
    asked = project(tmp_path / "project", 3, 1, model=str(model), temperature=0.0, max_tokens=10)
    with served(Face(forwarding(url))) as proxy:
        asked.ask(proxy.url, **BUSY)
        shown = {prompt.rpartition("in box ")[2].partition("?")[0]: prompt for prompt in prompts(proxy)}
    rows = asked.rows()
    assert len(rows) == len(shown) == 3
    for row in rows:
        prompt = shown[row["problem"].removeprefix("p")]
        assert row["text"] == chatting.greedy(model, prompt, 10)
        assert row["finish"] == "length", "an untrained model does not come to an end"
        assert row["usage"]["output"] == 10
        assert row["usage"]["input"] > len(prompt.split())


def test_more_samples_through_a_bad_line_cost_only_the_new_ones(model: Path, url: str, tmp_path: Path) -> None:
    asked = project(tmp_path / "project", 12, 2, model=str(model), temperature=0.9, max_tokens=8)
    bad = [Fault.RESET, Fault.BUSY_MILLISECONDS, Fault.CUT, Fault.GARBAGE, Fault.ERROR, Fault.CUT_CHUNKS, Fault.DRIP]
    proxy = Face(forwarding(url), schedule=faults.each(bad))
    with served(proxy):
        asked.ask(proxy.url, **BUSY)
        assert account(asked.rows(), proxy.ledger, 24) == NOTHING
        first = {(row["problem"], row.get("sample", 0)): row["text"] for row in asked.rows()}
        samples(asked, 2, 4)
        asked.ask(proxy.url, **BUSY)
        rows = asked.rows()
        assert account(rows, proxy.ledger, 48) == NOTHING
    kept = {(row["problem"], row.get("sample", 0)): row["text"] for row in rows}
    assert {key: kept[key] for key in first} == first
    assert len(set(kept.values())) > len(kept) // 2, "it truly draws"


def test_a_model_that_the_server_does_not_have_is_said(url: str, tmp_path: Path) -> None:
    asked = project(tmp_path / "project", 3, 1, model="another")
    said = asked.ask(url, fails=True)
    assert "Server is pinned" in said and "another" in said
    assert not asked.completions.exists()


@pytest.mark.slow
def test_smollm2_by_llama_cpp(tmp_path: Path) -> None:
    """135 million weights, trained: texts, token counts, draws of several samples, log-probabilities."""
    asked = project(
        tmp_path / "project", 2, 2, model="smollm2", temperature=0.8, max_tokens=16, extra='  stop = ["Question:"]\n'
    )
    with chatting.llama_cpp(smollm2(), tmp_path / "log.txt") as url, served(Face(forwarding(url))) as proxy:
        asked.ask(proxy.url, **SLOW)
        assert account(asked.rows(), proxy.ledger, 4) == NOTHING
        rows = asked.rows()
        requests = proxy.ledger.requests
        asked.ask(proxy.url, **SLOW)
        assert proxy.ledger.requests == requests
    check(rows, 16)


@pytest.mark.slow
def test_smollm2_by_transformers_serve(tmp_path: Path) -> None:
    """The same weights by the other server."""
    model = str(chatting.unpacked(smollm2(), tmp_path / "smollm2"))
    asked = project(tmp_path / "project", 1, 3, model=model, temperature=0.8, max_tokens=10)
    with chatting.transformers_serve(model, tmp_path / "log.txt") as url, served(Face(forwarding(url))) as proxy:
        asked.ask(proxy.url, **SLOW)
        assert account(asked.rows(), proxy.ledger, 3) == NOTHING
    check(asked.rows(), 10)


def check(rows: list[dict[str, Any]], max_tokens: int) -> None:
    """What is true of every completion of a server that counts its tokens."""
    assert all(row["text"] for row in rows)
    assert all(1 <= row["usage"]["output"] <= max_tokens for row in rows)
    assert all(row["usage"]["output"] >= max_tokens for row in rows if row.get("finish") == "length")
    assert all(row["usage"]["cost"] is None for row in rows if "cost" in row["usage"]), "nobody said a price"
    assert len({row["text"] for row in rows}) > 1

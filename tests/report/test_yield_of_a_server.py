"""From a server's answers to the report: what was cut off, withheld and refused, and what all of it took."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from distill_dsl.contract import files, params
from distill_dsl.contract.records import Problem, Thought
from distill_dsl.contract.runs import Asked
from distill_dsl.runtime.stages import ask, mix, report, verify
from tests.finished import EXPERIMENT, PARAMS, TESTS, finish, runs_of
from tests.teachers.served.face import Face, Reply, Request, error, said, served

ASKED = Asked("cot", "gold", "toy", "train")
WHO = {"teacher": "gold", "data": "toy", "split": "train", "thought": "cot"}
SAYS: dict[int, tuple[str, str]] = {
    1: ("The answer is 1.", "length"),
    2: ("The answer is 2.", "content_filter"),
    4: ("The answer is 99.", "stop"),
    5: ("I cannot tell.", "stop"),
}
"""Box -> what the server says of it, and how that ends; of box 3 it refuses to speak."""


async def answer(request: Request) -> Reply:
    asked = json.loads(request.body)
    box = int(re.findall(r"box (\d+)", asked["messages"][-1]["content"])[-1])
    if box == 3:
        return error(400, "nobody asks that")
    text, end = SAYS.get(box, (f"The answer is {box}.", "stop"))
    choices = [
        {"index": n, "message": {"role": "assistant", "content": text}, "finish_reason": end}
        for n in range(asked.get("n") or 1)
    ]
    output = (512 if end == "length" else 10) * len(choices)
    usage = {"prompt_tokens": 100, "completion_tokens": output, "total_tokens": 100 + output}
    return said(200, {"id": "1", "object": "chat.completion", "model": "m", "choices": choices, "usage": usage})


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Face]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("TEST_KEY", "sk-of-a-test")
    monkeypatch.setenv("MTD_PATIENCE", "2")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    finish()
    rows = [Problem(id=f"p{n}", question=f"How many pens are in box {n}?", answer=str(n)) for n in range(8)]
    files.write_rows(files.problems_file("toy", "train"), rows)
    Path("prompts").mkdir()
    Path("prompts/text.jinja2").write_text("{{ question }}", encoding="utf-8")
    with served(Face(answer)) as face:
        yield face


def settled(url: str, price: dict[str, Any] | None = None, samples: int = 2) -> None:
    """params.yaml with a teacher at `url`."""
    model = {"kind": "openai", "model": "m", "base_url": url, "key_env": "TEST_KEY"}
    teacher = {"gold": {"model": model, "samples": samples, "temperature": 0.7}}
    spending = {"gold": {"price": price}} if price else {}
    YAML().dump(PARAMS | {"teacher": teacher, "spending": spending}, Path("params.yaml"))
    params._read.cache_clear()


def walked() -> dict[str, Any]:
    """Ask, verify and mix; what verify counted."""
    ask.run(**WHO)
    verify.run(**WHO)
    mix.run(mix="cotd", thoughts=[str(ASKED)], without=[])
    found: dict[str, Any] = files.read_json(files.yield_file(ASKED.cell))
    return found


PRICE = {"kind": "per_million", "input": 1.0, "output": 10.0}


def test_every_completion_is_counted_once_and_what_is_not_whole_is_no_thought(server: Face) -> None:
    settled(server.url, PRICE)
    counts = walked()
    asked = {name: counts[name] for name in ("asked", "answered", "truncated", "filtered", "missing")}
    assert asked == {"asked": 16, "answered": 10, "truncated": 2, "filtered": 2, "missing": 2}
    assert [counts[name] for name in ("executed", "right", "unique")] == [8, 6, 3]
    assert counts["covered"] == 3 / 8
    assert counts["tokens"] == {"input": 700, "output": 1144}
    assert counts["cost"] == pytest.approx((700 * 1.0 + 1144 * 10.0) / 1e6)
    rows = list(files.read_rows(files.thoughts_file(ASKED.cell), Thought))
    assert {row.verdict for row in rows if row.problem in ("p1", "p2", "p3")} == {"truncated", "filtered", "missing"}
    kept = files.read_json(files.mix_counts_file("cotd"))
    assert kept["kept"] == {ASKED.cell: 3}
    assert kept["thoughts"]["cot"]["dropped"] == {
        "duplicate": 3, "filtered": 2, "missing": 2, "no-answer": 2, "truncated": 2, "wrong": 2,
    }  # fmt: skip


def test_asking_and_verifying_count_the_same(server: Face) -> None:
    settled(server.url, PRICE)
    counts = walked()
    asked = files.read_json(files.asked_file(ASKED.cell))
    assert asked["asked"] == counts["asked"]
    assert asked["truncated"] == counts["truncated"]
    assert asked["filtered"] == counts["filtered"]
    assert asked["tokens"] == counts["tokens"]
    assert asked["cost"] == counts["cost"]


def test_what_the_store_holds_gives_the_same_counts_whatever_it_would_cost_now(server: Face) -> None:
    settled(server.url, PRICE)
    walked()
    first = files.yield_file(ASKED.cell).read_bytes()
    settled(server.url, {"kind": "per_million", "input": 77.0, "output": 77.0})
    server.answer = lambda request: answer(request) if b"box 3" in request.body else nobody(request)
    walked()
    assert files.yield_file(ASKED.cell).read_bytes() == first


async def nobody(request: Request) -> Reply:
    raise AssertionError(request)


def test_what_nobody_said_the_price_of_is_not_free(server: Face) -> None:
    settled(server.url)
    counts = walked()
    assert counts["tokens"] == {"input": 700, "output": 1144}
    assert counts["cost"] is None and counts["cost_per_1000_right"] is None


def test_a_server_of_ones_own_is_free(server: Face) -> None:
    settled(server.url, {"kind": "free"})
    assert walked()["cost"] == 0.0


def test_the_report_says_what_the_server_gave(server: Face, capsys: pytest.CaptureFixture[str]) -> None:
    settled(server.url, PRICE)
    walked()
    (run, _) = runs_of()
    report.run(experiment=EXPERIMENT, runs=[str(run)], thoughts=[str(ASKED)], tests=list(TESTS))
    text = (files.report_folder(EXPERIMENT) / "table.md").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if "toy.train" in line]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == [
        *("gold", "toy.train", "cot", "16", "10", "2", "2", "2", "8", "6", "3", "3", "37.50"),
        *("700", "1.14k", "$0.0121", "$2.02"),
    ]
    assert "$0.0121" in capsys.readouterr().out

"""Asking an OpenAI-compatible server: a local one that counts. No completion is bought twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Completion, Problem
from distill_dsl.contract.settings import (
    Environment,
    OpenaiTeacher,
    TeacherSettings,
    ThoughtSettings,
    TransformersTeacher,
)
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime import teachers
from distill_dsl.runtime.teachers import openai as asking
from distill_dsl.runtime.teachers.store import STORE_FILE, key_of, opened

PROBLEMS = [Problem(id=f"p{n}", question=f"How many in box {n}?", answer=str(n)) for n in range(6)]
FORMAT = ThoughtSettings(answer=AnswerKind.TEXT, cue="Think.", prompt="unused")


class Server:
    """Answers each request with its last word and number in line; refuses or breaks on demand."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.breaks_after: int | None = None
        self.status = 500
        self.refuses = "nothing"
        self.pause = 0.0
        self.at_once = 0
        self.most_at_once = 0
        self.lock = threading.Lock()
        self.url = ""

    def answer(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self.lock:
            if self.breaks_after is not None and len(self.requests) >= self.breaks_after:
                return self.status, {"error": {"message": "out of order"}}
            self.requests.append(request)
        time.sleep(self.pause)
        question = request["messages"][0]["content"]
        if self.refuses in question:
            return 400, {"error": {"message": "too long"}}
        message = {"role": "assistant", "content": f"{question} {request['seed']}"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return 200, {"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with server.lock:
                server.at_once += 1
                server.most_at_once = max(server.most_at_once, server.at_once)
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = server.answer(body)
            with server.lock:
                server.at_once -= 1
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            # A client that a test kills does not wait for its answer.
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}/v1"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEST_KEY", "secret")
    monkeypatch.setattr(asking, "RETRIES", 0)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving() as running:
        yield running


def asked(
    server: Server,
    samples: int = 2,
    temperature: float = 0.7,
    model: str = "m",
    address: str | Environment | None = None,
) -> list[Completion]:
    settings = TeacherSettings(
        model=OpenaiTeacher(model=model, base_url=address or server.url, key_env="TEST_KEY"),
        samples=samples,
        temperature=temperature,
    )
    done: list[int] = []
    rows = list(teachers.ask(settings, "cot", FORMAT, PROBLEMS, lambda problem: problem.question, done.append))
    assert sum(done) == teachers.answers_due(settings, PROBLEMS)
    return rows


def test_a_second_run_asks_nothing_and_gives_the_same(server: Server) -> None:
    first = asked(server)
    assert len(server.requests) == 12
    assert [(row.problem, row.sample) for row in first[:3]] == [("p0", 0), ("p0", 1), ("p1", 0)]
    assert first[1].text == "How many in box 0? 2"
    assert asked(server) == first
    assert len(server.requests) == 12


def test_more_samples_cost_only_the_new_ones(server: Server) -> None:
    asked(server, samples=2)
    asked(server, samples=4)
    assert len(server.requests) == 6 * 4


def test_copies_in_which_dvc_runs_experiments_buy_nothing_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asked(server)
    copy = tmp_path / ".dvc" / "tmp" / "exps" / "standalone" / "tmpabc"
    copy.mkdir(parents=True)
    monkeypatch.chdir(copy)
    assert asked(server) == first
    assert len(server.requests) == 12
    assert list(copy.iterdir()) == []


def test_other_parameters_are_other_completions(server: Server) -> None:
    asked(server, samples=1)
    asked(server, samples=1, temperature=0.0)
    asked(server, samples=1, model="other")
    assert len(server.requests) == 18
    assert {request["model"] for request in server.requests} == {"m", "other"}


def test_an_interrupted_run_goes_on(server: Server) -> None:
    server.breaks_after = 7
    with pytest.raises(Failure, match="cannot be asked") as caught:
        asked(server)
    assert "is kept" in str(caught.value)
    server.breaks_after = None
    assert all(row.text for row in asked(server))
    assert len(server.requests) == 12, "the seven that were answered are not asked again"


def test_a_person_who_interrupts_loses_nothing(server: Server) -> None:
    class Stop(BaseException):
        pass

    def interrupted(done: int) -> None:
        if done and len(server.requests) >= 5:
            raise Stop

    settings = TeacherSettings(
        model=OpenaiTeacher(model="m", base_url=server.url, key_env="TEST_KEY"), samples=2, temperature=0.7
    )
    with pytest.raises(Stop):
        list(teachers.ask(settings, "cot", FORMAT, PROBLEMS, lambda problem: problem.question, interrupted))
    asked(server)
    assert len(server.requests) == 12


KILLED = """
import sys
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import OpenaiTeacher, TeacherSettings
from distill_dsl.runtime.teachers.openai import ask_openai
model = OpenaiTeacher(model="m", base_url=sys.argv[1], key_env="TEST_KEY")
problems = [Problem(id=f"p{n}", question=f"How many in box {n}?", answer=str(n)) for n in range(6)]
settings = TeacherSettings(model=model, samples=2, temperature=0.7)
list(ask_openai(settings, model, "cot", problems, lambda problem: problem.question, lambda done: None))
"""


def test_a_killed_run_goes_on(server: Server) -> None:
    server.pause = 0.1
    environment = os.environ | {"MTD_REQUESTS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", KILLED, server.url], env=environment) as process:
        while len(server.requests) < 6:
            time.sleep(0.01)
        process.kill()
    seen = len(server.requests)
    server.pause = 0.0
    assert all(row.text for row in asked(server))
    assert 6 <= seen <= 7
    assert len(server.requests) <= 13, "only the one under way when it was killed may be asked again"


def test_one_refused_request_is_a_row_with_a_reason(server: Server) -> None:
    server.refuses = "box 3"
    rows = asked(server, samples=1)
    assert [row.problem for row in rows if row.text is None] == ["p3"]
    assert "too long" in (rows[3].reason or "")
    server.refuses = "box"
    with pytest.raises(Failure, match="refuses every request"):
        asked(server, samples=1, model="other")


def test_requests_at_once_are_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTD_REQUESTS", "2")
    asked(server)
    assert server.most_at_once <= 2
    monkeypatch.setenv("MTD_REQUESTS", "many")
    with pytest.raises(Failure, match="MTD_REQUESTS"):
        asked(server, model="other")


def test_what_is_missing_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY")
    with pytest.raises(Failure, match="TEST_KEY is not set"):
        asked(server)
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(Failure, match="needs the `openai` package"):
        asked(server)


def test_the_address_comes_from_the_environment(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = Environment(env="TEST_URL")
    with pytest.raises(Failure, match="TEST_URL is not set"):
        asked(server, address=address)
    monkeypatch.setenv("TEST_URL", server.url)
    rows = asked(server, address=address)
    monkeypatch.setenv("TEST_URL", "http://moved.example/v1")
    assert asked(server, address=address) == rows, "a server that moved is asked for nothing again"
    kept = b"".join(path.read_bytes() for path in STORE_FILE.parent.glob("*"))
    assert b"box 3" in kept
    assert server.url.encode() not in kept
    monkeypatch.setenv("TEST_URL", server.url)
    server.breaks_after = 0
    with pytest.raises(Failure) as stop:
        asked(server, samples=3, address=address)
    assert stop.value.where == "$TEST_URL"


def test_a_local_model_says_what_to_do_instead() -> None:
    settings = TeacherSettings(model=TransformersTeacher(model="m"))
    with pytest.raises(Failure, match="cannot be asked yet"):
        teachers.ask(settings, "cot", FORMAT, PROBLEMS, lambda problem: "", lambda done: None)


def test_the_store_keeps_the_first_completion_and_takes_two_writers(tmp_path: Path) -> None:
    path = tmp_path / STORE_FILE

    def write(writer: int) -> None:
        with opened(path) as store:
            for n in range(20):
                store.put(key_of({"n": n}), {"n": n}, f"{writer}:{n}")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, (1, 2)))
    with opened(path) as store:
        texts = [store.get(key_of({"n": n})) for n in range(20)]
        assert all(text in (f"1:{n}", f"2:{n}") for n, text in enumerate(texts))
        store.put(key_of({"n": 0}), {"n": 0}, "late")
        assert store.get(key_of({"n": 0})) == texts[0]


def test_a_store_that_is_none_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_text("not a database" * 100, encoding="utf-8")
    with pytest.raises(Failure, match="store of completions"), opened(tmp_path / "store.sqlite"):
        pass


def test_the_key_depends_on_content_not_on_order() -> None:
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1}) != key_of({"a": 1, "b": 3})

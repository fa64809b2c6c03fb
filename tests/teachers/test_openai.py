"""Asking an OpenAI-compatible server: a local one that counts, and does what a test tells it to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from distill_dsl.contract.failure import Failure
from distill_dsl.contract.records import Completion, Problem, Usage
from distill_dsl.contract.settings import (
    Environment,
    FreePrice,
    OpenaiTeacher,
    PerMillion,
    SpendingSettings,
    TeacherSettings,
    ThoughtSettings,
)
from distill_dsl.contract.vocabulary import AnswerKind
from distill_dsl.runtime import teachers
from distill_dsl.runtime.teachers import sending
from distill_dsl.runtime.teachers.prompts import Prompt
from distill_dsl.runtime.teachers.store import STORE_FILE, opened

PROBLEMS = [Problem(id=f"p{n}", question=f"How many in box {n}?", answer=str(n)) for n in range(6)]
FORMAT = ThoughtSettings(answer=AnswerKind.TEXT, cue="Think.", prompt="unused")

Answer = tuple[int, dict[str, str], Any]
"""Status, headers, and a body: bytes, or what is sent as JSON."""


def said(request: dict[str, Any]) -> str:
    return str(request["messages"][-1]["content"])


def good(request: dict[str, Any], **more: Any) -> Answer:
    """As many choices as are asked for: the question and the seed that each stands for."""
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": f"{said(request)} {request.get('seed', 0) + index}"},
            "finish_reason": "stop",
        }
        for index in range(request.get("n", 1))
    ]
    usage = {"prompt_tokens": 10, "completion_tokens": 5 * len(choices)}
    return 200, {}, {"id": "1", "object": "chat.completion", "model": "m-1", "choices": choices, "usage": usage} | more


def error(status: int, message: str, **more: Any) -> Answer:
    return status, {}, {"error": {"message": message, "type": "invalid_request_error"} | more}


class Server:
    """Answers as `answer` says; keeps all requests, and those that it answered well."""

    def __init__(self) -> None:
        self.answer: Callable[[dict[str, Any]], Answer] = good
        self.requests: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.paths: set[str] = set()
        self.answered: list[dict[str, Any]] = []
        self.pause = 0.0
        self.at_once = 0
        self.most_at_once = 0
        self.lock = threading.Lock()
        self.url = ""

    def served(self, request: dict[str, Any]) -> Answer:
        with self.lock:
            self.requests.append(request)
            self.times.append(time.monotonic())
            status, headers, body = self.answer(request)
            if status == 200:
                self.answered.append(request)
        time.sleep(self.pause)
        return status, headers, body


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            with server.lock:
                server.at_once += 1
                server.most_at_once = max(server.most_at_once, server.at_once)
            server.paths.add(self.path)
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, body = server.served(request)
            with server.lock:
                server.at_once -= 1
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in (
                {"Content-Type": "application/json", "Content-Length": str(len(text))} | headers
            ).items():
                self.send_header(name, value)
            self.end_headers()
            # A client that a test kills does not wait for its answer.
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(text)
            if headers.get("Connection") == "close":
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
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
    monkeypatch.setenv("MTD_PATIENCE", "2")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sending, "wait_after", lambda faults: 0.001 * faults)
    with serving() as running:
        yield running


class Notes:
    """What a person is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.last = ""

    def standing(self, text: str) -> None:
        self.last = text

    def note(self, text: str) -> None:
        self.notes.append(text)


def asked(
    server: Server,
    samples: int = 2,
    temperature: float = 0.7,
    model: str = "m",
    address: str | Environment | None = None,
    problems: list[Problem] = PROBLEMS,
    spending: SpendingSettings | None = None,
    watch: Notes | None = None,
    logprobs: bool = False,
    **settings: Any,
) -> list[Completion]:
    done: list[int] = []
    settled = TeacherSettings(
        model=OpenaiTeacher(model=model, base_url=address or server.url, key_env="TEST_KEY", logprobs=logprobs),
        samples=samples,
        temperature=temperature,
        **settings,
    )
    rows = list(
        teachers.ask(
            settled,
            "teach",
            "cot",
            FORMAT,
            problems,
            lambda problem: Prompt(problem.question, ("e1",)),
            spending or SpendingSettings(),
            done.append,
            watch or Notes(),
        )
    )
    assert sum(done) == teachers.answers_due(settled, problems)
    return rows


# --- nothing twice ------------------------------------------------------------------------------


def test_a_second_run_asks_nothing_and_gives_the_same(server: Server) -> None:
    first = asked(server)
    assert len(server.requests) == 6, "all samples of a prompt in one request"
    assert [(row.problem, row.sample) for row in first[:3]] == [("p0", 0), ("p0", 1), ("p1", 0)]
    assert first[1].text == "How many in box 0? 2"
    assert first[0].exemplars == ("e1",)
    assert asked(server) == first
    assert len(server.requests) == 6


def test_more_samples_cost_only_the_new_ones(server: Server) -> None:
    asked(server, samples=4)
    rows = asked(server, samples=8)
    assert [(request["n"], request["seed"]) for request in server.requests] == [(4, 1)] * 6 + [(4, 5)] * 6
    assert [row.text for row in rows[:8]] == [f"How many in box 0? {seed}" for seed in range(1, 9)]


def test_without_chance_samples_are_asked_for_singly(server: Server) -> None:
    asked(server, samples=2, temperature=0.0)
    assert {request.get("n") for request in server.requests} == {None}
    assert sorted(request["seed"] for request in server.requests) == [1] * 6 + [2] * 6


def test_equal_prompts_are_asked_once_and_counted_once(server: Server) -> None:
    same = [Problem(id=f"p{n}", question="How many?", answer="1") for n in range(40)]
    rows = asked(server, samples=1, problems=same, spending=SpendingSettings(price=PerMillion(input=1.0, output=2.0)))
    assert len(server.requests) == 1
    assert {row.text for row in rows} == {"How many? 1"}
    assert [row.usage for row in rows[:2]] == [
        Usage(input=10, output=5, cost=20e-6),
        Usage(input=0, output=0, cost=0.0),
    ]


def test_copies_in_which_dvc_runs_experiments_buy_nothing_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = asked(server)
    copy = tmp_path / ".dvc" / "tmp" / "exps" / "standalone" / "tmpabc"
    copy.mkdir(parents=True)
    monkeypatch.chdir(copy)
    assert asked(server) == first
    assert len(server.requests) == 6
    assert list(copy.iterdir()) == []


def test_other_parameters_are_other_completions(server: Server) -> None:
    asked(server, samples=1)
    asked(server, samples=1, temperature=0.0)
    asked(server, samples=1, model="other")
    asked(server, samples=1, top_p=0.5, stop=("\n",), system="Be brief.")
    assert len(server.requests) == 24
    last = server.requests[-1]
    assert (last["top_p"], last["stop"], last["max_tokens"]) == (0.5, ["\n"], 512)
    assert [message["role"] for message in last["messages"]] == ["system", "user"]


# --- ends and goes on ---------------------------------------------------------------------------


def test_an_interrupted_run_goes_on(server: Server) -> None:
    server.answer = lambda request: good(request) if len(server.answered) < 4 else error(401, "no such key")
    with pytest.raises(Failure, match="cannot be asked: 401: no such key") as caught:
        asked(server)
    assert "is kept" in str(caught.value)
    assert len(server.answered) == 4
    server.answer = good
    assert all(row.text for row in asked(server))
    assert len(server.answered) == 6, "those that were answered are not asked again"


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_what_no_retry_mends_ends_at_once(server: Server, status: int) -> None:
    server.answer = lambda request: error(status, "no")
    with pytest.raises(Failure, match=str(status)):
        asked(server)
    assert len(server.requests) <= 6, "nothing is sent a second time"


def test_a_quota_that_is_used_up_is_no_rate_limit(server: Server) -> None:
    server.answer = lambda request: error(429, "You exceeded your current quota", code="insufficient_quota")
    with pytest.raises(Failure, match="exceeded your current quota") as caught:
        asked(server)
    assert "quota is used up" in str(caught.value)
    assert len(server.requests) <= 6


def test_an_error_in_the_middle_loses_nothing(server: Server) -> None:
    class Stop(BaseException):
        pass

    def interrupted(done: int) -> None:
        if done and len(server.requests) >= 5:
            raise Stop

    settings = TeacherSettings(
        model=OpenaiTeacher(model="m", base_url=server.url, key_env="TEST_KEY"), samples=2, temperature=0.7
    )
    with pytest.raises(Stop):
        list(
            teachers.ask(
                *(settings, "teach", "cot", FORMAT, PROBLEMS, lambda problem: Prompt(problem.question, ("e1",))),
                *(SpendingSettings(), interrupted),
            )
        )
    asked(server)
    assert len(server.requests) == 6


PROGRAM = """
import sys
from distill_dsl.contract.records import Problem
from distill_dsl.contract.settings import OpenaiTeacher, SpendingSettings, TeacherSettings, ThoughtSettings
from distill_dsl.runtime import teachers
from distill_dsl.runtime.progress import steps_shown
from distill_dsl.runtime.teachers.prompts import Prompt
model = OpenaiTeacher(model="m", base_url=sys.argv[1], key_env="TEST_KEY")
problems = [Problem(id=f"p{n}", question=f"How many in box {n}?", answer=str(n)) for n in range(6)]
settings = TeacherSettings(model=model, samples=2, temperature=0.7)
format = ThoughtSettings(answer="text", cue="Think.", prompt="unused")
with steps_shown("asking", 12) as steps:
    ask = teachers.ask(settings, "teach", "cot", format, problems, lambda problem: Prompt(problem.question, ("e1",)),
                       SpendingSettings(), steps, steps)
    print(len(list(ask)))
"""


def started(server: Server, requests: int) -> subprocess.Popen[str]:
    environment = os.environ | {"MTD_REQUESTS": str(requests), "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, server.url],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_killed_run_goes_on(server: Server) -> None:
    server.pause = 0.2
    with started(server, 1) as process:
        wait_for(lambda: len(server.requests) >= 3)
        process.kill()
    seen = len(server.requests)
    server.pause = 0.0
    assert all(row.text for row in asked(server))
    assert 3 <= seen <= 4
    assert len(server.requests) <= 7, "only the one under way when it was killed may be asked again"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_a_person_who_interrupts_keeps_what_is_under_way(server: Server, number: signal.Signals, code: int) -> None:
    server.pause = 0.5
    with started(server, 2) as process:
        wait_for(lambda: len(server.requests) >= 2)
        process.send_signal(number)
        _, told = process.communicate(timeout=60)
    assert process.returncode in (code, 1), told
    assert "2 requests are under way and will be kept" in told
    assert len(server.requests) == 2
    server.pause = 0.0
    asked(server)
    assert len(server.requests) == 6


def test_who_interrupts_twice_waits_for_nothing(server: Server) -> None:
    server.pause = 20.0
    with started(server, 2) as process:
        wait_for(lambda: len(server.requests) >= 2)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert "Ctrl-C again" in process.stderr.readline()
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert time.monotonic() - begin < 10
    server.pause = 0.0


# --- faults -------------------------------------------------------------------------------------

BROKEN: list[Answer] = [
    error(500, "oops"),
    error(503, "loading"),
    error(429, "slow down"),
    error(408, "too slow"),
    (200, {}, b"<html>gateway</html>"),
    (200, {}, b'{"choices": [{"mess'),
    (200, {}, {"choices": []}),
    (200, {}, {}),
    (200, {}, []),
    (200, {}, {"choices": [{"message": None}]}),
    (200, {}, {"error": {"message": "upstream", "code": 502}}),
    (200, {"Content-Length": "5000", "Connection": "close"}, b'{"choices": [{"message": {"content": "cut'),
]


@pytest.mark.parametrize("fault", BROKEN)
def test_a_fault_costs_another_try_and_nothing_else(server: Server, fault: Answer) -> None:
    seen: set[str] = set()

    def answer(request: dict[str, Any]) -> Answer:
        first = said(request) not in seen
        seen.add(said(request))
        return fault if first else good(request)

    server.answer = answer
    rows = asked(server)
    assert [row.text for row in rows[:2]] == ["How many in box 0? 1", "How many in box 0? 2"]
    assert all(row.text for row in rows)
    assert len(server.requests) == 12


def test_a_server_that_never_answers_ends_when_patience_does(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTD_PATIENCE", "0.3")
    server.answer = lambda request: error(500, "out of order")
    with pytest.raises(Failure, match=r"no answer for 0.3 s; the last fault: 500: out of order"):
        asked(server)


def test_a_server_that_is_not_there_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTD_PATIENCE", "0.3")
    with pytest.raises(Failure, match="no connection") as caught:
        asked(server, address="http://127.0.0.1:9/v1")
    assert caught.value.where == "http://127.0.0.1:9/v1"


def test_an_answer_that_drips_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTD_TIMEOUT", "0.3")
    server.pause = 1.0
    monkeypatch.setenv("MTD_PATIENCE", "0.5")
    with pytest.raises(Failure, match=r"no answer within 0\.3 s"):
        asked(server, samples=1)
    server.pause = 0.0


def test_what_the_server_asks_to_wait_is_waited(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTD_PATIENCE", "0.2")
    monkeypatch.setenv("MTD_REQUESTS", "1")
    answers = [
        (429, {"Retry-After": "1"}, {"error": {"message": "slow down"}}),
        (503, {"retry-after-ms": "400"}, {"error": {"message": "slow down"}}),
    ]
    server.answer = lambda request: answers.pop(0) if answers else good(request)
    asked(server, samples=1)
    assert server.times[1] - server.times[0] >= 1.0, "longer than patience: the server is there, and says so"
    assert server.times[2] - server.times[1] >= 0.4


def test_a_server_that_asks_to_wait_again_and_again_ends_patience_all_the_same(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MTD_PATIENCE", "0.3")
    server.answer = lambda request: (429, {"Retry-After": "0.2"}, {"error": {"message": "slow down"}})
    with pytest.raises(Failure, match=r"no answer for 0\.5 s; the last fault: 429: slow down"):
        asked(server)


def test_too_many_requests_at_once_are_halved(server: Server) -> None:
    many = [Problem(id=f"p{n}", question=f"How many in box {n}?", answer="1") for n in range(60)]
    server.pause = 0.01
    server.answer = lambda request: error(429, "slow down") if server.at_once > 4 else good(request)
    watch = Notes()
    rows = asked(server, samples=1, problems=many, watch=watch)
    assert all(row.text for row in rows)
    turned_away = len(server.requests) - len(server.answered)
    assert turned_away < 60, "it does not go on as if nothing were"
    assert "retries" in watch.last


def test_a_prompt_at_which_the_server_fails_is_a_row_with_the_reason(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "wait_after", lambda faults: 0.02)
    many = [Problem(id=f"p{n}", question=f"How many in box {n}?", answer="1") for n in range(100)]
    server.pause = 0.01
    server.answer = lambda request: error(500, "assertion failed") if "box 3?" in said(request) else good(request)
    monkeypatch.setenv("MTD_REQUESTS", "2")
    rows = asked(server, samples=1, problems=many)
    assert [(row.problem, row.reason) for row in rows if row.text is None] == [
        ("p3", "the server fails at it: 500: assertion failed, each of 10 times")
    ]


def test_one_refused_request_is_a_row_with_a_reason(server: Server) -> None:
    server.answer = lambda request: error(400, "too long") if "box 3" in said(request) else good(request)
    rows = asked(server, samples=1)
    assert [(row.problem, row.reason) for row in rows if row.text is None] == [
        ("p3", "the server refuses it: too long")
    ]
    server.answer = lambda request: error(400, "too long")
    with pytest.raises(Failure, match="answers no request: the server refuses it: too long"):
        asked(server, samples=1, model="other")


def test_a_server_that_refuses_everything_is_not_asked_to_the_end(server: Server) -> None:
    many = [Problem(id=f"p{n}", question=f"How many in box {n}?", answer="1") for n in range(500)]
    server.answer = lambda request: error(400, "no such model")
    with pytest.raises(Failure, match="answers no request"):
        asked(server, samples=1, problems=many)
    assert len(server.requests) < 100


def test_what_is_refused_again_after_the_rest_was_answered_stays_a_row(server: Server) -> None:
    many = [Problem(id=f"p{n}", question=f"How many in box {n}?", answer="1") for n in range(40)]
    server.answer = lambda request: error(400, "no") if int(said(request)[16:-1]) < 30 else good(request)
    asked(server, samples=1, problems=many[30:])
    rows = asked(server, samples=1, problems=many)
    assert [row.text is None for row in rows] == [True] * 30 + [False] * 10


# --- dialects -----------------------------------------------------------------------------------


def test_a_server_without_n_is_asked_singly(server: Server) -> None:
    server.answer = lambda request: (
        error(400, "Only one completion choice is allowed") if "n" in request else good(request)
    )
    watch = Notes()
    rows = asked(server, samples=3, watch=watch)
    assert [row.text for row in rows[:3]] == [f"How many in box 0? {seed}" for seed in (1, 2, 3)]
    assert len(server.answered) == 18
    assert watch.notes == ["the server does not give several samples at once: they are asked for one by one"]


def test_a_server_that_ignores_n_is_asked_singly_from_then_on(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTD_REQUESTS", "1")
    server.answer = lambda request: good({**request, "n": 1})
    rows = asked(server, samples=3)
    assert [row.text for row in rows[:3]] == [f"How many in box 0? {seed}" for seed in (1, 2, 3)]
    assert len(server.requests) == 18
    assert ["n" in request for request in server.requests] == [True] + [False] * 17


def test_the_rest_of_fewer_choices_is_asked_for(server: Server) -> None:
    server.answer = lambda request: good({**request, "n": min(2, request.get("n", 1))})
    rows = asked(server, samples=3)
    assert [row.text for row in rows[:3]] == [f"How many in box 0? {seed}" for seed in (1, 2, 3)]


LACKS = [
    (
        "seed",
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]},
    ),
    ("seed", {"detail": "Unexpected fields in the request: {'seed'}"}),
    ("seed", [{"error": {"message": 'Invalid JSON payload received. Unknown name "seed": Cannot find field.'}}]),
    ("n", {"error": {"message": "'n' : number must be at most 1", "type": "invalid_request_error"}}),
    ("n", {"detail": [{"loc": ["body", "n"], "msg": "Input should be less than or equal to 1"}]}),
    (
        "max_tokens",
        {
            "error": {
                "message": "Unsupported parameter: 'max_tokens' is not supported with this model.",
                "param": "max_tokens",
                "code": "unsupported_parameter",
            }
        },
    ),
]


@pytest.mark.parametrize(("parameter", "body"), LACKS)
def test_what_a_server_lacks_is_left_out(server: Server, parameter: str, body: Any) -> None:
    server.answer = lambda request: (422, {}, body) if parameter in request else good(request)
    rows = asked(server)
    assert all(row.text for row in rows)
    assert len(server.requests) - len(server.answered) <= 6, "each is refused once at most"
    assert parameter not in server.requests[-1]
    if parameter == "max_tokens":
        assert server.requests[-1]["max_completion_tokens"] == 512


def test_a_seed_in_a_story_is_no_parameter(server: Server) -> None:
    server.answer = lambda request: (
        error(400, "not allowed: a seed in box 3") if "box 3" in said(request) else good(request)
    )
    rows = asked(server)
    assert [row.problem for row in rows if row.text is None] == ["p3", "p3"]
    assert all("seed" in request for request in server.requests)


def test_a_parameter_that_bears_on_all_answers_cannot_be_left_out(server: Server) -> None:
    server.answer = lambda request: error(400, "'temperature' does not support 0.7", param="temperature")
    with pytest.raises(Failure, match="does not take `temperature` as the spec has it"):
        asked(server)


def test_requests_at_once_are_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTD_REQUESTS", "2")
    server.pause = 0.02
    asked(server)
    assert server.most_at_once == 2
    monkeypatch.setenv("MTD_REQUESTS", "many")
    with pytest.raises(Failure, match="MTD_REQUESTS"):
        asked(server, model="other")


# --- what rows say ------------------------------------------------------------------------------


def choice(content: Any, finish: str | None, **more: Any) -> Answer:
    return 200, {}, {"choices": [{"message": {"content": content}, "finish_reason": finish} | more]}


ENDS = [
    (choice("4", "stop"), "4", None, None),
    (choice("4", None), "4", None, None),
    (choice("4", "length"), "4", "length", None),
    (choice("", "length"), "", "length", None),
    (choice("4", "content_filter"), "4", "filter", None),
    (choice(None, "content_filter"), None, "filter", "the server withheld the completion"),
    (choice("", "stop"), None, None, "the completion is empty"),
    (choice([{"type": "text", "text": "4"}], "stop"), "4", None, None),
    (choice(None, "tool_calls"), None, None, "the model called a tool in place of answering"),
    (error(400, "filtered", code="content_filter"), None, "filter", "the server refuses it: filtered"),
]


@pytest.mark.parametrize(("answer", "text", "finish", "reason"), ENDS)
def test_how_a_completion_ended_is_in_its_row(
    server: Server, answer: Answer, text: str | None, finish: str | None, reason: str | None
) -> None:
    server.answer = lambda request: answer if "box 0" in said(request) else good(request)
    row = asked(server, samples=1)[0]
    assert (row.text, row.finish, row.reason) == (text, finish, reason)
    assert row.usage is None
    requests = len(server.requests)
    asked(server, samples=1)
    assert len(server.requests) - requests == (answer[0] != 200), "what was paid for is not asked again"


def test_tokens_and_cost_stand_in_the_row(server: Server) -> None:
    price = PerMillion(input=10.0, output=20.0, cached=1.0)
    usage = {"prompt_tokens": 1000, "completion_tokens": 101, "prompt_tokens_details": {"cached_tokens": 400}}
    server.answer = lambda request: good(request, usage=usage)
    rows = asked(server, spending=SpendingSettings(price=price))[:2]
    first, second = rows[0].usage, rows[1].usage
    assert first is not None and second is not None
    assert (first.input, second.input) == (1000, 0)
    assert first.output + second.output == 101
    assert first.cost == pytest.approx((600 * 10 + 400 * 1 + first.output * 20) / 1e6)
    assert second.cost == pytest.approx(second.output * 20 / 1e6)


def test_what_the_server_says_that_it_costs_beats_a_price(server: Server) -> None:
    server.answer = lambda request: good(request, usage={"prompt_tokens": 10, "completion_tokens": 10, "cost": 0.5})
    rows = asked(server, spending=SpendingSettings(price=FreePrice()))
    assert sum(row.usage.cost or 0 for row in rows if row.usage) == pytest.approx(3.0)


def test_an_unknown_price_is_unknown(server: Server) -> None:
    assert {row.usage.cost for row in asked(server) if row.usage} == {None}


def test_log_probabilities_are_kept(server: Server) -> None:
    content = [{"token": "4", "logprob": -0.5, "bytes": [52]}, {"token": ".", "logprob": -0.1}]
    server.answer = lambda request: choice("4.", "stop", logprobs={"content": content})
    rows = asked(server, samples=1, logprobs=True)
    assert server.requests[0]["logprobs"] is True
    assert rows[0].logprob == pytest.approx(-0.3)
    with opened() as store:
        kept = store.get(rows[0].prompt or "", 0, 512, logprobs=True)
    assert kept is not None and kept.logprobs == (("4", -0.5), (".", -0.1))


# --- budget -------------------------------------------------------------------------------------


def test_a_budget_stops_before_it_is_exceeded_and_goes_on_where_it_stopped(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MTD_REQUESTS", "4")
    many = [Problem(id=f"p{n}", question=f"How many in box {n:02}?", answer="1") for n in range(40)]
    worst = 20 + 16 + 8
    budget = SpendingSettings(budget_tokens=10 * 15 + worst)
    with pytest.raises(Failure, match=r"budget of the teacher teach is used up: 1\d\d of 194 tokens") as caught:
        asked(server, samples=1, problems=many, spending=budget, max_tokens=8)
    answered = len(server.requests)
    assert answered * 15 <= 194 < answered * 15 + worst
    assert f"{answered} completions were answered now, {40 - answered} are left" in str(caught.value)
    with pytest.raises(Failure, match="0 completions were answered now"):
        asked(server, samples=1, problems=many, spending=budget, max_tokens=8)
    assert len(server.requests) == answered, "what was spent before counts"
    asked(server, samples=1, problems=many, max_tokens=8)
    assert len(server.requests) == 40


def test_a_budget_in_dollars_needs_a_price(server: Server) -> None:
    with pytest.raises(Failure, match="the price of m is not known"):
        asked(server, spending=SpendingSettings(budget_dollars=1.0))
    assert server.requests == []
    asked(server, spending=SpendingSettings(budget_dollars=1.0, price=PerMillion(input=1.0, output=1.0)))
    asked(server, model="free", spending=SpendingSettings(budget_dollars=1.0, price=FreePrice()))


def test_a_budget_that_nobody_counts_is_told(server: Server) -> None:
    server.answer = lambda request: good(request, usage=None)
    with pytest.raises(Failure, match="does not say how many tokens"):
        asked(server, spending=SpendingSettings(budget_tokens=1_000_000))


# --- the surroundings ---------------------------------------------------------------------------


def test_what_is_missing_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_KEY")
    with pytest.raises(Failure, match="TEST_KEY is not set"):
        asked(server)
    monkeypatch.setenv("TEST_KEY", "two\nlines")
    with pytest.raises(Failure, match="TEST_KEY holds more than a key") as caught:
        asked(server)
    assert "lines" not in str(caught.value).replace("line breaks", "")
    monkeypatch.setenv("TEST_KEY", "secret")
    for address in (
        "127.0.0.1:8000",
        "http://",
        "http://host:port/v1",
        "http://host:70000/v1",
        "http://a b/v1",
        "http://..\u2024/v1",
    ):
        with pytest.raises(Failure, match="address is none"):
            asked(server, address=address)
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(Failure, match="needs the `openai` package"):
        asked(server)


def test_the_address_comes_from_the_environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    address = Environment(env="TEST_URL")
    with pytest.raises(Failure, match="TEST_URL is not set"):
        asked(server, address=address)
    monkeypatch.setenv("TEST_URL", server.url)
    rows = asked(server, address=address)
    monkeypatch.setenv("TEST_URL", "http://moved.example/v1")
    assert asked(server, address=address) == rows, "a server that moved is asked for nothing again"
    kept = b"".join(path.read_bytes() for path in STORE_FILE.parent.glob("completions*"))
    assert b"box 3" in kept
    assert server.url.encode() not in kept
    monkeypatch.setenv("TEST_URL", server.url)
    server.answer = lambda request: error(401, "no")
    with pytest.raises(Failure) as stop:
        asked(server, samples=3, address=address)
    assert stop.value.where == "$TEST_URL"


def test_an_address_may_have_a_query(server: Server) -> None:
    asked(server, address=f"{server.url}/?api-version=2024-02-01&key=a%2Fb")
    assert server.paths == {"/v1/chat/completions?api-version=2024-02-01&key=a%2Fb"}


def test_openai_is_not_what_the_environment_makes_of_it(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("MTD_PATIENCE", "0.2")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    settings = TeacherSettings(model=OpenaiTeacher(model="m", key_env="TEST_KEY"))
    with pytest.raises(Failure) as caught:
        list(
            teachers.ask(
                *(settings, "teach", "cot", FORMAT, PROBLEMS, lambda problem: Prompt(problem.question)),
                *(SpendingSettings(), lambda done: None),
            )
        )
    assert caught.value.where == "https://api.openai.com/v1"
    assert server.requests == []


def test_a_key_that_a_server_says_back_reaches_no_message_and_no_row(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = 'sk-planted/key"with=marks-0123456789'
    monkeypatch.setenv("TEST_KEY", key)
    for status in (400, 401, 500):
        monkeypatch.setenv("MTD_PATIENCE", "0.1")
        server.answer = lambda request, status=status: error(status, f"your key {key} is bad, {key[:25]}")  # type: ignore[misc]
        with pytest.raises(Failure) as caught:
            asked(server)
        assert "planted" not in str(caught.value)
        assert "***" in str(caught.value)
    server.answer = lambda request: good({**request, "messages": [{"content": f"the key is {key}"}]})
    rows = asked(server)
    assert rows[0].text == "the key is *** 1"

"""Real servers on loopback, for tests: PostgreSQL, MLflow's own, S3's like, and a gate that behaves badly on demand.

Each is on a free port and ends with its `with` block, whatever happens in it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest

START_SECONDS: Final = 240
"""Longest wait for a server to answer: MLflow takes 6 s alone, and tests share slow machines."""

QUIET: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # It starts a process for each kind of job; nothing here has jobs.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


GUARDED: Final = 'exec 3<&0; (cat <&3 >/dev/null; kill -9 0) & exec "$@" </dev/null 3<&-'
"""A program whose process group ends with its input: so also when the tests are killed and can clean up nothing."""


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass
class Program:
    """A server in a process group of its own, so that its workers end with it."""

    command: Sequence[str]
    health: str
    """An address that answers once it is up."""
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                ["sh", "-c", GUARDED, "sh", *self.command],
                env=os.environ | {"PATH": path} | self.environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        limit = time.monotonic() + START_SECONDS
        while not answers(self.health):
            code = self.process.poll()
            if code is not None or time.monotonic() > limit:
                self.kill()
                why = f"exited {code}" if code is not None else f"did not answer within {START_SECONDS} s"
                pytest.fail(f"{' '.join(self.command)} {why}:\n{self.log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """As a machine that loses its power ends: nothing is written any more."""
        if self.process is None:
            return
        # The group may be gone, or have lost the program alone.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=30)
        self.process = None


def answers(address: str) -> bool:
    """Whether something answers there, were it with an error."""
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False


@contextmanager
def running(program: Program) -> Iterator[Program]:
    """The program, from its first answer on."""
    try:
        program.start()
        yield program
    finally:
        program.kill()


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The URI of an empty PostgreSQL, reached by a socket in its folder; skips the test where there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a folder for sockets that is not set, and that it does not need
        pgserver = pytest.importorskip("pgserver", reason="needs PostgreSQL (pip install pgserver)")
        pytest.importorskip("psycopg2", reason="needs the package psycopg2-binary")
        server = pgserver.get_server(folder, cleanup_mode="stop")
    with server, ended_with_tests(server.get_pid()):
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://", 1)


@contextmanager
def ended_with_tests(pid: int) -> Iterator[None]:
    """Have PostgreSQL, which is nobody's child, end at once where the tests are killed in the block."""
    command = ["sh", "-c", "cat >/dev/null; kill -QUIT $1", "sh", str(pid)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as guard:
        try:
            yield
        finally:
            guard.kill()


def mlflow_server(store: str, artifacts: Path, log: Path) -> Program:
    """MLflow's server over a store (a URI), which takes artifacts itself and keeps them in a folder of their own."""
    port = str(free_port())
    command = ["mlflow", "server", "--backend-store-uri", store, "--serve-artifacts"]
    command += ["--artifacts-destination", str(artifacts), "--host", "127.0.0.1", "--port", port, "--workers", "1"]
    return Program(command, f"http://127.0.0.1:{port}/health", log, QUIET)


def s3_server(log: Path) -> Program:
    """A server that speaks S3 and keeps all in memory; skips the test where there is none."""
    pytest.importorskip("moto.server", reason="needs a server that speaks S3 (pip install moto[server])")
    port = str(free_port())
    return Program(["moto_server", "-H", "127.0.0.1", "-p", port], f"http://127.0.0.1:{port}/health", log)


def address_of(program: Program) -> str:
    """`http://127.0.0.1:5000`."""
    return program.health.removesuffix("/health")


# --- a server that behaves badly ------------------------------------------------------------------


@dataclass
class Gate:
    """Stands before a server, passes requests on, and misbehaves as told.

    Set its fields at any time; `seen` lists the requests that came, by method and path.
    """

    target: str
    """`http://127.0.0.1:5000`."""
    delay: float = 0.0
    """Seconds that every request takes longer."""
    silent: bool = False
    """Takes requests and never answers."""
    cut_from: int | None = None
    """From this request on (the first is 1) the line is dead: nothing reaches the server."""
    lost: frozenset[int] = frozenset()
    """Requests that the server answers, and whose answers never arrive."""
    at: dict[int, Callable[[], None]] = field(default_factory=dict)
    """Done when the request of that number comes, before it is passed on."""
    seen: list[str] = field(default_factory=list)
    address: str = ""
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self) -> None:
        """Behave well again, and forget what came."""
        self.delay, self.silent, self.cut_from, self.lost = 0.0, False, None, frozenset()
        self.at = {}
        self.seen.clear()

    def count(self, request: str) -> int:
        """The number of this request."""
        with self.lock:
            self.seen.append(request)
            return len(self.seen)


@contextmanager
def gate(target: str) -> Iterator[Gate]:
    """A gate before the server at `target`, itself at `Gate.address`."""
    made = Gate(target)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            """No line a request."""

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            number = made.count(f"{self.command} {self.path}")
            self.close_connection = True
            if number in made.at:
                made.at[number]()
            if made.silent:
                made.closing.wait(600)
                return
            if made.cut_from is not None and number >= made.cut_from:
                return
            made.closing.wait(made.delay)
            status, headers, answer = asked(made.target, self.command, self.path, dict(self.headers), body)
            if number in made.lost:
                return
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = pass_on

    with Server(("127.0.0.1", 0), Handler) as server:
        made.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            made.closing.set()
            server.shutdown()
            thread.join(timeout=10)


class Server(ThreadingHTTPServer):
    """One thread a request; what a client hangs up on is no news."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that left."""


def asked(
    target: str, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of a server's answer; a dead server is a 502, as of any proxy."""
    host = target.removeprefix("http://")
    connection = HTTPConnection(host, timeout=60)
    try:
        connection.request(method, path, body or None, headers | {"Host": host, "Connection": "close"})
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    except OSError:
        return 502, [], b"no answer"
    finally:
        connection.close()

"""A small HTTP server on loopback that can misbehave at every byte: the face of the tests' servers and proxy.

Ready-made servers take care to do everything right, which is why this one is written by hand.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

from tests.teachers.served import faults
from tests.teachers.served.faults import Fault, Schedule
from tests.teachers.served.ledger import Ledger

PAUSE: Final = 0.2
"""Seconds that the server asks a client to wait for where it says so."""
DRIP: Final = 24
"""Parts of an answer that drips."""


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    headers: dict[str, str]
    """By names in lower case."""
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What is sent back."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


Answer = Callable[[Request], Awaitable[Reply]]


def said(status: int, value: Any, **headers: str) -> Reply:
    """A reply in JSON; header names are written with `_` for `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json"} | named)


def error(status: int, message: str, **headers: str) -> Reply:
    """An error as OpenAI's servers put it."""
    return said(status, {"error": {"message": message, "type": "server", "param": None, "code": None}}, **headers)


@dataclass
class Face:
    """Answers at `url` until its block ends; a fault befalls each request of a completion by the schedule."""

    answer: Answer
    schedule: Schedule = faults.none
    ledger: Ledger = field(default_factory=Ledger)
    port: int = 0
    log: list[Request] = field(default_factory=list)
    """Requests as they came, where `keeps_log` is set."""
    keeps_log: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Run until `stop`."""
        listening = socket.create_server(("127.0.0.1", self.port), backlog=512)
        self.port = listening.getsockname()[1]
        tasks: set[asyncio.Task[None]] = set()

        def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._connection(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(meet, sock=listening)
        ready()
        await stop.wait()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await read_request(reader)) is not None:
                if not await self._one(request, reader, writer):
                    break
        except OSError:
            pass  # the client is gone; the ledger knows what it got
        finally:
            writer.close()

    async def _one(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether the connection lives on."""
        if self.keeps_log:
            self.log.append(request)
        if not request.path.partition("?")[0].endswith("/chat/completions"):
            await send(writer, await self.answer(request))
            return True
        asked = json.loads(request.body)
        exchange = self.ledger.begins(asked)
        fault = self.schedule(exchange.number)
        delivered = None
        try:
            delivered, alive = await self._under(fault, request, reader, writer)
        finally:
            self.ledger.ends(exchange, delivered, fault)
        return alive

    async def _under(
        self,
        fault: Fault,
        request: Request,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> tuple[Any, bool]:
        """What was delivered whole, and whether the connection lives on."""
        if fault in BEFORE:
            await send(writer, BEFORE[fault]())
            return None, True
        match fault:
            case Fault.HANG:
                await gone(reader)
                return None, False
            case Fault.CLOSED:
                return None, False
            case Fault.RESET:
                reset(writer)
                return None, False
        reply = await self.answer(request)
        if reply.status != 200:
            await send(writer, reply)
            return None, True
        whole = json.loads(reply.body)
        match fault:
            case Fault.NONE:
                await send(writer, reply)
                return whole, True
            case Fault.DRIP:
                await drip(writer, reply)
                return whole, True
            case Fault.FEWER:
                fewer = whole | {"choices": whole["choices"][: max(1, len(whole["choices"]) // 2)]}
                await send(writer, said(200, fewer))
                return fewer, True
            case Fault.ERROR_LATE:
                await send(writer, error(500, "lost on the way out"))
                return None, True
            case Fault.HALF:
                await send(writer, Reply(200, reply.body[: len(reply.body) // 2]))
                return None, True
            case Fault.CUT_CHUNKS:
                await send_head(writer, reply, "Transfer-Encoding: chunked")
                half = reply.body[: len(reply.body) // 2]
                writer.write(b"%x\r\n%s\r\n" % (len(half), half))
                await writer.drain()
                return None, False
        await send_head(writer, reply, f"Content-Length: {len(reply.body)}")
        writer.write(reply.body[: len(reply.body) // 2])
        await writer.drain()
        match fault:
            case Fault.HANG_HALFWAY:
                await gone(reader)
            case Fault.RESET_HALFWAY:
                reset(writer)
            case Fault.CUT:
                pass
            case _:
                raise AssertionError(fault)
        return None, False


def _later() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


_turn = iter(range(1 << 62))


BEFORE: Final[dict[Fault, Callable[[], Reply]]] = {
    Fault.BUSY: lambda: error(429, "too many requests"),
    Fault.BUSY_SECONDS: lambda: error(429, "too many requests", Retry_After=str(PAUSE)),
    Fault.BUSY_MILLISECONDS: lambda: error(429, "too many requests", retry_after_ms=str(int(PAUSE * 1000))),
    Fault.BUSY_DATE: lambda: error(429, "too many requests", Retry_After=_later()),
    Fault.TIMEOUT: lambda: error(408, "took too long"),
    Fault.CONFLICT: lambda: error(409, "locked"),
    Fault.ERROR: lambda: error(500, "out of order"),
    Fault.GATEWAY: lambda: Reply(502, b"<html><h1>Bad gateway</h1></html>", {"Content-Type": "text/html"}),
    Fault.UNAVAILABLE: lambda: Reply(503, b""),
    Fault.UNAVAILABLE_SECONDS: lambda: error(503, "overloaded", Retry_After=str(PAUSE)),
    Fault.GATEWAY_TIMEOUT: lambda: error(504, "upstream took too long"),
    Fault.GARBAGE: lambda: Reply(200, b"<!doctype html><title>Log in</title>", {"Content-Type": "text/html"}),
    Fault.EMPTY: lambda: Reply(200, b""),
    Fault.OTHER: lambda: Reply(200, faults.OTHER_JSON[next(_turn) % len(faults.OTHER_JSON)]),
    Fault.ERROR_200: lambda: error(200, "overloaded"),
    Fault.LATIN: lambda: Reply(200, '{"choices": [{"message": {"content": "né"}}]}'.encode("latin-1")),
}
"""Faults that need no answer of the server."""


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request; `None` where the client has closed."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        headers = headers_of(head)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    method, path, _ = head.decode("latin-1").split(" ", 2)
    return Request(method, path, headers, body)


def headers_of(head: bytes) -> dict[str, str]:
    """By names in lower case."""
    lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")[1:]
    return {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}


async def send_head(writer: asyncio.StreamWriter, reply: Reply, length: str) -> None:
    lines = [f"HTTP/1.1 {reply.status} Said", *(f"{name}: {text}" for name, text in reply.headers.items()), length]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    await writer.drain()


async def send(writer: asyncio.StreamWriter, reply: Reply) -> None:
    """All of it."""
    await send_head(writer, reply, f"Content-Length: {len(reply.body)}")
    writer.write(reply.body)
    await writer.drain()


async def drip(writer: asyncio.StreamWriter, reply: Reply) -> None:
    """All of it, by and by."""
    await send_head(writer, reply, f"Content-Length: {len(reply.body)}")
    step = max(1, len(reply.body) // DRIP)
    for start in range(0, len(reply.body), step):
        writer.write(reply.body[start : start + step])
        await writer.drain()
        await asyncio.sleep(0.01)


async def gone(reader: asyncio.StreamReader) -> None:
    """Wait until the client gives up."""
    with suppress(ConnectionError):
        await reader.read(1)


def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection, rather than close it."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextmanager
def served(face: Face) -> Iterator[Face]:
    """The face, answering from a thread of its own."""
    started = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(face.serve(started.set, stop),))
    thread.start()
    assert started.wait(10)
    try:
        yield face
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def forwarding(url: str) -> Answer:
    """What a proxy answers: what the server at `url` does."""
    host, _, port = url.removeprefix("http://").partition("/")[0].partition(":")

    async def answer(request: Request) -> Reply:
        try:
            reader, writer = await asyncio.open_connection(host, int(port))
        except OSError as lost:
            return error(502, f"no server: {lost}")
        try:
            kept = {
                name: text
                for name, text in request.headers.items()
                if name not in ("host", "connection", "accept-encoding", "content-length")
            }
            lines = [
                f"{request.method} {request.path} HTTP/1.1",
                f"host: {host}:{port}",
                "connection: close",
                f"content-length: {len(request.body)}",
                *(f"{name}: {text}" for name, text in kept.items()),
            ]
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + request.body)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            fields = headers_of(head)
            body = await reader.readexactly(int(fields["content-length"]))
        finally:
            writer.close()
        return Reply(int(head.split(b" ", 2)[1]), body, {"Content-Type": fields.get("content-type", "text/plain")})

    return answer

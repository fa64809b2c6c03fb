"""A server on loopback that speaks as much of the Hugging Face hub's API as `datasets` needs to read a data set."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Files = dict[str, bytes]


@dataclass
class Repository:
    """Commits in their order, the last of which is `main`."""

    commits: dict[str, Files]
    tags: dict[str, str] = field(default_factory=dict)
    gated: bool = False

    def resolve(self, revision: str) -> str | None:
        known = {**{name: name for name in self.commits}, **self.tags, "main": list(self.commits)[-1]}
        return known.get(revision)


@dataclass
class Hub:
    """Data sets by name; `log` holds the method and path of each request."""

    repositories: dict[str, Repository]
    address: str = ""
    log: list[str] = field(default_factory=list)
    down: bool = False
    """Every request is answered with 503."""


@contextmanager
def served(repositories: dict[str, Repository]) -> Iterator[Hub]:
    hub = Hub(repositories)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Kept in `Hub.log` instead."""

    def _answer(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.log.append(f"{self.command} {address.path}")
        if self.hub.down:
            self._send(503, b"down for repair", {})
            return
        parts = [unquote(part) for part in address.path.strip("/").split("/")]
        match parts:
            case ["datasets", owner, name, "resolve", revision, *path]:
                self._resolve(f"{owner}/{name}", revision, "/".join(path))
            case ["api", "datasets", owner, name, *rest]:
                self._api(f"{owner}/{name}", rest, parse_qs(body.decode()) or _json(body))
            case _:  # the dataset viewer, which has nothing to say of these
                self._send(404, b"{}", {})

    def _found(self, name: str, revision: str) -> tuple[str, Files] | None:
        """The files of a revision, or an answer that says what there is not."""
        repository = self.hub.repositories.get(name)
        if repository is None:  # the hub does not tell what is private from what is not there
            self._send(401, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        elif repository.gated:
            self._send(401, b'{"error": "Access is restricted"}', {"X-Error-Code": "GatedRepo"})
        elif (commit := repository.resolve(revision)) is None:
            self._send(404, b'{"error": "Invalid rev id"}', {"X-Error-Code": "RevisionNotFound"})
        else:
            return commit, repository.commits[commit]
        return None

    def _resolve(self, name: str, revision: str, path: str) -> None:
        if (found := self._found(name, revision)) is None:
            return
        commit, files = found
        head = {"X-Repo-Commit": commit}
        if path not in files:
            self._send(404, b"Entry not found", {**head, "X-Error-Code": "EntryNotFound"})
            return
        digest = hashlib.sha1(files[path]).hexdigest()
        self._send(200, files[path], {**head, "ETag": f'"{digest}"', "Accept-Ranges": "bytes"})

    def _api(self, name: str, rest: list[str], asked: dict[str, Any]) -> None:
        revision = rest[1] if len(rest) > 1 else "main"
        if (found := self._found(name, revision)) is None:
            return
        commit, files = found
        entries = [
            {"type": "file", "path": path, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
            for path, data in files.items()
        ]
        match rest:
            case [] | ["revision", _]:
                told = {"id": name, "sha": commit, "siblings": [{"rfilename": path} for path in files], "tags": []}
                self._send(200, json.dumps(told).encode(), {})
            case ["tree", _, *folder]:
                under = [entry for entry in entries if str(entry["path"]).startswith("/".join(folder))]
                self._send(200, json.dumps(under).encode(), {})
            case ["paths-info", _]:
                wanted = asked.get("paths") or []
                self._send(200, json.dumps([entry for entry in entries if entry["path"] in wanted]).encode(), {})
            case _:
                self._send(404, b"{}", {})

    def _send(self, status: int, body: bytes, head: dict[str, str]) -> None:
        start, end = 0, len(body)
        asked = self.headers.get("Range")
        if asked and status == 200:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start, end, status = int(first), min(int(last or len(body)) + 1, len(body)), 206
            head = {**head, "Content-Range": f"bytes {start}-{end - 1}/{len(body)}"}
        self.send_response(status)
        for name, value in head.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[start:end])


def _json(body: bytes) -> dict[str, Any]:
    return dict(json.loads(body)) if body else {}

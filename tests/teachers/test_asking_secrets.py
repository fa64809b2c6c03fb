"""A key and a password are planted, a server echoes them in its errors, and all that is left behind is searched."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_plus

import pytest

from distill_dsl import cli
from tests.teachers.served.asking import ASK, Project, project
from tests.teachers.served.face import Face, Reply, Request, error, said, served
from tests.teachers.served.scribes import completion, steady
from tests.walk.walked import Project as Walk

KEY: Final = "sk-planted-7f3Q/9zK+aB12cd34"
"""With characters that are written otherwise in an address."""
USER: Final = "planted-user"
PASSWORD: Final = "pl@nted:Pa55"
QUERY_KEY: Final = "planted-query-key-5521"
SECRETS: Final = {"key": KEY, "password": PASSWORD, "key in the address": QUERY_KEY}


def forms(secret: str) -> set[bytes]:
    """The secret as it may be written: as it is, in an address, in JSON, in base64 at any offset."""
    plain = secret.encode()
    texts = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    return {text.encode() for text in texts} | {_coded(plain, before) for before in range(3)}


def _coded(text: bytes, before: int) -> bytes:
    """What base64 makes of the text after so many other bytes, as far as it hangs on the text alone."""
    whole = (before + len(text)) // 3 * 4
    return base64.b64encode(b"x" * before + text)[-(-before * 4 // 3) : whole]


def found(where: Mapping[str, bytes]) -> list[str]:
    """Which secret stands where."""
    return [
        f"{name} in {place}: ...{text[max(0, text.find(form) - 60) : text.find(form) + 40]!r}..."
        for place, text in where.items()
        for name, secret in SECRETS.items()
        for form in sorted(forms(secret))
        if form in text
    ]


def left_behind(*folders: Path) -> dict[str, bytes]:
    """Every file below the folders by its path, compressed ones unpacked, databases also as text."""
    return {name: text for folder in folders for name, text in _read(folder)}


def _read(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            yield str(path), content + str(path).encode()
            if content.startswith(b"SQLite format 3"):
                connection = sqlite3.connect(path)
                yield f"{path} as text", "\n".join(connection.iterdump()).encode()
                connection.close()
            elif content.startswith(b"\x1f\x8b"):
                yield f"{path} unpacked", gzip.decompress(content)


class Echo:
    """A server that says what it was sent, in whatever way it is told to fail."""

    def __init__(self) -> None:
        self.way = "whole"
        self.heard: set[str] = set()

    async def __call__(self, request: Request) -> Reply:
        heard = " ".join((request.path, *(f"{name}: {text}" for name, text in request.headers.items())))
        self.heard.add(heard)
        decoded = "".join(
            base64.b64decode(text.removeprefix("Basic ")).decode()
            for text in request.headers.values()
            if text.startswith("Basic ")
        )
        echo = f"you sent {heard} with {KEY} {PASSWORD} {decoded} {QUERY_KEY} {quote(PASSWORD, safe='')}"
        match self.way:
            case "401":
                return error(401, f"Incorrect API key provided: {echo}", WWW_Authenticate=f'Bearer "{KEY}"')
            case "400":
                return error(400, echo)
            case "400, text":
                return Reply(400, echo.encode(), {"Content-Type": "text/plain"})
            case "422, detail":
                return said(422, {"detail": [{"msg": echo, "input": {"headers": echo}}]})
            case "500":
                return error(500, echo)
            case "200, HTML":
                return Reply(200, f"<html>{echo}</html>".encode(), {"Content-Type": "text/html"})
            case "200, error":
                return error(200, echo)
            case "429":
                return error(429, echo, Retry_After="0.1")
            case "429, quota":
                return said(
                    429, {"error": {"message": echo, "type": "insufficient_quota", "code": "insufficient_quota"}}
                )
            case "redirect":
                return Reply(307, echo.encode(), {"Location": f"/elsewhere?key={quote(KEY, safe='')}"})
            case "reset":
                raise ConnectionResetError
        asked = json.loads(request.body)
        if "box 3?" in asked["messages"][-1]["content"]:
            return error(400, f"this one is refused: {echo}")
        return said(200, completion(asked, steady))


WAYS: Final = (
    "401",
    "400",
    "400, text",
    "422, detail",
    "500",
    "200, HTML",
    "200, error",
    "429",
    "429, quota",
    "redirect",
    "reset",
)


def addressed(url: str) -> str:
    """The server's address with a user, a password and a key in it."""
    place = url.removeprefix("http://")
    return f"http://{USER}:{quote(PASSWORD, safe='')}@{place}?api-key={QUERY_KEY}"


VARIABLES: Final = {"ASK_KEY": KEY, "MTD_PATIENCE": "1", "MTD_TIMEOUT": "2"}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return project(tmp_path_factory.mktemp("secrets") / "project", 6, 2)


@dataclass(frozen=True)
class Here:
    """Asks within this process, which is quicker, and sees what its loggers are told."""

    project: Project
    monkeypatch: pytest.MonkeyPatch
    capfd: pytest.CaptureFixture[str]
    caplog: pytest.LogCaptureFixture

    def ask(self, url: str, *, fails: bool = True) -> dict[str, bytes]:
        """What was printed and what was logged."""
        self.monkeypatch.chdir(self.project.root)
        self.monkeypatch.setattr(sys, "argv", ["mtd", *ASK])
        for name, value in (self.project.environment | VARIABLES | {"ASK_URL": url}).items():
            self.monkeypatch.setenv(name, value)
        for name in set(os.environ) - set(self.project.environment) - {*VARIABLES, "ASK_URL"}:
            self.monkeypatch.delenv(name)
        with self.caplog.at_level(logging.DEBUG), pytest.raises(SystemExit) as ended:
            cli.main()
        assert bool(ended.value.code) == fails
        out, err = self.capfd.readouterr()
        logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in self.caplog.records)
        return {"what was printed": (out + err).encode(), "what was logged": logged.encode()}


@pytest.fixture
def here(
    asked: Project,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Here:
    return Here(asked, monkeypatch, capfd, caplog)


def test_the_search_finds_what_is_planted(tmp_path: Path) -> None:
    for number, form in enumerate(form for secret in SECRETS.values() for form in forms(secret)):
        (tmp_path / f"{number}.txt").write_bytes(b"before " + form + b" after")
    wrapped = base64.b64encode(b"Authorization: Bearer " + KEY.encode() + b"\r\n")
    (tmp_path / "wrapped.txt").write_bytes(wrapped)
    connection = sqlite3.connect(tmp_path / "some.db")
    connection.execute("CREATE TABLE t (text)")
    connection.execute("INSERT INTO t VALUES (?)", (f"{'x' * 9000}{KEY}",))
    connection.commit()
    connection.close()
    (tmp_path / "some.gz").write_bytes(gzip.compress(PASSWORD.encode()))
    places = left_behind(tmp_path)
    hit = {line.partition(" in /")[2].partition(":")[0] for line in found(places)}
    missed = {name for name in places if name.lstrip("/") not in hit} - {str(tmp_path / "some.gz")}
    assert missed <= {str(tmp_path / "some.db")}, "in the file itself a long text lies in pieces"


@pytest.mark.parametrize("way", WAYS)
def test_no_error_of_a_server_tells_a_secret(way: str, here: Here) -> None:
    echo = Echo()
    echo.way = way
    with served(Face(echo)) as server:
        for address in (server.url, addressed(server.url)):
            assert found(here.ask(address)) == []
    assert any(KEY in heard for heard in echo.heard), "the key was truly sent"
    assert found(left_behind(here.project.root)) == []


def test_the_reason_of_a_refused_request_tells_no_secret(here: Here) -> None:
    echo = Echo()
    with served(Face(echo)) as server:
        seen = here.ask(addressed(server.url), fails=False)
    asked = f"/v1/chat/completions?api-key={QUERY_KEY} "
    assert echo.heard and all(heard.startswith(asked) for heard in echo.heard), "an address with a query is understood"
    refused = [row for row in here.project.rows() if row.get("text") is None]
    assert {row["problem"] for row in refused} == {"p3"}
    assert all("this one is refused" in row["reason"] for row in refused)
    assert found(left_behind(here.project.root) | seen) == []


@pytest.mark.parametrize(
    "address",
    [
        f"http://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:1/v1?api-key={QUERY_KEY}",
        f"http://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:notaport/v1?api-key={QUERY_KEY}",
        f"ftp://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1/v1?api-key={QUERY_KEY}",
        f"{USER}:{quote(PASSWORD, safe='')}@127.0.0.1/v1?api-key={QUERY_KEY}",
        f"http://{USER}:{PASSWORD}@[::1/v1?api-key={QUERY_KEY}",
    ],
    ids=["nobody there", "no port", "no protocol of ours", "no protocol", "no address"],
)
def test_an_address_that_leads_nowhere_tells_no_secret(address: str, here: Here) -> None:
    assert found(here.ask(address)) == []


def test_debugging_the_client_tells_no_secret(asked: Project) -> None:
    echo = Echo()
    with served(Face(echo)) as server:
        for echo.way in ("401", "whole"):
            fails = echo.way == "401"
            printed = asked.ask(addressed(server.url), fails=fails, OPENAI_LOG="debug", **VARIABLES)
            assert found({"what was printed": printed.encode()}) == []


SPEC: Final = """\
data boxes { source = file("data/boxes.jsonl") }
data tests { source = synthetic("arithmetic", test: 4, largest: 9, steps: [1, 1]) }

teacher server {
  model       = openai("m", base_url: env("ASK_URL"), key: env("ASK_KEY"))
  temperature = 0.7
  samples     = 2
  budget      = 5USD
  price       = per_million(input: 0.15USD, output: 0.6USD)
}

thought cot { answer = text   cue = "Let's think step by step." }

mix cotd { problems = boxes.all   teacher = server   thoughts = cot }

student tiny { base = scratch("t5", width: 16, layers: 1, heads: 2)   steps = 2   batch = 4   evaluations = 1 }

experiment walk {
  students   = [tiny]
  mixes      = [cotd]
  tests      = [tests.test]
  answers    = [cot]
  max_tokens = 4
}
"""


@pytest.mark.slow
def test_a_whole_walk_leaves_no_secret_anywhere(tmp_path: Path) -> None:
    """From the spec to MLflow, with refused keys, a failing server and a refused request on the way."""
    walk = Walk(tmp_path / "walk", SPEC)
    data = walk.root / "data"
    data.mkdir()
    # Sample 0 is asked for with seed 1, sample 1 with 2: half of what `steady` writes is right.
    boxes: list[dict[str, Any]] = [
        {"id": f"p{n}", "question": f"How many pens are in box {n}?", "answer": str(1 + n % 2)} for n in range(30)
    ]
    (data / "boxes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in boxes), encoding="utf-8")
    echo = Echo()
    printed: list[str] = []
    elsewhere = tmp_path / "home"
    with served(Face(echo)) as server:
        walk.environment |= VARIABLES | {
            "ASK_URL": addressed(server.url),
            "HOME": str(elsewhere),
            "XDG_CACHE_HOME": str(elsewhere / "cache"),
            "DVC_SITE_CACHE_DIR": str(elsewhere / "site"),
            "TMPDIR": str(elsewhere / "tmp"),
        }
        (elsewhere / "tmp").mkdir(parents=True)
        printed += [walk.run("mtd", "check", "specs/walk.mtd"), walk.run("mtd", "compile", "specs/walk.mtd")]
        printed += [walk.run("mtd", "plan", "specs/walk.mtd"), walk.run("mtd", "plan", "specs/walk.mtd", "--json")]
        for way in ("401", "500"):
            echo.way = way
            printed.append(walk.run("dvc", "repro", fails=True))
        echo.way = "whole"
        printed.append(walk.run("dvc", "repro", "-v"))
        export = walk.root / "exported.jsonl"
        printed.append(walk.run("mtd", "store", "export", str(export)))
        printed += [walk.run("mtd", "store", "list"), walk.run("mtd", "store", "list", "--json")]
        printed += [walk.run("mtd", "store", "verify"), walk.run("dvc", "metrics", "show")]
    completions = walk.root / "artifacts" / "completions" / "server-boxes-all-cot.jsonl"
    assert completions.read_text(encoding="utf-8").count("this one is refused") == 2
    assert export.stat().st_size > 0
    assert (walk.root / "mlflow.db").exists()
    places = left_behind(walk.root, elsewhere)
    assert len(places) > 100
    assert found(places | {f"output {number}": text.encode() for number, text in enumerate(printed)}) == []

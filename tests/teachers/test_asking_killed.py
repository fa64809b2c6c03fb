"""Asking is killed (SIGKILL, the whole process group) at random moments: what was answered is not asked again.

What reaches a process in the very moment of its death is known to nobody, so two things are measured.
Kills in a silence: the server holds its answers back until as many requests wait as the asker sends at
once. Whatever was delivered before has then been taken in, for each asker's worker has sent its next
request since; none of it may be asked again. Kills in full run: what is asked again, together with what the
server had not answered yet, is no more than what can be under way at once.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from distill_dsl.contract import files
from tests.teachers.served.asking import CELL, Project, kill, project
from tests.teachers.served.face import Answer, Face, Reply, Request, served
from tests.teachers.served.ledger import Exchange, Ledger
from tests.teachers.served.scribes import scribe

SAMPLES: Final = 2
AT_ONCE: Final = 8
VARIABLES: Final = {"MTD_REQUESTS": str(AT_ONCE)}
SHARP: Final = 0.05
"""Seconds: for print. On busy cores a process may read later than this what it was sent."""


@dataclass
class Gate:
    """A server that can hold back its answers."""

    inner: Answer
    open: bool = True

    async def __call__(self, request: Request) -> Reply:
        reply = await self.inner(request)
        while not self.open:
            await asyncio.sleep(0.01)
        return reply


@dataclass(frozen=True)
class Life:
    """One run of the asker that was killed."""

    begin: float
    kill: float
    over: float
    """When the server had done with all that it had sent."""
    silence: bool

    def lost(self, ledger: Ledger) -> list[Exchange]:
        """What was delivered in this life, and asked for again in a later one."""
        later = {key for one in ledger.exchanges if one.begin > self.over for key in one.keys}
        return [one for one in self._sent(ledger) if one.whole and not self._open(one) and later & set(one.keys)]

    def under_way(self, ledger: Ledger) -> list[Exchange]:
        """What the server had not answered when the kill came."""
        return [one for one in self._sent(ledger) if self._open(one)]

    def _sent(self, ledger: Ledger) -> list[Exchange]:
        return [one for one in ledger.exchanges if self.begin < one.begin <= self.over]

    def _open(self, exchange: Exchange) -> bool:
        return exchange.end is None or exchange.end > self.kill


def by_prompt(low: float, high: float) -> Callable[[dict[str, Any]], float]:
    """How long an answer takes: by the prompt, so that all runs meet the same server."""
    return lambda asked: random.Random(json.dumps(asked["messages"])).uniform(low, high)


def killed(asked: Project, face: Face, gate: Gate, count: int, seed: int) -> list[Life]:
    """Begin `count` times and kill each time: a few before the first request, half in a silence, half in full run."""
    draw = random.Random(seed)
    lives = []
    for number in range(count):
        begin, requests = time.monotonic(), face.ledger.requests
        process = asked.begin(face.url, **VARIABLES)
        silence = number % 2 == 0
        if number % 10 == 9:
            time.sleep(draw.uniform(0.0, 0.5))
        else:
            _until(partial(_more, face.ledger, requests), process)
            time.sleep(draw.uniform(0.0, 0.3))
            if silence:
                gate.open = False
                _until(partial(_full, face.ledger), process)
                time.sleep(draw.uniform(0.0, 0.1))
        assert process.poll() is None, "there was nothing left to kill: give the test more problems"
        moment = time.monotonic()
        kill(process)
        gate.open = True
        _until(partial(_idle, face.ledger), None)
        lives.append(Life(begin, moment, time.monotonic(), silence))
    return lives


def _more(ledger: Ledger, requests: int) -> bool:
    return ledger.requests > requests


def _full(ledger: Ledger) -> bool:
    return ledger.at_once == AT_ONCE


def _idle(ledger: Ledger) -> bool:
    return ledger.at_once == 0


def _until(true: Callable[[], bool], process: subprocess.Popen[bytes] | None) -> None:
    end = time.monotonic() + 60
    while not true():
        assert process is None or process.poll() is None, "it ended of itself"
        assert time.monotonic() < end, "nothing happens"
        time.sleep(0.002)


def told(lives: list[Life], ledger: Ledger, undisturbed: int) -> str:
    """The figures, for people."""
    lost = [(life, life.lost(ledger)) for life in lives]
    ages = [life.kill - one.end for life, found in lost for one in found if one.end is not None]
    early = sum(not any(life.begin < one.begin <= life.over for one in ledger.exchanges) for life in lives)
    quiet = [len(found) for life, found in lost if life.silence]
    return (
        f"\n{len(lives)} kills, {early} of them before the first request;"
        f" {ledger.requests} requests in all, {undisturbed} undisturbed"
        f"\n  answered and asked again, over {len(quiet)} kills in a silence: {sum(quiet)}"
        f"\n  answered and asked again, over {len(lives) - len(quiet)} kills in full run: {len(ages) - sum(quiet)},"
        f" {sum(age > SHARP for age in ages)} of them sent more than {SHARP * 1000:.0f} ms before the kill"
        f" (at most {max(ages, default=0.0) * 1000:.0f} ms)"
    )


@pytest.mark.parametrize(("kills", "problems"), [(4, 150), pytest.param(20, 600, marks=pytest.mark.slow)])
def test_kills_at_random_moments_lose_nothing(
    kills: int, problems: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calm = project(tmp_path / "calm", problems, SAMPLES)
    with served(Face(scribe())) as server:
        calm.ask(server.url)
        undisturbed = server.ledger.requests

    asked = project(tmp_path / "killed", problems, SAMPLES)
    gate = Gate(scribe(seconds=by_prompt(0.03, 0.15)))
    with served(Face(gate)) as server:
        lives = killed(asked, server, gate, kills, seed=kills)
        asked.ask(server.url, **VARIABLES)
        ledger = server.ledger
    with capsys.disabled():
        print(told(lives, ledger, undisturbed))

    for path in (files.completions_file(CELL), files.asked_file(CELL)):
        assert (asked.root / path).read_bytes() == (calm.root / path).read_bytes(), path
    assert len(ledger.delivered) == problems * SAMPLES
    for life in lives:
        lost = life.lost(ledger)
        assert len(lost) + len(life.under_way(ledger)) <= AT_ONCE
        assert not (life.silence and lost)
    excused = {key for life in lives for one in (*life.lost(ledger), *life.under_way(ledger)) for key in one.keys}
    assert {again.key for again in ledger.again} <= excused, "where nothing was killed, nothing is asked again"
    assert asked.run("store", "verify")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_stop_waits_for_what_is_under_way(sent: signal.Signals, tmp_path: Path) -> None:
    asked = project(tmp_path / "asked", 60, SAMPLES)
    with served(Face(scribe(seconds=0.3))) as server:
        process = asked.begin(server.url, **VARIABLES)
        _until(lambda: server.ledger.completions >= 2 * AT_ONCE, process)
        process.send_signal(sent)
        assert process.wait(60) != 0
        assert 2 * AT_ONCE <= server.ledger.completions < 60 * SAMPLES, "nothing new is asked"
        assert not asked.completions.exists()
        asked.ask(server.url, **VARIABLES)
        assert server.ledger.again == []
        assert server.ledger.requests == 60

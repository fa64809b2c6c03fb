"""Asking is killed (SIGKILL, the whole process group) at random moments: what was answered is not asked again."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from tests.teachers.served.asking import Project, kill, project
from tests.teachers.served.face import Answer, Face, Reply, Request, served
from tests.teachers.served.ledger import Again, Ledger
from tests.teachers.served.scribes import scribe

SAMPLES: Final = 2
AT_ONCE: Final = 8
VARIABLES: Final = {"MTD_REQUESTS": str(AT_ONCE)}
SHARP: Final = 0.05
"""Seconds. A completion was *delivered* before a kill if its last byte was sent so long before: what reaches a
process in the very moment of its death is known to nobody."""
BUSY: Final = 0.4
"""Seconds that a process may be late on a machine whose cores have other work: this the test forgives."""
QUIET: Final = 0.5
"""Seconds of silence, after which nothing is forgiven."""


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


@dataclass
class Kills:
    """When the asking was killed, and what had to be asked again because of it."""

    moments: list[float] = field(default_factory=list)
    early: int = 0
    """Kills before the first request of that life."""

    def ages(self, ledger: Ledger) -> list[float]:
        """For each completion that was asked again: seconds from its delivery to the kill (negative: it came later)."""
        return [self._age(again) for again in ledger.again]

    def _age(self, again: Again) -> float:
        before = [moment for moment in self.moments if moment <= again.asked]
        assert before, "asked again though nothing was killed"
        return before[-1] - (again.asked - again.age)


def of_box(low: float, high: float) -> Callable[[dict[str, Any]], float]:
    """How long a prompt takes: by the prompt, so that all runs meet the same server."""
    return lambda asked: random.Random(json.dumps(asked["messages"])).uniform(low, high)


def killed(asked: Project, face: Face, gate: Gate, count: int, seed: int) -> Kills:
    """Begin `count` times and kill each time: some before the first request, some in a silence, most in full run."""
    draw = random.Random(seed)
    kills = Kills()
    for number in range(count):
        requests = face.ledger.requests
        process = asked.begin(face.url, **VARIABLES)
        if number % 5 == 4:
            time.sleep(draw.uniform(0.0, 0.8))
        else:
            _until(partial(_more, face.ledger, requests), process)
            time.sleep(draw.uniform(0.0, 0.3))
            if number % 5 == 2:
                gate.open = False
                time.sleep(QUIET)
        assert process.poll() is None, "there was nothing left to kill: give the test more problems"
        kills.early += face.ledger.requests == requests
        kill(process)
        kills.moments.append(time.monotonic())
        gate.open = True
        _until(lambda: face.ledger.at_once == 0, None)
    return kills


def _more(ledger: Ledger, requests: int) -> bool:
    return ledger.requests > requests


def _until(true: Callable[[], bool], process: subprocess.Popen[bytes] | None) -> None:
    end = time.monotonic() + 60
    while not true():
        assert process is None or process.poll() is None, "it ended of itself"
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.mark.parametrize(("kills", "problems"), [(5, 150), pytest.param(20, 600, marks=pytest.mark.slow)])
def test_kills_at_random_moments_lose_nothing(
    kills: int, problems: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calm = project(tmp_path / "calm", problems, SAMPLES)
    with served(Face(scribe(seconds=0.0))) as server:
        calm.ask(server.url)
        undisturbed = server.ledger.requests

    asked = project(tmp_path / "killed", problems, SAMPLES)
    gate = Gate(scribe(seconds=of_box(0.03, 0.15)))
    with served(Face(gate)) as server:
        done = killed(asked, server, gate, kills, seed=kills)
        asked.ask(server.url, **VARIABLES)
        ages = done.ages(server.ledger)
        requests, ledger = server.ledger.requests, server.ledger

    sharp = [age for age in ages if age > SHARP]
    with capsys.disabled():
        print(
            f"\n{kills} kills ({done.early} before the first request), {problems} problems x {SAMPLES} samples:"
            f" {requests} requests (undisturbed {undisturbed})"
            f"\n  asked again though their last byte had been sent: {len(ages)}"
            f"\n  of these more than {SHARP * 1000:.0f} ms before the kill: {len(sharp)}"
            f"\n  the longest time before the kill: {max(ages, default=0.0) * 1000:.1f} ms"
        )
    assert asked.completions.read_bytes() == calm.completions.read_bytes()
    assert len(ledger.delivered) == problems * SAMPLES
    assert max(ages, default=0.0) < BUSY
    # A kill can cost no more than what was under way.
    assert requests - undisturbed <= kills * AT_ONCE


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_stop_waits_for_what_is_under_way(sent: signal.Signals, tmp_path: Path) -> None:
    asked = project(tmp_path / "asked", 60, SAMPLES)
    with served(Face(scribe(seconds=0.3))) as server:
        process = asked.begin(server.url, **VARIABLES)
        _until(lambda: server.ledger.completions >= 2 * AT_ONCE, process)
        process.send_signal(sent)
        assert process.wait(30) != 0
        under_way = server.ledger.completions
        assert 2 * AT_ONCE <= under_way < 60 * SAMPLES, "nothing new is asked"
        assert not asked.completions.exists()
        asked.ask(server.url, **VARIABLES)
        assert server.ledger.again == []
        assert server.ledger.requests == 60

"""How near asking comes to what the server allows, and that its memory does not grow with what it asks.

The bounds here hold on a busy machine; `python -m benchmarks.asking` measures.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Final

from tests.teachers.served.asking import Project, kill, project
from tests.teachers.served.face import Face, served
from tests.teachers.served.scribes import scribe

AT_ONCE: Final = 64
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
MB: Final = 1_000_000


def ratio(asked: Project, requests: int, seconds: float) -> tuple[float, int]:
    """Time by the server's limit over time taken, first request to last answer; and the most requests at once."""
    with served(Face(scribe(seconds=seconds))) as server:
        asked.ask(server.url, MTD_REQUESTS=str(AT_ONCE))
        ledger = server.ledger
    assert ledger.requests == requests
    return -(-requests // AT_ONCE) * seconds / ledger.seconds, ledger.most_at_once


def test_requests_wait_for_the_server_and_not_for_us(tmp_path: Path) -> None:
    asked = project(tmp_path / "project", 2 * AT_ONCE, 1)
    reached, at_once = ratio(asked, 2 * AT_ONCE, seconds=2.5)
    assert at_once == AT_ONCE
    # Half as many at once would reach a half.
    assert reached > 0.55, f"{reached:.0%} of what the server allows"


def grown(asked: Project, letters: int, due: int, variables: dict[str, str]) -> tuple[int, int]:
    """Bytes of resident memory when a quarter is answered, and the most from then on."""

    def write(request: dict[str, Any], seed: int) -> str:
        return f"{request['messages'][-1]['content'][-40:]} {seed} ".ljust(letters, "x")

    with served(Face(scribe(write))) as server:
        process = asked.begin(server.url, **variables)
        try:
            quarter = most = 0
            while process.poll() is None:
                if server.ledger.completions >= due // 4:
                    now = resident(process.pid)
                    quarter, most = quarter or now, max(most, now)
                time.sleep(0.02)
        finally:
            if process.poll() is None:
                kill(process)
        assert process.returncode == 0
        assert server.ledger.completions == due
    return quarter, most


def resident(process: int) -> int:
    """Bytes; 0 of a process that has ended."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def test_memory_does_not_grow_with_what_is_asked(tmp_path: Path) -> None:
    samples, problems, letters = 8, 1200, 6000
    asked = project(tmp_path / "project", problems, samples, max_tokens=4000)
    quarter, most = grown(asked, letters, problems * samples, {"MTD_REQUESTS": "16"})
    texts = samples * problems * letters * 3 // 4
    assert quarter > 10 * MB, "it was measured"
    assert most - quarter < texts // 3, f"{(most - quarter) / MB:.0f} MB more, of {texts / MB:.0f} MB of texts"

"""How near asking comes to what a server allows, and what it takes: time, processor, memory.

    python -m benchmarks.asking [--at-once 64] [--seconds 1.0] [--rounds 20] [--samples 4] [--completions 100000]

The server sleeps for `--seconds` and answers; `mtd stage ask` is a process of its own, and its time counts
from its first request to the last answer. The ideal is so many rounds of `--at-once` requests, one after
the other. Then so many completions are asked for of a server that does not sleep, and the asker's resident
memory is told at each tenth: with it, by their bytes, the texts that have come so far.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from tests.teachers.served.asking import Project, project
from tests.teachers.served.face import Face, served
from tests.teachers.served.ledger import Ledger
from tests.teachers.served.scribes import scribe

MB: Final = 1_000_000
TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")
LETTERS: Final = 400
"""Of one completion: a thought of a hundred tokens."""


def asked_of(asked: Project, url: str, at_once: int, look: Any) -> tuple[float, float]:
    """Ask for everything, `look` at the process now and then; wall and processor seconds of the process."""
    start = time.perf_counter()
    process = asked.begin(url, MTD_REQUESTS=str(at_once))
    used = 0.0
    while process.poll() is None:
        used = max(used, processor(process))
        look(process)
        time.sleep(0.02)
    assert process.returncode == 0, "asking failed"
    return time.perf_counter() - start, used


def processor(process: subprocess.Popen[bytes]) -> float:
    """Seconds of all its threads so far; 0 of one that has ended."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS if len(fields) > 12 else 0.0


def resident(process: subprocess.Popen[bytes]) -> int:
    """Bytes; 0 of a process that has ended."""
    try:
        fields = Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(fields[1]) * PAGE


def throughput(folder: Path, at_once: int, seconds: float, rounds: int, samples: int) -> list[str]:
    """One row: what was reached."""
    asked = project(folder, at_once * rounds, samples)
    with served(Face(scribe(seconds=seconds))) as server:
        wall, used = asked_of(asked, server.url, at_once, lambda process: None)
        ledger = server.ledger
    assert ledger.requests == at_once * rounds, "each prompt takes one request"
    ideal = rounds * seconds
    return [
        str(at_once),
        f"{seconds:g}",
        str(ledger.requests),
        str(ledger.most_at_once),
        f"{ideal:.2f}",
        f"{ledger.seconds:.2f}",
        f"{ideal / ledger.seconds:.1%}",
        f"{wall:.2f}",
        f"{used:.2f}",
        f"{1000 * used / ledger.requests:.2f}",
    ]


def memory(folder: Path, at_once: int, completions: int, samples: int) -> tuple[list[list[str]], list[str]]:
    """A row for each tenth; and of the whole: seconds, completions a second, processor seconds."""
    asked = project(folder, completions // samples, samples, max_tokens=4000)
    seen: dict[int, tuple[int, float]] = {}
    most = 0

    def write(request: dict[str, Any], seed: int) -> str:
        return f"{request['messages'][-1]['content'][-40:]} {seed} ".ljust(LETTERS, "x")

    with served(Face(scribe(write))) as server:

        def look(process: subprocess.Popen[bytes]) -> None:
            nonlocal most
            now = resident(process)
            most = max(most, now)
            tenth = tenths(server.ledger, completions)
            if tenth:
                seen.setdefault(tenth, (now, processor(process)))

        wall, used = asked_of(asked, server.url, at_once, look)
        assert server.ledger.completions == completions
    rows = [
        [
            f"{tenth * 10} %",
            f"{tenth * completions // 10:,}",
            f"{now / MB:.1f}",
            f"{tenth * completions * LETTERS / 10 / MB:.1f}",
        ]
        for tenth, (now, _) in sorted(seen.items())
    ]
    rows.append(["most, to the end", f"{completions:,}", f"{most / MB:.1f}", f"{completions * LETTERS / MB:.1f}"])
    return rows, [
        f"{wall:.1f}",
        f"{completions / wall:.0f}",
        f"{used:.1f}",
        f"{asked.completions.stat().st_size / MB:.1f}",
    ]


def tenths(ledger: Ledger, completions: int) -> int:
    return 10 * ledger.completions // completions


def shown(title: str, heads: list[str], rows: list[list[str]]) -> None:
    table = Table(title=title)
    for head in heads:
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(*row)
    Console(width=130).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--completions", type=int, default=100_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if args.rounds:
            row = throughput(folder / "pace", args.at_once, args.seconds, args.rounds, args.samples)
            heads = ["at once", "server s", "requests", "most at once", "ideal s", "taken s", "reached"]
            shown("Pace", [*heads, "whole process s", "processor s", "ms a request"], [row])
        if args.completions:
            rows, whole = memory(folder / "memory", args.at_once, args.completions, args.samples)
            shown("Memory", ["answered", "completions", "resident MB", "their texts MB"], rows)
            shown("In all", ["s", "completions/s", "processor s", "file MB"], [whole])


if __name__ == "__main__":
    main()

"""Whether recorded programs come to the same verdict here as in a plain fresh interpreter each.

    python -m benchmarks.fidelity [--data ../shared/data] [--sample N] [--seed 0]

Every different program of `recorded/*pot*.jsonl.gz` below the data folder is run both ways and the
verdicts are compared: answers as text, failures by name. Prints every difference with its reason, and fails
when one has none. About 50 programs a second go through the plain interpreters on two cores.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from distill_dsl.runtime.thoughts import programs as ours
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.extract import program
from distill_dsl.runtime.thoughts.programs import run_programs

ROOT: Final = Path(__file__).parent.parent
TIMEOUT: Final = 5.0
PLAIN_TIMEOUT: Final = 20.0
"""Of wall time, on a machine that may be busy."""
MEMORY: Final = 512 << 20
FAILURE: Final = re.compile(r"no-answer|timeout|memory|output|denied|error:[a-z-]+")
REASONS: Final = {
    "clock": ("now(", "today(", "time.time", "perf_counter"),
    "randomness": ("random", "uuid", "secrets"),
    "files": ("open(", "Path(", "read_csv"),
    "input": ("input(",),
    "network": ("requests", "urllib", "socket"),
    "threads and processes": ("threading", "multiprocessing", "subprocess", "os.system"),
}
"""What a program mentions that is known to run in another way here, and why then verdicts may differ."""


@dataclass(frozen=True)
class Pair:
    """A program's two verdicts."""

    source: str
    text: str
    here: str
    plain: str

    @property
    def reason(self) -> str | None:
        if "timeout" in (self.here, self.plain):
            return "time"
        return next((name for name, marks in REASONS.items() if any(mark in self.text for mark in marks)), None)


def recorded(data: Path) -> dict[str, str]:
    """The different programs of all recordings -> the file and line of each one's first completion."""
    found: dict[str, str] = {}
    for path in sorted((data / "recorded").glob("*pot*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                found.setdefault(program(json.loads(line)["text"]), f"{path.name}:{number}")
    return found


def compared(sources: dict[str, str]) -> list[Pair]:
    """Run programs both ways."""
    texts = list(sources)
    executions = run_programs(texts, timeout=TIMEOUT, memory=MEMORY)
    pairs = zip(texts, executions, plainly(texts), strict=True)
    return [Pair(sources[text], text, verdict(execution), plain) for text, execution, plain in pairs]


def different(pairs: Sequence[Pair]) -> list[Pair]:
    """Those whose verdicts are not the same."""
    return [pair for pair in pairs if pair.here != pair.plain]


def verdict(execution: Execution) -> str:
    """An execution in one word."""
    return execution.answer or str(execution.failure)


def plainly(texts: Sequence[str]) -> Iterator[str]:
    """The verdict of each program from an ordinary interpreter of its own."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        yield from threads.map(_plainly, texts)


def _plainly(text: str) -> str:
    if not text.strip():
        return "no-answer"
    command = [sys.executable, "-I", str(ROOT / "benchmarks" / "plain.py"), str(Path(ours.__file__).parent), text]
    with tempfile.TemporaryDirectory(prefix="plain-") as folder:
        try:
            run = subprocess.run(
                command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=PLAIN_TIMEOUT, check=True
            )
        except subprocess.TimeoutExpired:
            return "timeout"
    return verdict(ours.stated(json.loads(run.stdout), text))  # how said text is read, not how it comes to be


def shown(found: Sequence[Pair]) -> Table:
    """The differences."""
    result = Table("recording", "here", "plain", "reason", "program ends")
    for one in found:
        end = one.text.strip().rpartition("\n")[2]
        result.add_row(one.source, one.here[:40], one.plain[:40], one.reason or "[bold red]unexplained", end[:60])
    return result


def main() -> None:
    """Compare, print, and exit with 1 for a difference without a reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = Path(os.environ.get("DISTILL_SHARED", ROOT.parent / "shared"))
    parser.add_argument("--data", type=Path, default=shared / "data", help=f"default {shared / 'data'}")
    parser.add_argument("--sample", type=int, help="so many programs, drawn at random (default all)")
    parser.add_argument("--seed", type=int, default=0, help="of the draw (default 0)")
    options = parser.parse_args()
    sources = recorded(options.data)
    if not sources:
        sys.exit(f"no recorded programs in {options.data / 'recorded'}")
    if options.sample is not None:
        sources = dict(random.Random(options.seed).sample(list(sources.items()), options.sample))
    pairs = compared(sources)
    found = different(pairs)
    console = Console(width=160)
    if found:
        console.print(shown(found))
    counts = Counter(one.reason or "unexplained" for one in found)
    kinds = Counter("answer" if FAILURE.fullmatch(pair.plain) is None else pair.plain for pair in pairs)
    console.print("plain interpreters:", ", ".join(f"{number} {kind}" for kind, number in kinds.most_common()))
    console.print(f"{len(pairs)} programs, {len(pairs) - len(found)} with the same verdict", dict(counts) or "")
    sys.exit(1 if counts["unexplained"] else 0)


if __name__ == "__main__":
    main()

"""A long run with hostile programs in it: does anything grow, is anything left?

    python -m benchmarks.soak [--programs 100000] [--seed 0] [--every 0.5]
    python -m benchmarks.soak --kill [--rounds 5] [--seed 0]

The first streams generated programs through the executor, one in twenty of them hostile (`hostile`), and
looks twice a second at memory, descriptors, processes and temporary files: of this process and of
all below it. Prints medians of the run's first, second and last third; fails when the last is above
the first by more than noise, when an honest program gets another answer than its own, or when anything
is left afterwards.

The second starts a Python that does the same, kills it with SIGKILL in the middle, and looks for what
is still there five seconds later. This process adopts every orphan, so nothing can hide.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from fractions import Fraction
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks import hostile
from benchmarks.processes import Sample, adopt_orphans, files_in_shared_folders, remaining, sample
from benchmarks.programs_of_models import mix
from distill_dsl.runtime.thoughts.execution import Execution
from distill_dsl.runtime.thoughts.programs import executions

ROOT: Final = Path(__file__).parent.parent
DEADLINE: Final = 0.25
MEMORY: Final = 64 << 20
BLOCK: Final = 200
"""Programs generated at a time: nothing of the whole run is held in memory."""
HOSTILE: Final = BLOCK // 20
SYMPY: Final = 0.02
WARM_UP: Final = ("import sympy\nans = sympy.Integer(1)", "import numpy\nans = numpy.int64(2)")
"""Workers of every kind are there before the first look, so that none is taken for growth."""
STEADY: Final = BLOCK
"""Verdicts before the first look."""
PATIENCE: Final = 5.0
"""Seconds in which everything must be gone."""
NOISE: Final = {"own_bytes": 8 << 20, "bytes_below": 32 << 20, "processes": 3, "descriptors_below": 24}
"""How far above the first third's the last third's median may lie, beside a tenth of it."""
MEGABYTE: Final = 1 << 20


@dataclass
class Run:
    """What was seen along the way."""

    samples: list[Sample] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: float = 0.0


def stream(count: int, seed: int) -> Iterator[tuple[str, Fraction | None, str]]:
    """Programs with what they must answer, and what they are: `honest` or a kind of `hostile`."""
    for start in range(0, count, BLOCK):
        rng = random.Random(f"soak:{seed}:{start}")
        honest = mix(BLOCK - HOSTILE, {"sympy": SYMPY}, seed * 1_000_003 + start)
        block: list[tuple[str, Fraction | None, str]] = [(one.text, one.answer, "honest") for one in honest]
        for number in range(HOSTILE):
            what, text = hostile.program(rng, start + number)
            block.append((text, None, what))
        rng.shuffle(block)
        yield from block[: count - start]


def soak(count: int, seed: int, every: float, folder: Path) -> Run:
    """Execute them all, looking about every so many seconds."""
    run, waiting, steady = Run(), deque[tuple[Fraction | None, str]](), threading.Event()
    start = time.monotonic()

    def texts() -> Iterator[str]:
        waiting.extend((Fraction(number), "honest") for number in range(1, len(WARM_UP) + 1))
        yield from WARM_UP
        for text, answer, what in stream(count, seed):
            waiting.append((answer, what))
            yield text

    with looking(steady, every, folder, run.samples):
        for number, execution in enumerate(executions(texts(), timeout=DEADLINE, memory=MEMORY)):
            judge(run, execution, *waiting.popleft())
            if number == STEADY:
                steady.set()
    run.seconds = time.monotonic() - start
    return run


@contextmanager
def looking(steady: threading.Event, every: float, folder: Path, samples: list[Sample]) -> Iterator[None]:
    """Take samples in the background, from `steady` on; verdicts come in bursts, and looks should not."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(every):
            if steady.is_set():
                samples.append(sample(folder))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def judge(run: Run, execution: Execution, answer: Fraction | None, what: str) -> None:
    """Note a verdict; that of an honest program must be its answer."""
    run.verdicts[what, "answer" if execution.answer is not None else str(execution.failure)] += 1
    if answer is not None and (execution.answer is None or not near(execution.answer, answer)):
        run.wrong.append(f"{execution.answer or execution.failure} ({execution.detail}) for {answer}: {execution.text}")


def near(said: str, answer: Fraction) -> bool:
    """Programs compute with floats."""
    return abs(Fraction(said) - answer) <= Fraction(1, 10**6) * max(Fraction(1), abs(answer))


def thirds(samples: Sequence[Sample]) -> dict[str, list[float]]:
    """The median of each quantity in each third of the run."""
    size = len(samples) // 3
    parts = [samples[:size], samples[size : 2 * size], samples[-size:]]
    names = [one.name for one in fields(Sample)]
    return {name: [statistics.median(getattr(one, name) for one in part) for part in parts] for name in names}


def growth(quantities: dict[str, list[float]]) -> list[str]:
    """What rose by more than noise."""
    return [
        f"{name} grew from {first:,.0f} to {last:,.0f}"
        for name, (first, _, last) in quantities.items()
        if last > first * 1.1 + NOISE.get(name, 0)
    ]


def shown(quantities: dict[str, list[float]]) -> Table:
    """Begin, middle, end."""
    table = Table("median", "first third", "second", "last")
    for name, values in quantities.items():
        unit = MEGABYTE if "bytes" in name else 1
        label = name.replace("_", " ").replace("bytes", "MB resident")
        table.add_row(label, *(f"{value / unit:,.1f}" for value in values))
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def long_run(count: int, seed: int, every: float, console: Console) -> list[str]:
    """The whole of the first mode: what is wrong."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        tempfile.tempdir = os.environ["TMPDIR"] = folder  # whatever makes a temporary file makes it here
        before, shared = sample(Path(folder)), files_in_shared_folders()
        run = soak(count, seed, every, Path(folder))
        left = remaining(PATIENCE)
        after = sample(Path(folder))
        new = [name for name in files_in_shared_folders() - shared if hostile.MARK in name or "/dev/shm" in name]
        tempfile.tempdir = None
    if len(run.samples) < 9:
        sys.exit(f"only {len(run.samples)} samples: more programs, or look more often (--every)")
    quantities = thirds(run.samples)
    console.print(f"{count} programs in {run.seconds:.1f} s, {count / run.seconds:,.0f}/s; {len(run.samples)} samples")
    console.print(shown(quantities), verdicts(run))
    problems = growth(quantities) + [f"another answer: {text}" for text in run.wrong]
    problems += [f"process {pid} is left" for pid in left] + [f"{name} is left" for name in new]
    if after.files:
        problems.append(f"{after.files} temporary files are left")
    if after.own_descriptors > before.own_descriptors:
        problems.append(f"{before.own_descriptors} descriptors before, {after.own_descriptors} after")
    return problems


def verdicts(run: Run) -> Table:
    """What came of which programs."""
    table = Table("programs", "verdicts")
    for what in sorted({what for what, _ in run.verdicts}):
        counts = [(verdict, n) for (other, verdict), n in run.verdicts.most_common() if other == what]
        table.add_row(what, ", ".join(f"{n} {verdict}" for verdict, n in counts))
    return table


def killed(moment: float, seed: int) -> tuple[str, list[str]]:
    """Start a run, kill it so many seconds after its first verdict (before it, if negative): what is left."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        shared = files_in_shared_folders()
        command = [sys.executable, "-m", "benchmarks.soak", "--victim", "--seed", str(seed)]
        environment = os.environ | {"TMPDIR": folder}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, start_new_session=True)
        assert process.stdout is not None
        with process.stdout:
            process.stdout.readline()
            if moment >= 0:
                process.stdout.readline()
            time.sleep(abs(moment))
            below = sample(Path(folder)).processes - 1
            process.send_signal(signal.SIGKILL)
            process.wait()
        start = time.monotonic()
        problems = [f"process {pid} is left" for pid in remaining(PATIENCE)]
        gone = time.monotonic() - start
        problems += [f"{path} is left" for path in Path(folder).rglob("*")]
        new = files_in_shared_folders() - shared
        problems += [f"{name} is left" for name in new if hostile.MARK in name or "/dev/shm" in name]
    bury()
    return f"killed with {below} processes below it, all gone {gone:.2f} s later", problems


def bury() -> None:
    """Take the exit statuses of adopted orphans."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


def victim(seed: int) -> None:
    """Execute programs until killed; a line when it begins, another at the first verdict."""
    print("begins", flush=True)
    for number, _ in enumerate(executions((text for text, _, _ in stream(10**7, seed)), timeout=60.0, memory=MEMORY)):
        if number == 0:
            print("first verdict", flush=True)


def kills(rounds: int, seed: int, console: Console) -> list[str]:
    """The whole of the second mode: what is wrong."""
    adopt_orphans()
    rng = random.Random(f"kill:{seed}")
    problems = []
    for turn in range(rounds):
        moment = round(rng.uniform(-0.5, 0) if turn % 3 == 2 else rng.uniform(0, 2), 2)
        said, wrong = killed(moment, seed + turn)
        console.print(f"{abs(moment)} s {'into its start' if moment < 0 else 'after the first verdict'}: {said}")
        problems += wrong
    return problems


def main() -> None:
    """Run, print, and exit with 1 when anything grew or is left."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=100_000, help="how many (default 100,000)")
    parser.add_argument("--seed", type=int, default=0, help="of the programs (default 0)")
    parser.add_argument("--every", type=float, default=0.5, help="seconds between two looks (default 0.5)")
    parser.add_argument("--kill", action="store_true", help="kill a run in the middle instead")
    parser.add_argument("--rounds", type=int, default=5, help="how many kills (default 5)")
    parser.add_argument("--victim", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.victim:
        return victim(options.seed)
    console = Console(width=120)
    if options.kill:
        problems = kills(options.rounds, options.seed, console)
    else:
        adopt_orphans()
        problems = long_run(options.programs, options.seed, options.every, console)
    for problem in problems[:40]:
        console.print(f"[bold red]{problem}", soft_wrap=True)
    console.print("nothing grew and nothing is left" if not problems else f"{len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

"""Worker processes: jobs out, replies back in order, each under a deadline that a kill enforces.

Nothing that happens in a worker loses the results of other jobs: a worker that dies or overruns
takes only its own job with it, and a fresh one takes its place.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import distill_dsl
from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.thoughts.frames import pack, unpack, write_all

Job = Mapping[str, Any]
Reply = dict[str, Any]

START_SECONDS: Final = 120.0
"""How long a worker may take to import what it needs: sympy on a cold, busy disk."""
MAX_STARTS: Final = 3
"""Workers that die before they are ready, in a row, before the fault is ours and not a job's."""
_ENVIRONMENT: Final = {
    "PYTHONHASHSEED": "0",  # set order is part of a program's behaviour
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    buffer: bytearray = field(default_factory=bytearray)
    job: int | None = None
    ready: bool = False
    deadline: float = 0.0

    @property
    def output(self) -> int:
        assert self.process.stdout is not None
        return self.process.stdout.fileno()


def run_jobs(
    module: str,
    arguments: Sequence[str],
    jobs: Sequence[Job],
    *,
    deadline: float,
    progress: Callable[[int], None] | None = None,
    workers: int | None = None,
) -> list[Reply]:
    """Replies to `jobs`, in order, from workers that run `<module>.main(<arguments>)`.

    A job without a reply within `deadline` seconds has its worker killed and the reply
    `{"failure": "timeout"}`; one whose worker died, `{"failure": "error:killed"}`. `progress` is
    called with the number of jobs just finished. A worker says that it is ready with an empty message.
    """
    if not jobs:
        return []
    count = min(len(jobs), workers or _cores())
    with tempfile.TemporaryDirectory(prefix="thoughts-") as folder:
        pool = _Pool(module, tuple(arguments), jobs, deadline, progress, Path(folder))
        return pool.run(count)


class _Pool:
    """The state of one `run_jobs`: who works on what until when."""

    def __init__(
        self,
        module: str,
        arguments: tuple[str, ...],
        jobs: Sequence[Job],
        deadline: float,
        progress: Callable[[int], None] | None,
        folder: Path,
    ) -> None:
        self.command = _command(module, arguments)
        self.jobs = jobs
        self.deadline = deadline
        self.progress = progress
        self.errors = folder / "stderr"
        self.empty = folder / "empty"
        self.empty.mkdir()
        self.waiting = deque(range(len(jobs)))
        self.replies: dict[int, Reply] = {}
        self.failed_starts = 0
        self.selector = selectors.DefaultSelector()

    def run(self, count: int) -> list[Reply]:
        with self._cleanup():
            for _ in range(count):
                self._start()
            while len(self.replies) < len(self.jobs):
                self._turn()
        return [self.replies[number] for number in range(len(self.jobs))]

    def _turn(self) -> None:
        """Wait for the next thing to happen: a reply, a death, or a deadline."""
        due = min(worker.deadline for worker in self._workers())
        for key, _ in self.selector.select(max(0.0, due - time.monotonic())):
            self._receive(key.data)
        for worker in list(self._workers()):
            if time.monotonic() >= worker.deadline:
                self._lose(worker, "timeout", f"no reply within {self.deadline:g} s")

    def _workers(self) -> Iterator[_Worker]:
        return (key.data for key in list(self.selector.get_map().values()))

    def _start(self) -> None:
        with self.errors.open("ab") as errors:
            process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self.empty,
                env=_ENVIRONMENT,
                start_new_session=True,  # Ctrl-C reaches us alone, and a kill of the group all of theirs
                bufsize=0,
            )
        worker = _Worker(process, deadline=time.monotonic() + START_SECONDS)
        self.selector.register(worker.output, selectors.EVENT_READ, worker)

    def _receive(self, worker: _Worker) -> None:
        part = os.read(worker.output, 1 << 16)
        if not part:
            return self._lose(worker, "error:killed", "the worker died")
        worker.buffer += part
        message = unpack(bytes(worker.buffer))
        if message is None:
            return None
        worker.buffer.clear()
        if worker.job is not None:
            self._finish(worker.job, message)
        worker.ready, self.failed_starts = True, 0
        return self._hand_out(worker)

    def _hand_out(self, worker: _Worker) -> None:
        if not self.waiting:
            self._stop(worker)
            return
        worker.job = self.waiting.popleft()
        worker.deadline = time.monotonic() + self.deadline
        assert worker.process.stdin is not None
        try:
            write_all(worker.process.stdin.fileno(), pack(dict(self.jobs[worker.job])))
        except BrokenPipeError:  # it died between two jobs; this one has not begun
            self.waiting.appendleft(worker.job)
            worker.job = None
            self._lose(worker, "error:killed", "")

    def _lose(self, worker: _Worker, failure: str, detail: str) -> None:
        """A worker overran or died: settle its job, and put another in its place."""
        self._stop(worker)
        if not worker.ready:
            self.failed_starts += 1
            if self.failed_starts >= MAX_STARTS:
                raise self._cannot_start()
        if worker.job is not None:
            self._finish(worker.job, {"failure": failure, "detail": detail})
        if self.waiting:
            self._start()

    def _cannot_start(self) -> Failure:
        said = self.errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return Failure(
            "the processes that execute thoughts do not start",
            where=said[-1][:300] if said else None,
            help="check the installation, the memory and the limits on processes of this machine",
        )

    def _finish(self, job: int, reply: Reply) -> None:
        self.replies[job] = reply
        if self.progress:
            self.progress(1)

    def _stop(self, worker: _Worker) -> None:
        self.selector.unregister(worker.output)
        _kill(worker.process)

    @contextmanager
    def _cleanup(self) -> Iterator[None]:
        try:
            yield
        finally:
            for worker in list(self._workers()):
                self._stop(worker)
            self.selector.close()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _command(module: str, arguments: tuple[str, ...]) -> list[str]:
    root = str(Path(distill_dsl.__file__).parent.parent)
    start = f"import sys; sys.path.insert(0, {root!r}); from {module} import main; sys.path.pop(0); main(*sys.argv[1:])"
    return [sys.executable, "-s", "-P", "-B", "-c", start, *arguments]


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()
    process.wait()

"""The side that hands out jobs: workers on every core, replies in the order of the jobs.

Nothing that happens in a worker loses another job's reply. Of jobs that shared a child only those
count that said something; what stopped the child is run again alone, and so is what asked for it.
The supervisor keeps deadlines of its own for writing to a worker and for hearing from it, and puts
another in the place of one that dies or hangs.
"""

from __future__ import annotations

import heapq
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import distill_dsl
from distill_dsl.contract.failure import Failure
from distill_dsl.runtime.sandbox import frames
from distill_dsl.runtime.sandbox.frames import MAX_TEXT, MAX_TOGETHER, Cause, Report
from distill_dsl.runtime.sandbox.layers import Layer
from distill_dsl.runtime.sandbox.level import refuse_too_weak

LEAST_WALL: Final = 20.0
START_SECONDS: Final = 120.0
"""How long a worker may take to import what it needs: sympy on a cold, busy disk."""
GRACE_SECONDS: Final = 10.0
"""What a worker may take beyond the times of its jobs before it is taken for hung."""
PACE_SECONDS: Final = 0.5
"""What each of several jobs may take on a busy machine; one that computes for longer is run alone."""
END_SECONDS: Final = 2.0
"""How long a worker may take to notice that nobody waits for it any more."""
MAX_STARTS: Final = 3
"""Workers that die before they are ready, in a row, before the fault is ours and not a job's."""
MAX_LOSSES: Final = 2
"""Processes that a single job may lose, killed by others, before it is given up: by the system short of memory, say."""
WINDOW: Final = 4096
"""Jobs taken from the iterable ahead of the first one without a reply."""
_ENVIRONMENT: Final = {
    "PYTHONHASHSEED": "0",  # set order is part of a program's behaviour
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}


@dataclass(frozen=True)
class Kind:
    """A kind of worker.

    `module` has `alone(text) -> bytes`, and `together(text) -> bytes | None` where texts may share
    a child (`None`: not this one); `preload` names modules that a worker imports before it is locked.
    If the module has `warm_up`, it is called before that too, with the texts in `given`.
    """

    module: str
    preload: tuple[str, ...] = ()
    given: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """A text, the kind of worker that runs it alone, and the one that tries it together with others first."""

    text: str
    alone: Kind
    together: Kind | None = None


@dataclass(frozen=True)
class Limits:
    """What one job may use: seconds of processor time, and bytes above what its worker takes."""

    processor: float
    memory: int

    @property
    def wall(self) -> float:
        """Seconds by the wall clock. Only for what uses no processor time: a busy machine is no fault of a job."""
        return max(LEAST_WALL, 10 * self.processor)


@dataclass(frozen=True)
class Reply:
    """What a job said, or why it said nothing. `status` is a signal's number or an exit status."""

    said: bytes = b""
    cause: Cause = Cause.FINISHED
    status: int = 0


def run(
    jobs: Iterable[Job],
    limits: Limits,
    *,
    workers: int | None = None,
    without: Collection[Layer] = (),
    hostile: bool = True,
    welcome: Callable[[frozenset[Layer]], None] = lambda layers: None,
) -> Iterator[Reply]:
    """A reply for each job, in order, as they come; `jobs` is read as far ahead as `WINDOW`.

    Layers in `without` are left out, for tests of the others. Where the jobs are `hostile` and the
    machine lacks the hard layers, raises `Failure` before the first job is handed out. `welcome` is
    told which layers stand around each worker.
    """
    supervisor = _Supervisor(limits, workers or cores(), frozenset(without), hostile, welcome)
    try:
        yield from supervisor.replies(iter(jobs))
    finally:
        supervisor.close()


def run_each(
    texts: Iterable[str],
    job: Callable[[str], Job],
    limits: Limits,
    *,
    workers: int | None = None,
    without: Collection[Layer] = (),
    hostile: bool = True,
) -> Iterator[tuple[str, Reply]]:
    """As `run`, of the job of each text, with the text beside its reply."""
    waiting: deque[str] = deque()

    def jobs() -> Iterator[Job]:
        for text in texts:
            waiting.append(text)
            yield job(text)

    for reply in run(jobs(), limits, workers=workers, without=without, hostile=hostile):
        yield waiting.popleft(), reply


@dataclass(eq=False)
class _Worker:
    kind: Kind
    process: subprocess.Popen[bytes]
    deadline: float
    ready: bool = False
    jobs: list[int] = field(default_factory=list)
    together: bool = False
    incoming: bytearray = field(default_factory=bytearray)
    outgoing: memoryview = field(default_factory=lambda: memoryview(b""))

    def __post_init__(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.orders = self.process.stdin.fileno()
        self.reports = self.process.stdout.fileno()


_Queue = tuple[Kind, bool]


class _Supervisor:
    """The state of one `run`: who works on what until when."""

    def __init__(
        self,
        limits: Limits,
        cores: int,
        without: frozenset[Layer],
        hostile: bool,
        welcome: Callable[[frozenset[Layer]], None],
    ) -> None:
        self.limits = limits
        self.cores = cores
        self.without = without
        self.hostile = hostile
        self.welcome = welcome
        self.jobs: dict[int, Job] = {}
        self.settled: dict[int, Reply] = {}
        self.queues: dict[_Queue, list[int]] = {}
        self.losses: dict[int, int] = {}
        self.workers: list[_Worker] = []
        self.failed_starts = 0
        self.selector = selectors.DefaultSelector()
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  # without a name: nothing is left of it, whatever ends us

    def replies(self, jobs: Iterator[Job]) -> Iterator[Reply]:
        taken, given, more = 0, 0, True
        while True:
            while more and taken - given < WINDOW:
                job = next(jobs, None)
                more = job is not None
                if job is not None:
                    self._take(taken, job)
                    taken += 1
            if given == taken:
                return
            self._hand_out()
            if given not in self.settled:
                self._turn()
            while given in self.settled:
                yield self.settled.pop(given)
                given += 1

    def _take(self, number: int, job: Job) -> None:
        self.jobs[number] = job
        self._enqueue(number, together=job.together is not None)

    def _enqueue(self, number: int, together: bool) -> None:
        job = self.jobs[number]
        kind = job.together if together else job.alone
        assert kind is not None
        heapq.heappush(self.queues.setdefault((kind, together), []), number)

    def _settle(self, number: int, reply: Reply) -> None:
        del self.jobs[number]
        self.losses.pop(number, None)
        self.settled[number] = reply

    def _hand_out(self) -> None:
        """Give every core something to do, the first jobs first."""
        while waiting := [(queue[0], key) for key, queue in self.queues.items() if queue]:
            busy = [worker for worker in self.workers if worker.jobs or not worker.ready]
            if len(busy) >= self.cores:
                return
            _, (kind, together) = min(waiting, key=lambda item: item[0])
            idle = [worker for worker in self.workers if worker not in busy and worker.kind == kind]
            if idle:
                self._order(idle[0], kind, together)
            else:
                self._start(kind)

    def _order(self, worker: _Worker, kind: Kind, together: bool) -> None:
        queue = self.queues[kind, together]
        share = min(MAX_TOGETHER, -(-len(queue) // self.cores)) if together else 1
        texts: list[bytes] = []
        size = 0
        while queue and len(texts) < share:
            text = _encoded(self.jobs[queue[0]].text)
            if texts and size + len(text) > MAX_TEXT:
                break
            size += len(text)
            texts.append(text)
            worker.jobs.append(heapq.heappop(queue))
        worker.together = together
        limits = self.limits
        worker.deadline = time.monotonic() + GRACE_SECONDS + limits.wall + PACE_SECONDS * len(texts)
        worker.outgoing = memoryview(
            frames.order(texts, together, limits.processor, limits.wall, limits.memory),
        )
        self._send(worker)

    def _send(self, worker: _Worker) -> None:
        """Write what the pipe takes now; the rest when it takes more."""
        try:
            sent = os.write(worker.orders, worker.outgoing)
        except BlockingIOError:
            sent = 0
        except BrokenPipeError:
            worker.outgoing = memoryview(b"")  # it died: the end of its reports tells
            return
        worker.outgoing = worker.outgoing[sent:]
        waits = worker.orders in self.selector.get_map()
        if worker.outgoing and not waits:
            self.selector.register(worker.orders, selectors.EVENT_WRITE, worker)
        elif waits and not worker.outgoing:
            self.selector.unregister(worker.orders)

    def _turn(self) -> None:
        """Wait for the next thing to happen: a report, room in a pipe, a death, or a deadline."""
        occupied = [worker for worker in self.workers if worker.jobs or not worker.ready]
        due = min(worker.deadline for worker in occupied)
        for key, events in self.selector.select(max(0.0, due - time.monotonic())):
            if key.data in self.workers:
                (self._send if events & selectors.EVENT_WRITE else self._receive)(key.data)
        for worker in list(self.workers):
            if (worker.jobs or not worker.ready) and time.monotonic() >= worker.deadline:
                self._lose(worker)

    def _receive(self, worker: _Worker) -> None:
        some = os.read(worker.reports, 1 << 16)
        worker.incoming += some
        try:
            report = frames.read_report(worker.incoming) if some else None
        except ValueError:
            some, report = b"", None
        if not some:
            self._lose(worker)
        elif report is not None:
            body = bytes(worker.incoming[frames.REPORT_SIZE : frames.REPORT_SIZE + report.length])
            worker.incoming.clear()
            (self._finish if worker.ready else self._welcome)(worker, report, body)

    def _welcome(self, worker: _Worker, report: Report, body: bytes) -> None:
        """A worker is ready, and says which layers are in force."""
        layers = frozenset(Layer(name) for name in json.loads(body))
        self.welcome(layers)
        if self.hostile:
            refuse_too_weak(layers)
        worker.ready, self.failed_starts = True, 0

    def _finish(self, worker: _Worker, report: Report, body: bytes) -> None:
        numbers, worker.jobs = worker.jobs, []
        said = {numbers[index]: reply for index, reply in frames.parts(body) if index < len(numbers)}
        if not worker.together:
            (number,) = numbers
            if report.cause is Cause.SIGNAL and report.status == signal.SIGKILL:  # by whom? not by the job
                self._try_again(number)
                return
            cause = report.cause if number not in said or report.cause is Cause.PROCESSOR else Cause.FINISHED
            self._settle(number, Reply(said.get(number, b""), cause, report.status))
            return
        for place, number in enumerate(numbers):
            if number in said:
                self._settle(number, Reply(said[number]))
            else:
                untried = place >= max(report.begun, 1)  # at least one is run alone, or we should turn in circles
                self._enqueue(number, together=report.cause is not Cause.FINISHED and untried)

    def _lose(self, worker: _Worker) -> None:
        """A worker died or hangs: run its jobs again alone, and give up one that outlived several workers."""
        numbers, worker.jobs = worker.jobs, []
        self._stop(worker)
        if not worker.ready:
            self.failed_starts += 1
            if self.failed_starts >= MAX_STARTS:
                raise self._cannot_start()
        for number in numbers:
            if worker.together:
                self._enqueue(number, together=False)
            else:
                self._try_again(number)

    def _try_again(self, number: int) -> None:
        """A job ran alone, and was lost with its process."""
        self.losses[number] = self.losses.get(number, 0) + 1
        if self.losses[number] < MAX_LOSSES:
            self._enqueue(number, together=False)
        else:
            self._settle(number, Reply(cause=Cause.SIGNAL, status=signal.SIGKILL))

    def _start(self, kind: Kind) -> None:
        process = subprocess.Popen(
            _command(kind, self.without),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            cwd="/",
            env=_ENVIRONMENT,
            start_new_session=True,  # Ctrl-C reaches us alone, and a kill of the group all of theirs
            bufsize=0,
        )
        worker = _Worker(kind, process, deadline=time.monotonic() + START_SECONDS)
        os.set_blocking(worker.orders, False)
        self.workers.append(worker)
        self.selector.register(worker.reports, selectors.EVENT_READ, worker)

    def _cannot_start(self) -> Failure:
        self.errors.seek(0)
        said = self.errors.read().decode(errors="replace").strip().splitlines()
        return Failure(
            "the processes that execute thoughts do not start",
            where=said[-1][:300] if said else None,
            help="check the installation, the memory and the limits on processes of this machine; see `mtd doctor`",
        )

    def _stop(self, *workers: _Worker) -> None:
        """End workers. A hang-up lets their outer processes bury them; a kill would leave that to others."""
        for worker in workers:
            self.workers.remove(worker)
            for pipe in (worker.reports, worker.orders):
                if pipe in self.selector.get_map():
                    self.selector.unregister(pipe)
            for stream in (worker.process.stdin, worker.process.stdout):
                assert stream is not None
                stream.close()
        for worker in workers:
            try:
                worker.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(worker.process.pid, signal.SIGKILL)
                worker.process.wait()

    def close(self) -> None:
        """End every worker."""
        self._stop(*self.workers)
        self.selector.close()
        self.errors.close()


def _encoded(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > MAX_TEXT:
        raise ValueError(f"a job of {len(data)} bytes; at most {MAX_TEXT}")
    return data


def cores() -> int:
    """Processors that this process may use: as many workers run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _command(kind: Kind, without: Collection[Layer]) -> list[str]:
    root = str(Path(distill_dsl.__file__).parent.parent)
    start = f"import sys; sys.path.insert(0, {root!r}); from distill_dsl.runtime.sandbox.worker import main; main()"
    settings = {"module": kind.module, "preload": kind.preload, "given": kind.given, "without": sorted(without)}
    return [sys.executable, "-s", "-P", "-B", "-c", start, json.dumps(settings)]

"""What the machine does while a student trains: processor, memory and GPUs, sampled in a thread.

None of this bears on any result. The quantities are called as in MLflow's system metrics; one that this
machine does not tell has no column, or an empty cell where it stopped telling.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil
import torch

from distill_dsl.runtime.students.measuring import nvml

EVERY: Final = 5.0
"""Seconds between two samples."""

SOON: Final = 0.5
"""Seconds to the first one: how busy a processor is shows over some time only."""

APART: Final = 0.1
"""Seconds that two samples are apart at least; below, psutil calls its own figure meaningless."""

MEGABYTE: Final = 1e6
"""Bytes, as MLflow counts."""

KEPT: Final = "system.json"
"""The samples up to a checkpoint, in its folder."""

Sample = dict[str, float]
"""Quantity -> value. `seconds` is the time since the training began, the pauses of an interrupted one left out;
`time` is the clock's, in seconds since 1970."""

Gauge = Callable[[], Sample]


class Log:
    """The samples of one training, those before an interruption included."""

    def __init__(self, earlier: Sequence[Sample] = (), *, seconds: float = 0.0) -> None:
        """`seconds`: how long the training had gone on already."""
        self.samples = list(earlier)
        self._earlier = seconds
        self._started = time.monotonic()
        self._gauges: list[Gauge] = []

    def seconds(self) -> float:
        """Since the training began."""
        return self._earlier + time.monotonic() - self._started

    @contextmanager
    def running(self) -> Iterator[None]:
        """Take samples until the block ends, with a last one then."""
        self._gauges = [_processor, _memory, _process, *_gpus()]
        ended = threading.Event()
        thread = threading.Thread(target=self._watch, args=(ended,), name="system metrics", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _watch(self, ended: threading.Event) -> None:
        # Says nothing yet: a first call begins the time over which the next one by the same thread tells.
        _read(self._gauges)
        going = not ended.wait(SOON)
        self._take()
        while going:
            going = not ended.wait(EVERY)
            self._take()

    def _take(self) -> None:
        seconds = self.seconds()
        if not self.samples or seconds - self.samples[-1]["seconds"] >= APART:
            self.samples.append({"seconds": seconds, "time": time.time(), **_read(self._gauges)})

    def keep(self, checkpoint: Path) -> None:
        """Leave the samples so far to a training that goes on from this checkpoint."""
        (checkpoint / KEPT).write_bytes(msgspec.json.encode(self.samples))


def kept(checkpoint: Path) -> list[Sample]:
    """The samples up to a checkpoint."""
    return msgspec.json.decode((checkpoint / KEPT).read_bytes(), type=list[Sample])


def table(samples: Sequence[Sample]) -> list[list[str]]:
    """The samples as rows of text, the names of their columns first."""
    columns = list(dict.fromkeys(["seconds", "time", *(name for sample in samples for name in sample)]))
    return [columns, *([_cell(name, sample.get(name)) for name in columns] for sample in samples)]


def _cell(name: str, value: float | None) -> str:
    # The clock's time orders what several trainings did: to the millisecond, as MLflow has it.
    return "" if value is None else f"{value:.3f}" if name == "time" else f"{value:.1f}"


def _read(gauges: Sequence[Gauge]) -> Sample:
    found: Sample = {}
    for gauge in gauges:
        try:
            found |= gauge()
        except (OSError, psutil.Error):
            # A machine, or the walls around us, need not tell: the figure is then missing, not nought.
            continue
    return found


def _processor() -> Sample:
    return {"cpu_utilization_percentage": float(psutil.cpu_percent())}


def _memory() -> Sample:
    memory = psutil.virtual_memory()
    return {
        "system_memory_usage_megabytes": memory.used / MEGABYTE,
        "system_memory_usage_percentage": 100 * memory.used / memory.total,
    }


def _process() -> Sample:
    return {"process_memory_megabytes": psutil.Process().memory_info().rss / MEGABYTE}


def _gpus() -> list[Gauge]:
    """Gauges of every GPU that torch sees, numbered as torch does."""
    gauges: list[Gauge] = []
    for number in range(torch.cuda.device_count()):
        found = nvml(number)
        if found is not None:
            gauges += _of_gpu(f"gpu_{number}", *found)
    return gauges


def _of_gpu(name: str, library: Any, handle: Any) -> list[Gauge]:
    def utilization() -> Sample:
        return {f"{name}_utilization_percentage": float(library.nvmlDeviceGetUtilizationRates(handle).gpu)}

    def memory() -> Sample:
        told = library.nvmlDeviceGetMemoryInfo(handle)
        return {
            f"{name}_memory_usage_megabytes": told.used / MEGABYTE,
            f"{name}_memory_usage_percentage": 100 * told.used / told.total,
        }

    def power() -> Sample:
        return {f"{name}_power_usage_watts": library.nvmlDeviceGetPowerUsage(handle) / 1000}

    def told(gauge: Gauge) -> Gauge:
        def read() -> Sample:
            try:
                return gauge()
            except library.NVMLError as error:
                raise OSError(f"the GPU does not tell: {error}") from error

        return read

    return [told(gauge) for gauge in (utilization, memory, power)]

"""What a piece of work costs beside its result: seconds, peak memory, and energy where the hardware tells it.

None of this bears on any result. A counter that this machine does not have, or does not let us read,
gives `None`: the figure is then missing, not nought.
"""

from __future__ import annotations

import importlib
import platform
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

POWERCAP: Final = Path("/sys/class/powercap")
"""Where Linux shows the energy counters of processors (RAPL), in microjoules."""

RESET_PEAK: Final = "5"
"""Written to /proc/self/clear_refs: the high-water mark of resident memory starts anew."""


@dataclass
class Cost:
    """What a block of work took; complete when the block has ended."""

    seconds: float = 0.0
    peak_memory: int = 0
    """Bytes: of the GPU where there is one, else resident memory of this process."""
    energy: float | None = None
    """Joules of the processors (whole packages, whoever uses them) and of the GPU; `None` where none can be read."""


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure the block; the `Cost` given is filled in at its end, also if the block fails."""
    cost = Cost()
    reset_peak()
    before, started = energy_counters(), time.monotonic()
    try:
        yield cost
    finally:
        cost.seconds = time.monotonic() - started
        cost.peak_memory = peak_memory()
        cost.energy = energy_since(before)


def peak_memory() -> int:
    """Bytes at the highest point since `measured` began: of the GPU, or resident memory of this process."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest if sys.platform == "darwin" else highest * 1024


def reset_peak() -> None:
    """Let `peak_memory` count from now on."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return
    try:
        Path("/proc/self/clear_refs").write_text(RESET_PEAK)
    except OSError:
        # Not Linux, or a container that forbids it: the peak is then that of the whole process.
        return


def device_name() -> str:
    """The hardware that does the work, as its maker calls it: `NVIDIA H100`, `AMD EPYC 7B13`."""
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


# --- energy ---------------------------------------------------------------------------------------

Counters = dict[str, tuple[int, int]]
"""Counter -> microjoules so far, and the number at which it starts again at 0."""


def energy_counters() -> Counters:
    """What every counter says now; empty where nothing tells."""
    return {**_processors(POWERCAP), **_gpu()}


def energy_since(before: Counters) -> float | None:
    """Joules since `energy_counters` gave `before`; None where nothing tells."""
    return _used(before, energy_counters())


def _processors(folder: Path) -> Counters:
    """One counter a processor package; the zones below a package (`intel-rapl:0:0`) are part of it."""
    found: Counters = {}
    for zone in sorted(folder.glob("intel-rapl:*")) if folder.is_dir() else []:
        if zone.name.count(":") != 1:
            continue
        try:
            joules, wrap = ((zone / name).read_text() for name in ("energy_uj", "max_energy_range_uj"))
        except OSError:
            # Since 2020 only root may read them: they tell what other processes compute.
            continue
        found[zone.name] = int(joules), int(wrap)
    return found


def _gpu() -> Counters:
    """The counter of the GPU in use."""
    found = nvml(torch.cuda.current_device()) if torch.cuda.is_available() else None
    if found is None:
        return {}
    library, handle = found
    try:
        return {"gpu": (int(library.nvmlDeviceGetTotalEnergyConsumption(handle)) * 1000, 0)}
    except library.NVMLError:
        # Cards before 2017 do not count.
        return {}


def nvml(device: int) -> tuple[Any, Any] | None:
    """NVIDIA's library and its handle for torch's GPU of that number.

    None where the library is not installed (`pip install nvidia-ml-py`), or does not know the GPU.
    """
    try:
        library: Any = importlib.import_module("pynvml")
    except ImportError:
        return None
    try:
        library.nvmlInit()
        # By its identity: CUDA_VISIBLE_DEVICES makes numbers of its own.
        identity = f"GPU-{torch.cuda.get_device_properties(device).uuid}"
        return library, library.nvmlDeviceGetHandleByUUID(identity.encode())
    except library.NVMLError:
        return None


def _used(before: Counters, after: Counters) -> float | None:
    """Joules between two readings; a counter that went round once is put right."""
    spent = 0
    for name in before.keys() & after.keys():
        (first, wrap), (last, _) = before[name], after[name]
        spent += last - first if last >= first else last - first + wrap
    return spent / 1e6 if before.keys() & after.keys() else None

"""What a piece of work costs beside time: memory, energy, calculations, and on what it ran."""

from __future__ import annotations

import importlib
import platform
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch
from transformers import PreTrainedModel

POWERCAP: Final = Path("/sys/class/powercap")
"""Where Linux shows the energy counters of processor packages (RAPL); often readable by root only."""


def peak_memory() -> int:
    """Most memory taken so far, in bytes: of the GPU where there is one, else resident of this process."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB


def device() -> str:
    """The name of the GPU, or of the processor with the number of threads that torch uses."""
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return f"{_processor()}, {torch.get_num_threads()} threads"


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    for line in known.read_text(encoding="utf-8").splitlines() if known.is_file() else ():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


@dataclass(frozen=True)
class Counter:
    """One counter of energy that only ever rises."""

    read: Callable[[], float]
    """Joules since some moment of its own."""
    wraps: float = 0.0
    """Joules at which it starts again at 0; 0 for never."""

    def since(self, start: float) -> float:
        """Joules from then to now; a counter that started again did so once."""
        spent = self.read() - start
        return spent + self.wraps if spent < 0 else spent


def energy_counters(powercap: Path = POWERCAP) -> list[Counter]:
    """Those of the processor's packages and of the GPUs; empty where the hardware or its driver does not tell."""
    return [*_packages(powercap), *_gpus()]


def _packages(powercap: Path) -> list[Counter]:
    found = []
    # A package counts its cores and its memory controller: parts (`intel-rapl:0:1`) would count twice.
    for place in sorted(powercap.glob("intel-rapl:*")) if powercap.is_dir() else ():
        if place.name.count(":") != 1:
            continue
        read = partial(_microjoules, place / "energy_uj")
        try:
            read()
            found.append(Counter(read, _microjoules(place / "max_energy_range_uj")))
        except OSError:
            return []  # there, but for root only: half of the truth would mislead
    return found


def _microjoules(path: Path) -> float:
    return int(path.read_text()) / 1e6


def _gpus() -> list[Counter]:
    if not torch.cuda.is_available():
        return []
    try:
        nvml: Any = importlib.import_module("pynvml")
        nvml.nvmlInit()
        handles = [nvml.nvmlDeviceGetHandleByIndex(number) for number in range(torch.cuda.device_count())]
        read = nvml.nvmlDeviceGetTotalEnergyConsumption  # millijoules since the driver was loaded
        for handle in handles:
            read(handle)
    except Exception as error:  # NVML's own errors share no type with anything that is always there
        if isinstance(error, ImportError) or type(error).__name__.startswith("NVMLError"):
            return []
        raise
    return [Counter(partial(_joules, read, handle)) for handle in handles]


def _joules(read: Callable[[Any], int], handle: Any) -> float:
    return read(handle) / 1e3


@dataclass
class Meter:
    """Energy from when it is made; that of the whole machine, whatever else runs there."""

    counters: Sequence[Counter] = field(default_factory=energy_counters)
    starts: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.starts = [counter.read() for counter in self.counters]

    def joules(self) -> float | None:
        """Joules so far; None where nothing tells."""
        if not self.counters:
            return None
        return sum(counter.since(start) for counter, start in zip(self.counters, self.starts, strict=True))


@dataclass(frozen=True)
class Weights:
    """How many weights a token is multiplied with."""

    read: int
    """In the encoder, by a token of the input; 0 where there is none."""
    written: int
    """In the decoder and the output layer, by a token of the thought (of everything, in a causal model)."""


def weights_a_token(model: PreTrainedModel) -> Weights:
    """Weights without those of the input embeddings, which are looked up; a tied output layer does multiply."""
    looked_up = {id(weight) for weight in model.get_input_embeddings().parameters()}
    looked_up |= {id(module.weight) for module in model.modules() if isinstance(module, torch.nn.Embedding)}
    encoder = {id(weight) for weight in model.get_encoder().parameters()} if model.config.is_encoder_decoder else set()
    counted = {id(weight): weight.numel() for weight in model.parameters() if id(weight) not in looked_up}
    read = sum(size for key, size in counted.items() if key in encoder)
    written = sum(size for key, size in counted.items() if key not in encoder)
    head = model.get_output_embeddings()
    if head is not None and id(head.weight) in looked_up:
        written += head.weight.numel()
    return Weights(read, written)


def training_flops(model: PreTrainedModel, *, read: int, written: int) -> float:
    """Floating point operations of training on so many tokens: six a weight and token (arXiv 2001.08361,
    section 2.1): two forward, four backward. Attention between positions is left out, as there."""
    weights = weights_a_token(model)
    return 6.0 * (weights.read * read + weights.written * written)

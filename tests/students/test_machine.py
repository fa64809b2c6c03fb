"""What the machine does while a student trains: samples, gauges that do not tell, and the file that is made of them."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch

from distill_dsl.runtime.students import machine, measuring

COLUMNS = [
    "seconds",
    "time",
    "cpu_utilization_percentage",
    "system_memory_usage_megabytes",
    "system_memory_usage_percentage",
    "process_memory_megabytes",
]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples at once, and often."""
    monkeypatch.setattr(machine, "SOON", 0.12)
    monkeypatch.setattr(machine, "EVERY", 0.12)


def sampled(seconds: float, log: machine.Log | None = None) -> list[machine.Sample]:
    log = log or machine.Log()
    with log.running():
        time.sleep(seconds)
    return log.samples


def test_samples_come_all_the_time_and_at_the_end() -> None:
    log = machine.Log()
    with log.running():
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            sum(range(1000))
        ended = log.seconds()
    seconds = [sample["seconds"] for sample in log.samples]
    assert 3 <= len(seconds) <= 6
    assert seconds == sorted(seconds)
    assert seconds[-1] >= ended - machine.APART
    assert seconds[-1] < log.seconds()
    assert abs(log.samples[-1]["time"] - time.time()) < 60
    own = psutil.Process().memory_info().rss / 1e6
    for sample in log.samples:
        assert [name for name in sample if not name.startswith("gpu_")] == COLUMNS
        assert sample["process_memory_megabytes"] == pytest.approx(own, rel=0.5)
        assert 0 < sample["system_memory_usage_percentage"] < 100
    assert max(sample["cpu_utilization_percentage"] for sample in log.samples) > 0, "this process kept a core busy"


def test_a_short_training_has_its_last_sample() -> None:
    assert len(sampled(0.0)) == 1


def test_the_last_sample_comes_also_when_the_training_fails() -> None:
    log = machine.Log()
    with pytest.raises(ValueError, match="stop"), log.running():
        raise ValueError("stop")
    assert len(log.samples) == 1


def test_samples_of_a_training_that_goes_on_are_appended(tmp_path: Path) -> None:
    first = machine.Log()
    with first.running():
        time.sleep(0.3)
        first.keep(tmp_path)
        before = list(first.samples)
        at = first.seconds()
    found = sampled(0.2, machine.Log(machine.kept(tmp_path), seconds=at))
    assert before
    assert found[: len(before)] == before
    assert found[len(before)]["seconds"] > at
    assert machine.kept(tmp_path) == before


def test_what_is_not_told_is_missing_not_nought(monkeypatch: pytest.MonkeyPatch) -> None:
    def untold(*given: object) -> object:
        raise PermissionError("no /proc/stat here")

    monkeypatch.setattr(psutil, "cpu_percent", untold)
    for sample in sampled(0.2):
        assert "cpu_utilization_percentage" not in sample
        assert sample["process_memory_megabytes"] > 0


def test_the_table_has_a_column_a_quantity_and_empty_cells() -> None:
    samples = [{"seconds": 0.52, "time": 1.7e9 + 0.12345, "a": 1.26}, {"seconds": 5.5, "time": 1.7e9 + 5, "b": 2.0}]
    assert machine.table(samples) == [
        ["seconds", "time", "a", "b"],
        ["0.5", "1700000000.123", "1.3", ""],
        ["5.5", "1700000005.000", "", "2.0"],
    ]
    assert machine.table([]) == [["seconds", "time"]]


# --- GPUs, by a stand-in for NVIDIA's library ----------------------------------------------------------


class Untold(Exception):
    """Stands for NVMLError."""


class Library:
    """Two GPUs, of which the second one does not tell its power."""

    NVMLError = Untold

    def nvmlInit(self) -> None:
        pass

    def nvmlDeviceGetHandleByUUID(self, identity: bytes) -> str:
        return identity.decode()

    def nvmlDeviceGetUtilizationRates(self, handle: str) -> Any:
        return SimpleNamespace(gpu=97, memory=30)

    def nvmlDeviceGetMemoryInfo(self, handle: str) -> Any:
        return SimpleNamespace(used=20_000_000_000, total=80_000_000_000)

    def nvmlDeviceGetPowerUsage(self, handle: str) -> int:
        if handle == "GPU-b":
            raise Untold("not supported")
        return 351_500

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:
        return 7_000


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """What torch and NVIDIA's library say on a machine with two GPUs."""
    monkeypatch.setitem(sys.modules, "pynvml", Library())  # type: ignore[arg-type]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda number: SimpleNamespace(uuid="ab"[number]))


def test_each_gpu_has_its_columns(two_gpus: None) -> None:
    (sample,) = sampled(0.0)
    told = {name: value for name, value in sample.items() if name.startswith("gpu_")}
    assert told == {
        "gpu_0_utilization_percentage": 97.0,
        "gpu_0_memory_usage_megabytes": 20_000.0,
        "gpu_0_memory_usage_percentage": 25.0,
        "gpu_0_power_usage_watts": 351.5,
        "gpu_1_utilization_percentage": 97.0,
        "gpu_1_memory_usage_megabytes": 20_000.0,
        "gpu_1_memory_usage_percentage": 25.0,
    }


def test_the_energy_of_a_gpu_is_read_by_the_same_handle(two_gpus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    assert measuring.energy_counters()["gpu"] == (7_000_000, 0)


def test_a_gpu_whose_library_is_not_installed_is_left_out(two_gpus: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)  # type: ignore[arg-type]
    assert not [name for sample in sampled(0.0) for name in sample if name.startswith("gpu_")]

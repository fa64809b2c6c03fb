from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from distill_dsl.runtime.students import measuring
from distill_dsl.runtime.students.measuring import device_name, measured


def zone(folder: Path, name: str, energy: int, wrap: int = 1000_000_000) -> None:
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "energy_uj").write_text(f"{energy}\n")
    (folder / name / "max_energy_range_uj").write_text(f"{wrap}\n")


@pytest.mark.skipif(sys.platform != "linux" or torch.cuda.is_available(), reason="the peak is then another figure")
def test_the_peak_is_that_of_the_block() -> None:
    with measured() as large:
        block = torch.ones(30_000_000)
        del block
    with measured() as small:
        pass
    assert large.peak_memory - small.peak_memory > 100_000_000
    assert large.seconds > small.seconds >= 0.0


def test_energy_is_that_of_all_packages_without_their_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "POWERCAP", tmp_path)
    zone(tmp_path, "intel-rapl:0", 5_000_000)
    zone(tmp_path, "intel-rapl:0:0", 1_000_000)
    zone(tmp_path, "intel-rapl:1", 999_000_000)
    with measured() as cost:
        zone(tmp_path, "intel-rapl:0", 7_500_000)
        zone(tmp_path, "intel-rapl:0:0", 2_000_000)
        zone(tmp_path, "intel-rapl:1", 1_000_000)  # went round: 2 J
    assert cost.energy == pytest.approx(4.5)


def test_energy_that_cannot_be_read_is_missing_not_nought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "POWERCAP", tmp_path / "none")
    with measured() as cost:
        pass
    assert cost.energy is None


def test_a_block_that_fails_is_measured_too() -> None:
    with pytest.raises(ValueError, match="stop"), measured() as cost:
        raise ValueError("stop")
    assert cost.peak_memory > 0


def test_the_device_has_a_name() -> None:
    assert device_name().strip()

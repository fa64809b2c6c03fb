"""Nothing grows in a run with hostile programs, nothing is left after it or after its end by SIGKILL."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.hostile import FORMS
from benchmarks.processes import Sample, descendants, sample
from benchmarks.soak import BLOCK, growth, stream, thirds

ROOT = Path(__file__).parent.parent.parent
MEGABYTE = 1 << 20

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def soak(*arguments: str) -> None:
    """In an interpreter of its own: what is left is looked for below it, and it adopts orphans."""
    command = [sys.executable, "-m", "benchmarks.soak", *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
    assert "nothing grew and nothing is left" in run.stdout


def test_a_run_leaves_nothing() -> None:
    soak("--programs", "800", "--every", "0.05", "--seed", "7")


def test_a_killed_run_leaves_nothing() -> None:
    soak("--kill", "--rounds", "3", "--seed", "7")


def test_the_programs_of_a_run_are_all_different_and_one_in_twenty_is_hostile() -> None:
    programs = list(stream(4 * BLOCK, 0))
    assert len({text for text, _, _ in programs}) == 4 * BLOCK
    assert sum(what != "honest" for _, _, what in programs) == 4 * BLOCK // 20
    assert {what for _, _, what in programs} <= {"honest", *FORMS}


def test_growth_is_seen() -> None:
    flat = Sample(20 * MEGABYTE, 20, 400 * MEGABYTE, 30, 8, 0)
    assert growth(thirds([flat] * 30)) == []
    for change in (
        {"own_bytes": 40 * MEGABYTE},
        {"bytes_below": 500 * MEGABYTE},
        {"own_descriptors": 23},
        {"descriptors_below": 60},
        {"processes": 12},
        {"files": 1},
    ):
        (problem,) = growth(thirds([flat] * 20 + [replace(flat, **change)] * 10))
        assert problem.startswith(next(iter(change)))


def test_what_is_left_is_seen(tmp_path: Path) -> None:
    before = descendants()
    (tmp_path / "left").touch()
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as process:
        assert descendants() - before == {process.pid}
        looked = sample(tmp_path)
        assert looked.processes == len(before) + 1
        assert looked.files == 1
        assert looked.bytes_below > 100_000
        process.kill()
    assert descendants() == before

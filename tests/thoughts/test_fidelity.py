"""Recorded programs come to the verdict that a plain fresh interpreter gives; `benchmarks.fidelity` runs them all."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from benchmarks.fidelity import compared, different, plainly, recorded

SAMPLE = 120


def test_the_plain_side_is_plain_python() -> None:
    programs = {
        "ans = 1 + 1": "2",
        "def solution():\n    return 1 / 4": "0.25",
        "print('first')\nprint('It is', 7)": "7",
        "x = 3\nx * 2": "6",
        "x = 3": "no-answer",
        "": "no-answer",
        "1 / 0": "error:zero-division",
        "ans = (": "error:syntax",
        "import os\nans = os.path.isdir(os.getcwd()) + os.getpid() * 0": "1",  # no wall anywhere
        "import sympy\nans = sympy.Rational(1, 3)": "1/3",
    }
    assert dict(zip(programs, plainly(list(programs)), strict=True)) == programs


@pytest.mark.parametrize("seed", [0])
def test_a_sample_of_the_recordings(benchmark_data: Path, seed: int) -> None:
    sources = recorded(benchmark_data)
    sample = dict(random.Random(seed).sample(list(sources.items()), SAMPLE))
    found = different(compared(sample))
    assert [one for one in found if one.reason is None] == []
    assert len(found) < SAMPLE / 10

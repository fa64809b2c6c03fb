"""How long a person would wait: thoughts written one at a time, after those that count are written."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from distill_dsl.runtime.students.decoding import Decoding, Request
from distill_dsl.runtime.students.engines import Engine

MOST: Final = 16
"""Thoughts that are written again at most."""
ENOUGH_SECONDS: Final = 20.0
"""After so long no further one is begun: a large student on a small machine is not kept for figures."""


@dataclass(frozen=True)
class Latency:
    """Of thoughts at batch 1."""

    p50: float
    """Seconds a thought, at the median."""
    p95: float
    """Seconds that 95 of 100 thoughts do not exceed."""
    tokens_per_second: float


def alone(engine: Engine, requests: Sequence[Request], how: Decoding) -> Latency:
    """Write some of the requests one by one, taken evenly from all, the likeliest thought of each."""
    asked = list(dict.fromkeys(Request(request.question, request.cue) for request in requests))
    places = sorted({round(place) for place in np.linspace(0, len(asked) - 1, MOST)})
    list(engine.write([[asked[0]]], how))  # the first call of a kind prepares more than the next ones
    seconds: list[float] = []
    tokens = 0
    while len(seconds) < len(places) and sum(seconds) < ENOUGH_SECONDS:
        started = time.perf_counter()
        ((thought,),) = engine.write([[asked[places[len(seconds)]]]], how)
        seconds.append(time.perf_counter() - started)
        tokens += thought.tokens
    median, most = np.percentile(seconds, [50, 95])
    return Latency(float(median), float(most), tokens / sum(seconds))

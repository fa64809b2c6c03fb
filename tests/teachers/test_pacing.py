"""How many requests are under way at once: bounded, halved once a round trip, grown by one a window."""

from __future__ import annotations

import asyncio

import pytest

from distill_dsl.runtime.teachers.pacing import FIRST_WAIT, LONGEST_WAIT, Pace, Stopped, wait_after


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_halves_once_a_round_trip_and_grows_by_one_a_window() -> None:
    clock = Clock()
    pace = Pace(16, clock)
    clock.now = 1.0
    for _ in range(16):
        pace.slow_down(sent=0.5)
    assert pace.limit == 8, "those that were sent before say nothing new"
    clock.now = 2.0
    pace.slow_down(sent=1.5)
    assert pace.limit == 4
    for limit in (5, 6, 7):
        for _ in range(limit - 1):
            pace.answered()
        assert pace.limit == limit
    for _ in range(1000):
        pace.answered()
    assert pace.limit == 16, "the bound"
    for now in range(10, 20):
        clock.now = float(now)
        pace.slow_down(sent=now - 0.5)
    assert pace.limit == 1, "one is always allowed"


def test_places_are_bounded_and_each_is_used() -> None:
    async def run() -> int:
        pace, most = Pace(4), 0

        async def work() -> None:
            nonlocal most
            async with pace.turn():
                most = max(most, pace.at_once)
                assert pace.at_once <= 4
                await asyncio.sleep(0)

        await asyncio.gather(*(work() for _ in range(50)))
        return most

    assert asyncio.run(run()) == 4


def test_nothing_is_sent_while_the_server_asks_to_wait() -> None:
    async def run() -> float:
        pace = Pace(2)
        loop = asyncio.get_running_loop()
        begin = loop.time()
        pace.hold(0.2)
        pace.hold(0.05)
        async with pace.turn():
            return loop.time() - begin

    assert asyncio.run(run()) >= 0.19


def test_a_stop_wakes_all_that_wait() -> None:
    async def run() -> list[BaseException | None]:
        pace = Pace(1)

        async def turn() -> None:
            async with pace.turn():
                await asyncio.sleep(3600)

        async def held() -> None:
            await pace.rest(3600)

        first = asyncio.create_task(turn())
        waiting = [asyncio.create_task(turn()), asyncio.create_task(held())]
        await asyncio.sleep(0.01)
        pace.stop()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert not first.done(), "what is under way goes on"
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return found

    assert [type(error) for error in asyncio.run(run())] == [Stopped, Stopped]


def test_waits_double_up_to_a_minute_with_full_jitter() -> None:
    asked: list[tuple[float, float]] = []
    for faults in (1, 2, 3, 100):
        wait_after(faults, lambda low, high: asked.append((low, high)) or 0.0)
    assert asked == [(0.0, FIRST_WAIT), (0.0, 2 * FIRST_WAIT), (0.0, 4 * FIRST_WAIT), (0.0, LONGEST_WAIT)]

"""A budget holds at worst: what is under way is counted in full until its bill is known."""

from __future__ import annotations

import asyncio

import pytest

from distill_dsl.contract.settings import PerMillion, SpendingSettings
from distill_dsl.runtime.teachers.budget import Purse, Spend, Sum
from distill_dsl.runtime.teachers.pacing import Stopped
from distill_dsl.runtime.teachers.store import Spent

PRICE = PerMillion(input=1.0, output=10.0)


def test_the_worst_case_of_all_requests_fits() -> None:
    async def run() -> int:
        purse = Purse(SpendingSettings(budget_tokens=1000), None, Spent(tokens=100))
        worst = purse.worst(size=50, output=150)
        assert worst.tokens == 200
        requests = most = under_way = 0

        async def ask() -> None:
            nonlocal requests, most, under_way
            async with purse.reserved(worst) as bill:
                requests += 1
                under_way += 1
                most = max(most, under_way)
                assert purse.spent.tokens + 200 * under_way <= 1000
                await asyncio.sleep(0.001)
                bill.actual = Sum(60)
                under_way -= 1

        found = await asyncio.gather(*(ask() for _ in range(30)), return_exceptions=True)
        assert {type(error) for error in found if error} == {Spend}
        assert most == 4
        assert 1000 - 200 < purse.spent.tokens <= 1000
        assert purse.spent.tokens == 100 + 60 * requests
        return requests

    assert asyncio.run(run()) == 12


def test_dollars_count_as_tokens_do() -> None:
    async def run() -> None:
        purse = Purse(SpendingSettings(budget_dollars=0.01), PRICE, Spent(dollars=0.0085))
        worst = purse.worst(size=400, output=100)
        assert worst.dollars == pytest.approx(0.0014)
        async with purse.reserved(worst) as bill:
            bill.actual = Sum(10, 0.0002)
        assert purse.said() == "0.0087 of 0.01 USD"
        with pytest.raises(Spend):
            async with purse.reserved(worst):
                pass

    asyncio.run(run())


def test_a_failed_request_costs_nothing() -> None:
    async def run() -> None:
        purse = Purse(SpendingSettings(budget_tokens=100), None, Spent())
        for _ in range(3):
            with pytest.raises(OSError):
                async with purse.reserved(purse.worst(50, 50)):
                    raise OSError
        assert purse.spent.tokens == 0

    asyncio.run(run())


def test_a_stop_wakes_what_waits_for_money() -> None:
    async def run() -> None:
        purse = Purse(SpendingSettings(budget_tokens=100), None, Spent())

        async def wait() -> None:
            async with purse.reserved(Sum(100)):
                pass

        async with purse.reserved(Sum(100)):
            task = asyncio.create_task(wait())
            await asyncio.sleep(0)
            purse.stop()
            with pytest.raises(Stopped):
                await task

    asyncio.run(run())


def test_what_a_server_adds_to_a_prompt_is_learned() -> None:
    purse = Purse(SpendingSettings(budget_tokens=100), None, Spent())
    purse.learn(size=50, input=20)
    assert purse.worst(50, 0).tokens == 50
    purse.learn(size=50, input=80)
    assert purse.worst(50, 0).tokens == 80

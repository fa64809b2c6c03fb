"""Prices: declared, known, or unknown and said so."""

from __future__ import annotations

import sys

import pytest

from distill_dsl.contract.settings import Environment, FreePrice, OpenaiTeacher, PerMillion, SpendingSettings
from distill_dsl.runtime.teachers.prices import cost, price_of

NOTHING = SpendingSettings()


def test_a_declared_price_counts_alone() -> None:
    price = PerMillion(input=1.0, output=2.0)
    assert price_of(OpenaiTeacher(model="gpt-4o-mini"), SpendingSettings(price=price)) == price
    assert price_of(OpenaiTeacher(model="gpt-4o-mini"), SpendingSettings(price=FreePrice())) == FreePrice()


def test_the_price_of_a_known_host_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    # The cheap model of 2024, whose price has not changed since.
    known = PerMillion(input=0.15, output=0.6, cached=0.075)
    assert price_of(OpenaiTeacher(model="gpt-4o-mini"), NOTHING) == known
    router = OpenaiTeacher(model="openai/gpt-4o-mini", base_url="https://openrouter.ai/api/v1")
    assert price_of(router, NOTHING) == known
    monkeypatch.setenv("WHERE", "https://openrouter.ai/api/v1")
    router = OpenaiTeacher(model="openai/gpt-4o-mini", base_url=Environment(env="WHERE"))
    assert price_of(router, NOTHING) == known
    monkeypatch.delenv("WHERE")
    assert price_of(router, NOTHING) is None


def test_what_nobody_lists_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert price_of(OpenaiTeacher(model="gpt-4o-mini", base_url="http://127.0.0.1:8000/v1"), NOTHING) is None
    assert price_of(OpenaiTeacher(model="no-such-model"), NOTHING) is None
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    assert price_of(OpenaiTeacher(model="gpt-4o-mini"), NOTHING) is None


def test_cost() -> None:
    price = PerMillion(input=10.0, output=20.0, cached=1.0)
    assert cost(price, 1000, 100, 400) == pytest.approx(0.0084)
    assert cost(PerMillion(input=10.0, output=20.0), 1000, 100, 400) == pytest.approx(0.012)
    assert cost(FreePrice(), 1000, 100) == 0.0
    assert cost(None, 1000, 100) is None

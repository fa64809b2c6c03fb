"""The browser of the other tests: it tells of a page's errors, and lets it reach nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.browsing import Told, is_near, keep

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.mark.parametrize("address", ["file:///a.html", "data:,a", "http://127.0.0.1:5000/", "http://localhost/a"])
def test_this_machine_is_near(address: str) -> None:
    assert is_near(address)


@pytest.mark.parametrize("address", ["http://example.org/", "https://127.0.0.1.example.org/", "wss://10.0.0.1/"])
def test_others_are_not(address: str) -> None:
    assert not is_near(address)


def test_a_pages_errors_and_requests_are_told(page: Page, told: Told, tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    file.write_text(
        "<title>A</title><img src='https://example.org/a.png'>"
        "<script>console.error('said'); console.log('not said'); throw new Error('thrown')</script>"
    )
    page.goto(file.as_uri())
    page.wait_for_load_state()
    assert page.title() == "A"
    assert [error for error in told.errors if "said" in error and "not said" not in error]
    assert [error for error in told.errors if "thrown" in error]
    assert not [error for error in told.errors if "not said" in error]
    assert told.requests == [file.as_uri(), "https://example.org/a.png"]
    assert told.refused == ["https://example.org/a.png"]


def test_a_page_that_is_in_order_tells_nothing(page: Page, told: Told, tmp_path: Path) -> None:
    file = tmp_path / "b.html"
    file.write_text("<link rel=icon href=data:,><title>B</title><script>console.warn('w')</script>")
    page.goto(file.as_uri())
    assert told == Told(requests=[file.as_uri()])


def test_a_picture_is_kept_whole_and_small(page: Page, tmp_path: Path) -> None:
    page.goto("data:text/html,<body style='background: linear-gradient(red, blue)'><h1>A heading</h1>")
    taken = page.screenshot()
    keep(taken, tmp_path / "images" / "a.png")
    kept = (tmp_path / "images" / "a.png").read_bytes()
    assert kept.startswith(b"\x89PNG") and len(kept) < len(taken)

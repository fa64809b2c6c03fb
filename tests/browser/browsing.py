"""A real browser for the tests of what people look at: Chromium, driven by Playwright.

A page can reach this machine only: whatever it asks of another is refused and written down, so that
a test neither waits for the world nor tells it anything.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Route

VARIABLE: Final = "MTD_BROWSER"
"""Names another browser of Chromium's family than the one on the path."""

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

ARGUMENTS: Final = (
    "--no-sandbox",
    "--no-proxy-server",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
)

SIZE: Final = {"width": 1440, "height": 900}

PATIENCE: Final = 30_000
"""Milliseconds that a click or a wait may take: tests share slow machines."""

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"

Take = Callable[..., None]
"""See the fixture `take`."""


@dataclass
class Told:
    """What a page said and asked for while it was open."""

    errors: list[str] = field(default_factory=list)
    """Errors of its scripts, thrown or written to the console."""
    requests: list[str] = field(default_factory=list)
    """Addresses that it loaded, of any kind."""
    refused: list[str] = field(default_factory=list)
    """Those of them on other machines."""


def browser_path() -> str:
    """The browser's program; skips the test where there is none."""
    named = os.environ.get(VARIABLE)
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"needs Chromium (Debian: apt-get install chromium; or set {VARIABLE})")
    if not Path(found).is_file():
        pytest.fail(f"{VARIABLE} names no program: {found}")
    return found


def is_near(address: str) -> bool:
    """Whether an address is on this machine, or no address on a network at all."""
    parts = urlsplit(address)
    return parts.scheme not in ("http", "https", "ws", "wss") or parts.hostname in ("127.0.0.1", "localhost", "::1")


# By module, not by session: while Playwright is up its event loop runs, and no other test could start one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module's tests."""
    pytest.importorskip("playwright", reason="needs the package playwright")
    from playwright.sync_api import sync_playwright

    path = browser_path()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS), timeout=60_000)
        try:
            yield opened
        finally:
            opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page in a profile of its own, in English and UTC, light, without animations."""
    context = browser.new_context(
        viewport=SIZE, locale="en-GB", timezone_id="UTC", color_scheme="light", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    context.route(lambda address: not is_near(address), refuse)
    opened = context.new_page()
    try:
        yield opened
    finally:
        context.close()


@pytest.fixture
def told(page: Page) -> Told:
    """What the page says and asks for, from its first address on."""
    kept = Told()

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            kept.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def on_request(address: str) -> None:
        kept.requests.append(address)
        if not is_near(address):
            kept.refused.append(address)

    page.on("console", on_console)
    page.on("pageerror", lambda error: kept.errors.append(str(error)))
    page.on("request", lambda request: on_request(request.url))
    return kept


@pytest.fixture
def take(request: pytest.FixtureRequest) -> Take:
    """`take(page, "mlflow-runs")` writes docs/images/mlflow-runs.png under `--screenshots`, else only takes it.

    Other arguments are Playwright's: `full_page=True`, `clip=...`.
    """

    def shoot(page: Page, name: str, **how: object) -> None:
        taken = page.screenshot(animations="disabled", **how)  # type: ignore[arg-type]
        assert taken.startswith(b"\x89PNG")
        if request.config.getoption("screenshots", default=False):
            keep(taken, IMAGES / f"{name}.png")

    return shoot


def keep(taken: bytes, to: Path) -> None:
    """Write a picture with a palette of 256 colours: a third of the size, and no eye tells them apart."""
    from io import BytesIO

    from PIL import Image

    to.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(BytesIO(taken)) as image:
        image.convert("RGB").quantize(256).save(to, optimize=True)


def refuse(route: Route) -> None:
    """No test asks anything of another machine."""
    route.abort("addressunreachable")

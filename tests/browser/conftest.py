"""The browser's fixtures, for every test in this folder."""

from tests.browser.browsing import browser, page, take, told

__all__ = ["browser", "page", "take", "told"]

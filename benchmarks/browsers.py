"""A browser that looks at pages: for their tests, measures and pictures."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSER_VARIABLE = "CANZONA_BROWSER"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
BROWSER = os.environ.get(BROWSER_VARIABLE) or next(filter(None, map(shutil.which, BROWSERS)), None)
"""Where Chromium or its like lies; ``None`` where there is none."""
NO_BROWSER = f"no browser: none of {', '.join(BROWSERS)} is installed, and {BROWSER_VARIABLE} names none"

SWITCHES = (
    "--headless=new",
    "--no-sandbox",  # the pages are our own, and root, as in containers, has no sandbox
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
)


@contextmanager
def running_browser() -> "Iterator[Browser]":
    """A browser without a window, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=BROWSER, args=list(SWITCHES)) as browser:
        yield browser

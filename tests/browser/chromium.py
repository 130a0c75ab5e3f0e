"""The Chromium of this machine, or the one that `playwright install chromium` downloaded."""

import shutil
from functools import cache
from pathlib import Path

from playwright.sync_api import sync_playwright

# Chromium without windows, as Playwright itself runs it: a page costs a quarter of the processor time.
_WITHOUT_WINDOWS = "chromium-headless-shell"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
LAN_HOST = "lan-box.test"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A machine of the home network, as an address that is on no allowlist.
    f"--host-resolver-rules=MAP {LAN_HOST} 127.0.0.1",
]


@cache
def installed() -> str | None:
    """Return the path of the fastest browser, or None."""
    return shutil.which(_WITHOUT_WINDOWS) or with_settings()


@cache
def with_settings() -> str | None:
    """Return the path of a browser that reads a profile's settings, or None. Chromium without windows does not."""
    return next(filter(None, map(shutil.which, _NAMES)), None) or downloaded()


def downloaded() -> str | None:
    """Return the path of Playwright's own Chromium, or None."""
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None

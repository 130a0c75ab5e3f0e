"""The browser that is installed on this machine; none is downloaded."""

import shutil

_NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def installed() -> str | None:
    """Where it is, or None."""
    return next(filter(None, map(shutil.which, _NAMES)), None)

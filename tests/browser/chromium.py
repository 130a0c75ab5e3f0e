"""The browser that is installed on this machine; none is downloaded."""

import shutil

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


def installed() -> str | None:
    """Where it is, or None."""
    return next(filter(None, map(shutil.which, _NAMES)), None)

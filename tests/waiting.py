"""Waiting for what happens elsewhere, such as a mail: asked again and again, with an end."""

import time
from collections.abc import Callable

_SECONDS = 30.0
_PAUSE = 0.1


def wait_for[T](look: Callable[[], T], what: str) -> T:
    """What ``look`` finds, as soon as it finds something; fails after half a minute."""
    ends_at = time.monotonic() + _SECONDS
    while time.monotonic() < ends_at:
        if found := look():
            return found
        time.sleep(_PAUSE)
    raise AssertionError(f"Nothing after {_SECONDS:.0f} s: {what}")
